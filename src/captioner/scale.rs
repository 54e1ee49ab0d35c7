//! Pixels to other pixels: scaled down, or without transparency.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb, RgbImage, Rgba, RgbaImage};

/// Scales a picture without transparency.
pub fn resize_rgb(image: &RgbImage, size: (u32, u32)) -> RgbImage {
    imageops::resize(image, size.0, size.1, FilterType::CatmullRom)
}

/// Scales with premultiplied alpha: the color of a transparent pixel must not bleed into its neighbours.
pub fn resize_rgba(image: &RgbaImage, size: (u32, u32)) -> RgbaImage {
    let mut premultiplied = ImageBuffer::<Rgba<f32>, Vec<f32>>::new(image.width(), image.height());
    for (to, from) in premultiplied.pixels_mut().zip(image.pixels()) {
        let [r, g, b, a] = from.0.map(f32::from);
        let alpha = a / 255.0;
        to.0 = [r * alpha / 255.0, g * alpha / 255.0, b * alpha / 255.0, alpha];
    }
    let scaled = imageops::resize(&premultiplied, size.0, size.1, FilterType::CatmullRom);
    RgbaImage::from_fn(size.0, size.1, |x, y| {
        let [r, g, b, a] = scaled.get_pixel(x, y).0;
        if a <= 0.0 {
            return Rgba([0; 4]);
        }
        let channel = |premultiplied: f32| (premultiplied / a * 255.0 + 0.5) as u8;
        Rgba([channel(r), channel(g), channel(b), (a * 255.0 + 0.5) as u8])
    })
}

/// The picture on white.
pub fn flattened(image: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        let on_white = |channel: u8| {
            ((u32::from(channel) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8
        };
        Rgb([on_white(r), on_white(g), on_white(b)])
    })
}
