//! PNG: a template is compressed once, band by band, and a caption compresses only the bands under its ink.
//!
//! A band is some rows in an IDAT chunk of their own. It ends on a whole byte, and its first row is filtered without
//! the row above, so its bytes do not depend on other bands. A caption copies the other bands with their checksums; the
//! checksum of the whole stream is combined from those of the bands. All bands share one Huffman code, which is the
//! template's.

mod bits;
mod deflate;
mod filter;
mod huffman;
mod runs;

use std::mem;
use std::ops::Range;

use crc32fast;
use simd_adler32;

use self::deflate::Codes;
use self::filter::filter;
use self::runs::Histogram;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::Stamp;

/// The least bytes of pixels in a band. In smaller bands, headers (some 60 bytes) and first rows (which are filtered
/// worse) would weigh more; in larger ones, a caption would compress more rows that it does not touch.
const BAND: usize = 12 << 10;
/// The least rows in a band, because the first of them compresses worse.
const MIN_ROWS: usize = 4;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a file before its first IDAT chunk: signature and IHDR.
const HEAD: usize = 33;
const IDAT: &[u8; 4] = b"IDAT";
/// The header of a zlib stream: deflate, a window of 32 KiB, fast compression.
const ZLIB_HEADER: &[u8] = &[0x78, 0x01];
/// The last block of a deflate stream: stored, without bytes.
const LAST_BLOCK: &[u8] = &[1, 0, 0, 0xff, 0xff];
/// The checksum of no bytes.
const ADLER_OF_NOTHING: u32 = 1;

/// A picture, and its file without any text.
pub struct PngTemplate {
    /// RGB or RGBA.
    pixels: Vec<u8>,
    /// Bytes of a pixel: 3 or 4.
    channels: usize,
    width: u32,
    height: u32,
    /// Rows in each band but the last.
    band: u32,
    /// What all bands are compressed with.
    codes: Box<Codes>,
    file: Vec<u8>,
    bands: Vec<Band>,
}

/// Some rows, filtered and compressed.
struct Band {
    /// Where in the file its IDAT chunk is.
    chunk: Range<usize>,
    /// The Adler-32 of its filtered rows.
    adler: u32,
}

