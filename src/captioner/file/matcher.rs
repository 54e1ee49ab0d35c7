//! Finding the color of a palette that is nearest to a given one.

use captioner::file::palette::{Palette, Rgb, MAX};

/// Finds the nearest color of a palette, and caches what it has found.
pub struct Matcher {
    /// The colors that can be found, by channel: so several distances are computed at once.
    channels: [Vec<i16>; 3],
    /// Their indices in the palette.
    indices: Vec<u8>,
    /// A cache: in each place, the last color that was looked up there, and its result.
    found: Vec<(Rgb, u8)>,
}

/// Places of the cache: twice as many as there are distinct colors around a text.
const PLACES: usize = 1 << 13;

impl Matcher {
    /// Matches with every entry that is neither free nor the transparent one of the frame.
    pub fn new(palette: &Palette, transparent: Option<u8>) -> Matcher {
        let usable = |index: &u8| !palette.is_free(*index) && Some(*index) != transparent;
        let indices: Vec<u8> = (0..palette.entries()).map(|index| index as u8).filter(usable).collect();
        let channel = |i: usize| indices.iter().map(|&index| i16::from(palette.color(index)[i])).collect();
        let channels = [channel(0), channel(1), channel(2)];
        let mut matcher = Matcher { channels, indices, found: Vec::new() };
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
        for (channel, value) in self.channels.iter_mut().zip(&color) {
            channel.push(i16::from(*value));
        }
        self.indices.push(index);
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

    fn nearest(&self, color: Rgb) -> u8 {
        let [r, g, b] = color.map(i16::from);
        let square = |difference: i16| i32::from(difference) * i32::from(difference);
        let channels = self.channels[0].iter().zip(&self.channels[1]).zip(&self.channels[2]);
        // Distance and number in one value: the minimum is the nearest color, and of two the lower one.
        let nearest =
            channels.zip(0..MAX as i32).fold(i32::MAX, |nearest, (((&red, &green), &blue), number)| {
                let distance = 2 * square(red - r) + 4 * square(green - g) + square(blue - b);
                nearest.min(distance << 8 | number)
            });
        self.indices.get(nearest as usize & 0xff).copied().unwrap_or(0)
    }
}

/// The place of a color in the cache: a multiplicative hash, because similar colors must not share a place.
fn place(color: Rgb) -> usize {
    let bits = u32::from_le_bytes([color[0], color[1], color[2], 0]);
    (bits.wrapping_mul(0x9e37_79b1) >> 19) as usize
}

#[cfg(test)]
mod tests {
    use super::Matcher;
    use captioner::file::palette::{Palette, FREE};

    #[test]
    fn the_text_gets_its_colors_and_the_spare_entry_stays() {
        let grays = (0..=255).map(|level| [level; 3]).collect();
        let (palette, _) = Palette::freed(grays, &[1; 256], &[]);
        let with_text = palette.with(&[[255, 0, 0], [0, 0, 255]]);
        let mut matcher = Matcher::new(&with_text, None);
        let red = matcher.index_of([255, 0, 0]);
        assert_eq!(with_text.color(red), [255, 0, 0]);
        assert!(palette.is_free(red));
        assert_ne!(Some(red), with_text.spare());
        assert_eq!(matcher.index_of([128, 128, 128]), 128);
    }

    #[test]
    fn few_colors_are_kept_exactly_and_many_are_reduced() {
        let few: Vec<_> = (0..200u8).map(|level| [level, 0, 0, 255]).collect();
        let palette = Palette::chosen(&few, 80);
        let mut matcher = Matcher::new(&palette, None);
        assert!(few
            .iter()
            .all(|p| palette.color(matcher.index_of([p[0], p[1], p[2]])) == [p[0], p[1], p[2]]));
        let many: Vec<_> = (0..4096u32).map(|i| [(i % 256) as u8, (i / 16) as u8, 9, 255]).collect();
        let palette = Palette::chosen(&many, 80);
        assert_eq!((0..=255).filter(|&index| palette.is_free(index)).count(), FREE);
    }
}
