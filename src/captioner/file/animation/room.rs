//! Room for a text's colors in the palettes of an animation.
//!
//! A text puts its colors in entries that no pixel uses. Where there are too few of these, entries are given up: their
//! pixels take the nearest color that is left. Which entries go is found out once for each palette; how many of them do is
//! decided for each text, so that an animation loses no color to a text that does not need it.

use std::sync::OnceLock;

use super::{Animation, PIECE};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::palette::{distance, Palette, Rgb, FREE, MAX, WEIGHTS};

/// What each index of a frame becomes.
pub type Target = [u8; MAX];

/// A color that a text would like to have in a palette.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// The color.
    pub color: Rgb,
    /// Whether no other will do. Otherwise one that is `NEAR` will.
    pub is_exact: bool,
}

/// A distance at which the eye takes two colors at the edge of a letter for the same: eight in each channel.
const NEAR: u32 = 8 * 8 * (WEIGHTS[0] + WEIGHTS[1] + WEIGHTS[2]);
/// Entries that can be given up: as many as a text can need, and as many again, because a text keeps those that it can use
/// itself.
const MERGES: usize = 2 * FREE;

/// A palette of an animation, and what the frames use of it.
pub struct Room {
    /// As in the file. Free is what no pixel uses.
    palette: Palette,
    /// How many pixels have each index.
    counts: Box<[u64; MAX]>,
    /// Indices that are transparent in some frame. They stay.
    transparent: Vec<u8>,
    /// Whether one of them is a color in another frame, which the first cannot paint.
    pub hides_colors: bool,
    /// The index of the canvas's background, which stays too.
    background: Option<u8>,
    /// Found out when a text first needs it.
    merges: OnceLock<Vec<Merge>>,
}

/// An entry that can be given up.
#[derive(Clone, Copy)]
struct Merge {
    gone: u8,
    /// What its pixels become.
    heir: u8,
}

