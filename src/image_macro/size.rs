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
