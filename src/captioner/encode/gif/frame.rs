//! A frame of a template, compressed strip by strip. Each strip is compressed when a caption first needs it.

use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use super::lzw::{self, Codes, Strip, STRIP};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::room::Target;
use captioner::file::animation::Frame;
use captioner::ink::rect::Rect;

/// The strips of one frame, as far as they have been compressed.
#[derive(Default)]
pub struct Strips {
    /// As in the file.
    plain: OnceLock<Vec<OnceLock<Strip>>>,
    /// With palette entries given up: those of the last text that needed it. Most texts are black and white, and need the
    /// same.
    freed: Mutex<Option<Arc<Freed>>>,
}

/// The strips of a frame whose palette has given up entries.
struct Freed {
    target: Target,
    /// `None`: as in the file.
    strips: Vec<OnceLock<Option<Strip>>>,
}

/// A frame and its strips.
#[derive(Clone)]
pub struct TemplateFrame<'a> {
    /// The frame.
    pub frame: &'a Frame,
    /// The part of the canvas that it paints: below the bar above the picture.
    pub rect: Rect,
    strips: &'a Strips,
    freed: Option<Arc<Freed>>,
}

impl<'a> TemplateFrame<'a> {
    /// The frame with those strips, `above` rows farther down. `target` is what its indices become, if its palette gives up
    /// any.
    pub fn new(
        frame: &'a Frame,
        above: u32,
        strips: &'a Strips,
        target: Option<&Target>,
    ) -> TemplateFrame<'a> {
        let freed = target.map(|target| {
            let mut last = strips.freed.lock().expect("nothing panics while it is locked");
            match *last {
                Some(ref freed) if freed.target == *target => freed.clone(),
                _ => {
                    let strips = frame.indices.chunks(STRIP).map(|_| OnceLock::new()).collect();
                    let freed = Arc::new(Freed { target: *target, strips });
                    *last = Some(freed.clone());
                    freed
                }
            }
        });
        TemplateFrame { frame, rect: frame.rect.down(above), strips, freed }
    }

    /// The codes of its pixels, as they are.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn codes(&self, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut codes = Codes::new(self.code_size());
        for index in 0..self.frame.indices.len().div_ceil(STRIP) {
            cancel.check()?;
            self.append_strip(index, &mut codes);
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
        let code_size = lzw::code_size(highest.max(self.highest()));
        let has_same_size = code_size == self.code_size();
        let count = rect.width() as usize * rect.height() as usize;
        let own = self.own_pixels(rect);
        let mut codes = Codes::new(code_size);
        let mut pixels = Vec::with_capacity(STRIP);
        let mut start = 0;
        while start < count {
            cancel.check()?;
            // Strips begin anew where the frame's own pixels begin and where they end.
            let ends = [own.start, own.end];
            let end = ends.iter().copied().find(|&end| end > start).unwrap_or(count);
            let range = start..(start + STRIP).min(end);
            start = range.end;
            pixels.clear();
            let is_own = own.contains(&range.start);
            if is_own {
                let range = range.start - own.start..range.end - own.start;
                pixels.extend_from_slice(&self.frame.indices[range]);
                self.free(&mut pixels);
            } else {
                // The filler may be an entry that was given up: it is transparent now.
                let index = |number| self.index_in(rect, number).map(|index| self.freed_index(index));
                pixels.extend(range.clone().map(|number| index(number).unwrap_or(filler)));
            }
            let number = range.start.saturating_sub(own.start) / STRIP;
            if paint(range, &mut pixels) || !is_own || !has_same_size {
                codes.append(&Strip::compress(&pixels, code_size));
            } else {
                self.append_strip(number, &mut codes);
            }
        }
        Ok(codes.finish())
    }

    /// Where in the pixels of a rectangle around the frame its own are, one after the other; nowhere unless both are as wide.
    fn own_pixels(&self, rect: &Rect) -> Range<usize> {
        if (rect.left, rect.right) != (self.rect.left, self.rect.right) {
            return 0..0;
        }
        let start = rect.number_of(self.rect.left, self.rect.top);
        start..start + self.frame.indices.len()
    }

    /// Appends the strip of that number.
    fn append_strip(&self, index: usize, codes: &mut Codes) {
        let freed = match self.freed {
            Some(ref freed) => freed.strips[index].get_or_init(|| {
                let plain = self.pixels(index);
                let mut pixels = plain.to_vec();
                self.free(&mut pixels);
                let is_other = pixels != plain || self.code_size() != lzw::code_size(self.frame.highest);
                is_other.then(|| Strip::compress(&pixels, self.code_size()))
            }),
            None => &None,
        };
        codes.append(freed.as_ref().unwrap_or_else(|| self.strip(index)));
    }

    /// The strip of that number as in the file.
    fn strip(&self, index: usize) -> &'a Strip {
        let all = &self.frame.indices;
        let strips = self.strips.plain.get_or_init(|| all.chunks(STRIP).map(|_| OnceLock::new()).collect());
        let code_size = lzw::code_size(self.frame.highest);
        strips[index].get_or_init(|| Strip::compress(self.pixels(index), code_size))
    }

    /// The pixels of the strip of that number.
    fn pixels(&self, index: usize) -> &'a [u8] {
        let pixels = &self.frame.indices[index * STRIP..];
        &pixels[..STRIP.min(pixels.len())]
    }

    fn code_size(&self) -> u8 {
        lzw::code_size(self.highest())
    }

    /// The highest index that a pixel can have. What takes the place of an entry may come after it.
    fn highest(&self) -> u8 {
        let highest = self.frame.highest;
        let of_target = |freed: &Arc<Freed>| freed.target[..=usize::from(highest)].iter().copied().max();
        self.freed.as_ref().and_then(of_target).unwrap_or(highest)
    }

    fn freed_index(&self, index: u8) -> u8 {
        self.freed.as_ref().map_or(index, |freed| freed.target[usize::from(index)])
    }

    fn free(&self, pixels: &mut [u8]) {
        if self.freed.is_some() {
            pixels.iter_mut().for_each(|pixel| *pixel = self.freed_index(*pixel));
        }
    }

    /// The index of a pixel of a larger rectangle, counted row by row; `None` outside of the frame.
    fn index_in(&self, rect: &Rect, number: usize) -> Option<u8> {
        let width = rect.width() as usize;
        let (x, y) = (rect.left + (number % width) as u32, rect.top + (number / width) as u32);
        self.own_index(x, y)
    }

    /// The index that it paints a pixel of the canvas with; `None` outside of it and where it is transparent.
    pub fn index_at(&self, x: u32, y: u32) -> Option<u8> {
        self.own_index(x, y).filter(|&index| Some(index) != self.frame.transparent)
    }

    /// The index of a pixel of the canvas; `None` outside of it.
    fn own_index(&self, x: u32, y: u32) -> Option<u8> {
        self.rect.holds(x, y).then(|| self.frame.indices[self.rect.number_of(x, y)])
    }
}

/// Bytes of memory that a frame takes at most, once all of its strips are compressed: its indices, and twice their
/// compressed bytes, which are half as many more if they are noise; three times if its palette may give up entries.
pub fn weight(frame: &Frame, may_be_freed: bool) -> usize {
    let pixels = frame.indices.len();
    let strips = |size: usize| pixels.div_ceil(STRIP) * size;
    let plain = mem::size_of::<Frame>() + mem::size_of::<Strips>() + 4 * pixels;
    let freed = mem::size_of::<Freed>() + pixels * 3 / 2 + strips(mem::size_of::<OnceLock<Option<Strip>>>());
    plain + strips(mem::size_of::<OnceLock<Strip>>()) + if may_be_freed { freed } else { 0 }
}
