//! Decodes a single value: a name, a text, a color, …
//!
//! Requests are decoded on the reactor, so the length of a text is checked before anything that takes longer than
//! counting it.

use icu_locale_core::LanguageIdentifier;
use unicode_normalization::UnicodeNormalization;

use super::caption::{MAX_NAME, MAX_SIDE, MAX_SOURCE, MAX_TEXT};
use super::color::Color;
use super::error::Invalid;
use super::fields::{Given, Value};
use super::look::Moment;
use super::place::CHANNELS;
use super::size::Size;
use super::spot::{MAX_ANGLE, MAX_PADDING};

/// How many characters NFC can make one, at most: no character decomposes into more.
pub const MAX_COMPOSED: usize = 4;
/// The longest text that can be a color, a size, a side, an alignment or a format, in bytes. A color can be an expression
/// (`rgb(from red calc(r / 2) g b)`), and each color nested in another is scanned again.
const MAX_WORD: usize = 128;

/// The form in which the name of a template or font is looked up: trimmed, in NFC. A name that NFC cannot make short
/// enough stays as it is.
pub fn normal_name(written: &str) -> String {
    let name = written.trim();
    if name.chars().count() > MAX_COMPOSED * MAX_NAME {
        return name.to_string();
    }
    nfc(name.to_string())
}

/// A text in NFC.
pub fn nfc(text: String) -> String {
    // Nothing below U+0300 composes with what is before it.
    if text.chars().all(|c| c < '\u{300}') {
        text
    } else {
        text.nfc().collect()
    }
}

impl Value {
    /// Its text, unless that is too long for anything but a caption or a name.
    fn word(&self) -> Option<&str> {
        match *self {
            Value::Text(ref text) if text.len() <= MAX_WORD => Some(text),
            _ => None,
        }
    }
}

impl Given {
    /// The name of a template or font.
    pub fn name(self) -> Result<String, Invalid> {
        let name = match self.value {
            Value::Text(ref written) => normal_name(written),
            _ => return Err(self.place.refuse(&self.value)),
        };
        match name.chars().count() {
            0 => Err(Invalid(format!("\"{}\" is empty", self.place))),
            1..=MAX_NAME => Ok(name),
            _ => Err(Invalid(format!("\"{}\" is longer than {} characters", self.place, MAX_NAME))),
        }
    }

    /// The text of a caption.
    pub fn text(self) -> Result<String, Invalid> {
        let Given { place, value } = self;
        let written = match value {
            Value::Text(text) => text,
            other => return Err(place.refuse(&other)),
        };
        let too_long = |length: usize| {
            Invalid(format!("\"{}\" has {} characters, and at most {} are allowed", place, length, MAX_TEXT))
        };
        // Every kind of line end becomes `\n`. Other control characters have no glyph and become spaces.
        let pairs = written.as_bytes().windows(2).filter(|two| two == b"\r\n").count();
        let length = written.chars().count() - pairs;
        if length > MAX_COMPOSED * MAX_TEXT {
            return Err(too_long(length));
        }
        let lines = if pairs == 0 { written } else { written.replace("\r\n", "\n") };
        let shown = lines.chars().map(|c| match c {
            '\r' | '\n' => '\n',
            c if c.is_control() => ' ',
            c => c,
        });
        let text = nfc(shown.collect());
        match text.chars().count() {
            0..=MAX_TEXT => Ok(text),
            length => Err(too_long(length)),
        }
    }

