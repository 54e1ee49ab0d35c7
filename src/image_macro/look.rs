//! [`Look`]: how a caption looks, as far as somebody has said so; and its parts that are a [`Case`] or a [`Moment`].

use std::cmp::Ordering;
use std::fmt;

use icu_locale_core::LanguageIdentifier;

use super::align::HAlign;
use super::color::Color;
use super::size::Size;

/// The latest moment of an animation that can be named, in seconds.
pub const MAX_SECONDS: f32 = 3600.0;

/// How a caption looks. `None` is what nobody has said: a request leaves it to the template, and that to the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// How its lines are aligned.
    pub halign: Option<HAlign>,
    /// Name of the font. Not empty.
    pub font: Option<String>,
    /// Color of the letters.
    pub color: Option<Color>,
    /// Color of the line around the letters; `Some(None)` is no line.
    pub outline: Option<Option<Color>>,
    /// How large the letters are.
    pub size: Option<Size>,
    /// Whether the letters become capitals or small ones.
    pub case: Option<Case>,
    /// The language of the text, which says what its capitals are.
    pub lang: Option<LanguageIdentifier>,
    /// When in an animation it appears.
    pub from: Option<Moment>,
    /// When in an animation it disappears.
    pub to: Option<Moment>,
}

impl Look {
    /// What this leaves open is as in the other one.
    pub fn or(self, other: &Look) -> Look {
        Look {
            halign: self.halign.or(other.halign),
            font: self.font.or_else(|| other.font.clone()),
            color: self.color.or(other.color),
            outline: self.outline.or(other.outline),
            size: self.size.or(other.size),
            case: self.case.or(other.case),
            lang: self.lang.or_else(|| other.lang.clone()),
            from: self.from.or(other.from),
            to: self.to.or(other.to),
        }
    }
}

/// What becomes of the letters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// All capitals.
    Upper,
    /// All small letters.
    Lower,
    /// As they were written.
    AsIs,
}

impl Case {
    /// All of them.
    pub const ALL: [Case; 3] = [Case::Upper, Case::Lower, Case::AsIs];

    /// `upper`, `lower` or `as-is`, in any case.
    pub fn parse(text: &str) -> Option<Case> {
        Case::ALL.iter().copied().find(|case| case.name().eq_ignore_ascii_case(text.trim()))
    }

    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            Case::Upper => "upper",
            Case::Lower => "lower",
            Case::AsIs => "as-is",
        }
    }
}

/// A moment of an animation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// So many seconds after its start, 0 to [`MAX_SECONDS`].
    Seconds(f32),
    /// After that share of its duration, 0 to 1.
    Share(f32),
}

/// As it can be written in a request: with the fewest digits that are parsed as this moment.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (short, exact) = match *self {
            Moment::Seconds(seconds) => (seconds.to_string(), f64::from(seconds).to_string()),
            Moment::Share(share) => {
                let percent = f64::from(share) * 100.0;
                (format!("{}%", percent as f32), format!("{}%", percent))
            }
        };
        // The short one is parsed as an f64, and could be rounded twice.
        f.write_str(if Moment::parse(&short) == Some(*self) { &short } else { &exact })
    }
}

/// Only moments in the same unit can be compared without the animation.
impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Moment) -> Option<Ordering> {
        match (self, other) {
            (Moment::Seconds(a), Moment::Seconds(b)) | (Moment::Share(a), Moment::Share(b)) => {
                a.partial_cmp(b)
            }
            _ => None,
        }
    }
}

impl Moment {
    /// A number of seconds, as in `1.5` or `1.5s`, or a percentage, as in `40%`.
    pub fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().ok()?;
            return (0.0..=100.0).contains(&percent).then_some(Moment::Share((percent / 100.0) as f32));
        }
        let seconds = text.strip_suffix(['s', 'S']).unwrap_or(text).trim();
        seconds.parse().ok().and_then(Moment::seconds)
    }

    /// Whether it is the start of every animation.
    pub fn is_start(self) -> bool {
        match self {
            Moment::Seconds(number) | Moment::Share(number) => number == 0.0,
        }
    }

    /// A number of seconds; `None` outside the limits, which excludes NaN.
    pub fn seconds(number: f64) -> Option<Moment> {
        // One that is too small for an f32 is not the start all the same.
        let least = if number > 0.0 { f32::MIN_POSITIVE } else { 0.0 };
        (0.0..=f64::from(MAX_SECONDS))
            .contains(&number)
            .then_some(Moment::Seconds((number as f32).max(least)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Look, Moment};
    use image_macro::{Color, Size};

    #[test]
    fn moments_are_seconds_or_percentages() {
        for (text, moment) in [
            ("0", Some(Moment::Seconds(0.0))),
            (" 1.5 s ", Some(Moment::Seconds(1.5))),
            ("3600S", Some(Moment::Seconds(3600.0))),
            ("25%", Some(Moment::Share(0.25))),
            ("100 %", Some(Moment::Share(1.0))),
            ("3601", None),
            ("-1", None),
            ("nan", None),
            ("inf%", None),
            ("101%", None),
            ("", None),
            ("%", None),
        ] {
            assert_eq!(Moment::parse(text), moment, "{:?}", text);
        }
        assert_eq!(Case::parse(" AS-IS "), Some(Case::AsIs));
        assert_eq!(Case::parse("title"), None);
    }

    #[test]
    fn a_moment_is_written_as_it_is_parsed() {
        assert_eq!(Moment::Share(0.4).to_string(), "40%");
        assert_eq!(Moment::Seconds(1.5).to_string(), "1.5");
        for number in 0..30_000 {
            let text = format!("{}.{:03}%", number / 1000, number % 1000);
            for text in [&text[..], text.trim_end_matches('%')] {
                let moment = Moment::parse(text).unwrap();
                assert_eq!(Moment::parse(&moment.to_string()), Some(moment), "{}", text);
            }
        }
    }

    #[test]
    fn moments_are_written_as_they_can_be_given_and_compared_within_a_unit() {
        for text in ["0", "0.1", "3599.9", "0%", "7%", "33.3%", "99.9999%", "100%"] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), text);
        }
        let moment = |text: &str| Moment::parse(text).unwrap();
        assert!(moment("1") < moment("1.5s") && moment("9%") < moment("10%"));
        assert!(moment("1").partial_cmp(&moment("10%")).is_none());
    }

    #[test]
    fn the_first_look_that_says_something_counts() {
        let red = Look { color: Some(Color { r: 255, g: 0, b: 0 }), outline: Some(None), ..Look::default() };
        let small = Look { color: Some(Color::WHITE), size: Some(Size::Pixels(8.0)), ..Look::default() };
        let both = red.clone().or(&small);
        assert_eq!((both.color, both.outline, both.size), (red.color, Some(None), small.size));
    }
}
