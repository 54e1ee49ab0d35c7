//! PNG: a template is compressed once, band by band, and a caption compresses only the bands under its ink.
//!
//! A caption keeps the kind of the template's file: grays stay grays, and indices of a palette indices, of as many bits.
//! Where the text needs colors that the kind does not have, it becomes the next one that has them: eight bits, a palette,
//! or RGB. The other kinds of a template are compressed when a caption first needs them.

mod banded;
mod bits;
mod chunk;
mod deflate;
mod filter;
mod header;
mod huffman;
mod method;
mod repeats;
mod runs;
mod samples;
mod shape;
mod text_colors;
mod tokens;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use self::banded::Banded;
use self::chunk::Kind;
use self::samples::{pack, put_colors, samples, within_bars, Inked};
use self::shape::{Rows, Shape};
use self::text_colors::{square, TextColors};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::indexed::{Colors, Indexed, Rgba};
use captioner::file::pixels::Pixels;
use captioner::ink::bar::Bars;
use captioner::ink::Stamp;

/// The mean error of a text's colors, in levels of each channel, up to which a kind of few bits is kept.
const SMOOTH: u64 = square(4);
/// The same for a palette of eight bits, which otherwise becomes RGB.
const ACCEPTABLE: u64 = square(7);

/// A picture, and its file without any text.
pub struct PngTemplate {
    picture: Picture,
    size: (u32, u32),
    /// The kind of the file.
    kind: Kind,
    plain: Banded,
    others: Others,
}

/// What a template is drawn from.
enum Picture {
    /// Gray and alpha, RGB or RGBA.
    Channels(Vec<u8>),
    /// Grays or indices.
    Samples {
        indexed: Indexed,
        /// Whether no pixel is transparent.
        is_opaque: bool,
    },
}

/// The picture in kinds that have more colors, once a caption needed them.
#[derive(Default)]
struct Others {
    /// Of eight bits.
    grays: OnceLock<Arc<Banded>>,
    /// Of eight bits.
    palette: OnceLock<Arc<Banded>>,
    /// RGB or RGBA.
    colors: OnceLock<Arc<Banded>>,
    /// Bytes of memory that are left for them. What does not fit is not kept.
    left: AtomicUsize,
}

/// A kind of file for a picture of samples, and what its samples stand for.
struct Candidate {
    kind: Kind,
    table: Vec<Rgba>,
    /// What a sample is multiplied by.
    factor: u8,
    /// Samples that have their color and keep it.
    used: Vec<u8>,
    /// The error up to which it is taken.
    most: u64,
}

