//! The segments of a JPEG file, read as forgivingly as other decoders read them.
//!
//! Files that were edited, cut or written by odd programs have bytes between their segments, segments of a wrong length, or
//! no end. The decoder is stricter than libjpeg about some of these, and it fills what is missing with gray. So a file is
//! read here first. What its decoder needs is copied, segment by segment; kinds that cannot be decoded are named.
//!
//! The entropy-coded data of each scan gets so many ones behind it that no code and no number of bits can end within
//! them: no JPEG code consists of ones only. A decoder that reads on after the end of the data meets an error there,
//! where it would otherwise have read zeros, which mean something.

use std::collections::BTreeMap;

use super::kind::{JpegKind, Sampling, Steps};
use captioner::file::error::DecodeError;

/// A file that has been read.
#[derive(Debug)]
pub struct Segments {
    /// What its frame header says.
    pub frame: Frame,
    /// How it is compressed; `None` if that is not known, or no way that is written here.
    pub kind: Option<JpegKind>,
    /// What its decoder needs of the file, with an end.
    pub bytes: Vec<u8>,
    /// Whether a scan of one component of several has restarts, but for progressive files.
    pub restarts_apart: bool,
    /// Why not all pixels can be there.
    pub missing: Option<&'static str>,
}

/// What a frame header says.
#[derive(Debug)]
pub struct Frame {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    is_progressive: bool,
    components: Vec<Component>,
}

#[derive(Clone, Copy, Debug)]
struct Component {
    id: u8,
    /// Blocks in an MCU, across and down.
    blocks: (u32, u32),
    /// The number of its quantization table.
    table: u8,
}

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const RESTARTS: u8 = 0xdd;
/// The longest code and the longest number after it, twice, in bits.
const ONES: usize = 64;
const TABLES: u8 = 0xdb;
const COEFFICIENTS: usize = 64;

impl Segments {
    /// Reads a file that begins with a start marker.
    ///
    /// # Errors
    /// [`DecodeError::Unsupported`]; [`DecodeError::Damaged`] if there is no picture in it at all.
    pub fn read(file: &[u8]) -> Result<Segments, DecodeError> {
        let mut bytes = Vec::with_capacity(file.len() + 1024);
        bytes.extend_from_slice(&[0xff, START]);
        let mut frame: Option<Frame> = None;
        let (mut interval, mut has_end, mut missing) = (0, false, None);
        let mut restarts_apart = false;
        let mut known = Known::default();
        let mut tables = BTreeMap::new();
        let mut at = START_LENGTH;
        while let Some((marker, start)) = next_marker(file, at) {
            at = start;
            match marker {
                END => {
                    has_end = true;
                    break;
                }
                // A start within the file, and what stands in scans only.
                START | 0x01 | 0xd0..=0xd7 => continue,
                _ => {}
            }
            // A segment that is longer than the file: the file was cut within it.
            let body = match body_of(file, start) {
                Some(body) => body,
                None => break,
            };
            at += 2 + body.len();
            if !is_needed(marker, body)? {
                continue;
            }
            match marker {
                0xc0..=0xc2 if frame.is_some() => {
                    return Err(DecodeError::Unsupported("a JPEG of several pictures"))
                }
                0xc0..=0xc2 => frame = Some(Frame::read(marker, body)?),
                RESTARTS => {
                    interval = body.first_chunk().map_or(0, |bytes| u32::from(u16::from_be_bytes(*bytes)))
                }
                // Tables may be replaced between scans. The first ones are those of the first component at least.
                TABLES if known.0.is_empty() => read_tables(body, &mut tables),
                _ => {}
            }
            bytes.extend_from_slice(&[0xff, marker]);
            bytes.extend_from_slice(&(body.len() as u16 + 2).to_be_bytes());
            bytes.extend_from_slice(body);
            if marker == SCAN {
                let frame = frame.as_ref().ok_or_else(|| damaged("its pixels come before its header"))?;
                let end = at + length_of_scan(&file[at..]);
                let restarts = copy_scan(&file[at..end], &mut bytes);
                at = end;
                let scanned = known.learn(frame, body);
                let is_apart = scanned.len() < frame.components.len() && !frame.is_progressive;
                restarts_apart |= is_apart && interval > 0;
                if interval > 0 && restarts < frame.mcus(&scanned).div_ceil(interval).saturating_sub(1) {
                    missing = Some("a part of it is missing");
                }
            }
        }
        bytes.extend_from_slice(&[0xff, END]);
        let frame = frame.ok_or_else(|| damaged("it has no header"))?;
        if known.0.is_empty() {
            return Err(damaged("it has no pixels"));
        }
        // A file with an end may leave coefficients out; that is how it was made.
        if !known.has_all(&frame, has_end) {
            missing = Some("it ends early");
        }
        let kind = frame.kind(&tables);
        Ok(Segments { frame, kind, bytes, restarts_apart, missing })
    }
}

