//! An animated (or still) GIF: its frames as indices into their palettes.

pub mod canvas;
mod decode;
pub mod room;
pub mod scaled;
mod tables;

use gif::{DisposalMethod, Repeat};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::matcher::Matcher;
use captioner::file::palette::Palette;
use captioner::ink::rect::Rect;

/// Pixels gone through before a cancel is looked for: about a millisecond's worth.
const PIECE: usize = 128 << 10;

/// A GIF.
pub struct Animation {
    /// Width of the canvas in pixels.
    pub width: u16,
    /// Height of the canvas in pixels.
    pub height: u16,
    /// How often it plays.
    pub repeat: Repeat,
    /// Every color table.
    pub palettes: Vec<Palette>,
    /// Index in `palettes` of the global color table, if the file has one.
    pub global: Option<usize>,
    /// The index of the background of the canvas in that one. Browsers ignore it, but some viewers clear frames to it.
    pub background: Option<u8>,
    /// In the order in which they are shown. At least one.
    pub frames: Vec<Frame>,
}

/// One frame of a GIF.
pub struct Frame {
    /// The part of the canvas that it paints. Never empty.
    pub rect: Rect,
    /// Index of its palette in the animation's.
    pub palette: usize,
    /// An index into the palette for each pixel of `rect`, row by row. Only of a decoded frame that lies outside of the
    /// canvas, there are none, until it is prepared.
    pub indices: Vec<u8>,
    /// The highest of them.
    pub highest: u8,
    /// The index that leaves a pixel of the canvas as it is.
    pub transparent: Option<u8>,
    /// What becomes of its part of the canvas before the next frame.
    pub dispose: DisposalMethod,
    /// How long it is shown, in hundredths of a second.
    pub delay: u16,
    /// Whether it waits for a key.
    pub needs_user_input: bool,
}

impl Animation {
    /// Width and height of the canvas in pixels.
    pub fn size(&self) -> (u32, u32) {
        (u32::from(self.width), u32::from(self.height))
    }
}

impl Frame {
    /// A frame of these pixels, each in the nearest color of the palette. Their alpha is 0 or 255.
    pub fn indexed(
        rect: Rect,
        pixels: &[[u8; 4]],
        palette: &Palette,
        matcher: &mut Matcher,
        palette_index: usize,
        cancel: &Cancel,
    ) -> Result<Frame, CaptionError> {
        let spare = palette.spare().unwrap_or(0);
        let mut indices: Vec<u8> = Vec::with_capacity(pixels.len());
        for pixels in pixels.chunks(PIECE) {
            cancel.check()?;
            indices.extend(pixels.iter().map(|pixel| match *pixel {
                [_, _, _, 0] => spare,
                [r, g, b, _] => matcher.index_of([r, g, b]),
            }));
        }
        Ok(Frame {
            rect,
            palette: palette_index,
            transparent: Some(spare).filter(|_| pixels.iter().any(|pixel| pixel[3] == 0)),
            highest: indices.iter().copied().fold(0, u8::max),
            indices,
            dispose: DisposalMethod::Keep,
            delay: 0,
            needs_user_input: false,
        })
    }

    /// The index that it paints a pixel of the canvas with; `None` outside of it and where it is transparent.
    pub fn index_at(&self, x: u32, y: u32) -> Option<u8> {
        let index = self.rect.holds(x, y).then(|| self.indices[self.rect.number_of(x, y)]);
        index.filter(|&index| Some(index) != self.transparent)
    }
}
