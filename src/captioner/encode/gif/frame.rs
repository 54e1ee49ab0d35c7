//! A frame of a template, compressed strip by strip. Each strip is compressed when a caption first needs it.

use std::mem;
use std::ops::Range;
use std::sync::OnceLock;

use super::lzw::{self, Codes, Strip, STRIP};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::Frame;
use captioner::ink::rect::Rect;

/// The strips of one frame, as far as they have been compressed.
#[derive(Default)]
pub struct Strips(OnceLock<Vec<OnceLock<Strip>>>);

/// A frame and its strips.
#[derive(Clone, Copy)]
pub struct TemplateFrame<'a> {
    /// The frame.
    pub frame: &'a Frame,
    /// Of that frame.
    pub strips: &'a Strips,
}

impl<'a> TemplateFrame<'a> {
    /// The codes of its pixels, as they are.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn codes(&self, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut codes = Codes::new(self.code_size());
        for index in 0..self.frame.indices.len().div_ceil(STRIP) {
            cancel.check()?;
            codes.append(self.strip(index));
        }
        Ok(codes.finish())
    }

    /// The codes of its pixels with some of them changed, none to more than `highest`, in a rectangle that contains
    /// the frame's own; the pixels around that one are `filler`.
    ///
    /// `paint` gets some pixels and their range, counted row by row in the rectangle. It changes what it wants to and
    /// returns whether it did. A strip that it leaves as it was is compressed only once for all captions.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn repainted_codes<P: FnMut(Range<usize>, &mut [u8]) -> bool>(
        &self,
        rect: &Rect,
        filler: u8,
        highest: u8,
        mut paint: P,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let code_size = lzw::code_size(highest.max(self.frame.highest));
        let has_same_rect = *rect == self.frame.rect;
        let has_same_strips = has_same_rect && code_size == self.code_size();
        let count = rect.width() as usize * rect.height() as usize;
        let mut codes = Codes::new(code_size);
        let mut pixels = Vec::with_capacity(STRIP);
        for (index, start) in (0..count).step_by(STRIP).enumerate() {
            cancel.check()?;
            let range = start..(start + STRIP).min(count);
            pixels.clear();
            if has_same_rect {
                pixels.extend_from_slice(&self.frame.indices[range.clone()]);
            } else {
                pixels.extend(range.clone().map(|number| self.index_in(rect, number).unwrap_or(filler)));
            }
            if paint(range, &mut pixels) || !has_same_strips {
                codes.append(&Strip::compress(&pixels, code_size));
            } else {
                codes.append(self.strip(index));
            }
        }
        Ok(codes.finish())
    }

    /// Bytes of memory that the frame takes at most, once all of its strips are compressed: its indices, and twice
    /// their compressed bytes, which are half as many more if they are noise.
    pub fn weight(&self) -> usize {
        let pixels = self.frame.indices.len();
        let strips = pixels.div_ceil(STRIP) * mem::size_of::<OnceLock<Strip>>();
        mem::size_of::<Frame>() + mem::size_of::<Strips>() + 4 * pixels + strips
    }

    /// The strip of that number.
    fn strip(&self, index: usize) -> &'a Strip {
        let all = &self.frame.indices;
        let strips = self.strips.0.get_or_init(|| all.chunks(STRIP).map(|_| OnceLock::new()).collect());
        let pixels = &all[index * STRIP..];
        strips[index].get_or_init(|| Strip::compress(&pixels[..STRIP.min(pixels.len())], self.code_size()))
    }

    fn code_size(&self) -> u8 {
        lzw::code_size(self.frame.highest)
    }

    /// The index of a pixel of a larger rectangle, counted row by row; `None` outside of the frame.
    fn index_in(&self, rect: &Rect, number: usize) -> Option<u8> {
        let width = rect.width() as usize;
        let (x, y) = (rect.left + (number % width) as u32, rect.top + (number / width) as u32);
        let own = &self.frame.rect;
        own.holds(x, y).then(|| self.frame.indices[own.number_of(x, y)])
    }
}
