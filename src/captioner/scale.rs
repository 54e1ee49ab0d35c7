//! Scaling pictures down.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, RgbImage, Rgba, RgbaImage};

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
