//! The palette of a GIF frame: at most 256 colors, with some entries kept free for the text.
//!
//! Choosing 256 colors for a picture takes far longer than drawing on it. So it is done once, when a template is
//! prepared. The entries that are missed least are freed then; a caption puts its own colors there, and no other pixel
//! changes.

use std::collections::HashMap;

use color_quant::NeuQuant;

/// A color without transparency: red, green, blue.
pub type Rgb = [u8; 3];

/// Entries kept free: one for transparency where a frame has none, the others for the text's colors.
pub const FREE: usize = 17;
/// The most pixels that colors are chosen from.
const MAX_SAMPLES: usize = 1 << 20;
/// The most entries that a palette has.
pub const MAX: usize = 256;

/// The colors of one color table.
#[derive(Clone, Debug)]
pub struct Palette {
    /// By index. The color of a free entry has no meaning.
    colors: Vec<Rgb>,
    /// Indices that no pixel uses, in the order in which colors are put there. May lie past `colors`.
    free: Vec<u8>,
}

impl Palette {
    /// The palette of a decoded GIF, with some entries freed.
    ///
    /// `counts` has the number of pixels of each index, `transparent` the indices that are transparent in some frame.
    /// Also returns the index that each index has become.
    pub fn freed(colors: Vec<Rgb>, counts: &[u64; MAX], transparent: &[u8]) -> (Palette, [u8; MAX]) {
        let mut target: [u8; MAX] = [0; MAX];
        for (index, target) in target.iter_mut().enumerate() {
            *target = index as u8;
        }
        let is_transparent = |index: usize| transparent.contains(&(index as u8));
        // Indices past the end of the table are black, and must stay so.
        let is_used = |index: usize| counts[index] > 0;
        let mut free: Vec<u8> =
            (0..MAX).filter(|&i| !is_used(i) && !is_transparent(i)).map(|i| i as u8).collect();

        // The entry whose pixels change least by taking the nearest color goes first.
        let mut used: Vec<usize> = (0..colors.len()).filter(|&i| is_used(i) && !is_transparent(i)).collect();
        let mut counts = *counts;
        let color = |index: usize| colors.get(index).copied().unwrap_or([0; 3]);
        let nearest_to = |index: usize, used: &[usize]| {
            let others = used.iter().copied().filter(|&other| other != index);
            others.min_by_key(|&other| distance(color(index), color(other))).unwrap_or(index)
        };
        let mut nearest: Vec<usize> = (0..MAX).collect();
        if free.len() < FREE {
            used.iter().for_each(|&index| nearest[index] = nearest_to(index, &used));
        }
        while free.len() < FREE && used.len() > 2 {
            let cost =
                |&index: &usize| counts[index] * u64::from(distance(color(index), color(nearest[index])));
            let gone = *used.iter().min_by_key(|index| (cost(index), **index)).expect("there are some");
            let heir = nearest[gone];
            used.retain(|&index| index != gone);
            counts[heir] += counts[gone];
            free.push(gone as u8);
            for target in target.iter_mut().filter(|target| usize::from(**target) == gone) {
                *target = heir as u8;
            }
            for &index in &used {
                if nearest[index] == gone {
                    nearest[index] = nearest_to(index, &used);
                }
            }
        }
        (Palette { colors, free }, target)
    }

    /// Chooses a palette for these pixels, transparent ones left out, and leaves entries free. `quality` is 1 to 100.
    pub fn chosen(pixels: &[[u8; 4]], quality: u8) -> Palette {
        // Of a large picture, pixels at regular distances show well enough what its colors are.
        let distance = pixels.len().div_ceil(MAX_SAMPLES).max(1);
        let mut opaque: Vec<u8> = Vec::with_capacity(pixels.len() / distance * 4);
        for pixel in pixels.iter().step_by(distance).filter(|pixel| pixel[3] >= 128) {
            opaque.extend_from_slice(&[pixel[0], pixel[1], pixel[2], 255]);
        }
        let mut colors = distinct(&opaque, MAX - FREE);
        if colors.len() > MAX - FREE {
            // NeuQuant looks at every n-th pixel: 1 is best, 30 is fastest.
            let every = 1 + (100 - i32::from(quality.min(100))) * 29 / 99;
            let map = NeuQuant::new(every, MAX - FREE, &opaque).color_map_rgb();
            colors = map.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
        }
        let free = (colors.len()..MAX).map(|index| index as u8).collect();
        Palette { colors, free }
    }

