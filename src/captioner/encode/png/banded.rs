//! A file in bands: some rows in an IDAT chunk of their own, which ends on a whole byte.
//!
//! There are two methods. Photos share one Huffman code, and only runs of zeros are looked for: that is fast, and their
//! bands do not depend on each other. In everything else rows and parts of them repeat, and a match may reach back into
//! the band before. Each band is at least as long as a match reaches, so a band that is drawn anew changes, apart from its
//! own bytes, only those of the next one.

use std::mem;
use std::ops::Range;

use super::chunk::{adler_of_both, begin_chunk, content, finish_chunk, write_end, ADLER_OF_NOTHING, IDAT};
use super::deflate::Codes;
use super::filter::{append_filtered, filter, Filters};
use super::method::{candidates, samples, smallest, Method};
use super::repeats::{Repeats, WINDOW};
use super::shape::{Rows, Shape};
use super::tokens::Tokens;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::bar::Bars;

/// The header of a zlib stream: deflate, a window of 32 KiB, fast compression.
const ZLIB_HEADER: &[u8] = &[0x78, 0x01];
/// The bytes of each part of a band for which all filters are tried.
const SAMPLE: usize = 8 << 10;

/// A file, and where its bands are.
pub struct Banded {
    shape: Shape,
    method: Method,
    /// Rows in each band but the last.
    band: u32,
    file: Vec<u8>,
    /// Bytes of the file before its first band.
    head: usize,
    bands: Vec<Band>,
}

/// Some rows, filtered and compressed.
struct Band {
    /// Where in the file its IDAT chunk is.
    chunk: Range<usize>,
    /// The Adler-32 of its filtered rows.
    adler: u32,
    filters: Filters,
}

