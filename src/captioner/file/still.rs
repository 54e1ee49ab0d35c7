//! A still picture as its decoder returns it.

use image::metadata::Orientation;
use image::DynamicImage;

use captioner::cancel::Cancel;
use captioner::file::color::Meaning;
use captioner::file::error::DecodeError;
use captioner::file::pixels::{simplest, Pixels};

/// A decoded picture, and what its file says about it.
pub struct Still {
    /// Of eight or sixteen bits per channel.
    pub image: DynamicImage,
    /// What its numbers mean.
    pub meaning: Meaning,
    /// How to turn it. A camera that was held upright records that.
    pub orientation: Orientation,
}

impl Still {
    /// In sRGB, of eight bits per channel, upright.
    ///
    /// # Errors
    /// [`DecodeError::Cancelled`].
    pub fn into_pixels(self, cancel: &Cancel) -> Result<Pixels, DecodeError> {
        let mut image = self.meaning.to_srgb(self.image, cancel)?;
        image.apply_orientation(self.orientation);
        Ok(simplest(image))
    }
}
