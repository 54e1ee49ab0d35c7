//! The color tables of a GIF file.

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

    /// As palettes.
    pub fn into_palettes(self) -> Vec<Palette> {
        self.tables.into_iter().map(Palette::of).collect()
    }
}

fn colors_of(bytes: &[u8]) -> Vec<Rgb> {
    bytes.chunks_exact(3).take(MAX).map(|color| [color[0], color[1], color[2]]).collect()
}
