//! A template and a stamp to a JPEG file.

use std::convert::TryFrom;

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::ink::Stamp;
use super::CaptionError;

/// Encodes the stamped picture, baseline, 4:2:0.
///
/// # Errors
/// [`CaptionError::Encode`].
pub fn caption(image: &RgbImage, stamp: &Stamp, quality: u8) -> Result<Vec<u8>, CaptionError> {
    let mut image = image.clone();
    stamp.put_on_rgb(&mut image);
    let mut bytes = Vec::with_capacity(image.len() / 8);
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // A template is at most 40 megapixels but may be wider than a JPEG can be.
    let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
    let (width, height) = (side(image.width())?, side(image.height())?);
    encoder.encode(&image, width, height, ColorType::Rgb).map_err(CaptionError::encode)?;
    Ok(bytes)
}
