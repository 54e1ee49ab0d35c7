//! Mixes ink with the pixels below it.

use fearless_simd::Simd;

use image_macro::Color;

/// The ink of a caption on one pixel.
#[derive(Clone, Copy)]
pub struct PixelInk {
    /// The outline, the letters over it, and the emoji over them.
    pub layers: [PixelLayer; 3],
}

/// One layer of ink on one pixel.
#[derive(Clone, Copy)]
pub struct PixelLayer {
    /// The color of the ink.
    pub color: Color,
    /// How much of the pixel is covered, 0 to 255.
    pub coverage: u8,
}

impl PixelInk {
    /// Whether the pixel gets the color of one layer, unmixed.
    pub fn is_solid(&self) -> bool {
        let top = self.layers.iter().rfind(|layer| layer.coverage > 0);
        top.is_some_and(|top| top.coverage == 255)
    }

    /// The ink over an opaque color.
    pub fn over(&self, under: [u8; 3]) -> [u8; 3] {
        self.layers.iter().fold(under, |under, &PixelLayer { color, coverage }| {
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

    /// The ink over a color with alpha. Neither argument nor result is premultiplied.
    pub fn over_alpha(&self, under: [u8; 4]) -> [u8; 4] {
        if under[3] == 255 {
            let [r, g, b] = self.over([under[0], under[1], under[2]]);
            return [r, g, b, 255];
        }
        self.layers.iter().fold(under, |under, &PixelLayer { color, coverage }| {
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

/// One layer of ink on pixels side by side.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// How much of each pixel is covered, 0 to 255. Empty if there is no such layer.
    pub coverage: &'a [u8],
    /// The color of the ink.
    pub color: Color,
}

/// Ink whose color is another one on each of some pixels side by side.
#[derive(Clone, Copy)]
pub struct PaintedRow<'a> {
    /// How much of each pixel is covered, 0 to 255.
    pub coverage: &'a [u8],
    /// Red, green and blue of each pixel.
    pub planes: [&'a [u8]; 3],
}

/// The ink of a caption on pixels side by side.
#[derive(Clone, Copy)]
pub struct RowInk<'a> {
    /// The outline, and the letters over it.
    pub layers: [Layer<'a>; 2],
    /// The emoji over them.
    pub painted: Option<PaintedRow<'a>>,
}

impl<'a> RowInk<'a> {
    /// How much of each pixel each of them covers, 0 to 255.
    pub fn coverages(&self) -> [&'a [u8]; 3] {
        let [outline, letters] = self.layers;
        [outline.coverage, letters.coverage, self.painted.map_or(&[], |painted| painted.coverage)]
    }
}

/// How many pixels are mixed at once. Most blocks lie between letters and have no ink at all, which is noticed.
const BLOCK: usize = 32;

/// One channel of a color over another. Exact: divided by 255 and rounded.
#[inline(always)]
pub fn mixed(over: u8, under: u8, coverage: u8) -> u8 {
    let coverage = u16::from(coverage);
    let sum = u16::from(over) * coverage + u16::from(under) * (255 - coverage) + 128;
    ((sum + (sum >> 8)) >> 8) as u8
}

/// Calls `each` with every block of a layer that has ink.
#[inline(always)]
fn for_each_block<F: FnMut(usize, &[u8])>(coverage: &[u8], mut each: F) {
    for (index, coverage) in coverage.chunks(BLOCK).enumerate() {
        if coverage.iter().fold(0, |any, &coverage| any | coverage) != 0 {
            each(index * BLOCK, coverage);
        }
    }
}

#[inline(always)]
pub fn mix_rgb<S: Simd>(_: S, pixels: &mut [u8], ink: &RowInk) {
    for &Layer { coverage, color } in &ink.layers {
        for_each_block(coverage, |start, coverage| {
            let pixels = pixels[start * 3..].chunks_exact_mut(3);
            for (pixel, &coverage) in pixels.zip(coverage) {
                pixel[0] = mixed(color.r, pixel[0], coverage);
                pixel[1] = mixed(color.g, pixel[1], coverage);
                pixel[2] = mixed(color.b, pixel[2], coverage);
            }
        });
    }
    if let Some(PaintedRow { coverage, planes: [red, green, blue] }) = ink.painted {
        for_each_block(coverage, |start, coverage| {
            let colors = red[start..].iter().zip(&green[start..]).zip(&blue[start..]);
            let pixels = pixels[start * 3..].chunks_exact_mut(3);
            for ((pixel, &coverage), ((&red, &green), &blue)) in pixels.zip(coverage).zip(colors) {
                pixel[0] = mixed(red, pixel[0], coverage);
                pixel[1] = mixed(green, pixel[1], coverage);
                pixel[2] = mixed(blue, pixel[2], coverage);
            }
        });
    }
}

#[inline(always)]
pub fn mix_planes<S: Simd>(_: S, mut planes: [&mut [u8]; 3], ink: &RowInk) {
    for &Layer { coverage, color } in &ink.layers {
        for_each_block(coverage, |start, coverage| {
            for (plane, &color) in planes.iter_mut().zip(&[color.r, color.g, color.b]) {
                for (pixel, &coverage) in plane[start..].iter_mut().zip(coverage) {
                    *pixel = mixed(color, *pixel, coverage);
                }
            }
        });
    }
    if let Some(PaintedRow { coverage, planes: colors }) = ink.painted {
        for_each_block(coverage, |start, coverage| {
            for (plane, colors) in planes.iter_mut().zip(&colors) {
                let pixels = plane[start..].iter_mut();
                for ((pixel, &color), &coverage) in pixels.zip(&colors[start..]).zip(coverage) {
                    *pixel = mixed(color, *pixel, coverage);
                }
            }
        });
    }
}