const START_LENGTH: usize = 2;

fn damaged(why: &'static str) -> DecodeError {
    DecodeError::Damaged(why.into())
}

impl Frame {
    fn read(marker: u8, body: &[u8]) -> Result<Frame, DecodeError> {
        let (precision, height, width, count) = match *body {
            [precision, a, b, c, d, count, ..] => {
                let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
                (precision, side(a, b), side(c, d), usize::from(count))
            }
            _ => return Err(damaged("its header is too short")),
        };
        if precision != 8 {
            return Err(DecodeError::Unsupported("a JPEG of 12 bits per channel"));
        }
        if height == 0 {
            return Err(DecodeError::Unsupported("a JPEG that states its height behind its pixels"));
        }
        let described = body[6..].chunks_exact(3).take(count);
        let blocks = |factors: u8| (u32::from(factors >> 4), u32::from(factors & 15));
        let components: Vec<_> =
            described.map(|one| Component { id: one[0], blocks: blocks(one[1]), table: one[2] }).collect();
        let is_valid = |component: &Component| {
            (1..=4).contains(&component.blocks.0) && (1..=4).contains(&component.blocks.1)
        };
        if components.is_empty() || components.len() < count || !components.iter().all(is_valid) {
            return Err(damaged("its header is wrong"));
        }
        Ok(Frame { width, height, is_progressive: marker == 0xc2, components })
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.components.len()
    }

    /// Whether a component is sampled in a third of the pixels, across or down.
    pub fn has_thirds(&self) -> bool {
        self.components.iter().any(|component| component.blocks.0 == 3 || component.blocks.1 == 3)
    }

    fn kind(&self, tables: &BTreeMap<u8, Steps>) -> Option<JpegKind> {
        let blocks: Vec<_> = self.components.iter().map(|component| component.blocks).collect();
        let sampling = Sampling::of(&blocks)?;
        let table_of = |component: &Component| tables.get(&component.table).copied();
        let luma = table_of(&self.components[0])?;
        let chroma = self.components.iter().skip(1).map(table_of).collect::<Option<Vec<_>>>()?;
        let chroma = chroma.into_iter().reduce(finer).unwrap_or(luma);
        Some(JpegKind { sampling, luma, chroma, is_upright: true })
    }

    /// The number of MCUs in a scan of these components. In a scan of one component, an MCU is one of its blocks.
    fn mcus(&self, scanned: &[Component]) -> u32 {
        let most = |of: fn(&Component) -> u32| self.components.iter().map(of).max().unwrap_or(1);
        let (across, down) = (most(|component| component.blocks.0), most(|component| component.blocks.1));
        match *scanned {
            [Component { blocks, .. }] => {
                let side = |pixels: u32, own: u32, most: u32| (pixels * own).div_ceil(most).div_ceil(8);
                side(self.width, blocks.0, across) * side(self.height, blocks.1, down)
            }
            _ => self.width.div_ceil(8 * across) * self.height.div_ceil(8 * down),
        }
    }
}

/// Reads quantization tables, up to one that is not whole.
fn read_tables(body: &[u8], tables: &mut BTreeMap<u8, Steps>) {
    let mut rest = body;
    while let Some((&head, after)) = rest.split_first() {
        let size = if head >> 4 == 0 { 1 } else { 2 };
        let table = match after.get(..COEFFICIENTS * size) {
            Some(table) => table,
            None => return,
        };
        let mut steps = [0; COEFFICIENTS];
        for (step, bytes) in steps.iter_mut().zip(table.chunks_exact(size)) {
            let value = bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
            *step = value.clamp(1, 255) as u8;
        }
        tables.insert(head & 15, steps);
        rest = &after[COEFFICIENTS * size..];
    }
}

/// The smaller step of each.
fn finer(mut one: Steps, other: Steps) -> Steps {
    one.iter_mut().zip(&other).for_each(|(step, &other)| *step = other.min(*step));
    one
}

