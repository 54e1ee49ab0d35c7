//! A decoded picture, and what it can be turned into.

use image::{DynamicImage, GrayAlphaImage, LumaA, RgbImage, RgbaImage};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::canvas::Canvas;
use captioner::file::animation::Animation;
use captioner::file::indexed::{Colors, Indexed};
use captioner::file::scale::{flattened, resize_gray, resize_rgb, resize_rgba};

/// The pixels of a picture.
pub enum Pixels {
    /// A still picture without transparency.
    Rgb(RgbImage),
    /// A still picture with transparency; not premultiplied.
    Rgba(RgbaImage),
    /// A still picture in grays or of a palette, as its PNG has it.
    Indexed(Indexed),
    /// A still picture in grays with transparency; not premultiplied.
    GrayAlpha(GrayAlphaImage),
    /// A GIF, even of one frame.
    Animation(Animation),
}

impl Pixels {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        match *self {
            Pixels::Rgb(ref image) => image.dimensions(),
            Pixels::Rgba(ref image) => image.dimensions(),
            Pixels::Indexed(ref indexed) => indexed.samples.dimensions(),
            Pixels::GrayAlpha(ref image) => image.dimensions(),
            Pixels::Animation(ref animation) => animation.size(),
        }
    }

    /// How many frames there are: one unless it is animated.
    pub fn frames(&self) -> usize {
        match *self {
            Pixels::Animation(ref animation) => animation.frames.len(),
            _ => 1,
        }
    }

    /// Scales the picture: grays stay grays, and a picture of a palette becomes one of colors. `quality` is how well an
    /// animation's colors are chosen, 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn scaled(self, size: (u32, u32), quality: u8, cancel: &Cancel) -> Result<Pixels, CaptionError> {
        let is_same = size == self.size();
        Ok(match self {
            same if is_same => same,
            Pixels::Rgb(image) => Pixels::Rgb(resize_rgb(&image, size, cancel)?),
            Pixels::Rgba(image) => Pixels::Rgba(resize_rgba(image, size, cancel)?),
            Pixels::Indexed(Indexed { samples, colors }) => {
                if colors.table == Colors::grays(8, None).table {
                    Pixels::Indexed(Indexed::of_gray(resize_gray(&samples, size, cancel)?))
                } else {
                    let indexed = Indexed { samples, colors };
                    let scaled = Pixels::expanded(&indexed).scaled(size, quality, cancel)?;
                    if indexed.colors.is_gray {
                        scaled.into_gray()
                    } else {
                        scaled
                    }
                }
            }
            Pixels::GrayAlpha(image) => {
                let image = DynamicImage::ImageLumaA8(image).into_rgba8();
                Pixels::Rgba(resize_rgba(image, size, cancel)?).into_gray()
            }
            Pixels::Animation(animation) => Pixels::Animation(animation.scaled(size, quality, cancel)?),
        })
    }

    /// The picture on white; of an animation, the first frame.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn into_rgb(self, cancel: &Cancel) -> Result<RgbImage, CaptionError> {
        Ok(match self.into_still(cancel)? {
            Pixels::Rgba(image) => flattened(&image),
            Pixels::Rgb(image) => image,
            Pixels::Indexed(indexed) => Pixels::expanded(&indexed).into_rgb(cancel)?,
            Pixels::GrayAlpha(image) => flattened(&DynamicImage::ImageLumaA8(image).into_rgba8()),
            Pixels::Animation(_) => unreachable!("a still picture is not an animation"),
        })
    }

    /// Makes a still picture an animation of one frame. `quality` is how well its colors are chosen, 1 to 100.
    ///
    /// # Errors
    /// As [`Animation::of`].
    pub fn into_animation(self, quality: u8, cancel: &Cancel) -> Result<Animation, CaptionError> {
        match self {
            Pixels::Animation(animation) => Ok(animation),
            Pixels::Rgb(image) => Animation::of(DynamicImage::ImageRgb8(image).into_rgba8(), quality, cancel),
            Pixels::Rgba(image) => Animation::of(image, quality, cancel),
            Pixels::Indexed(indexed) => Animation::of(indexed.expanded().into_rgba8(), quality, cancel),
            Pixels::GrayAlpha(image) => {
                Animation::of(DynamicImage::ImageLumaA8(image).into_rgba8(), quality, cancel)
            }
        }
    }

    /// Makes an animation a still picture: its first frame.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn into_still(self, cancel: &Cancel) -> Result<Pixels, CaptionError> {
        Ok(match self {
            Pixels::Animation(ref animation) => {
                let mut canvas = Canvas::new(animation);
                canvas.draw(animation, &animation.frames[0], cancel)?;
                simplest(DynamicImage::ImageRgba8(canvas.pixels))
            }
            still => still,
        })
    }

    /// The colors of samples.
    pub fn expanded(indexed: &Indexed) -> Pixels {
        match indexed.expanded() {
            DynamicImage::ImageRgba8(image) => Pixels::Rgba(image),
            opaque => Pixels::Rgb(opaque.into_rgb8()),
        }
    }

    /// The grays of colors that are all gray.
    fn into_gray(self) -> Pixels {
        match self {
            Pixels::Rgb(image) => {
                Pixels::Indexed(Indexed::of_gray(DynamicImage::ImageRgb8(image).into_luma8()))
            }
            Pixels::Rgba(image) => {
                Pixels::GrayAlpha(GrayAlphaImage::from_fn(image.width(), image.height(), |x, y| {
                    let [gray, _, _, alpha] = image.get_pixel(x, y).0;
                    LumaA([gray, alpha])
                }))
            }
            other => other,
        }
    }
}

/// Eight bits per channel, and an alpha channel only if something is transparent.
pub fn simplest(image: DynamicImage) -> Pixels {
    if image.color().has_alpha() {
        let image = image.into_rgba8();
        if image.pixels().all(|pixel| pixel.0[3] == 255) {
            Pixels::Rgb(DynamicImage::ImageRgba8(image).into_rgb8())
        } else {
            Pixels::Rgba(image)
        }
    } else {
        Pixels::Rgb(image.into_rgb8())
    }
}
