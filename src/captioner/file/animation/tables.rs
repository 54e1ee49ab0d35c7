//! The color tables of a GIF file.

use super::{Frame, PIECE};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::palette::{Palette, Rgb};

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

    /// Frees entries of every table, changes the frames' indices accordingly, and sets `highest` of each frame.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn freed(self, frames: &mut [Frame], cancel: &Cancel) -> Result<Vec<Palette>, CaptionError> {
        let mut palettes = Vec::with_capacity(self.tables.len());
        for (index, colors) in self.tables.into_iter().enumerate() {
            let mut counts = [0; 256];
            let mut transparent = Vec::new();
            for frame in frames.iter().filter(|frame| frame.palette == index) {
                transparent.extend(frame.transparent);
                for piece in frame.indices.chunks(PIECE) {
                    cancel.check()?;
                    piece.iter().for_each(|&pixel| counts[usize::from(pixel)] += 1);
                }
            }
            let (palette, target) = Palette::freed(colors, &counts, &transparent);
            for frame in frames.iter_mut().filter(|frame| frame.palette == index) {
                for piece in frame.indices.chunks_mut(PIECE) {
                    cancel.check()?;
                    piece.iter_mut().for_each(|pixel| *pixel = target[usize::from(*pixel)]);
                    frame.highest = piece.iter().copied().fold(frame.highest, u8::max);
                }
            }
            palettes.push(palette);
        }
        Ok(palettes)
    }
}

fn colors_of(bytes: &[u8]) -> Vec<Rgb> {
    bytes.chunks_exact(3).take(256).map(|color| [color[0], color[1], color[2]]).collect()
}
