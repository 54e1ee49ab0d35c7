//! [`Color`], and the notations that it is parsed from.

extern crate csscolorparser;

/// An opaque sRGB color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

impl Color {
    /// The default color of the letters.
    pub const WHITE: Color = Color { r: 255, g: 255, b: 255 };
    /// The default color of the outline.
    pub const BLACK: Color = Color { r: 0, g: 0, b: 0 };

    /// Six hexadecimal digits in lower case, as a link has it.
    pub fn hex(self) -> String {
        format!("{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }

    /// A CSS color (`red`, `#f00`, `#ff0000`, `rgb(255 0 0)`, `hsl(0 100% 50%)`, …), or `0xff0000` or
    /// `$ff0000`. `None` if it is none of these, or not opaque.
    pub fn parse(text: &str) -> Option<Color> {
        let text = text.trim();
        // `0x` and `$` stand for `#`, but only before six digits.
        let hex =
            text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(|| text.strip_prefix('$'));
        let parsed = match hex {
            Some(digits) if digits.len() == 6 => csscolorparser::parse(&format!("#{}", digits)),
            Some(_) => return None,
            None => csscolorparser::parse(text),
        };
        match parsed.ok()?.to_rgba8() {
            [r, g, b, 255] => Some(Color { r, g, b }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Color;

    #[test]
    fn every_way_to_write_red() {
        for text in ["red", "RED", " red ", "#f00", "#ff0000", "0xff0000", "0XFF0000", "$ff0000"]
            .iter()
            .chain(&["rgb(255,0,0)", "rgb(100% 0% 0%)", "rgba(255, 0, 0, 1)", "hsl(0, 100%, 50%)"])
        {
            assert_eq!(Color::parse(text), Some(Color { r: 255, g: 0, b: 0 }), "{:?}", text);
        }
        assert_eq!(Color { r: 255, g: 0, b: 10 }.hex(), "ff000a");
    }

    #[test]
    fn what_is_not_an_opaque_color() {
        for text in
            ["", "no", "none", "#12345", "#gggggg", "0x12", "0xff00000", "$", "$fff", "rgb(1,2)", "0x"]
                .iter()
                .chain(&[
                    "transparent",
                    "#ff000080",
                    "rgba(1,1,1,0.5)",
                    "rgb(nan,0,0)",
                    "0x#fffff",
                    "\0",
                    "крас",
                ])
        {
            assert_eq!(Color::parse(text), None, "{:?}", text);
        }
    }
}
