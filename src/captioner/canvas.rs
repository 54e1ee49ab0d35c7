//! Playing an animation, to know what a viewer has on the screen.

use gif::DisposalMethod;
use image::{Rgba, RgbaImage};

use super::animation::{Animation, Frame};

/// Plays an animation: what a viewer has on the screen.
pub struct Canvas {
    /// What is shown. Alpha is 0 or 255.
    pub pixels: RgbaImage,
    before: Option<RgbaImage>,
}

impl Canvas {
    /// The canvas before the first frame: transparent.
    pub fn new(animation: &Animation) -> Canvas {
        let (width, height) = animation.size();
        Canvas { pixels: RgbaImage::new(width, height), before: None }
    }

    /// Paints a frame of that animation.
    pub fn draw(&mut self, animation: &Animation, frame: &Frame) {
        if frame.dispose == DisposalMethod::Previous {
            self.before = Some(self.pixels.clone());
        }
        let palette = &animation.palettes[frame.palette];
        let rect = &frame.rect;
        for y in rect.top..rect.bottom {
            for x in rect.left..rect.right {
                if let Some(index) = frame.index_at(x, y) {
                    let [r, g, b] = palette.color(index);
                    self.pixels.put_pixel(x, y, Rgba([r, g, b, 255]));
                }
            }
        }
    }

    /// Does what is to be done after the frame's time.
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
