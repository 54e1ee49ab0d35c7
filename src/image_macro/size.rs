//! [`Size`]: how large the letters of a caption are.

/// The largest text size, in pixels.
pub const MAX_SIZE: f32 = 512.0;

/// How large the letters of a caption are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// The largest size at which the wrapped text fits its share of the picture.
    Fit,
    /// One line, shrunk until it is no wider than the picture.
    Shrink,
    /// The em of the font in pixels, `0 < n <= MAX_SIZE`. Lines are wrapped at the width of the picture.
    Pixels(f32),
}

impl Size {
    /// `fit`, `shrink` (or `flex`, as rofld had it), or a number of pixels.
    pub fn parse(text: &str) -> Option<Size> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("fit") {
            Some(Size::Fit)
        } else if text.eq_ignore_ascii_case("shrink") || text.eq_ignore_ascii_case("flex") {
            Some(Size::Shrink)
        } else {
            text.parse().ok().and_then(Size::pixels)
        }
    }

    /// As a link has it: a word, or the shortest decimal number that is parsed as this size.
    pub fn written(self) -> String {
        match self {
            Size::Fit => "fit".to_string(),
            Size::Shrink => "shrink".to_string(),
            Size::Pixels(pixels) => {
                let shortest = pixels.to_string();
                // It is parsed as an f64, and could be rounded twice.
                if Size::parse(&shortest) == Some(self) {
                    shortest
                } else {
                    f64::from(pixels).to_string()
                }
            }
        }
    }

    /// A number of pixels; `None` outside the limits, which excludes NaN.
    pub fn pixels(number: f64) -> Option<Size> {
        if number > 0.0 && number <= f64::from(MAX_SIZE) {
            // One that is too small for an f32 is above zero all the same.
            Some(Size::Pixels((number as f32).max(f32::MIN_POSITIVE)))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, MAX_SIZE};

    #[test]
    fn a_size_is_written_in_one_way() {
        for &(text, written) in &[
            ("FLEX", "shrink"),
            (" Fit", "fit"),
            ("48.0", "48"),
            ("0020.10", "20.1"),
            ("+2e1", "20"),
            ("0.1e-1", "0.01"),
        ] {
            assert_eq!(Size::parse(text).map(Size::written).as_deref(), Some(written));
        }
        // Each has another neighbour as an f64 than as an f32.
        let mut pixels = 512.0_f32;
        while pixels > 1e-30 {
            let size = Size::Pixels(pixels);
            assert_eq!(Size::parse(&size.written()), Some(size));
            pixels = f32::from_bits(pixels.to_bits() - 98_765);
        }
    }

    #[test]
    fn every_number_above_zero_is_a_size_up_to_the_largest() {
        for &number in &[5e-324, 1e-99, 0.5, 512.0] {
            let is_size = |size| match size {
                Some(Size::Pixels(pixels)) => pixels > 0.0 && pixels <= MAX_SIZE,
                _ => false,
            };
            assert!(is_size(Size::pixels(number)) && is_size(Size::parse(&number.to_string())), "{}", number);
            let written = Size::pixels(number).map(Size::written);
            assert_eq!(written.and_then(|written| Size::parse(&written)), Size::pixels(number));
        }
        for &number in &[0.0, -0.0, -1.0, 512.001, f64::INFINITY, f64::NAN] {
            assert_eq!(Size::pixels(number), None, "{}", number);
        }
    }
}
