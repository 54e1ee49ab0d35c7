//! Decoding a PNG file.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer};
use png::{BitDepth, ColorType, Decoder, Info, InterlaceInfo, Limits, Reader, Transformations};

use super::error::DecodeError;
use super::indexed::{unpacked, Colors};
use super::limits::{check_deep, check_size, MAX_PIXELS};
use super::still::Still;
use captioner::cancel::Cancel;
use captioner::file::color::Meaning;

/// Decodes a PNG. Grays and indices of a palette stay what they are. What is missing at its end is an error, unless
/// `is_lenient`: then it is left transparent or black, and the picture comes with the error.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(
    file: &[u8],
    is_lenient: bool,
    cancel: &Cancel,
) -> Result<(Still, Option<DecodeError>), DecodeError> {
    let (still, damage) = decode_as(file, true, is_lenient, cancel)?;
    if damage.is_some() && still.colors.is_some() {
        // What is missing is black, and not the first color of the palette.
        return decode_as(file, false, is_lenient, cancel);
    }
    Ok((still, damage))
}

/// `keeps_samples`: whether grays and indices are not expanded.
fn decode_as(
    file: &[u8],
    keeps_samples: bool,
    is_lenient: bool,
    cancel: &Cancel,
) -> Result<(Still, Option<DecodeError>), DecodeError> {
    let mut reader = open(file, keeps_samples)?;
    let is_of_samples = keeps_samples && is_of_samples(reader.info());
    let wrong = || DecodeError::Damaged("its header is wrong".into());
    let (width, height) = (reader.info().width, reader.info().height);
    let (samples, ended) = read_samples(&mut reader, (width, height), cancel)?;
    let damage = match ended {
        Err(DecodeError::Cancelled) => return Err(DecodeError::Cancelled),
        Err(error) if !is_lenient => return Err(error),
        ended => ended.err(),
    };
    // What follows the pixels may say how to turn them. A file without an end has lost nothing that is seen.
    let _ = reader.finish();
    let info = reader.info();
    let (image, colors) = match samples {
        Samples::Bytes(bytes) if is_of_samples => {
            let colors = colors_of(info).ok_or_else(|| DecodeError::Damaged("it has no palette".into()))?;
            let samples = unpacked(bytes, width as usize, colors.depth);
            (GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8), Some(colors))
        }
        samples => (image_of((width, height), reader.output_color_type().0, samples), None),
    };
    let image = image.ok_or_else(wrong)?;
    let orientation = info.exif_metadata.as_ref().and_then(|exif| Orientation::from_exif_chunk(exif));
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    Ok((Still { image, colors, meaning: meaning_of(info), orientation }, damage))
}

/// Whether its pixels are samples: indices, or levels of gray in a byte at most.
fn is_of_samples(info: &Info) -> bool {
    match info.color_type {
        ColorType::Indexed => true,
        ColorType::Grayscale => info.bit_depth != BitDepth::Sixteen,
        _ => false,
    }
}

/// Reads everything before the pixels. `keeps_samples`: whether grays and indices are not to be expanded.
///
/// # Errors
/// [`DecodeError`].
pub fn open(file: &[u8], keeps_samples: bool) -> Result<Reader<Cursor<&[u8]>>, DecodeError> {
    // Apple's tools write these for their own decoders: without a zlib header, and blue first.
    if file.get(12..16) == Some(b"CgBI") {
        return Err(DecodeError::Unsupported("a PNG in Apple's own variant, CgBI"));
    }
    // RGBA, and as much again for the decoder's own work.
    let limits = Limits { bytes: MAX_PIXELS as usize * 8 };
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_ignore_text_chunk(true);
    let header = decoder.read_header_info().map_err(DecodeError::damaged)?;
    check_size(header.width, header.height)?;
    if header.bit_depth == BitDepth::Sixteen {
        check_deep(header.width, header.height)?;
    }
    let keeps_samples = keeps_samples && is_of_samples(header);
    decoder.set_transformations(match keeps_samples {
        true => Transformations::IDENTITY,
        false => Transformations::EXPAND,
    });
    decoder.read_info().map_err(DecodeError::damaged)
}

/// Values that are converted before a cancel is looked for.
const PIECE: usize = 1 << 20;

/// Of each pass of Adam7: the first column and row, and how far apart its columns and rows are.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// What a decoder returns.
pub enum Samples {
    /// Of eight bits each, or fewer and packed.
    Bytes(Vec<u8>),
    /// Of sixteen bits.
    Values(Vec<u16>),
}

/// Reads the rows of a picture of `width` by `height`. Those that cannot be read are zeros; then the second value says why.
///
/// # Errors
/// [`DecodeError::Damaged`], if it cannot be that large; [`DecodeError::Cancelled`].
pub fn read_samples(
    reader: &mut Reader<Cursor<&[u8]>>,
    (width, height): (u32, u32),
    cancel: &Cancel,
) -> Result<(Samples, Result<(), DecodeError>), DecodeError> {
    let line = reader.output_line_size(width).and_then(|line| line.checked_mul(height as usize));
    let bytes = line.ok_or_else(|| DecodeError::Damaged("it cannot be that large".into()))?;
    if reader.output_color_type().1 != BitDepth::Sixteen {
        let mut samples = vec![0; bytes];
        let ended = read_rows(reader, (width, height), &mut samples, cancel);
        return Ok((Samples::Bytes(samples), ended));
    }
    let mut values = vec![0u16; bytes / 2];
    let ended = read_rows(reader, (width, height), ::bytemuck::cast_slice_mut(&mut values), cancel);
    for piece in values.chunks_mut(PIECE) {
        cancel.check().map_err(|_| DecodeError::Cancelled)?;
        piece.iter_mut().for_each(|value| *value = u16::from_be(*value));
    }
    Ok((Samples::Values(values), ended))
}