/// Of each component, the bits that are still unknown of each coefficient; 255: all of them.
#[derive(Default)]
struct Known(BTreeMap<u8, [u8; COEFFICIENTS]>);

impl Known {
    /// Reads a scan header. Returns the components that are in the scan.
    fn learn(&mut self, frame: &Frame, body: &[u8]) -> Vec<Component> {
        let count = usize::from(body.first().copied().unwrap_or(0));
        let ids: Vec<u8> =
            body.get(1..).unwrap_or(&[]).chunks_exact(2).take(count).map(|one| one[0]).collect();
        let (first, last, bits) = match body.get(1 + 2 * count..) {
            Some(&[first, last, bits, ..]) if frame.is_progressive => (first, last.min(63), bits & 15),
            _ => (0, 63, 0),
        };
        for &id in &ids {
            let unknown = self.0.entry(id).or_insert([255; COEFFICIENTS]);
            unknown.get_mut(usize::from(first)..=usize::from(last)).unwrap_or(&mut []).fill(bits);
        }
        frame.components.iter().filter(|component| ids.contains(&component.id)).copied().collect()
    }

    /// Whether the scans have all components and, unless that may be, all bits of their coefficients.
    fn has_all(&self, frame: &Frame, may_lack: bool) -> bool {
        frame.components.iter().all(|component| {
            let unknown = self.0.get(&component.id);
            unknown.is_some_and(|unknown| may_lack || unknown.iter().all(|&bits| bits == 0))
        })
    }
}

/// Whether a segment is of use: tables, headers, and what says how the pixels are meant.
fn is_needed(marker: u8, body: &[u8]) -> Result<bool, DecodeError> {
    Ok(match marker {
        0xc3 => return Err(DecodeError::Unsupported("a lossless JPEG")),
        0xc5..=0xc7 | 0xde | 0xdf => return Err(DecodeError::Unsupported("a hierarchical JPEG")),
        0xc9..=0xcf => return Err(DecodeError::Unsupported("an arithmetic-coded JPEG")),
        0xdc => return Err(DecodeError::Unsupported("a JPEG that states its height behind its pixels")),
        0xf7 => return Err(DecodeError::Unsupported("a JPEG-LS")),
        // Frames, Huffman tables, scans, quantization tables, restart intervals.
        0xc0..=0xc2 | 0xc4 | SCAN | 0xdb | RESTARTS => true,
        0xe0 => body.starts_with(b"JFIF\0"),
        0xe1 => body.starts_with(b"Exif\0"),
        0xe2 => body.starts_with(b"ICC_PROFILE\0"),
        0xee => body.starts_with(b"Adobe"),
        _ => false,
    })
}

/// The next marker, and where it ends. Whatever stands before it is skipped, and so are FFs that fill.
fn next_marker(file: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += file.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        at += file[at..].iter().position(|&byte| byte != 0xff)?;
        match file[at] {
            0 => at += 1,
            marker => return Some((marker, at + 1)),
        }
    }
}

/// What follows the length of a segment. A length that does not even count itself is taken for that of an empty one.
fn body_of(file: &[u8], start: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*file.get(start..)?.first_chunk()?));
    file.get(start + 2..start + length.max(2))
}

/// Up to the next marker that is not a restart.
fn length_of_scan(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(position) = data[at..].iter().position(|&byte| byte == 0xff) {
        at += position;
        match data.get(at + 1) {
            Some(&(0 | 0xd0..=0xd7)) => at += 2,
            Some(&0xff) => at += 1,
            Some(_) | None => return at,
        }
    }
    data.len()
}

/// Copies entropy-coded data without the FFs that fill, and puts ones behind it. Returns the number of restarts in it.
fn copy_scan(data: &[u8], bytes: &mut Vec<u8>) -> u32 {
    let mut restarts = 0;
    let mut rest = data;
    while let Some(position) = rest.iter().position(|&byte| byte == 0xff) {
        let (before, from) = rest.split_at(position);
        bytes.extend_from_slice(before);
        let filled = from.iter().position(|&byte| byte != 0xff).unwrap_or(from.len());
        let marker = from.get(filled).copied();
        restarts += u32::from(marker.is_some_and(|marker| marker != 0));
        bytes.extend(marker.into_iter().flat_map(|marker| [0xff, marker]));
        rest = from.get(filled + 1..).unwrap_or(&[]);
    }
    bytes.extend_from_slice(rest);
    (0..ONES / 8).for_each(|_| bytes.extend_from_slice(&[0xff, 0]));
    restarts
}
