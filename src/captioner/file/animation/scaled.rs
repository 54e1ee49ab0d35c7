//! Animations from pixels: a still picture as an animation, and an animation at another size.

use std::convert::TryFrom;

use gif::{DisposalMethod, Repeat};
use image::{Rgba, RgbaImage};

use super::{Animation, Frame};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::canvas::Canvas;
use captioner::file::matcher::Matcher;
use captioner::file::palette::Palette;
use captioner::file::scale::resize_premultiplied;
use captioner::ink::rect::Rect;

/// How many colors make a palette good enough for the scaled animation, whose pixels are mixtures of them.
const ENOUGH_COLORS: usize = 128;

impl Animation {
    /// An animation of one frame. `quality` is how well its colors are chosen, 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], if the picture is wider or higher than a GIF can be;
    /// [`CaptionError::Cancelled`].
    pub fn of(picture: RgbaImage, quality: u8, cancel: &Cancel) -> Result<Animation, CaptionError> {
        let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
        let (width, height) = (side(picture.width())?, side(picture.height())?);
        let (rect, pixels) = difference(None, &thresholded(picture));
        cancel.check()?;
        let palette = Palette::chosen(&pixels, quality);
        let mut matcher = Matcher::new(&palette, None);
        let frame = Frame::indexed(rect, &pixels, &palette, &mut matcher, 0, cancel)?;
        Ok(Animation {
            width,
            height,
            repeat: Repeat::Finite(0),
            palettes: vec![palette],
            global: Some(0),
            frames: vec![frame],
        })
    }

    /// Scales the animation: the whole canvas after every frame, reduced to what differs from the one before. Delays and
    /// the number of plays stay.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn scaled(&self, size: (u32, u32), quality: u8, cancel: &Cancel) -> Result<Animation, CaptionError> {
        // If every pixel stays opaque, a frame need only paint what changes. Otherwise a pixel may have to become
        // transparent again, so each frame is painted whole and cleared afterwards.
        let is_opaque = self.is_always_opaque();
        let dispose = if is_opaque { DisposalMethod::Keep } else { DisposalMethod::Background };
        // A palette that all frames share is kept if it has enough colors: then mixtures do not flicker from frame to
        // frame. Palettes of single frames do not have each other's colors, so new ones are chosen.
        let is_shared = |global: &usize| self.frames.iter().all(|frame| frame.palette == *global);
        let has_enough = |global: &usize| self.palettes[*global].used() >= ENOUGH_COLORS;
        let shared = self.global.filter(is_shared).filter(has_enough);
        let mut palettes: Vec<Palette> =
            shared.map(|global| self.palettes[global].clone()).into_iter().collect();
        let mut matcher = palettes.first().map(|palette| Matcher::new(palette, None));
        let mut canvas = Canvas::new(self);
        let mut frames = Vec::with_capacity(self.frames.len());
        let mut shown: Option<RgbaImage> = None;
        for frame in &self.frames {
            cancel.check()?;
            canvas.draw(self, frame, cancel)?;
            let picture = thresholded(resize_premultiplied(&canvas.pixels, size, cancel)?);
            canvas.dispose(frame);
            let (rect, pixels) = difference(shown.as_ref().filter(|_| is_opaque), &picture);
            if shared.is_none() {
                palettes.push(Palette::chosen(&pixels, quality));
                matcher = palettes.last().map(|palette| Matcher::new(palette, None));
            }
            let palette = palettes.len() - 1;
            let matcher = matcher.as_mut().expect("each palette has a matcher");
            let scaled = Frame::indexed(rect, &pixels, &palettes[palette], matcher, palette, cancel)?;
            let (delay, needs_user_input) = (frame.delay, frame.needs_user_input);
            frames.push(Frame { dispose, delay, needs_user_input, ..scaled });
            shown = Some(picture);
        }
        let (width, height) = (size.0 as u16, size.1 as u16);
        let global = shared.map(|_| 0);
        Ok(Animation { width, height, repeat: self.repeat, palettes, global, frames })
    }

    /// Whether no pixel of the canvas is transparent after any frame.
    fn is_always_opaque(&self) -> bool {
        let first = &self.frames[0];
        let covers = (first.rect.width(), first.rect.height()) == self.size();
        let is_solid = first.transparent.is_none_or(|index| !first.indices.contains(&index));
        let stays = first.dispose != DisposalMethod::Previous;
        covers && is_solid && stays && self.frames.iter().all(|f| f.dispose != DisposalMethod::Background)
    }
}

/// Makes each pixel either opaque or transparent, as in a GIF.
pub fn thresholded(mut picture: RgbaImage) -> RgbaImage {
    for pixel in picture.pixels_mut() {
        let [r, g, b, a] = pixel.0;
        *pixel = Rgba(if a < 128 { [0; 4] } else { [r, g, b, 255] });
    }
    picture
}

/// The part of a picture that differs from what is shown, with its pixels; those that do not differ are transparent.
/// The whole picture if nothing is shown, one pixel if nothing differs.
pub fn difference(shown: Option<&RgbaImage>, picture: &RgbaImage) -> (Rect, Vec<[u8; 4]>) {
    let all = Rect { left: 0, top: 0, right: picture.width(), bottom: picture.height() };
    let shown = match shown {
        Some(shown) => shown,
        None => return (all, picture.pixels().map(|pixel| pixel.0).collect()),
    };
    let mut differing: Option<Rect> = None;
    for (x, y, pixel) in picture.enumerate_pixels() {
        if pixel != shown.get_pixel(x, y) {
            let here = Rect { left: x, top: y, right: x + 1, bottom: y + 1 };
            differing = Some(differing.map_or(here, |rect| rect.union(&here)));
        }
    }
    let rect = differing.unwrap_or(Rect { left: 0, top: 0, right: 1, bottom: 1 });
    let mut pixels = Vec::with_capacity((rect.width() * rect.height()) as usize);
    for y in rect.top..rect.bottom {
        for x in rect.left..rect.right {
            let pixel = picture.get_pixel(x, y);
            pixels.push(if pixel == shown.get_pixel(x, y) { [0; 4] } else { pixel.0 });
        }
    }
    (rect, pixels)
}
