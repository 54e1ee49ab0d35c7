//! Decoding a JPEG file.

pub mod kind;
mod segments;

use std::io::{self, Read};

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::PixelFormat;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::errors::DecodeErrors;

use self::kind::JpegKind;
use self::segments::Segments;
use super::error::DecodeError;
use super::limits::check_size;
use super::still::Still;
use captioner::cancel::Cancel;
use captioner::file::color::Meaning;

/// Decodes a JPEG. What is damaged or missing is an error, unless `is_lenient`: then the decoder fills it, and the picture
/// comes with the error.
/// Also returns how the file is compressed, if pictures can be compressed in the same way.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(
    file: &[u8],
    is_lenient: bool,
    cancel: &Cancel,
) -> Result<(Still, Option<JpegKind>, Option<DecodeError>), DecodeError> {
    let Segments { frame, kind, bytes, restarts_apart, missing } = Segments::read(file)?;
    check_size(frame.width, frame.height)?;
    let decode = if frame.has_thirds() || restarts_apart { decode_any } else { decode_fast };
    let missing = missing.map(|why| DecodeError::Damaged(why.into()));
    let (still, damage) = match (missing, decode(&bytes, frame.channels(), !is_lenient, cancel)) {
        (None, Ok(still)) if !is_lenient => (still, None),
        // What could be decoded was: now see whether that was all.
        (None, Ok(still)) => (still, decode(&bytes, frame.channels(), true, cancel).err()),
        (Some(error), Ok(still)) if is_lenient => (still, Some(error)),
        (Some(error), Ok(_)) => return Err(error),
        (_, Err(error)) => return Err(error),
    };
    let kind = kind.map(|kind| kind.turned(still.orientation));
    Ok((still, kind, damage))
}

/// With the fast decoder. It takes components sampled in each, every second or every fourth pixel, and misreads scans of
/// one component that have restarts.
fn decode_fast(
    bytes: &[u8],
    channels: usize,
    is_strict: bool,
    cancel: &Cancel,
) -> Result<Still, DecodeError> {
    let error = |error: DecodeErrors| match error {
        DecodeErrors::Cancelled => DecodeError::Cancelled,
        // It puts its sentences in quotation marks.
        error => DecodeError::Damaged(error.to_string().trim_matches('"').into()),
    };
    // The size was checked already.
    let options = DecoderOptions::default()
        .set_strict_mode(is_strict)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(if channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB });
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let cancelled = cancel.clone();
    decoder.set_cancel(move || cancelled.check().is_err());
    decoder.decode_headers().map_err(error)?;
    let meaning = Meaning::of_profile(decoder.icc_profile());
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let is_ink = channels == 4 && meaning.is_of_ink();
    if is_ink {
        let options = decoder.options().jpeg_set_out_colorspace(ColorSpace::CMYK);
        decoder.set_options(options);
    }
    let pixels = decoder.decode().map_err(error)?;
    let (width, height) = decoder.dimensions().expect("its header was read");
    let (width, height) = (width as u32, height as u32);
    let image = if is_ink {
        meaning.ink_to_rgb(&pixels, (width, height), cancel)?.map(DynamicImage::ImageRgb8)
    } else if channels == 1 {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    let image = image.ok_or_else(|| DecodeError::Damaged("it has too few pixels".into()))?;
    Ok(Still { image, colors: None, meaning, orientation: orientation.unwrap_or(Orientation::NoTransforms) })
}

/// With the decoder that takes any sampling and any scans, and is slower. It is always strict.
fn decode_any(
    bytes: &[u8],
    _channels: usize,
    _is_strict: bool,
    cancel: &Cancel,
) -> Result<Still, DecodeError> {
    let mut decoder = jpeg_decoder::Decoder::new(Interruptible { bytes, cancel });
    let pixels = decoder.decode().map_err(|error| match error {
        _ if cancel.check().is_err() => DecodeError::Cancelled,
        error => DecodeError::damaged(error),
    })?;
    let info = decoder.info().expect("its header was read");
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let image = match info.pixel_format {
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    };
    let image = image.ok_or(DecodeError::Unsupported("a CMYK JPEG of an unusual sampling"))?;
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let meaning = Meaning::of_profile(decoder.icc_profile());
    Ok(Still { image, colors: None, meaning, orientation: orientation.unwrap_or(Orientation::NoTransforms) })
}

/// A file that cannot be read on once its decoding was cancelled: the decoder itself knows no cancel.
struct Interruptible<'a> {
    bytes: &'a [u8],
    cancel: &'a Cancel,
}

impl<'a> Read for Interruptible<'a> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check().map_err(|_| io::ErrorKind::Other)?;
        self.bytes.read(buffer)
    }
}