impl PngTemplate {
    /// Compresses a whole picture, RGB (three channels) or RGBA (four).
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn prepare(
        pixels: Vec<u8>,
        channels: usize,
        size: (u32, u32),
        cancel: &Cancel,
    ) -> Result<PngTemplate, CaptionError> {
        let (width, height) = size;
        let row = width as usize * channels;
        let band = BAND.div_ceil(row).max(MIN_ROWS).min(height as usize) as u32;
        let mut file = Vec::with_capacity(pixels.len() / 2 + 1024);
        file.extend_from_slice(SIGNATURE);
        let color_type = if channels == 3 { 2 } else { 6 };
        let mut header = [0, 0, 0, 0, 0, 0, 0, 0, 8, color_type, 0, 0, 0];
        header[..4].copy_from_slice(&width.to_be_bytes());
        header[4..8].copy_from_slice(&height.to_be_bytes());
        write_chunk(&mut file, b"IHDR", &[&header]);
        // Rows are filtered twice, because keeping all of them would take as much memory as the picture.
        let (mut filtered, mut buffer) = (Vec::new(), Vec::new());
        let mut histogram = Histogram::new();
        for rows in pixels.chunks(band as usize * row) {
            cancel.check()?;
            filter(rows, row, channels, &mut filtered);
            histogram.add(&filtered);
        }
        let codes = Box::new(Codes::new(&histogram));
        let mut bands = Vec::new();
        for rows in pixels.chunks(band as usize * row) {
            cancel.check()?;
            filter(rows, row, channels, &mut filtered);
            bands.push(write_band(&mut file, &filtered, &codes, &mut buffer));
        }
        let mut template = PngTemplate { pixels, channels, width, height, band, codes, file, bands };
        let adler = template.adler(&template.bands.iter().map(|band| band.adler).collect::<Vec<_>>());
        write_end(&mut template.file, adler);
        template.file.shrink_to_fit();
        Ok(template)
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let row = self.width as usize * self.channels;
        let mut bytes = Vec::with_capacity(self.file.len() + self.file.len() / 8);
        let mut adlers: Vec<u32> = self.bands.iter().map(|band| band.adler).collect();
        // How much of `file` has been copied or replaced.
        let mut done = 0;
        let (mut pixels, mut filtered, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        for index in stamp.bands(self.band, self.height) {
            cancel.check()?;
            let rows = index * self.band..((index + 1) * self.band).min(self.height);
            pixels.clear();
            pixels.extend_from_slice(&self.pixels[rows.start as usize * row..rows.end as usize * row]);
            if self.channels == 3 {
                stamp.put_on_rgb(&mut pixels, self.width, rows);
            } else {
                stamp.put_on_rgba(&mut pixels, self.width, rows);
            }
            let replaced = &self.bands[index as usize].chunk;
            bytes.extend_from_slice(&self.file[done..replaced.start]);
            filter(&pixels, row, self.channels, &mut filtered);
            adlers[index as usize] = write_band(&mut bytes, &filtered, &self.codes, &mut buffer).adler;
            done = replaced.end;
        }
        if done == 0 {
            return Ok(self.file.clone());
        }
        let end_of_bands = self.bands.last().map_or(done, |band| band.chunk.end);
        bytes.extend_from_slice(&self.file[done..end_of_bands]);
        write_end(&mut bytes, self.adler(&adlers));
        Ok(bytes)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.pixels.len() + self.file.len() + self.bands.len() * mem::size_of::<Band>()
    }

    /// The Adler-32 of all bands together.
    fn adler(&self, adlers: &[u32]) -> u32 {
        let filtered_row = self.width as usize * self.channels + 1;
        let mut rows_left = self.height;
        adlers.iter().fold(ADLER_OF_NOTHING, |adler, &next| {
            let rows = self.band.min(rows_left);
            rows_left -= rows;
            adler_of_both(adler, next, rows as usize * filtered_row)
        })
    }
}

/// Appends an IDAT chunk of filtered rows to a file. `buffer` is reused by the next call.
fn write_band(file: &mut Vec<u8>, filtered: &[u8], codes: &Codes, buffer: &mut Vec<u8>) -> Band {
    let start = file.len();
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(IDAT);
    if start == HEAD {
        file.extend_from_slice(ZLIB_HEADER);
    }
    codes.compress(filtered, buffer, file);
    finish_chunk(file, start);
    Band { chunk: start..file.len(), adler: simd_adler32::adler32(&filtered) }
}

/// The Adler-32 of some bytes followed by `length` others, from those of both.
fn adler_of_both(first: u32, second: u32, length: usize) -> u32 {
    const MODULUS: u64 = 65521;
    let halves = |adler: u32| (u64::from(adler & 0xffff), u64::from(adler >> 16));
    let ((first_sum, first_sums), (second_sum, second_sums)) = (halves(first), halves(second));
    // The low half is one plus the sum of the bytes, the high one the sum of the low ones after each byte.
    let before = first_sum + MODULUS - 1;
    let sum = (before + second_sum) % MODULUS;
    let sums = (first_sums + second_sums + length as u64 % MODULUS * (before % MODULUS)) % MODULUS;
    (sums << 16 | sum) as u32
}

fn write_chunk(file: &mut Vec<u8>, kind: &[u8; 4], parts: &[&[u8]]) {
    let start = file.len();
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(kind);
    parts.iter().for_each(|part| file.extend_from_slice(part));
    finish_chunk(file, start);
}

/// Sets the length of the chunk that begins at `start`, and adds its checksum.
fn finish_chunk(file: &mut Vec<u8>, start: usize) {
    let length = (file.len() - start - 8) as u32;
    file[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let checksum = crc32fast::hash(&file[start + 4..]);
    file.extend_from_slice(&checksum.to_be_bytes());
}

fn write_end(file: &mut Vec<u8>, adler: u32) {
    write_chunk(file, IDAT, &[LAST_BLOCK, &adler.to_be_bytes()]);
    write_chunk(file, b"IEND", &[]);
}
