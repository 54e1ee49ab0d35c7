//! Plays an animation: what a viewer sees after each frame.

use gif::DisposalMethod;
use image::{Rgba, RgbaImage};

use super::{Animation, Frame};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::palette::MAX;

/// The canvas of an animation that is being played.
pub struct Canvas {
    /// What a viewer sees. Alpha is 0 or 255.
    pub pixels: RgbaImage,
    /// What is restored after a frame that is disposed of so.
    before: Option<RgbaImage>,
}

impl Canvas {
    /// The canvas before the first frame: transparent.
    pub fn new(animation: &Animation) -> Canvas {
        let (width, height) = animation.size();
        Canvas { pixels: RgbaImage::new(width, height), before: None }
    }

    /// Paints a frame of that animation.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn draw(
        &mut self,
        animation: &Animation,
        frame: &Frame,
        cancel: &Cancel,
    ) -> Result<(), CaptionError> {
        if frame.dispose == DisposalMethod::Previous {
            self.before = Some(self.pixels.clone());
        }
        let palette = &animation.palettes[frame.palette];
        let mut colors = [[0; 4]; MAX];
        for (index, color) in (0..=255).zip(&mut colors).filter(|color| Some(color.0) != frame.transparent) {
            let [r, g, b] = palette.color(index);
            *color = [r, g, b, 255];
        }
        let (width, left) = (frame.rect.width() as usize, frame.rect.left as usize * 4);
        let stride = self.pixels.width() as usize * 4;
        let canvas = self.pixels.chunks_exact_mut(stride).skip(frame.rect.top as usize);
        for (indices, row) in frame.indices.chunks_exact(width).zip(canvas) {
            cancel.check()?;
            for (&index, pixel) in indices.iter().zip(row[left..].as_chunks_mut().0) {
                let color = colors[usize::from(index)];
                if color != [0; 4] {
                    *pixel = color;
                }
            }
        }
        Ok(())
    }

    /// Disposes of a frame, as is done when its time is over.
    pub fn dispose(&mut self, frame: &Frame) {
        match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            DisposalMethod::Background => {
                let rect = &frame.rect;
                for y in rect.top..rect.bottom {
                    for x in rect.left..rect.right {
                        self.pixels.put_pixel(x, y, Rgba([0; 4]));
                    }
                }
            }
            DisposalMethod::Previous => {
                self.pixels = self.before.take().unwrap_or_else(|| RgbaImage::new(0, 0));
            }
        }
    }
}