impl Room {
    /// Looks at what the frames use of a palette.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn of(animation: &Animation, index: usize, cancel: &Cancel) -> Result<Room, CaptionError> {
        let mut counts = Box::new([0; MAX]);
        let background = animation.background.filter(|_| animation.global == Some(index));
        let mut transparent = Vec::new();
        let mut is_color = [false; MAX];
        for frame in animation.frames.iter().filter(|frame| frame.palette == index) {
            transparent.extend(frame.transparent);
            let before = counts.clone();
            for piece in frame.indices.chunks(PIECE) {
                cancel.check()?;
                piece.iter().for_each(|&pixel| counts[usize::from(pixel)] += 1);
            }
            for index in (0..=255).filter(|index| Some(*index) != frame.transparent).map(usize::from) {
                is_color[index] |= counts[index] > before[index];
            }
        }
        let hides_colors = transparent.iter().any(|&index| is_color[usize::from(index)]);
        // Indices past the end of the table are black, and must stay so if they are used.
        let is_free = |index: &u8| {
            counts[usize::from(*index)] == 0 && !transparent.contains(index) && background != Some(*index)
        };
        let free = (0..=255).filter(is_free).collect();
        let mut palette = animation.palettes[index].clone().with_free(free, false);
        // A table may be shorter than the indices that pixels have; what is transparent shall be in it.
        let is_used = |index: &&u8| counts[usize::from(**index)] > 0;
        transparent.iter().filter(is_used).for_each(|&index| palette.extend_to(index));
        Ok(Room { palette, counts, transparent, hides_colors, background, merges: OnceLock::new() })
    }

    /// Bytes of memory it takes at most.
    pub fn weight(&self) -> usize {
        self.palette.weight() + MAX * 8 + self.transparent.len() + MERGES * 2
    }

    /// Whether every text finds room without an entry being given up.
    pub fn is_ample(&self) -> bool {
        self.palette.free().len() >= FREE
    }

    /// The palette with as many of the colors as find room, and what the frames' indices become, if any become others.
    ///
    /// `needs_spare`: an entry must stay free, for transparency. `others`: so many more shall be free, for colors that are
    /// not known yet.
    pub fn with(&self, wanted: &[Wanted], needs_spare: bool, others: usize) -> (Palette, Option<Target>) {
        let mut missing = Vec::new();
        let mut useful = Vec::new();
        for wanted in wanted {
            match self.entry_for(wanted) {
                Some(index) => useful.push(index),
                None => missing.push(wanted.color),
            }
        }
        let needed = (missing.len() + others).min(FREE - 1) + usize::from(needs_spare);
        let mut free = self.palette.free().to_vec();
        let mut target = None;
        if free.len() < needed {
            let merges = self.merges().iter().filter(|merge| !useful.contains(&merge.gone));
            for &Merge { gone, heir } in merges.take(needed - free.len()) {
                free.push(gone);
                let indices = target.get_or_insert_with(identity);
                indices.iter_mut().filter(|index| **index == gone).for_each(|index| *index = heir);
            }
        }
        let mut palette = self.palette.clone().with_free(free, needs_spare);
        for color in missing {
            palette.claim(color);
        }
        (palette, target)
    }

    /// The index of a color that will do, of those that pixels use.
    fn entry_for(&self, wanted: &Wanted) -> Option<u8> {
        let usable = |index: &u8| !self.palette.is_free(*index) && !self.transparent.contains(index);
        let apart = |index: &u8| distance(self.palette.color(*index), wanted.color);
        let nearest =
            (0..self.palette.entries()).map(|index| index as u8).filter(usable).min_by_key(apart)?;
        let limit = if wanted.is_exact { 0 } else { NEAR };
        Some(nearest).filter(|nearest| apart(nearest) <= limit)
    }

    /// The entries that can be given up: first the one whose pixels change least by taking the nearest color, each time
    /// among those that are left.
    fn merges(&self) -> &[Merge] {
        self.merges.get_or_init(|| {
            let is_used = |index: &usize| self.counts[*index] > 0;
            let may_go = |index: &usize| {
                !self.transparent.contains(&(*index as u8)) && self.background != Some(*index as u8)
            };
            let mut used: Vec<usize> = (0..self.palette.entries()).filter(is_used).filter(may_go).collect();
            let mut counts = self.counts.clone();
            let colors: Vec<Rgb> = (0..=255).map(|index| self.palette.color(index)).collect();
            let between = |index: usize, other: usize| distance(colors[index], colors[other]);
            let nearest_to = |index: usize, used: &[usize]| {
                let distance = |&other: &usize| if other == index { u32::MAX } else { between(index, other) };
                used.iter().copied().min_by_key(distance).unwrap_or(index)
            };
            let mut nearest: Vec<usize> = (0..MAX).collect();
            used.iter().for_each(|&index| nearest[index] = nearest_to(index, &used));
            let mut merges = Vec::new();
            while merges.len() < MERGES && used.len() > 2 {
                let cost = |&index: &usize| counts[index] * u64::from(between(index, nearest[index]));
                let gone = *used.iter().min_by_key(|index| (cost(index), **index)).expect("there are some");
                let heir = nearest[gone];
                used.retain(|&index| index != gone);
                counts[heir] += counts[gone];
                merges.push(Merge { gone: gone as u8, heir: heir as u8 });
                for &index in &used {
                    if nearest[index] == gone {
                        nearest[index] = nearest_to(index, &used);
                    }
                }
            }
            merges
        })
    }
}

/// Every index stays what it is.
fn identity() -> Target {
    let mut target = [0; MAX];
    (0..=255).zip(&mut target).for_each(|(index, target)| *target = index);
    target
}

#[cfg(test)]
mod tests {
    use super::{Room, Wanted, MERGES};
    use captioner::cancel::Cancel;
    use captioner::file::animation::{Animation, Frame};
    use captioner::file::palette::{Palette, Rgb};
    use captioner::ink::rect::Rect;
    use gif::{DisposalMethod, Repeat};

