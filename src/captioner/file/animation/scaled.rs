//! Animations from pixels: a still picture as an animation, and an animation at another size.

use std::convert::TryFrom;

use gif::{DisposalMethod, Repeat};
use image::RgbaImage;

use super::{Animation, Frame};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::canvas::Canvas;
use captioner::file::animation::room::Room;
use captioner::file::matcher::Matcher;
use captioner::file::palette::Palette;
use captioner::file::scale::{resize_premultiplied, scaled_part};
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
        let rect = Rect::of(picture.dimensions());
        let pixels = thresholded(picture.into_raw());
        cancel.check()?;
        let palette = Palette::chosen(&pixels, quality, cancel)?;
        let mut matcher = Matcher::new(&palette, None);
        let frame = Frame::indexed(rect, &pixels, &palette, &mut matcher, 0, cancel)?;
        Ok(Animation {
            width,
            height,
            repeat: Repeat::Finite(0),
            palettes: vec![palette],
            global: Some(0),
            background: None,
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
        let has_enough = |palette: &Palette| palette.used() >= ENOUGH_COLORS;
        let shared = match self.global.filter(is_shared) {
            Some(global) => Some(Room::of(self, global, cancel)?.with(&[], true, 0).0).filter(has_enough),
            None => None,
        };
        let global = shared.as_ref().map(|_| 0);
        let mut palettes: Vec<Palette> = shared.into_iter().collect();
        let mut matcher = palettes.first().map(|palette| Matcher::new(palette, None));
        let mut canvas = Canvas::new(self);
        let mut frames = Vec::with_capacity(self.frames.len());
        let mut shown: Option<Vec<[u8; 4]>> = None;
        let mut restored: Option<Rect> = None;
        for frame in &self.frames {
            cancel.check()?;
            canvas.draw(self, frame, cancel)?;
            // What the last frame has restored is not as it was shown either.
            let changed = restored.map_or(frame.rect, |rect| rect.union(&frame.rect));
            let part = match shown {
                Some(_) => scaled_part(&changed, self.size(), size),
                None => Rect::of(size),
            };
            let scaled = thresholded(resize_premultiplied(&canvas.pixels, size, &part, cancel)?);
            canvas.dispose(frame);
            restored = Some(frame.rect).filter(|_| frame.dispose == DisposalMethod::Previous);
            let (rect, pixels) = match shown {
                Some(ref mut shown) => difference(shown, size.0, &part, &scaled, cancel)?,
                None => {
                    shown = Some(scaled.clone()).filter(|_| is_opaque);
                    (part, scaled)
                }
            };
            if global.is_none() {
                palettes.push(Palette::chosen(&pixels, quality, cancel)?);
                matcher = palettes.last().map(|palette| Matcher::new(palette, None));
            }
            let palette = palettes.len() - 1;
            let matcher = matcher.as_mut().expect("each palette has a matcher");
            let scaled = Frame::indexed(rect, &pixels, &palettes[palette], matcher, palette, cancel)?;
            let (delay, needs_user_input) = (frame.delay, frame.needs_user_input);
            frames.push(Frame { dispose, delay, needs_user_input, ..scaled });
        }
        let (width, height) = (size.0 as u16, size.1 as u16);
        Ok(Animation { width, height, repeat: self.repeat, palettes, global, background: None, frames })
    }

    /// Whether no pixel of the canvas is transparent after any frame.
    fn is_always_opaque(&self) -> bool {
        let first = &self.frames[0];
        let covers = (first.rect.width(), first.rect.height()) == self.size();
        let is_solid = !first.indices.is_empty()
            && first.transparent.is_none_or(|index| !first.indices.contains(&index));
        let stays = first.dispose != DisposalMethod::Previous;
        covers && is_solid && stays && self.frames.iter().all(|f| f.dispose != DisposalMethod::Background)
    }
}

/// Pixels from bytes, each made either opaque or transparent, as in a GIF.
fn thresholded(bytes: Vec<u8>) -> Vec<[u8; 4]> {
    let opaque_or_not = |&[r, g, b, a]: &[u8; 4]| if a < 128 { [0; 4] } else { [r, g, b, 255] };
    bytes.as_chunks().0.iter().map(opaque_or_not).collect()
}

/// Shows a part of a picture. Returns the part of it that differs from what was shown before, and its pixels; those
/// that do not differ are transparent. One pixel if nothing differs.
fn difference(
    shown: &mut [[u8; 4]],
    width: u32,
    part: &Rect,
    pixels: &[[u8; 4]],
    cancel: &Cancel,
) -> Result<(Rect, Vec<[u8; 4]>), CaptionError> {
    let columns = part.left as usize..part.right as usize;
    let row_at = |y: u32| &pixels[part.number_of(part.left, y)..][..columns.len()];
    let shown_at = |y: u32| y as usize * width as usize + columns.start;
    let mut rect = Rect { right: part.left + 1, bottom: part.top + 1, ..*part };
    let mut differing: Option<Rect> = None;
    for y in part.top..part.bottom {
        cancel.check()?;
        let mut pairs = row_at(y).iter().zip(&shown[shown_at(y)..]);
        if let Some(first) = pairs.clone().position(|(new, old)| new != old) {
            let last = pairs.rposition(|(new, old)| new != old).unwrap_or(first);
            let here = Rect {
                left: part.left + first as u32,
                top: y,
                right: part.left + last as u32 + 1,
                bottom: y + 1,
            };
            differing = Some(differing.map_or(here, |rect| rect.union(&here)));
        }
    }
    rect = differing.unwrap_or(rect);
    let mut different = Vec::with_capacity((rect.width() * rect.height()) as usize);
    for y in rect.top..rect.bottom {
        cancel.check()?;
        let new = &pixels[part.number_of(rect.left, y)..][..rect.width() as usize];
        let old = &mut shown[y as usize * width as usize + rect.left as usize..][..new.len()];
        different.extend(new.iter().zip(&*old).map(|(new, old)| if new == old { [0; 4] } else { *new }));
        old.copy_from_slice(new);
    }
    Ok((rect, different))
}