    /// The color of an index; black past the end, as in GIF decoders.
    pub fn color(&self, index: u8) -> Rgb {
        self.colors.get(usize::from(index)).copied().unwrap_or([0; 3])
    }

    /// How many indices have a color, the free ones among them counted.
    pub fn entries(&self) -> usize {
        self.colors.len()
    }

    /// Whether no pixel uses an index.
    pub fn is_free(&self, index: u8) -> bool {
        self.free.contains(&index)
    }

    /// The free index that a frame without a transparent index can use as one.
    pub fn spare(&self) -> Option<u8> {
        self.free.first().copied()
    }

    /// The palette with these colors in its free entries, as many as there is room for.
    pub fn with(&self, colors: &[Rgb]) -> Palette {
        let mut palette = self.clone();
        for &color in colors {
            palette.claim(color);
        }
        palette
    }

    /// Puts a color in a free entry, if there is one besides the spare.
    pub fn claim(&mut self, color: Rgb) -> Option<u8> {
        if self.free.len() < 2 {
            return None;
        }
        let index = self.free.remove(1);
        if self.colors.len() <= usize::from(index) {
            self.colors.resize(usize::from(index) + 1, [0; 3]);
        }
        self.colors[usize::from(index)] = color;
        Some(index)
    }

    /// How many entries are not free.
    pub fn used(&self) -> usize {
        (0..self.colors.len()).filter(|&index| !self.free.contains(&(index as u8))).count()
    }

    /// Red, green and blue of every index, as in a color table of a file. The spare entry is included.
    pub fn bytes(&self) -> Vec<u8> {
        let entries = self.colors.len().max(self.spare().map_or(0, |index| usize::from(index) + 1));
        let mut bytes: Vec<u8> = self.colors.iter().flat_map(|color| color.iter().copied()).collect();
        bytes.resize(entries * 3, 0);
        bytes
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.colors.len() * 3 + self.free.len()
    }
}

/// The square of the distance between two colors, weighted for the eye: it distinguishes greens best and blues worst.
fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |i: usize| u32::from(a[i].abs_diff(b[i])).pow(2);
    2 * square(0) + 4 * square(1) + square(2)
}

/// The distinct colors of RGBA pixels, in the order of their first pixels; not more than one above `most`.
fn distinct(rgba: &[u8], most: usize) -> Vec<Rgb> {
    let mut seen = HashMap::new();
    let mut colors = Vec::new();
    for pixel in rgba.chunks_exact(4) {
        let color = [pixel[0], pixel[1], pixel[2]];
        if seen.insert(color, ()).is_none() {
            colors.push(color);
            if colors.len() > most {
                break;
            }
        }
    }
    colors
}

#[cfg(test)]
mod tests {
    use super::{Palette, FREE};

    fn grays() -> Vec<[u8; 3]> {
        (0..=255).map(|level| [level; 3]).collect()
    }

    #[test]
    fn a_full_palette_gives_up_its_least_used_colors() {
        let mut counts = [100; 256];
        counts[7] = 1;
        let (palette, target) = Palette::freed(grays(), &counts, &[3]);
        assert_eq!(palette.free.len(), FREE);
        assert!(palette.free.contains(&7));
        assert!(target[7] == 6 || target[7] == 8, "{}", target[7]);
        assert!(!palette.free.contains(&3));
        assert!(target.iter().all(|index| !palette.free.contains(index)));
    }

    #[test]
    fn a_small_palette_grows() {
        let mut counts = [0; 256];
        counts[..2].copy_from_slice(&[1, 1]);
        let (palette, _) = Palette::freed(vec![[0; 3], [255; 3]], &counts, &[]);
        assert_eq!(palette.free.len(), 254);
        let with_text = palette.with(&[[255, 0, 0]]);
        assert_eq!(with_text.color(3), [255, 0, 0]);
        assert_eq!(with_text.bytes().len(), 4 * 3);
    }
}
