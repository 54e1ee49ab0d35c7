//! The palette of a GIF frame: at most 256 colors, with some entries kept free for the text.
//!
//! Choosing 256 colors for a picture takes longer than drawing on it. So it is done once, when a template is prepared.
//! The entries that are missed least are freed then; a caption puts its own colors there, and no other pixel
//! changes.

/// A color without transparency: red, green, blue.
pub type Rgb = [u8; 3];

/// Entries kept free: one for transparency where a frame has none, the others for the text's colors.
pub const FREE: usize = 17;
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
    /// This palette of a decoded GIF, with some entries freed.
    ///
    /// `counts` has the number of pixels of each index, `transparent` the indices that are transparent in some frame.
    /// Also returns the index that each index has become.
    pub fn freed(&self, counts: &[u64; MAX], transparent: &[u8]) -> (Palette, [u8; MAX]) {
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
        let mut used: Vec<usize> =
            (0..self.colors.len()).filter(|&i| is_used(i) && !is_transparent(i)).collect();
        let mut counts = *counts;
        let colors: Vec<Rgb> = (0..MAX).map(|index| self.color(index as u8)).collect();
        let between = |index: usize, other: usize| distance(colors[index], colors[other]);
        let nearest_to = |index: usize, used: &[usize]| {
            let distance = |&other: &usize| if other == index { u32::MAX } else { between(index, other) };
            used.iter().copied().min_by_key(distance).unwrap_or(index)
        };
        let mut nearest: Vec<usize> = (0..MAX).collect();
        if free.len() < FREE {
            used.iter().for_each(|&index| nearest[index] = nearest_to(index, &used));
        }
        while free.len() < FREE && used.len() > 2 {
            let cost = |&index: &usize| counts[index] * u64::from(between(index, nearest[index]));
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
        (Palette { colors: self.colors.clone(), free }, target)
    }

    /// The palette with these colors; its other entries are free.
    pub fn of(colors: Vec<Rgb>) -> Palette {
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

/// The weight of each channel in a [`distance`]: the eye distinguishes greens best and blues worst.
pub const WEIGHTS: [u32; 3] = [2, 4, 1];

/// The square of the distance between two colors, weighted for the eye.
pub fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |i: usize| WEIGHTS[i] * (i32::from(a[i]) - i32::from(b[i])).pow(2) as u32;
    square(0) + square(1) + square(2)
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
        let (palette, target) = Palette::of(grays()).freed(&counts, &[3]);
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
        let (palette, _) = Palette::of(vec![[0; 3], [255; 3]]).freed(&counts, &[]);
        assert_eq!(palette.free.len(), 254);
        let with_text = palette.with(&[[255, 0, 0]]);
        assert_eq!(with_text.color(3), [255, 0, 0]);
        assert_eq!(with_text.bytes().len(), 4 * 3);
    }
}
