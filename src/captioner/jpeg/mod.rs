//! JPEG: a template compressed once, strip by strip, so that a caption need compress only its own strips.
//!
//! The picture is cut into rows of MCUs (squares of 16 by 16 pixels at 4:2:0), and a restart marker stands
//! after each of them. The decoder begins anew there, so the bytes of a strip depend on no other strip. A
//! caption compresses the strips under its ink and copies all others, marker for marker: a strip stays where
//! it is, so even the number in its marker stays.

use std::convert::TryFrom;
use std::ops::Range;

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::ink::Stamp;
use super::{Cancel, CaptionError};

/// Pixels on a side of an MCU at 4:2:0.
const MCU: u32 = 16;
/// Strips compressed at once, so that a cancel is seen within milliseconds and a picture full of text
/// needs no second copy of itself.
const STRIPS_AT_ONCE: u32 = 8;

/// A picture, and the file that it is without any text.
pub struct JpegTemplate {
    image: RgbImage,
    quality: u8,
    file: Vec<u8>,
    /// Where in `file` the compressed bytes of each strip are, without the marker after them.
    strips: Vec<Range<usize>>,
}

impl JpegTemplate {
    /// Compresses the whole picture, baseline, 4:2:0. `quality` is 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], if the picture is wider or higher than a JPEG can be;
    /// [`CaptionError::Cancelled`].
    pub fn prepare(image: RgbImage, quality: u8, cancel: &Cancel) -> Result<JpegTemplate, CaptionError> {
        cancel.check()?;
        let file = encode(&image, image.width(), image.height(), quality)?;
        let strips = strips_of(&file);
        debug_assert_eq!(strips.len() as u32, image.height().div_ceil(MCU));
        Ok(JpegTemplate { image, quality, file, strips })
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], [`CaptionError::Cancelled`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let row = self.image.width() as usize * 3;
        let mut bytes = Vec::with_capacity(self.file.len() + self.file.len() / 8);
        // How much of `file` has been copied or replaced.
        let mut done = 0;
        for strips in stamp.bands(MCU, self.image.height(), STRIPS_AT_ONCE) {
            cancel.check()?;
            let top = strips.start * MCU;
            let bottom = (strips.end * MCU).min(self.image.height());
            let mut pixels = self.image.as_raw()[top as usize * row..bottom as usize * row].to_vec();
            stamp.put_on_rgb(&mut pixels, self.image.width(), top..bottom);
            let drawn = encode(&pixels, self.image.width(), bottom - top, self.quality)?;
            let drawn_strips = strips_of(&drawn);
            for (index, strip) in (strips.start as usize..strips.end as usize).zip(drawn_strips) {
                // Everything up to the strip, the marker before it included, is as it was.
                bytes.extend_from_slice(&self.file[done..self.strips[index].start]);
                bytes.extend_from_slice(&drawn[strip]);
                done = self.strips[index].end;
            }
        }
        bytes.extend_from_slice(&self.file[done..]);
        Ok(bytes)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.image.dimensions()
    }

    /// Bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.image.len() + self.file.len() + self.strips.len() * 16
    }
}

/// Compresses RGB pixels, with a restart marker after each row of MCUs.
fn encode(pixels: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, CaptionError> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
    let (width, height) = (side(width)?, side(height)?);
    let mut bytes = Vec::with_capacity(pixels.len() / 8 + 1024);
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_restart_interval(width.div_ceil(MCU as u16));
    let encoded = encoder.encode(pixels, width, height, ColorType::Rgb);
    encoded.map_err(|error: EncodingError| CaptionError::encode(error))?;
    Ok(bytes)
}

/// Where the strips of a file lie. In compressed bytes an FF is followed by 00, or it is a marker.
fn strips_of(file: &[u8]) -> Vec<Range<usize>> {
    const START_OF_SCAN: u8 = 0xda;
    // Segment by segment to the scan: a marker, a length of two bytes that counts itself.
    let mut position = 2;
    loop {
        let marker = file[position + 1];
        position += 2 + usize::from(u16::from_be_bytes([file[position + 2], file[position + 3]]));
        if marker == START_OF_SCAN {
            break;
        }
    }
    let mut strips = Vec::new();
    let mut start = position;
    while position + 1 < file.len() {
        match (file[position], file[position + 1]) {
            (0xff, 0xd0..=0xd7) => {
                strips.push(start..position);
                position += 2;
                start = position;
            }
            (0xff, 0xd9) => {
                strips.push(start..position);
                break;
            }
            _ => position += 1,
        }
    }
    strips
}
