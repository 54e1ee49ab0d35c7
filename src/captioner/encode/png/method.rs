//! Decides how a picture is compressed, from its content.

use std::ops::Range;

use super::deflate::Codes;
use super::filter::{append_filtered, filter, Filters};
use super::repeats::Repeats;
use super::runs::Histogram;
use super::shape::{Rows, Shape};
use super::tokens::Tokens;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;

/// The least bytes of pixels in a photo's band. In smaller bands, headers (some 60 bytes) and first rows (which are
/// filtered worse) would weigh more; in larger ones, a caption would compress more rows that it does not touch.
const BAND: usize = 12 << 10;
/// The least rows in it, because the first of them compresses worse.
const MIN_ROWS: usize = 4;
/// The least bytes in a band of repeats, so that no match reaches farther back than into the one before.
const MIN_REPEATS: usize = 32 << 10;
/// The most, unless one row is more: they take some milliseconds, and a cancel is looked for between bands.
const MAX_REPEATS: usize = 192 << 10;
/// The compressed bytes of such a band that are aimed at: its headers are a fiftieth of them.
const COMPRESSED: usize = 6 << 10;
/// The bytes of each part of the picture that is looked at.
const SAMPLE: usize = 16 << 10;
/// How many parts those are.
const SAMPLES: u32 = 3;
/// A photo repeats fewer than one of so many pixels.
const RARELY: usize = 5;
/// Bytes that must be the same to count as a repetition.
const REPEATED: usize = 8;

/// How a picture is compressed.
pub enum Method {
    /// Neighbours are similar, but hardly anything repeats.
    Photo(Box<Codes>),
    /// Screenshots, drawings, tiles, and whatever has a palette.
    Repeats,
}

impl Method {
    /// The method for a picture, and how many rows a band has.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn of(shape: &Shape, rows: &Rows, cancel: &Cancel) -> Result<(Method, u32), CaptionError> {
        let band_of = |bytes: usize| bytes.div_ceil(shape.row + 1).min(shape.height as usize) as u32;
        let samples: Vec<Vec<u8>> = samples(shape, 0..shape.height, SAMPLE)
            .map(|range| {
                let mut pixels = Vec::new();
                rows(range, &mut pixels);
                pixels
            })
            .collect();
        let repeats = samples.iter().map(|pixels| !shape.may_filter || repeats_much(pixels, shape));
        let repeats: Vec<bool> = repeats.collect();
        let size =
            if repeats.contains(&true) { size_of_repeats(&samples, &repeats, shape, cancel)? } else { None };
        if let Some(size) = size {
            let all: usize = samples.iter().map(Vec::len).sum();
            let bytes = (COMPRESSED * all / size.max(1)).clamp(MIN_REPEATS, MAX_REPEATS);
            return Ok((Method::Repeats, band_of(bytes)));
        }
        let band = BAND.div_ceil(shape.row).max(MIN_ROWS).min(shape.height as usize) as u32;
        // Rows are filtered twice, because keeping all of them would take as much memory as the picture.
        let (mut pixels, mut filtered) = (Vec::new(), Vec::new());
        let mut histogram = Histogram::new();
        for start in (0..shape.height).step_by(band as usize) {
            cancel.check()?;
            pixels.clear();
            rows(start..(start + band).min(shape.height), &mut pixels);
            filter(&pixels, shape.row, shape.pixel, &mut filtered);
            histogram.add(&filtered);
        }
        Ok((Method::Photo(Box::new(Codes::new(&histogram))), band))
    }
}

/// Some parts of these rows, at equal distances and each of about as many bytes; all of them if they are few.
pub fn samples(shape: &Shape, of: Range<u32>, bytes: usize) -> impl Iterator<Item = Range<u32>> {
    let height = of.len() as u32;
    let rows = bytes.div_ceil(shape.row) as u32;
    let (count, rows) = if rows * SAMPLES >= height { (1, height) } else { (SAMPLES, rows) };
    let step = height / count;
    (0..count).map(move |number| {
        let start = of.start + number * step + (step - rows) / 2;
        start..start + rows
    })
}

/// Whether many pixels, or many of their differences, have been there before.
fn repeats_much(pixels: &[u8], shape: &Shape) -> bool {
    let mut filtered = Vec::new();
    filter(pixels, shape.row, shape.pixel, &mut filtered);
    [pixels, &filtered].iter().any(|bytes| {
        let mut last = vec![0u32; 1 << 12];
        let mut repeated = 0;
        for at in (0..bytes.len().saturating_sub(REPEATED)).step_by(shape.pixel) {
            let word = bytes[at..].first_chunk().map_or(0, |&word| u64::from_le_bytes(word));
            let place = &mut last[(word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize];
            let before = *place as usize;
            *place = at as u32;
            repeated +=
                usize::from(before < at && bytes[before..before + REPEATED] == bytes[at..at + REPEATED]);
        }
        repeated * RARELY * shape.pixel > bytes.len()
    })
}

/// How many bytes the parts take in the method of repeats; `None` if they do not take much less than as a photo.
/// `repeats_much` says it of each part.
fn size_of_repeats(
    samples: &[Vec<u8>],
    repeats_much: &[bool],
    shape: &Shape,
    cancel: &Cancel,
) -> Result<Option<usize>, CaptionError> {
    let (mut repeats, mut tokens) = (Repeats::new(), Tokens::new());
    let mut size = 0;
    for (pixels, &repeats_much) in samples.iter().zip(repeats_much) {
        cancel.check()?;
        // Where hardly anything repeats, pixels are best filtered.
        let candidates = if repeats_much { candidates(shape) } else { &[Filters::Best] };
        size += smallest(pixels, shape, candidates, &mut repeats, &mut tokens).1;
    }
    if !shape.may_filter {
        return Ok(Some(size));
    }
    let mut histogram = Histogram::new();
    let mut filtered: Vec<Vec<u8>> = samples.iter().map(|_| Vec::new()).collect();
    for (pixels, filtered) in samples.iter().zip(&mut filtered) {
        filter(pixels, shape.row, shape.pixel, filtered);
        histogram.add(filtered);
    }
    let codes = Codes::new(&histogram);
    let (mut buffer, mut photo) = (Vec::new(), Vec::new());
    filtered.iter().for_each(|filtered| codes.compress(filtered, &mut buffer, &mut photo));
    Ok(if size * 10 < photo.len() * 9 { Some(size) } else { None })
}

/// The filters that come into question.
pub fn candidates(shape: &Shape) -> &'static [Filters] {
    match shape.may_filter {
        true => &[Filters::None, Filters::Up, Filters::Best],
        false => &[Filters::None],
    }
}

/// Those of some filters with which pixels get smallest, and the bytes that they take then, about.
pub fn smallest(
    pixels: &[u8],
    shape: &Shape,
    candidates: &[Filters],
    repeats: &mut Repeats,
    tokens: &mut Tokens,
) -> (Filters, usize) {
    let mut filtered = Vec::new();
    let sizes = candidates.iter().map(|&filters| {
        filtered.clear();
        append_filtered(filters, pixels, &[], (shape.row, shape.pixel), &mut filtered);
        tokens.clear();
        repeats.split(&filtered, 0, tokens);
        (filters, tokens.cost() as usize / 8 + 1)
    });
    sizes.min_by_key(|size| size.1).expect("there are candidates")
}