/// Decompresses rows, one at a time, so that a cancel is seen soon. Reads nothing after the last one: what follows is not
/// needed, and not all files have it.
fn read_rows(
    reader: &mut Reader<Cursor<&[u8]>>,
    (width, height): (u32, u32),
    pixels: &mut [u8],
    cancel: &Cancel,
) -> Result<(), DecodeError> {
    let (color, depth) = reader.output_color_type();
    let line = (width as usize * color.samples() * depth as usize).div_ceil(8);
    let bits_per_pixel = (color.samples() * depth as usize) as u8;
    let rows = match reader.info().interlaced {
        true => rows_of_passes(width, height),
        false => u64::from(height),
    };
    for number in 0..rows {
        cancel.check().map_err(|_| DecodeError::Cancelled)?;
        let row = reader.next_interlaced_row().map_err(DecodeError::damaged)?;
        let row = row.ok_or_else(|| DecodeError::Damaged("it ends early".into()))?;
        match *row.interlace() {
            InterlaceInfo::Null(_) => pixels[number as usize * line..][..line].copy_from_slice(row.data()),
            InterlaceInfo::Adam7(ref info) => {
                png::expand_interlaced_row(pixels, line, row.data(), info, bits_per_pixel);
            }
        }
    }
    Ok(())
}

/// How many rows all passes have together. A pass that has no column has no row.
fn rows_of_passes(width: u32, height: u32) -> u64 {
    let passes = PASSES.iter().filter(|pass| pass.0 < width);
    passes.map(|&(_, first, _, apart)| u64::from(height.saturating_sub(first).div_ceil(apart))).sum()
}

/// What the samples of a gray or a palette PNG stand for; `None` if it has no palette and needs one.
fn colors_of(info: &Info) -> Option<Colors> {
    let (depth, transparency) =
        (info.bit_depth as u8, info.trns.as_ref().map_or(&[][..], |alphas| &alphas[..]));
    if info.color_type == ColorType::Grayscale {
        // Of the two bytes in the file, the decoder keeps the one that counts.
        return Some(Colors::grays(depth, transparency.first().copied()));
    }
    let entries = info.palette.as_ref()?.as_chunks().0;
    let table = entries
        .iter()
        .enumerate()
        .map(|(index, &[r, g, b])| [r, g, b, transparency.get(index).copied().unwrap_or(255)]);
    Some(Colors::palette(depth, table.collect()))
}

/// A picture of what the decoder returned.
pub fn image_of((width, height): (u32, u32), color: ColorType, samples: Samples) -> Option<DynamicImage> {
    use self::DynamicImage::*;
    use self::Samples::*;

    match (color, samples) {
        (ColorType::Grayscale, Bytes(all)) => ImageBuffer::from_raw(width, height, all).map(ImageLuma8),
        (ColorType::Grayscale, Values(all)) => ImageBuffer::from_raw(width, height, all).map(ImageLuma16),
        (ColorType::GrayscaleAlpha, Bytes(all)) => ImageBuffer::from_raw(width, height, all).map(ImageLumaA8),
        (ColorType::GrayscaleAlpha, Values(all)) => {
            ImageBuffer::from_raw(width, height, all).map(ImageLumaA16)
        }
        (ColorType::Rgb, Bytes(all)) => ImageBuffer::from_raw(width, height, all).map(ImageRgb8),
        (ColorType::Rgb, Values(all)) => ImageBuffer::from_raw(width, height, all).map(ImageRgb16),
        (ColorType::Rgba, Bytes(all)) => ImageBuffer::from_raw(width, height, all).map(ImageRgba8),
        (ColorType::Rgba, Values(all)) => ImageBuffer::from_raw(width, height, all).map(ImageRgba16),
        (ColorType::Indexed, _) => None,
    }
}

/// What its numbers mean. In the order of the PNG specification: of several chunks that say it, the first that is there.
pub fn meaning_of(info: &Info) -> Meaning {
    if let Some(points) = info.coding_independent_code_points {
        return Meaning::of_code_points(points.color_primaries, points.transfer_function);
    }
    if let Some(ref profile) = info.icc_profile {
        return Meaning::of_profile(Some(profile.to_vec()));
    }
    if info.srgb.is_some() {
        return Meaning::default();
    }
    let gamma = info.gama_chunk.map(|gamma| gamma.into_value());
    let primaries = info.chrm_chunk.map(|chromaticities| {
        [chromaticities.white, chromaticities.red, chromaticities.green, chromaticities.blue]
            .map(|(x, y)| (x.into_value(), y.into_value()))
    });
    Meaning::of_gamma(gamma, primaries)
}
