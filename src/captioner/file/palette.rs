//! The palette of a GIF frame: at most 256 colors, with some entries kept free for the text.
//!
//! Choosing 256 colors for a picture takes longer than drawing on it. So it is done once, when a template is prepared. A
//! caption puts its own colors in free entries, and no other pixel changes.

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
    /// Whether the first of them stays free.
    has_spare: bool,
}

impl Palette {
    /// The palette with these colors; its other entries are free, and the first of them is the spare.
    pub fn of(colors: Vec<Rgb>) -> Palette {
        let free = (colors.len()..MAX).map(|index| index as u8).collect();
        Palette { colors, free, has_spare: true }
    }

    /// The palette with these entries free. `has_spare`: the first of them is the spare.
    pub fn with_free(self, free: Vec<u8>, has_spare: bool) -> Palette {
        Palette { free, has_spare, ..self }
    }

    /// The free entries.
    pub fn free(&self) -> &[u8] {
        &self.free
    }

    /// Gives entries up to that index a color of their own, black, if they have none.
    pub fn extend_to(&mut self, index: u8) {
        if self.colors.len() <= usize::from(index) {
            self.colors.resize(usize::from(index) + 1, [0; 3]);
        }
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
        self.free.first().copied().filter(|_| self.has_spare)
    }

    /// Puts a color in a free entry, if there is one besides the spare.
    pub fn claim(&mut self, color: Rgb) -> Option<u8> {
        let first = usize::from(self.has_spare);
        if self.free.len() <= first {
            return None;
        }
        let index = self.free.remove(first);
        self.extend_to(index);
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
