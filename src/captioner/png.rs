//! A template and a stamp to a PNG file.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage, RgbaImage};

use super::ink::Stamp;
use super::CaptionError;

/// Encodes the stamped picture, RGB.
///
/// # Errors
/// [`CaptionError::Encode`].
pub fn caption_rgb(image: &RgbImage, stamp: &Stamp) -> Result<Vec<u8>, CaptionError> {
    let mut image = image.clone();
    stamp.put_on_rgb(&mut image);
    encode(&image, image.dimensions(), ExtendedColorType::Rgb8)
}

/// Encodes the stamped picture, RGBA.
///
/// # Errors
/// [`CaptionError::Encode`].
pub fn caption_rgba(image: &RgbaImage, stamp: &Stamp) -> Result<Vec<u8>, CaptionError> {
    let mut image = image.clone();
    stamp.put_on_rgba(&mut image);
    encode(&image, image.dimensions(), ExtendedColorType::Rgba8)
}

fn encode(pixels: &[u8], size: (u32, u32), color: ExtendedColorType) -> Result<Vec<u8>, CaptionError> {
    let mut bytes = Vec::with_capacity(pixels.len() / 2);
    // The best compression takes thirty times as long for a quarter less.
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    encoder.write_image(pixels, size.0, size.1, color).map_err(CaptionError::encode)?;
    Ok(bytes)
}
