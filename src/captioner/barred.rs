//! Pictures with bars: how small the picture must be for all of it to be as high as it may be, and the stamp.

use std::slice;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::Stamp;
use captioner::lettering::{Lettering, LetteringSpot};
use captioner::template::{TemplateInfo, Variant};
use captioner::text::bar;
use captioner::text::font_set::FontSet;
use image_macro::{Color, Format};

/// Rows that the strips of a JPEG have at most: if the bar above ends with a strip, the picture's strips can be moved.
const STRIP: u32 = 16;

/// Captions in bars.
pub struct Barred<'a> {
    letterings: &'a [Lettering],
    fonts: &'a FontSet<'a>,
}

impl<'a> Barred<'a> {
    /// Those of these captions that are in bars.
    pub fn new(letterings: &'a [Lettering], fonts: &'a FontSet<'a>) -> Barred<'a> {
        Barred { letterings, fonts }
    }

    /// The variant of a template that fits, with its bars, the limits that a request sets. If the bars alone do not, the
    /// picture is one pixel high.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn variant(
        &self,
        info: &TemplateInfo,
        (max_width, max_height): (Option<u32>, Option<u32>),
        format: Option<Format>,
        cancel: &Cancel,
    ) -> Result<Variant, CaptionError> {
        let whole = info.variant(max_width, max_height, format);
        let most = match max_height {
            Some(most) if self.has_bars() => most,
            _ => return Ok(whole),
        };
        let height = self.height(whole, cancel)?;
        if height <= most {
            return Ok(whole);
        }
        let variant = |height: u32| info.variant(max_width, Some(height), format);
        let (mut fitting, mut too_high) = (1, whole.size.1);
        // The share that the picture takes of the whole stays about the same.
        let mut guess = (u64::from(whole.size.1) * u64::from(most) / u64::from(height)) as u32;
        while fitting + 1 < too_high {
            guess = guess.clamp(fitting + 1, too_high - 1);
            if self.height(variant(guess), cancel)? <= most {
                fitting = guess;
            } else {
                too_high = guess;
            }
            guess = fitting + (too_high - fitting) / 2;
        }
        Ok(variant(fitting))
    }

    /// The height of the finished picture.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn height(&self, Variant { size, format }: Variant, cancel: &Cancel) -> Result<u32, CaptionError> {
        let bars = bar::place(self.letterings, self.fonts, size, step(format), cancel)?;
        Ok(size.1 + bars.iter().map(|bar| bar.height).sum::<u32>())
    }

    /// Adds bars of that color to the stamp for a picture. Returns the captions whose text is too small to be read.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn add_to(
        &self,
        stamp: &mut Stamp,
        Variant { size, format }: Variant,
        color: Color,
        cancel: &Cancel,
    ) -> Result<Vec<usize>, CaptionError> {
        let mut too_small = Vec::new();
        for bar in bar::place(self.letterings, self.fonts, size, step(format), cancel)? {
            let letters = Stamp::draw(slice::from_ref(&bar.caption), size.0, bar.height, cancel)?;
            stamp.add_bar(bar.is_above, size, bar.height, color, letters);
            too_small.extend(Some(bar.caption.index).filter(|_| bar.caption.is_too_small));
        }
        Ok(too_small)
    }

    fn has_bars(&self) -> bool {
        let is_in_bar = |spot: LetteringSpot| matches!(spot, LetteringSpot::Above | LetteringSpot::Below);
        self.letterings.iter().any(|lettering| is_in_bar(lettering.spot))
    }
}

/// What the height of the bar above a picture is a multiple of.
fn step(format: Format) -> u32 {
    match format {
        Format::Jpeg => STRIP,
        Format::Png | Format::Gif => 1,
    }
}
