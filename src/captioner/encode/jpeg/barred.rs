//! A picture with bars: its strips are moved with their bytes, and only what has text or is next to it is compressed.
//!
//! The bar above ends with a strip. Where the picture ends within one, that strip is compressed again, because the bar
//! below begins there.

use std::convert::TryFrom;
use std::ops::Range;

use super::entropy::stuff;
use super::strip::{Coding, Strip};
use super::tables::set_height;
use super::{Form, Picture, END_OF_IMAGE};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::Stamp;
use image_macro::Color;

/// What a strip shows.
enum Shown {
    /// A bar alone.
    Bar,
    /// A strip of the picture, of that number.
    Picture(usize),
    /// The end of the picture, in its strip of that number, and the beginning of a bar.
    Both(usize),
}

impl Form {
    /// The file of a picture with bars, which are in the stamp.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`]; [`CaptionError::Encode`], if it is higher than a JPEG can be.
    pub fn caption_with_bars(
        &self,
        picture: &Picture,
        stamp: &Stamp,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let width = picture.width as usize;
        let height = stamp.bars.around(picture.height);
        let mcu = self.mcu();
        let mut bytes = Vec::with_capacity(self.file.len() + self.file.len() / 2);
        bytes.extend_from_slice(&self.file[..self.strips.first().map_or(0, |first| first.range.start)]);
        set_height(&mut bytes, u16::try_from(height).map_err(CaptionError::encode)?);
        let mut strip = Strip::new(width, self.plan.sampling);
        // A strip of a bar without text, and its bytes in a file.
        let mut blank = None;
        for (index, top) in (0..height).step_by(mcu.1).enumerate() {
            cancel.check()?;
            if index > 0 {
                bytes.extend_from_slice(&[0xff, 0xd0 + ((index - 1) % 8) as u8]);
            }
            let rows = top..(top + mcu.1 as u32).min(height);
            let is_drawn = stamp.columns(mcu.0 as u32, picture.width, rows.clone());
            let has_letters = is_drawn.contains(&true);
            match self.shown(picture, stamp, &rows) {
                Shown::Picture(number) if !has_letters => {
                    bytes.extend_from_slice(&self.file[self.strips[number].range.clone()]);
                }
                Shown::Picture(number) => {
                    strip.load(&picture.planes, width, &picture.rows(number, mcu.1));
                    stamp.put_on_planes(&mut strip.planes, strip.stride, rows.clone());
                    let coding = self.coding(number, &strip);
                    let before = &self.strips[number].compressed;
                    let bits = strip.compress_drawn(width, rows.len(), &coding, before, &is_drawn);
                    stuff(&bits, &mut bytes);
                }
                Shown::Both(number) => {
                    strip.load(&picture.planes, width, &picture.rows(number, mcu.1));
                    stamp.put_on_planes(&mut strip.planes, strip.stride, rows.clone());
                    let coding = self.coding(number, &strip);
                    stuff(&strip.compress(width, rows.len(), &coding).bits, &mut bytes);
                }
                Shown::Bar => {
                    let coding = Coding { tables: &self.tables, chroma: None, first: 0 };
                    let (ref compressed, ref stuffed) = *blank.get_or_insert_with(|| {
                        strip.fill(stamp.bar_color().unwrap_or(Color::WHITE));
                        let compressed = strip.compress(width, mcu.1, &coding);
                        let mut stuffed = Vec::new();
                        stuff(&compressed.bits, &mut stuffed);
                        (compressed, stuffed)
                    });
                    if has_letters {
                        stamp.put_on_planes(&mut strip.planes, strip.stride, rows.clone());
                        let bits = strip.compress_drawn(width, rows.len(), &coding, compressed, &is_drawn);
                        stuff(&bits, &mut bytes);
                    } else {
                        bytes.extend_from_slice(stuffed);
                    }
                }
            }
        }
        bytes.extend_from_slice(END_OF_IMAGE);
        Ok(bytes)
    }

    /// What is in a strip of these rows.
    fn shown(&self, picture: &Picture, stamp: &Stamp, rows: &Range<u32>) -> Shown {
        let (above, mcu) = (stamp.bars.above, self.mcu().1 as u32);
        debug_assert_eq!(above % mcu, 0, "the picture begins with a strip");
        let end = above + picture.height;
        if rows.end <= above || rows.start >= end {
            return Shown::Bar;
        }
        let number = ((rows.start - above) / mcu) as usize;
        if rows.end <= end {
            Shown::Picture(number)
        } else {
            Shown::Both(number)
        }
    }
}