    /// Where a picture is from.
    pub fn source(self) -> Result<String, Invalid> {
        match self.value {
            Value::Text(ref text) if text.chars().count() > MAX_SOURCE => {
                Err(Invalid(format!("\"{}\" is longer than {} characters", self.place, MAX_SOURCE)))
            }
            Value::Text(text) => {
                Ok(text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
            }
            other => Err(self.place.refuse(&other)),
        }
    }

    /// One of a few words.
    pub fn choice<T>(self, parse: fn(&str) -> Option<T>) -> Result<T, Invalid> {
        self.value.word().and_then(parse).ok_or_else(|| self.place.refuse(&self.value))
    }

    /// A color.
    pub fn color(self) -> Result<Color, Invalid> {
        let parsed = match self.value {
            Value::List(ref list) => of_channels(list),
            Value::Fields(ref fields) => {
                let of_names = |names: &[&str; 3]| {
                    let mut fields = fields.clone();
                    let named = names.iter().filter_map(|name| fields.take(self.place.band, name));
                    let channels: Vec<_> = named.collect();
                    of_channels(channels.iter().map(|given| &given.value))
                        .filter(|_| fields.rest().is_empty())
                };
                CHANNELS.iter().filter_map(of_names).next()
            }
            ref other => other.word().and_then(Color::parse),
        };
        parsed.ok_or_else(|| self.place.refuse(&self.value))
    }

    /// A color, or none: also if it is `null` or empty, which in any other field means that it is not given.
    pub fn outline(self) -> Result<Option<Color>, Invalid> {
        let word = self.value.word().map(str::trim);
        let is_none = |word: &str| {
            word.is_empty() || word.eq_ignore_ascii_case("none") || word.eq_ignore_ascii_case("null")
        };
        if self.value == Value::Null || word.is_some_and(is_none) {
            return Ok(None);
        }
        self.color().map(Some)
    }

    /// The size of the letters.
    pub fn size(self) -> Result<Size, Invalid> {
        let parsed = match self.value {
            Value::Number(number) => Size::pixels(number),
            ref other => other.word().and_then(Size::parse),
        };
        parsed.ok_or_else(|| self.place.refuse(&self.value))
    }

    /// The tag of a language.
    pub fn lang(self) -> Result<LanguageIdentifier, Invalid> {
        let parsed = self.value.word().and_then(|word| word.trim().replace('_', "-").parse().ok());
        parsed.ok_or_else(|| self.place.refuse(&self.value))
    }

    /// A moment of an animation.
    pub fn moment(self) -> Result<Moment, Invalid> {
        let parsed = match self.value {
            Value::Number(number) => Moment::seconds(number),
            ref other => other.word().and_then(Moment::parse),
        };
        parsed.ok_or_else(|| self.place.refuse(&self.value))
    }

    /// The left or upper side of a box.
    pub fn start(self) -> Result<f32, Invalid> {
        // One that is next to 1 would be rounded to it.
        let start = self.number(|share| (0.0..1.0).contains(&share))?;
        Ok(start.min(1.0 - f32::EPSILON))
    }

    /// The width or height of a box.
    pub fn share(self) -> Result<f32, Invalid> {
        // One next to 0, likewise.
        let share = self.number(|share| share > 0.0 && share <= 1.0)?;
        Ok(share.max(f32::MIN_POSITIVE))
    }

    /// The angle of a box, in degrees.
    pub fn angle(self) -> Result<f32, Invalid> {
        self.number(|degrees| degrees.abs() <= f64::from(MAX_ANGLE))
    }

    /// The padding of a box.
    pub fn padding(self) -> Result<f32, Invalid> {
        self.number(|share| (0.0..=MAX_PADDING).contains(&(share as f32)))
    }

    /// A number for which `is_allowed` is true. It is false of NaN.
    fn number(self, is_allowed: fn(f64) -> bool) -> Result<f32, Invalid> {
        let parsed = match self.value {
            Value::Number(number) => Some(number),
            ref other => other.word().and_then(|word| word.trim().parse().ok()),
        };
        let number = parsed.filter(|&number| is_allowed(number));
        number.map(|number| number as f32).ok_or_else(|| self.place.refuse(&self.value))
    }

    /// The width or height of the picture.
    pub fn side(self) -> Result<u32, Invalid> {
        let parsed = match self.value {
            Value::Number(number) if number.fract() == 0.0 => Some(number as u32),
            ref other => other.word().and_then(|word| word.trim().parse().ok()),
        };
        match parsed {
            Some(pixels) if (1..=MAX_SIDE).contains(&pixels) => Ok(pixels),
            _ => Err(self.place.refuse(&self.value)),
        }
    }
}

/// The color of just these values: red, green and blue.
fn of_channels<'a, I: IntoIterator<Item = &'a Value>>(values: I) -> Option<Color> {
    let channel = |value: &Value| match *value {
        Value::Number(number) if number.fract() == 0.0 && (0.0..=255.0).contains(&number) => {
            Some(number as u8)
        }
        ref other => other.word().and_then(|word| word.trim().parse().ok()),
    };
    let channels: Option<Vec<u8>> = values.into_iter().map(channel).collect();
    match channels?[..] {
        [r, g, b] => Some(Color { r, g, b }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::MAX_COMPOSED;

    #[test]
    fn text_below_the_combining_marks_is_in_nfc() {
        let below: String = ('\0'..'\u{300}').collect();
        assert_eq!(super::nfc(below.clone()), below.nfc().collect::<String>());
    }

    /// So a text in NFC has at least a fourth of the characters of any text that it is the NFC of: the two have the same
    /// decomposition.
    #[test]
    fn no_character_decomposes_into_more_than_four() {
        let most = ('\0'..=char::MAX).map(|c| c.nfd().count()).max();
        assert_eq!(most, Some(MAX_COMPOSED));
    }
}