impl PngTemplate {
    /// Compresses a still picture.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn prepare(pixels: Pixels, cancel: &Cancel) -> Result<PngTemplate, CaptionError> {
        let size = pixels.size();
        let (picture, kind) = match pixels {
            Pixels::GrayAlpha(image) => (Picture::Channels(image.into_raw()), Kind::GrayAlpha),
            Pixels::Rgb(image) => (Picture::Channels(image.into_raw()), Kind::Rgb),
            Pixels::Rgba(image) => (Picture::Channels(image.into_raw()), Kind::Rgba),
            Pixels::Indexed(indexed) => {
                let Colors { depth, is_gray, .. } = indexed.colors;
                let is_opaque = indexed.is_opaque();
                let kind = if is_gray { Kind::Gray(depth) } else { Kind::Palette(depth) };
                (Picture::Samples { indexed, is_opaque }, kind)
            }
            Pixels::Animation(_) => return PngTemplate::prepare(pixels.into_still(cancel)?, cancel),
        };
        let (plain, left) = match picture {
            Picture::Channels(ref pixels) => {
                let head = kind.head(size, &[]);
                let row = kind.row(size.0);
                let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
                    to.extend_from_slice(&pixels[rows.start as usize * row..rows.end as usize * row]);
                };
                let left = if kind == Kind::GrayAlpha { pixels.len() } else { 0 };
                (Banded::prepare(&head, shape(kind, size), &rows, cancel)?, left)
            }
            Picture::Samples { ref indexed, .. } => {
                (prepare_samples(indexed, kind, 1, size, cancel)?, 2 * indexed.samples.len())
            }
        };
        let others = Others { left: AtomicUsize::new(left), ..Others::default() };
        Ok(PngTemplate { picture, size, kind, plain, others })
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        if stamp.inks.is_empty() {
            return Ok(self.plain.file().clone());
        }
        match self.picture {
            Picture::Channels(ref pixels) => self.caption_channels(pixels, stamp, cancel),
            Picture::Samples { ref indexed, is_opaque } => {
                self.caption_samples(&Inked { indexed, stamp, is_opaque }, cancel)
            }
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Bytes of memory it takes at most.
    pub fn weight(&self) -> usize {
        let (pixels, others) = match self.picture {
            Picture::Channels(ref pixels) if self.kind == Kind::GrayAlpha => (pixels.len(), pixels.len()),
            Picture::Channels(ref pixels) => (pixels.len(), 0),
            Picture::Samples { ref indexed, .. } => (indexed.samples.len(), 2 * indexed.samples.len()),
        };
        pixels + others + self.plain.weight()
    }

    fn caption_channels(
        &self,
        pixels: &[u8],
        stamp: &Stamp,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let (width, row, bars) = (self.size.0, self.kind.row(self.size.0), stamp.bars);
        let own = |rows: Range<u32>| within_bars(pixels, row, 0, bars, rows);
        let head = self.kind.head(bars.size(self.size), &[]);
        let is_changed = |rows: Range<u32>| stamp.has_ink_in(rows);
        if self.kind != Kind::GrayAlpha {
            let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
                let start = to.len();
                to.extend_from_slice(&own(rows.clone()));
                if self.kind == Kind::Rgb {
                    stamp.put_on_rgb(&mut to[start..], width, rows);
                } else {
                    stamp.put_on_rgba(&mut to[start..], width, rows);
                }
            };
            return self.plain.redrawn(&head, bars, &is_changed, &rows, cancel);
        }
        let colored = |grays: &[u8], to: &mut Vec<u8>| {
            for pixel in grays.chunks_exact(2) {
                to.extend_from_slice(&[pixel[0], pixel[0], pixel[0], pixel[1]]);
            }
        };
        let inked = |rows: Range<u32>, to: &mut Vec<u8>| {
            let start = to.len();
            colored(&own(rows.clone()), to);
            stamp.put_on_rgba(&mut to[start..], width, rows);
        };
        if stamp.is_gray() {
            let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
                let mut pixels = Vec::new();
                inked(rows, &mut pixels);
                pixels.chunks_exact(4).for_each(|pixel| to.extend_from_slice(&[pixel[0], pixel[3]]));
            };
            return self.plain.redrawn(&head, bars, &is_changed, &rows, cancel);
        }
        let prepare = || {
            let all = |rows: Range<u32>, to: &mut Vec<u8>| {
                colored(&within_bars(pixels, row, 0, Bars::default(), rows), to);
            };
            self.prepare_colors(Kind::Rgba, &all, cancel)
        };
        let plain = self.others.get(&self.others.colors, prepare)?;
        let head = Kind::Rgba.head(bars.size(self.size), &[]);
        plain.redrawn(&head, bars, &is_changed, &inked, cancel)
    }

    fn caption_samples(&self, inked: &Inked, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let Inked { indexed, stamp, is_opaque } = *inked;
        let (bars, size) = (stamp.bars, stamp.bars.size(self.size));
        let is_changed = |rows: Range<u32>| stamp.has_ink_in(rows);
        if self.kind == Kind::Gray(8) && is_opaque && stamp.is_gray() {
            // Each gray is its own sample, so there is no need to look for one.
            let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
                let start = to.len();
                to.extend_from_slice(&inked.samples(rows.clone()));
                inked.for_each(rows, |number, [gray, ..]| to[start + number] = gray);
            };
            let head = self.kind.head(size, &indexed.colors.table);
            return self.plain.redrawn(&head, bars, &is_changed, &rows, cancel);
        }
        let colors = TextColors::of(inked, cancel)?;
        for Candidate { kind, mut table, factor, used, most } in candidates(indexed) {
            let all = 0..1u16 << kind.bits();
            let free = all.map(|sample| sample as u8).filter(|sample| !used.contains(sample));
            let free: Vec<u8> = if let Kind::Palette(_) = kind { free.collect() } else { Vec::new() };
            // Those past the end of the palette first: the others may have a meaning that is not in the pixels.
            let (inner, outer): (Vec<u8>, Vec<u8>) =
                free.iter().partition(|&&sample| usize::from(sample) < table.len());
            let used: Vec<(u8, Rgba)> =
                used.iter().map(|&sample| (sample, table[usize::from(sample)])).collect();
            let fitted = match colors.fitted(&used, &[outer, inner].concat(), most, cancel)? {
                Some(fitted) => fitted,
                None => continue,
            };
            for &(sample, color) in &fitted.new {
                if usize::from(sample) >= table.len() {
                    table.resize(usize::from(sample) + 1, [0, 0, 0, 255]);
                }
                table[usize::from(sample)] = color;
            }
            let prepare = || prepare_samples(indexed, kind, factor, self.size, cancel);
            let other;
            let plain = match kind {
                kind if kind == self.kind => &self.plain,
                Kind::Gray(_) => {
                    other = self.others.get(&self.others.grays, prepare)?;
                    &*other
                }
                _ => {
                    other = self.others.get(&self.others.palette, prepare)?;
                    &*other
                }
            };
            let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
                let mut changed: Vec<u8> = scaled(&inked.samples(rows.clone()), factor);
                inked.for_each(rows, |number, color| changed[number] = fitted.sample(color));
                pack(&changed, self.size.0, kind.bits() as u8, to);
            };
            return plain.redrawn(&kind.head(size, &table), bars, &is_changed, &rows, cancel);
        }
        let (kind, channels) = if is_opaque { (Kind::Rgb, 3) } else { (Kind::Rgba, 4) };
        let colored =
            |samples: &[u8], to: &mut Vec<u8>| put_colors(samples, &indexed.colors.table, channels, to);
        let drawn = |rows: Range<u32>, to: &mut Vec<u8>| {
            let start = to.len();
            colored(&inked.samples(rows.clone()), to);
            if is_opaque {
                stamp.put_on_rgb(&mut to[start..], self.size.0, rows);
            } else {
                stamp.put_on_rgba(&mut to[start..], self.size.0, rows);
            }
        };
        let prepare = || {
            let all = |rows: Range<u32>, to: &mut Vec<u8>| colored(samples(indexed, rows), to);
            self.prepare_colors(kind, &all, cancel)
        };
        let plain = self.others.get(&self.others.colors, prepare)?;
        plain.redrawn(&kind.head(size, &[]), bars, &is_changed, &drawn, cancel)
    }

    /// Compresses the picture in another kind, without a palette.
    fn prepare_colors(&self, kind: Kind, rows: &Rows, cancel: &Cancel) -> Result<Banded, CaptionError> {
        Banded::prepare(&kind.head(self.size, &[]), shape(kind, self.size), rows, cancel)
    }
}

