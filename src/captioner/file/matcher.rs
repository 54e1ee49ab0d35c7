//! Finding the color of a palette that is nearest to a given one.

use captioner::file::palette::{distance, Palette, Rgb, WEIGHTS};

/// Finds the nearest color of a palette, and caches what it has found.
pub struct Matcher {
    /// The colors that can be found, the darkest first.
    entries: Vec<Entry>,
    /// A cache: in each place, the last color that was looked up there, and its result.
    found: Vec<(Rgb, u8)>,
}

/// A color that can be found.
struct Entry {
    brightness: u32,
    color: Rgb,
    /// Its index in the palette.
    index: u8,
}

/// Places of the cache: twice as many as there are distinct colors around a text.
const PLACES: usize = 1 << 13;

/// The sum of the weights of the channels.
const ALL_WEIGHTS: u32 = WEIGHTS[0] + WEIGHTS[1] + WEIGHTS[2];
/// More than any distance.
const BEYOND: u32 = ALL_WEIGHTS * 256 * 256;

impl Matcher {
    /// Matches with every entry that is neither free nor the transparent one of the frame.
    pub fn new(palette: &Palette, transparent: Option<u8>) -> Matcher {
        let usable = |index: &u8| !palette.is_free(*index) && Some(*index) != transparent;
        let indices = (0..palette.entries()).map(|index| index as u8).filter(usable);
        let mut entries: Vec<Entry> = indices.map(|index| Entry::new(palette.color(index), index)).collect();
        entries.sort_by_key(|entry| entry.brightness);
        let mut matcher = Matcher { entries, found: Vec::new() };
        // Every place holds a valid result, so that none has to be marked as empty.
        matcher.found = vec![([0; 3], matcher.nearest([0; 3])); PLACES];
        matcher
    }

    /// The index of exactly this color: of the entry that has it, or else of a free one that it is put in. The nearest
    /// one if no entry is free.
    pub fn exact_index_of(&mut self, color: Rgb, palette: &mut Palette) -> u8 {
        let nearest = self.index_of(color);
        if palette.color(nearest) == color {
            return nearest;
        }
        let index = match palette.claim(color) {
            Some(index) => index,
            None => return nearest,
        };
        let place_of_entry = self.darker_than(brightness(color));
        self.entries.insert(place_of_entry, Entry::new(color, index));
        self.found[place(color)] = (color, index);
        index
    }

    /// The index of the nearest color; of two, the lower one. Zero if the palette has no colors.
    pub fn index_of(&mut self, color: Rgb) -> u8 {
        let place = place(color);
        if self.found[place].0 != color {
            self.found[place] = (color, self.nearest(color));
        }
        self.found[place].1
    }

    /// The index of a near color. Meant for the edges of letters, where the eye does not notice small differences:
    /// similar colors share one look-up.
    pub fn index_near(&mut self, color: Rgb) -> u8 {
        self.index_of(color.map(|channel| channel & 0xf8 | 0x04))
    }

    /// Looks at brighter and brighter colors, then at darker and darker ones, each time until all others differ more
    /// in brightness alone than the nearest one so far does in all.
    fn nearest(&self, color: Rgb) -> u8 {
        let brightness = brightness(color);
        let (darker, brighter) = self.entries.split_at(self.darker_than(brightness));
        // Distance and index in one value: the minimum is the nearest color, and of two the lower one.
        let mut nearest = BEYOND << 8;
        let mut look_at = |entry: &Entry| {
            let apart = entry.brightness.abs_diff(brightness);
            // By the inequality of Cauchy and Schwarz.
            let may_be_nearer = apart * apart <= ALL_WEIGHTS * (nearest >> 8);
            nearest = nearest.min(distance(entry.color, color) << 8 | u32::from(entry.index));
            may_be_nearer
        };
        // The next darker one first: it may be near, and then few brighter ones can be nearer.
        darker.last().map(&mut look_at);
        brighter.iter().all(&mut look_at);
        darker.iter().rev().all(&mut look_at);
        nearest as u8
    }

    /// How many entries are darker.
    fn darker_than(&self, brightness: u32) -> usize {
        self.entries.partition_point(|entry| entry.brightness < brightness)
    }
}

impl Entry {
    fn new(color: Rgb, index: u8) -> Entry {
        Entry { brightness: brightness(color), color, index }
    }
}

/// The sum of the channels, weighted as in [`distance`].
fn brightness([r, g, b]: Rgb) -> u32 {
    WEIGHTS[0] * u32::from(r) + WEIGHTS[1] * u32::from(g) + WEIGHTS[2] * u32::from(b)
}

/// The place of a color in the cache: a multiplicative hash, because similar colors must not share a place.
fn place(color: Rgb) -> usize {
    let bits = u32::from_le_bytes([color[0], color[1], color[2], 0]);
    (bits.wrapping_mul(0x9e37_79b1) >> 19) as usize
}

#[cfg(test)]
mod tests {
    use super::Matcher;
    use captioner::file::palette::{distance, Palette};
    use fastrand::Rng;

    #[test]
    fn the_text_gets_its_colors_and_the_spare_entry_stays() {
        let mut palette = Palette::of((0..=250).map(|level| [level; 3]).collect());
        let red = palette.claim([255, 0, 0]).unwrap();
        let mut matcher = Matcher::new(&palette, None);
        assert_eq!(matcher.index_of([255, 0, 0]), red);
        assert_ne!(Some(red), palette.spare());
        assert_eq!(matcher.index_of([128, 128, 128]), 128);
    }

    #[test]
    fn no_other_color_is_nearer_and_no_lower_one_as_near() {
        let mut random = Rng::with_seed(1);
        for &(entries, range) in &[(0, 255), (1, 255), (40, 3), (240, 255), (240, 30)] {
            let mut color = || [0; 3].map(|_: u8| random.u8(0..=range));
            let colors: Vec<_> = (0..entries).map(|_| color()).collect();
            let mut matcher = Matcher::new(&Palette::of(colors.clone()), None);
            for color in (0..2000).map(|_| color()).chain(vec![[0; 3], [255; 3]]) {
                let nearest = (0..colors.len()).min_by_key(|&index| distance(colors[index], color));
                assert_eq!(usize::from(matcher.index_of(color)), nearest.unwrap_or(0), "{:?}", color);
            }
        }
    }
}
