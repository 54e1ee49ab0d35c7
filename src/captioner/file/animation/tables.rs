//! The color tables of a GIF file, and freeing some of their entries for a text.

use super::{Animation, PIECE};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::palette::{Palette, Rgb, MAX};

/// The color tables of a file. Equal ones are kept once.
pub struct Tables {
    tables: Vec<Vec<Rgb>>,
    /// Index of the global table, if there is one.
    pub global: Option<usize>,
}

impl Tables {
    /// The global table, if there is one.
    pub fn new(global: Option<&[u8]>) -> Tables {
        let tables: Vec<_> = global.map(colors_of).into_iter().collect();
        let global = if tables.is_empty() { None } else { Some(0) };
        Tables { tables, global }
    }

    /// The index of a frame's own table, or of the global one if it has none.
    pub fn index_of(&mut self, own: Option<Vec<u8>>) -> usize {
        let colors = match own {
            Some(bytes) => colors_of(&bytes),
            None => return self.global.unwrap_or(0),
        };
        self.tables.iter().position(|table| *table == colors).unwrap_or_else(|| {
            self.tables.push(colors);
            self.tables.len() - 1
        })
    }

    /// As palettes, without free entries yet.
    pub fn into_palettes(self) -> Vec<Palette> {
        self.tables.into_iter().map(Palette::of).collect()
    }
}

impl Animation {
    /// Frees entries of every palette, and changes the frames accordingly: now it can be captioned.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn freed(mut self, cancel: &Cancel) -> Result<Animation, CaptionError> {
        for index in 0..self.palettes.len() {
            let (palette, target) = self.freed_palette(index, cancel)?;
            for frame in self.frames.iter_mut().filter(|frame| frame.palette == index) {
                for piece in frame.indices.chunks_mut(PIECE) {
                    cancel.check()?;
                    piece.iter_mut().for_each(|pixel| *pixel = target[usize::from(*pixel)]);
                    frame.highest = piece.iter().copied().fold(frame.highest, u8::max);
                }
                // A frame that paints nothing still has a delay, so it becomes one transparent pixel.
                if frame.indices.is_empty() {
                    let spare = palette.spare().unwrap_or(0);
                    frame.indices.push(spare);
                    frame.highest = spare;
                    frame.transparent = Some(spare);
                }
            }
            self.palettes[index] = palette;
        }
        Ok(self)
    }

    /// A palette with entries freed, and what each index of the frames becomes then.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn freed_palette(&self, index: usize, cancel: &Cancel) -> Result<(Palette, [u8; MAX]), CaptionError> {
        let mut counts = [0; MAX];
        let mut transparent = Vec::new();
        for frame in self.frames.iter().filter(|frame| frame.palette == index) {
            transparent.extend(frame.transparent);
            for piece in frame.indices.chunks(PIECE) {
                cancel.check()?;
                piece.iter().for_each(|&pixel| counts[usize::from(pixel)] += 1);
            }
        }
        Ok(self.palettes[index].freed(&counts, &transparent))
    }
}

fn colors_of(bytes: &[u8]) -> Vec<Rgb> {
    bytes.chunks_exact(3).take(MAX).map(|color| [color[0], color[1], color[2]]).collect()
}