impl Others {
    /// What has been prepared before, or is now.
    fn get<F>(&self, place: &OnceLock<Arc<Banded>>, prepare: F) -> Result<Arc<Banded>, CaptionError>
    where
        F: FnOnce() -> Result<Banded, CaptionError>,
    {
        if let Some(banded) = place.get() {
            return Ok(banded.clone());
        }
        let banded = Arc::new(prepare()?);
        let weight = banded.weight();
        let fits =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(weight));
        // Another thread may have prepared it meanwhile.
        if fits.is_ok() && place.set(banded.clone()).is_err() {
            self.left.fetch_add(weight, Ordering::Relaxed);
        }
        Ok(banded)
    }
}

/// The kinds that a picture of samples can be written in, the smallest first.
fn candidates(indexed: &Indexed) -> Vec<Candidate> {
    let Colors { depth, is_gray, ref table } = indexed.colors;
    let is_used = indexed.used();
    let used: Vec<u8> = (0..=255).filter(|&sample| is_used[usize::from(sample)]).collect();
    let most_of = |depth: u8| if depth == 8 { ACCEPTABLE } else { SMOOTH };
    let palette = |depth: u8| Candidate {
        kind: Kind::Palette(depth),
        table: table.clone(),
        factor: 1,
        used: used.clone(),
        most: most_of(depth),
    };
    let mut candidates = Vec::new();
    if is_gray {
        let all = |depth: u8| (0..1u16 << depth).map(|level| level as u8).collect();
        let most = SMOOTH;
        candidates.push(Candidate {
            kind: Kind::Gray(depth),
            table: table.clone(),
            factor: 1,
            used: all(depth),
            most,
        });
        if depth < 8 {
            let factor = 255 / ((1u16 << depth) - 1) as u8;
            let transparent = table.iter().position(|color| color[3] == 0).map(|level| level as u8 * factor);
            let table = Colors::grays(8, transparent).table;
            candidates.push(Candidate { kind: Kind::Gray(8), table, factor, used: all(8), most });
        }
        candidates.push(palette(8));
    } else {
        candidates.push(palette(depth));
        if depth < 8 {
            candidates.push(palette(8));
        }
    }
    candidates
}

fn shape(kind: Kind, (width, height): (u32, u32)) -> Shape {
    let may_filter = match kind {
        Kind::Gray(depth) => depth == 8,
        Kind::Palette(_) => false,
        Kind::GrayAlpha | Kind::Rgb | Kind::Rgba => true,
    };
    Shape { row: kind.row(width), pixel: kind.bits().div_ceil(8), height, may_filter }
}

fn scaled(samples: &[u8], factor: u8) -> Vec<u8> {
    samples.iter().map(|sample| sample.wrapping_mul(factor)).collect()
}

/// Compresses samples, each multiplied by `factor`.
fn prepare_samples(
    indexed: &Indexed,
    kind: Kind,
    factor: u8,
    size: (u32, u32),
    cancel: &Cancel,
) -> Result<Banded, CaptionError> {
    let rows = |rows: Range<u32>, to: &mut Vec<u8>| {
        let samples = samples(indexed, rows);
        if factor == 1 {
            pack(samples, size.0, kind.bits() as u8, to);
        } else {
            pack(&scaled(samples, factor), size.0, kind.bits() as u8, to);
        }
    };
    let rows: &Rows = &rows;
    Banded::prepare(&kind.head(size, &indexed.colors.table), shape(kind, size), rows, cancel)
}
