//! JPEG: a template compressed once, strip by strip, so that a caption need compress only its own strips.
//!
//! The picture is cut into rows of MCUs (squares of 16 by 16 pixels at 4:2:0), and a restart marker stands
//! after each of them. DC prediction begins anew there, so the bytes of a strip depend on no other strip. A
//! caption compresses the strips under its ink and copies all others, marker for marker: a strip stays where
//! it is, so even the number in its marker stays.
//!
//! jpeg-encoder writes the header of the file, and the tests compare the whole file with what it would write; the
//! strips are compressed by `strip`, which gives the same bytes sooner.

mod block;
mod entropy;
mod strip;
mod tables;

use std::convert::TryFrom;
use std::mem;
use std::ops::Range;

use image::RgbImage;

use self::entropy::stuff;
use self::strip::{Compressed, Strip};
use self::tables::{Tables, MCU};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::Stamp;

const END_OF_IMAGE: &[u8] = &[0xff, 0xd9];

/// A picture, and the file that it is without any text.
pub struct JpegTemplate {
    width: u32,
    height: u32,
    /// Red, green and blue, row by row.
    planes: [Vec<u8>; 3],
    tables: Box<Tables>,
    file: Vec<u8>,
    /// Each strip, and where in `file` its bytes are, without the marker after them.
    strips: Vec<(Compressed, Range<usize>)>,
}

impl JpegTemplate {
    /// Compresses the whole picture, baseline, 4:2:0. `quality` is 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], if the picture is wider or higher than a JPEG can be;
    /// [`CaptionError::Cancelled`].
    pub fn prepare(image: &RgbImage, quality: u8, cancel: &Cancel) -> Result<JpegTemplate, CaptionError> {
        let (width, height) = image.dimensions();
        let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
        let (file, tables) = tables::head(side(width)?, side(height)?, quality)?;
        let mut planes = [0, 1, 2].map(|_| Vec::with_capacity(image.as_raw().len() / 3));
        for rows in image.as_raw().chunks(MCU * 3 * width as usize) {
            cancel.check()?;
            for (channel, plane) in planes.iter_mut().enumerate() {
                plane.extend(rows.iter().skip(channel).step_by(3));
            }
        }
        let tables = Box::new(tables);
        let mut template = JpegTemplate { width, height, planes, tables, file, strips: Vec::new() };
        let mut strip = Strip::new(width as usize);
        for index in 0..(height as usize).div_ceil(MCU) {
            cancel.check()?;
            if index > 0 {
                template.file.extend_from_slice(&[0xff, 0xd0 + ((index - 1) % 8) as u8]);
            }
            let start = template.file.len();
            let rows = template.rows(index);
            strip.load(&template.planes, width as usize, &rows);
            let compressed = strip.compress(width as usize, rows.len(), &template.tables);
            stuff(&compressed.bits, &mut template.file);
            template.strips.push((compressed, start..template.file.len()));
        }
        template.file.extend_from_slice(END_OF_IMAGE);
        template.file.shrink_to_fit();
        Ok(template)
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        if stamp.inks.is_empty() {
            return Ok(self.file.clone());
        }
        let width = self.width as usize;
        let mut bytes = Vec::with_capacity(self.file.len() + self.file.len() / 4);
        let mut strip = Strip::new(width);
        // How much of `file` has been copied or replaced.
        let mut done = 0;
        for index in stamp.bands(MCU as u32, self.height) {
            cancel.check()?;
            let rows = self.rows(index as usize);
            strip.load(&self.planes, width, &rows);
            let rows_drawn = rows.start as u32..rows.end as u32;
            stamp.put_on_planes(&mut strip.planes, strip.stride, rows_drawn.clone());
            let is_drawn = stamp.columns(MCU as u32, self.width, rows_drawn);
            let (ref compressed, ref replaced) = self.strips[index as usize];
            let bits = strip.compress_drawn(width, rows.len(), &self.tables, compressed, &is_drawn);
            // Everything up to the strip, the marker before it included, is as it was.
            bytes.extend_from_slice(&self.file[done..replaced.start]);
            stuff(&bits, &mut bytes);
            done = replaced.end;
        }
        bytes.extend_from_slice(&self.file[done..]);
        Ok(bytes)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let of_strip = mem::size_of::<(Compressed, Range<usize>)>();
        let strips: usize = self.strips.iter().map(|strip| of_strip + strip.0.weight()).sum();
        3 * self.planes[0].len() + self.file.len() + strips + mem::size_of::<Tables>()
    }

    /// The rows of pixels in a strip.
    fn rows(&self, strip: usize) -> Range<usize> {
        strip * MCU..((strip + 1) * MCU).min(self.height as usize)
    }
}