impl Banded {
    /// Compresses a whole picture. `head` is its file up to the first band.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn prepare(head: &[u8], shape: Shape, rows: &Rows, cancel: &Cancel) -> Result<Banded, CaptionError> {
        let (method, band) = Method::of(&shape, rows, cancel)?;
        let mut file = Vec::with_capacity(head.len() + shape.row * shape.height as usize / 2 + 1024);
        file.extend_from_slice(head);
        let mut banded =
            Banded { shape, method, band, file: Vec::new(), head: head.len(), bands: Vec::new() };
        let mut drawn = Drawn::new();
        for index in 0..shape.height.div_ceil(band) {
            cancel.check()?;
            let filters = match banded.method {
                Method::Photo(_) => Filters::Best,
                Method::Repeats => drawn.choose_filters(&shape, banded.rows_of(index), rows),
            };
            let band = banded.write_band(index, index == 0, filters, rows, &mut drawn, &mut file);
            banded.bands.push(band);
        }
        write_end(&mut file, banded.adler(&banded.bands.iter().map(|band| band.adler).collect::<Vec<_>>()));
        file.shrink_to_fit();
        banded.file = file;
        Ok(banded)
    }

    /// The file with some rows changed: those of the bands for which `is_changed` returns true. `head` takes the place of
    /// the head it was prepared with. Bars get bands of their own. Rows are counted from the upper edge of the bar above.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn redrawn(
        &self,
        head: &[u8],
        bars: Bars,
        is_changed: &dyn Fn(Range<u32>) -> bool,
        rows: &Rows,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let mut bytes = Vec::with_capacity(head.len() + self.file.len() + self.file.len() / 8);
        bytes.extend_from_slice(head);
        let mut drawn = Drawn::new();
        let mut adler = self.write_bar(0..bars.above, true, rows, &mut drawn, &mut bytes, cancel)?;
        let own_rows = |own: Range<u32>, to: &mut Vec<u8>| rows(bars.moved(&own), to);
        let mut adlers: Vec<u32> = self.bands.iter().map(|band| band.adler).collect();
        // How much of `file` has been copied or replaced.
        let mut done = self.head;
        let mut was_changed = false;
        for (index, (band, adler)) in self.bands.iter().zip(&mut adlers).enumerate() {
            let is_changed = is_changed(bars.moved(&self.rows_of(index as u32)));
            let repeats_changed = was_changed && matches!(self.method, Method::Repeats);
            was_changed = is_changed;
            let has_header = index == 0 && bars.above == 0;
            let loses_header = index == 0 && !has_header;
            if !is_changed && !repeats_changed && !loses_header {
                continue;
            }
            cancel.check()?;
            let Band { chunk: ref replaced, filters, .. } = *band;
            bytes.extend_from_slice(&self.file[done..replaced.start]);
            done = replaced.end;
            if is_changed || repeats_changed {
                let index = index as u32;
                let written = self.write_band(index, has_header, filters, &own_rows, &mut drawn, &mut bytes);
                *adler = written.adler;
            } else {
                let chunk = begin_chunk(&mut bytes, IDAT);
                bytes.extend_from_slice(&content(&self.file[replaced.clone()])[ZLIB_HEADER.len()..]);
                finish_chunk(&mut bytes, chunk);
            }
        }
        let end_of_bands = self.bands.last().map_or(done, |band| band.chunk.end);
        bytes.extend_from_slice(&self.file[done..end_of_bands]);
        let height = self.shape.height;
        adler = adler_of_both(adler, self.adler(&adlers), self.filtered_len(height));
        let below = bars.moved(&(height..height + bars.below));
        let of_bar = self.write_bar(below, false, rows, &mut drawn, &mut bytes, cancel)?;
        write_end(&mut bytes, adler_of_both(adler, of_bar, self.filtered_len(bars.below)));
        Ok(bytes)
    }

    /// The file as it was prepared.
    pub fn file(&self) -> &Vec<u8> {
        &self.file
    }

    /// Bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.file.len() + self.bands.len() * mem::size_of::<Band>()
    }

    fn rows_of(&self, index: u32) -> Range<u32> {
        index * self.band..((index + 1) * self.band).min(self.shape.height)
    }

    /// Appends an IDAT chunk of one band to a file. `has_header`: it is the first one of the file.
    fn write_band(
        &self,
        index: u32,
        has_header: bool,
        filters: Filters,
        rows: &Rows,
        drawn: &mut Drawn,
        file: &mut Vec<u8>,
    ) -> Band {
        let start = begin_chunk(file, IDAT);
        if has_header {
            file.extend_from_slice(ZLIB_HEADER);
        }
        let own = self.rows_of(index);
        let adler = match self.method {
            Method::Photo(ref codes) => drawn.write_photo(&self.shape, codes, own, rows, file),
            Method::Repeats => {
                let before =
                    index.checked_sub(1).map(|before| (self.rows_of(before), self.filters_of(before)));
                drawn.write_repeats(&self.shape, filters, own, before, rows, file)
            }
        };
        finish_chunk(file, start);
        Band { chunk: start..file.len(), adler, filters }
    }

    /// Appends the IDAT chunks of a bar to a file, and returns the Adler-32 of its filtered rows. `is_first`: they are the
    /// first ones of the file.
    fn write_bar(
        &self,
        bar: Range<u32>,
        is_first: bool,
        rows: &Rows,
        drawn: &mut Drawn,
        file: &mut Vec<u8>,
        cancel: &Cancel,
    ) -> Result<u32, CaptionError> {
        let mut adler = ADLER_OF_NOTHING;
        let mut before = None;
        for top in bar.clone().step_by(self.band as usize) {
            cancel.check()?;
            let own = top..(top + self.band).min(bar.end);
            let chunk = begin_chunk(file, IDAT);
            if is_first && top == bar.start {
                file.extend_from_slice(ZLIB_HEADER);
            }
            let next = match self.method {
                Method::Photo(ref codes) => drawn.write_photo(&self.shape, codes, own.clone(), rows, file),
                // Rows of a single color repeat.
                Method::Repeats => {
                    drawn.write_repeats(&self.shape, Filters::None, own.clone(), before, rows, file)
                }
            };
            finish_chunk(file, chunk);
            adler = adler_of_both(adler, next, self.filtered_len(own.len() as u32));
            before = Some((own, Filters::None));
        }
        // The picture's rows have numbers of their own.
        drawn.end = 0;
        Ok(adler)
    }

    fn filters_of(&self, index: u32) -> Filters {
        self.bands[index as usize].filters
    }

    /// Bytes of that many rows with their filters.
    fn filtered_len(&self, rows: u32) -> usize {
        rows as usize * (self.shape.row + 1)
    }

    /// The Adler-32 of all bands together.
    fn adler(&self, adlers: &[u32]) -> u32 {
        (0..).zip(adlers).fold(ADLER_OF_NOTHING, |adler, (index, &next)| {
            adler_of_both(adler, next, self.filtered_len(self.rows_of(index).len() as u32))
        })
    }
}

