//! A picture with one sample per pixel: an index into a palette, or a level of gray.
//!
//! Made from PNGs of these kinds, so that a captioned PNG can be of the same kind. For other formats it is expanded.

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

/// Red, green, blue and alpha; not premultiplied.
pub type Rgba = [u8; 4];

const VALID: &str = "there is a sample for each pixel";

/// A picture of samples, and the color of each of them.
pub struct Indexed {
    /// One byte per pixel, row by row, whatever `depth` is.
    pub samples: GrayImage,
    /// What the samples stand for.
    pub colors: Colors,
}

/// What samples stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Colors {
    /// Bits per sample in a file: 1, 2, 4 or 8.
    pub depth: u8,
    /// Whether they are levels of gray. Then `table` has all levels of that depth, evenly spaced from black to white.
    pub is_gray: bool,
    /// By sample; at most as many as the depth can number.
    pub table: Vec<Rgba>,
}

impl Colors {
    /// All levels of gray of that depth, one of which may be transparent.
    pub fn grays(depth: u8, transparent: Option<u8>) -> Colors {
        let most = (1u16 << depth) - 1;
        let level = |sample: u16| {
            let gray = (sample * (255 / most)) as u8;
            [gray, gray, gray, if transparent.map(u16::from) == Some(sample) { 0 } else { 255 }]
        };
        Colors { depth, is_gray: true, table: (0..=most).map(level).collect() }
    }

    /// A palette of that depth. Entries that samples of that depth cannot number are left out.
    pub fn palette(depth: u8, mut table: Vec<Rgba>) -> Colors {
        table.truncate(1 << depth);
        Colors { depth, is_gray: false, table }
    }
}

impl Indexed {
    /// Samples without an entry of the palette are black: they get one.
    pub fn new(samples: GrayImage, mut colors: Colors) -> Indexed {
        let highest = samples.iter().copied().max().map_or(0, usize::from);
        if highest >= colors.table.len() {
            colors.table.resize(highest + 1, [0, 0, 0, 255]);
        }
        Indexed { samples, colors }
    }

    /// Eight bits of gray.
    pub fn of_gray(levels: GrayImage) -> Indexed {
        Indexed { samples: levels, colors: Colors::grays(8, None) }
    }

    /// Which samples some pixel has.
    pub fn used(&self) -> [bool; 256] {
        let mut used = [false; 256];
        self.samples.iter().for_each(|&sample| used[usize::from(sample)] = true);
        used
    }

    /// Whether no pixel is transparent, not even in part.
    pub fn is_opaque(&self) -> bool {
        let is_opaque = |color: &Rgba| color[3] == 255;
        if self.colors.table.iter().all(is_opaque) {
            return true;
        }
        let used = self.used();
        self.colors.table.iter().zip(&used).all(|(color, &is_used)| is_opaque(color) || !is_used)
    }

    /// The colors of its pixels: RGB, or RGBA if some pixel is transparent.
    pub fn expanded(&self) -> DynamicImage {
        let (width, height) = self.samples.dimensions();
        let colors = self.samples.iter().map(|&sample| self.colors.table[usize::from(sample)]);
        if self.is_opaque() {
            let mut pixels = Vec::with_capacity(self.samples.len() * 3);
            colors.for_each(|[r, g, b, _]| pixels.extend_from_slice(&[r, g, b]));
            DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, pixels).expect(VALID))
        } else {
            let mut pixels = Vec::with_capacity(self.samples.len() * 4);
            colors.for_each(|color| pixels.extend_from_slice(&color));
            DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, pixels).expect(VALID))
        }
    }
}

/// The samples of packed rows, as a PNG has them: the first pixel in the highest bits, and each row on whole bytes.
pub fn unpacked(packed: Vec<u8>, width: usize, depth: u8) -> Vec<u8> {
    if depth == 8 {
        return packed;
    }
    let per_byte = usize::from(8 / depth);
    let mask = ((1u16 << depth) - 1) as u8;
    let mut samples = Vec::with_capacity(packed.len() * per_byte);
    for row in packed.chunks_exact(width.div_ceil(per_byte)) {
        let all = row.iter().flat_map(|&byte| {
            (0..per_byte).map(move |number| byte >> (8 - depth as usize * (number + 1)) & mask)
        });
        samples.extend(all.take(width));
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::{unpacked, Colors, Indexed};
    use image::{DynamicImage, GrayImage};

    #[test]
    fn a_row_ends_within_a_byte() {
        assert_eq!(unpacked(vec![0b1010_0000, 0b0110_0000], 3, 1), [1, 0, 1, 0, 1, 1]);
        assert_eq!(unpacked(vec![0b1101_0010, 0b0100_0000], 5, 2), [3, 1, 0, 2, 1]);
        assert_eq!(unpacked(vec![0xab, 0xc0, 0x12, 0x30], 3, 4), [10, 11, 12, 1, 2, 3]);
        assert_eq!(unpacked(vec![7, 8], 1, 8), [7, 8]);
    }

    #[test]
    fn levels_are_evenly_spaced() {
        let levels =
            |depth| Colors::grays(depth, None).table.iter().map(|color| color[0]).collect::<Vec<_>>();
        assert_eq!(levels(1), [0, 255]);
        assert_eq!(levels(2), [0, 85, 170, 255]);
        assert_eq!(levels(4)[15], 255);
        assert_eq!(levels(8), (0..=255).collect::<Vec<_>>());
        assert_eq!(Colors::grays(2, Some(1)).table[1], [85, 85, 85, 0]);
    }

    #[test]
    fn a_sample_without_an_entry_is_black() {
        let samples = GrayImage::from_raw(2, 1, vec![0, 3]).unwrap();
        let indexed = Indexed::new(samples, Colors::palette(2, vec![[1, 2, 3, 255]]));
        assert_eq!(indexed.colors.table.len(), 4);
        assert_eq!(indexed.expanded().into_rgb8().into_raw(), [1, 2, 3, 0, 0, 0]);
    }

    #[test]
    fn an_entry_that_no_pixel_has_makes_nothing_transparent() {
        let table = vec![[1, 2, 3, 255], [0, 0, 0, 0]];
        let of = |samples: Vec<u8>| {
            let samples = GrayImage::from_raw(2, 1, samples).unwrap();
            Indexed::new(samples, Colors::palette(1, table.clone())).expanded()
        };
        assert!(matches!(of(vec![0, 0]), DynamicImage::ImageRgb8(_)));
        assert!(matches!(of(vec![0, 1]), DynamicImage::ImageRgba8(_)));
    }
}
