//! A still picture as its decoder returns it.

use image::metadata::Orientation;
use image::{DynamicImage, GrayAlphaImage, GrayImage, LumaA, RgbaImage};

use captioner::cancel::Cancel;
use captioner::file::color::Meaning;
use captioner::file::error::DecodeError;
use captioner::file::indexed::{Colors, Indexed, Rgba};
use captioner::file::pixels::{simplest, Pixels};

/// A decoded picture, and what its file says about it.
pub struct Still {
    /// Of eight or sixteen bits per channel; of samples if there are `colors`.
    pub image: DynamicImage,
    /// What the samples of `image` stand for, if they are not channels themselves.
    pub colors: Option<Colors>,
    /// What its numbers mean.
    pub meaning: Meaning,
    /// How to turn it. A camera that was held upright records that.
    pub orientation: Orientation,
}

impl Still {
    /// In sRGB, of eight bits per channel, upright. Gray stays gray unless its profile gives it a color, and samples stay
    /// samples: the colors they stand for are converted.
    ///
    /// # Errors
    /// [`DecodeError::Cancelled`].
    pub fn into_pixels(self, cancel: &Cancel) -> Result<Pixels, DecodeError> {
        let Still { mut image, colors, meaning, orientation } = self;
        if let Some(colors) = colors {
            let table = converted(&colors, &meaning, cancel)?;
            image.apply_orientation(orientation);
            return Ok(of_samples(image.into_luma8(), colors, table));
        }
        let was_gray = !image.color().has_color();
        let mut image = meaning.to_srgb(image, cancel)?;
        image.apply_orientation(orientation);
        Ok(match simplest(image) {
            Pixels::Rgb(ref image) if was_gray && image.pixels().all(|pixel| is_gray(&pixel.0)) => {
                let levels = image.pixels().map(|pixel| pixel[0]).collect();
                let levels = GrayImage::from_raw(image.width(), image.height(), levels);
                Pixels::Indexed(Indexed::of_gray(levels.expect("there is a level for each pixel")))
            }
            Pixels::Rgba(ref image) if was_gray && image.pixels().all(|pixel| is_gray(&pixel.0)) => {
                Pixels::GrayAlpha(GrayAlphaImage::from_fn(image.width(), image.height(), |x, y| {
                    let [gray, _, _, alpha] = image.get_pixel(x, y).0;
                    LumaA([gray, alpha])
                }))
            }
            colored => colored,
        })
    }
}

fn is_gray(color: &[u8]) -> bool {
    color[0] == color[1] && color[1] == color[2]
}

/// The colors in sRGB.
fn converted(colors: &Colors, meaning: &Meaning, cancel: &Cancel) -> Result<Vec<Rgba>, DecodeError> {
    let row = RgbaImage::from_fn(colors.table.len() as u32, 1, |x, _| colors.table[x as usize].into());
    let has_alpha = colors.table.iter().any(|color| color[3] < 255);
    let row = DynamicImage::ImageRgba8(row);
    // As the pixels would be: whether a profile applies depends on the kind of picture.
    let row = match (colors.is_gray, has_alpha) {
        (true, false) => DynamicImage::ImageLuma8(row.into_luma8()),
        (true, true) => DynamicImage::ImageLumaA8(row.into_luma_alpha8()),
        (false, false) => DynamicImage::ImageRgb8(row.into_rgb8()),
        (false, true) => row,
    };
    Ok(meaning.to_srgb(row, cancel)?.into_rgba8().pixels().map(|pixel| pixel.0).collect())
}

/// Samples that stand for the colors of `table` now. Levels of gray that are not those of their depth any longer need eight
/// bits.
fn of_samples(samples: GrayImage, colors: Colors, table: Vec<Rgba>) -> Pixels {
    if !colors.is_gray || table == colors.table {
        return Pixels::Indexed(Indexed::new(samples, Colors { table, ..colors }));
    }
    let converted = Indexed::new(samples, Colors::palette(colors.depth, table));
    let Indexed { ref samples, colors: Colors { ref table, .. } } = converted;
    let (width, height) = samples.dimensions();
    let of = |x: u32, y: u32| table[usize::from(samples.get_pixel(x, y)[0])];
    if !table.iter().all(|color| is_gray(color)) {
        return Pixels::expanded(&converted);
    }
    if converted.is_opaque() {
        Pixels::Indexed(Indexed::of_gray(GrayImage::from_fn(width, height, |x, y| [of(x, y)[0]].into())))
    } else {
        Pixels::GrayAlpha(GrayAlphaImage::from_fn(width, height, |x, y| {
            let [gray, _, _, alpha] = of(x, y);
            LumaA([gray, alpha])
        }))
    }
}
