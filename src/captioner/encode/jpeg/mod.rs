//! JPEG: a template is compressed once, strip by strip, and a caption compresses only the strips under its ink.
//!
//! A strip is a row of MCUs (squares of 16 by 16 pixels at 4:2:0), with a restart marker after it. DC prediction begins
//! anew there, so the bytes of a strip do not depend on other strips. A caption copies the other strips with their
//! markers; since every strip keeps its place, even the numbers in the markers stay the same.
//!
//! jpeg-encoder writes the header of the file. The strips are compressed by `strip`, which is faster and produces the
//! same bytes; the tests compare whole files with those of jpeg-encoder.

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

/// A picture, and its file without any text.
pub struct JpegTemplate {
    width: u32,
    height: u32,
    /// Red, green and blue, row by row.
    planes: [Vec<u8>; 3],
    tables: Box<Tables>,
    file: Vec<u8>,
    /// From top to bottom.
    strips: Vec<TemplateStrip>,
}

/// A strip of a template.
struct TemplateStrip {
    compressed: Compressed,
    /// Where in the file its bytes are, without the marker after them.
    range: Range<usize>,
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
            let range = start..template.file.len();
            template.strips.push(TemplateStrip { compressed, range });
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
            let TemplateStrip { ref compressed, range: ref replaced } = self.strips[index as usize];
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

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let of_strip = mem::size_of::<TemplateStrip>();
        let strips: usize = self.strips.iter().map(|strip| of_strip + strip.compressed.weight()).sum();
        3 * self.planes[0].len() + self.file.len() + strips + mem::size_of::<Tables>()
    }

    /// The rows of pixels in a strip.
    fn rows(&self, strip: usize) -> Range<usize> {
        strip * MCU..((strip + 1) * MCU).min(self.height as usize)
    }
}
