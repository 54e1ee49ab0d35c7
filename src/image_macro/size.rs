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

#[cfg(test)]
mod tests {
    use super::{Size, MAX_SIZE};

    #[test]
    fn every_number_above_zero_is_a_size_up_to_the_largest() {
        for &number in &[5e-324, 1e-99, 0.5, 512.0] {
            let is_size = |size| match size {
                Some(Size::Pixels(pixels)) => pixels > 0.0 && pixels <= MAX_SIZE,
                _ => false,
            };
            assert!(is_size(Size::pixels(number)) && is_size(Size::parse(&number.to_string())), "{}", number);
        }
        for &number in &[0.0, -0.0, -1.0, 512.001, f64::INFINITY, f64::NAN] {
            assert_eq!(Size::pixels(number), None, "{}", number);
        }
    }
}
