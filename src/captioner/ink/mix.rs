//! Ink over pixels.

use fearless_simd::Simd;

use image_macro::Color;

/// What a caption does to one pixel: first the outline over it, then the letters over that.
#[derive(Clone, Copy)]
pub struct PixelInk {
    /// Outline, letters.
    pub layers: [(Color, u8); 2],
}

impl PixelInk {
    /// Whether nothing of what is below shows, nor of one layer through the other.
    pub fn is_solid(&self) -> bool {
        let [(_, outline), (_, fill)] = self.layers;
        fill == 255 || fill == 0 && outline == 255
    }

    /// Over an opaque color.
    pub fn over(&self, under: [u8; 3]) -> [u8; 3] {
        self.layers.iter().fold(under, |under, &(color, coverage)| {
            if coverage == 0 {
                return under;
            }
            if coverage == 255 {
                return [color.r, color.g, color.b];
            }
            let mix = |over: u8, under: u8| mixed(over, under, coverage);
            [mix(color.r, under[0]), mix(color.g, under[1]), mix(color.b, under[2])]
        })
    }

    /// Over a color that is transparent in part; neither is premultiplied.
    pub fn over_alpha(&self, under: [u8; 4]) -> [u8; 4] {
        if under[3] == 255 {
            let [r, g, b] = self.over([under[0], under[1], under[2]]);
            return [r, g, b, 255];
        }
        self.layers.iter().fold(under, |under, &(color, coverage)| {
            let over_alpha = u32::from(coverage) * 255;
            let under_alpha = u32::from(under[3]) * (255 - u32::from(coverage));
            let sum = over_alpha + under_alpha;
            if sum == 0 {
                return under;
            }
            let mix = |over: u8, under: u8| {
                ((u32::from(over) * over_alpha + u32::from(under) * under_alpha + sum / 2) / sum) as u8
            };
            let alpha = ((sum + 127) / 255) as u8;
            [mix(color.r, under[0]), mix(color.g, under[1]), mix(color.b, under[2]), alpha]
        })
    }
}

/// A layer of ink on some pixels.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// How much of each pixel is covered, 0 to 255. Of no pixel, if it is empty.
    pub coverage: &'a [u8],
    /// What it is covered with.
    pub color: Color,
}

/// Pixels mixed at once: most of what a caption covers is the space between its letters and the inside of
/// them, and is seen to be so.
const BLOCK: usize = 32;

/// A color over another, by how much it covers. Exact: the quotient by 255, rounded.
#[inline(always)]
fn mixed(over: u8, under: u8, coverage: u8) -> u8 {
    let coverage = u16::from(coverage);
    let sum = u16::from(over) * coverage + u16::from(under) * (255 - coverage) + 128;
    ((sum + (sum >> 8)) >> 8) as u8
}

/// Calls `each` with every block of a layer that covers anything.
#[inline(always)]
fn for_each_block<F: FnMut(usize, &[u8], Color)>(layers: &[Layer; 2], mut each: F) {
    for layer in layers {
        for (index, coverage) in layer.coverage.chunks(BLOCK).enumerate() {
            if coverage.iter().fold(0, |any, &coverage| any | coverage) != 0 {
                each(index * BLOCK, coverage, layer.color);
            }
        }
    }
}

#[inline(always)]
pub fn mix_rgb<S: Simd>(_: S, pixels: &mut [u8], layers: &[Layer; 2]) {
    for_each_block(layers, |start, coverage, color| {
        let pixels = pixels[start * 3..].chunks_exact_mut(3);
        for (pixel, &coverage) in pixels.zip(coverage) {
            pixel[0] = mixed(color.r, pixel[0], coverage);
            pixel[1] = mixed(color.g, pixel[1], coverage);
            pixel[2] = mixed(color.b, pixel[2], coverage);
        }
    });
}

#[inline(always)]
pub fn mix_planes<S: Simd>(_: S, mut planes: [&mut [u8]; 3], layers: &[Layer; 2]) {
    for_each_block(layers, |start, coverage, color| {
        for (plane, &color) in planes.iter_mut().zip(&[color.r, color.g, color.b]) {
            for (pixel, &coverage) in plane[start..].iter_mut().zip(coverage) {
                *pixel = mixed(color, *pixel, coverage);
            }
        }
    });
}