/// What is reused from band to band.
struct Drawn {
    pixels: Vec<u8>,
    /// The filtered rows of a band, in the method of repeats behind those of the one before.
    filtered: Vec<u8>,
    /// The last row of those, plus one.
    end: u32,
    buffer: Vec<u8>,
    /// Made when they are first needed.
    repeats: Option<(Repeats, Tokens)>,
}

impl Drawn {
    fn new() -> Drawn {
        Drawn { pixels: Vec::new(), filtered: Vec::new(), end: 0, buffer: Vec::new(), repeats: None }
    }

    /// Returns the Adler-32 of the filtered rows.
    fn write_photo(
        &mut self,
        shape: &Shape,
        codes: &Codes,
        own: Range<u32>,
        rows: &Rows,
        file: &mut Vec<u8>,
    ) -> u32 {
        self.pixels.clear();
        rows(own, &mut self.pixels);
        filter(&self.pixels, shape.row, shape.pixel, &mut self.filtered);
        codes.compress(&self.filtered, &mut self.buffer, file);
        ::simd_adler32::adler32(&self.filtered.as_slice())
    }

    /// `before` is the band before, and how that was filtered.
    fn write_repeats(
        &mut self,
        shape: &Shape,
        filters: Filters,
        own: Range<u32>,
        before: Option<(Range<u32>, Filters)>,
        rows: &Rows,
        file: &mut Vec<u8>,
    ) -> u32 {
        match before {
            Some((before, filters)) if self.end != before.end => {
                self.filtered.clear();
                let window = WINDOW.div_ceil(shape.row + 1) as u32;
                let first = before.end.saturating_sub(window).max(before.start);
                self.append(shape, filters, first..before.end, first > before.start, rows);
            }
            Some(_) => {}
            None => self.filtered.clear(),
        }
        let window = self.filtered.len().min(WINDOW);
        self.filtered.drain(..self.filtered.len() - window);
        self.end = own.end;
        self.append(shape, filters, own, false, rows);
        let (ref mut repeats, ref mut tokens) =
            *self.repeats.get_or_insert_with(|| (Repeats::new(), Tokens::new()));
        tokens.clear();
        repeats.split(&self.filtered, window, tokens);
        let own = &self.filtered[window..];
        tokens.write(own, &mut self.buffer, file);
        ::simd_adler32::adler32(&own)
    }

    /// Appends filtered rows. `has_above`: whether the row above them belongs to the same band.
    fn append(&mut self, shape: &Shape, filters: Filters, own: Range<u32>, has_above: bool, rows: &Rows) {
        self.pixels.clear();
        rows(own.start - u32::from(has_above)..own.end, &mut self.pixels);
        let (above, pixels) = self.pixels.split_at(if has_above { shape.row } else { 0 });
        append_filtered(filters, pixels, above, (shape.row, shape.pixel), &mut self.filtered);
    }

    /// The filters with which parts of a band get smallest.
    fn choose_filters(&mut self, shape: &Shape, own: Range<u32>, rows: &Rows) -> Filters {
        if !shape.may_filter {
            return Filters::None;
        }
        self.pixels.clear();
        samples(shape, own, SAMPLE).for_each(|part| rows(part, &mut self.pixels));
        let (ref mut repeats, ref mut tokens) =
            *self.repeats.get_or_insert_with(|| (Repeats::new(), Tokens::new()));
        smallest(&self.pixels, shape, candidates(shape), repeats, tokens).0
    }
}