    /// The room of a palette whose indices are used by as many pixels as `counts` says, the background being 9.
    fn room(colors: Vec<Rgb>, counts: &[usize], transparent: Option<u8>) -> Room {
        let indices: Vec<u8> = (0..=255).zip(counts).flat_map(|(index, &count)| vec![index; count]).collect();
        let frame = Frame {
            rect: Rect::of((indices.len() as u32, 1)),
            palette: 0,
            indices,
            highest: 0,
            transparent,
            dispose: DisposalMethod::Keep,
            delay: 0,
            needs_user_input: false,
        };
        let animation = Animation {
            width: 1000,
            height: 1,
            repeat: Repeat::Finite(0),
            palettes: vec![Palette::of(colors)],
            global: Some(0),
            background: Some(9),
            frames: vec![frame],
        };
        Room::of(&animation, 0, &Cancel::new()).unwrap()
    }

    fn grays() -> Vec<Rgb> {
        (0..=255).map(|level| [level; 3]).collect()
    }

    fn exactly(color: Rgb) -> Wanted {
        Wanted { color, is_exact: true }
    }

    fn nearly(color: Rgb) -> Wanted {
        Wanted { color, is_exact: false }
    }

    #[test]
    fn a_full_palette_gives_up_as_much_as_is_missing_and_no_more() {
        let mut counts = [100; 256];
        counts[7] = 1;
        counts[9] = 1;
        counts[3] = 1;
        let room = room(grays(), &counts, Some(3));
        for &(ref wanted, spare, gone) in &[
            (vec![], false, 0),
            (vec![exactly([0; 3]), exactly([255; 3]), nearly([127, 128, 129])], false, 0),
            (vec![exactly([0; 3]), exactly([255, 0, 0])], false, 1),
            (vec![exactly([0; 3]), exactly([255, 0, 0])], true, 2),
            (vec![nearly([0, 255, 0]), exactly([255, 0, 0])], true, 3),
            (vec![], true, 1),
            ((0..40).map(|i| exactly([255, 0, i])).collect(), true, 17),
        ] {
            let (palette, target) = room.with(wanted, spare, 0);
            let changed: Vec<u8> = match target {
                Some(target) => (0..=255).filter(|&index| target[usize::from(index)] != index).collect(),
                None => Vec::new(),
            };
            assert_eq!(changed.len(), gone, "{:?} {}", wanted, spare);
            assert!(changed.is_empty() || changed.contains(&7), "it is used least");
            assert!(!changed.contains(&3) && !changed.contains(&9), "transparent, and the background");
            assert_eq!(palette.spare().is_some(), spare);
            assert!(target.is_none_or(|target| target.iter().all(|to| !changed.contains(to))));
        }
    }

    #[test]
    fn a_text_keeps_the_colors_that_it_uses_itself() {
        let mut counts = [100; 256];
        counts[255] = 1;
        let room = room(grays(), &counts, None);
        let (palette, target) = room.with(&[exactly([255; 3]), exactly([255, 0, 0])], false, 0);
        assert_eq!(target.unwrap()[255], 255);
        assert_eq!(palette.color(255), [255; 3]);
    }

    #[test]
    fn a_small_palette_grows_and_gives_up_nothing() {
        let room = room(vec![[0; 3], [255; 3]], &[1, 1], None);
        let (palette, target) = room.with(&[exactly([255, 0, 0])], true, 0);
        assert!(target.is_none());
        assert_eq!(palette.bytes(), [0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 0, 0]);
        let (palette, _) = room.with(&[exactly([255, 0, 0])], false, 0);
        assert_eq!(palette.bytes(), [0, 0, 0, 255, 255, 255, 255, 0, 0]);
        let (palette, _) = room.with(&[exactly([255; 3])], false, 0);
        assert_eq!(palette.bytes(), [0, 0, 0, 255, 255, 255]);
    }

    #[test]
    fn no_more_is_given_up_than_there_is() {
        let room = room(grays(), &[1; 256], None);
        assert_eq!(room.merges().len(), MERGES);
    }
}
