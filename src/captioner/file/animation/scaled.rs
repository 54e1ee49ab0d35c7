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
        let is_opaque = self.is_always_opaque();
        // A palette that all frames share is kept if it has enough colors: then mixtures do not flicker from frame to
        // frame. Palettes of single frames do not have each other's colors, so new ones are chosen.
        let is_shared = |global: &usize| self.frames.iter().all(|frame| frame.palette == *global);
        let has_enough = |palette: &Palette| palette.used() >= ENOUGH_COLORS;
        let shared = match self.global.filter(is_shared) {
            Some(global) => Some(Room::of(self, global, cancel)?.with(&[], true, 0).0).filter(has_enough),
            None => None,
        };
        let mut canvas = Canvas::new(self);
        let mut builder = Builder::new(size, shared, is_opaque, quality);
        let mut restored: Option<Rect> = None;
        for frame in &self.frames {
            cancel.check()?;
            canvas.draw(self, frame, cancel)?;
            // What the last frame has restored is not as it was shown either.
            let changed = restored.map_or(frame.rect, |rect| rect.union(&frame.rect));
            let part =
                if builder.needs_all() { Rect::of(size) } else { scaled_part(&changed, self.size(), size) };
            let scaled = thresholded(resize_premultiplied(&canvas.pixels, size, &part, cancel)?);
            canvas.dispose(frame);
            restored = Some(frame.rect).filter(|_| frame.dispose == DisposalMethod::Previous);
            builder.push(part, scaled, (frame.delay, frame.needs_user_input), cancel)?;
        }
        Ok(builder.finish(self.repeat))
    }

    /// Whether no pixel of the canvas is transparent after any frame.
    pub fn is_always_opaque(&self) -> bool {
        let first = &self.frames[0];
        let covers = (first.rect.width(), first.rect.height()) == self.size();
        let is_solid = !first.indices.is_empty()
            && first.transparent.is_none_or(|index| !first.indices.contains(&index));
        let stays = first.dispose != DisposalMethod::Previous;
        covers && is_solid && stays && self.frames.iter().all(|f| f.dispose != DisposalMethod::Background)
    }
}

/// Makes an animation of what its canvas is to show, frame by frame.
pub struct Builder {
    size: (u32, u32),
    /// Whether no pixel is ever transparent. Then a frame need only paint what changes. Otherwise a pixel may have to
    /// become transparent again, so each frame is painted whole and cleared afterwards.
    is_opaque: bool,
    quality: u8,
    palettes: Vec<Palette>,
    /// Whether all frames have the first palette; otherwise, each has its own.
    is_shared: bool,
    matcher: Option<Matcher>,
    frames: Vec<Frame>,
    /// The canvas after the last frame, if frames paint what changes.
    shown: Option<Vec<[u8; 4]>>,
}

impl Builder {
    /// For a canvas of that size, which must be possible in a GIF. `quality`: how well colors are chosen, 1 to 100.
    pub fn new(size: (u32, u32), shared: Option<Palette>, is_opaque: bool, quality: u8) -> Builder {
        let matcher = shared.as_ref().map(|palette| Matcher::new(palette, None));
        let is_shared = shared.is_some();
        let palettes = shared.into_iter().collect();
        Builder { size, is_opaque, quality, palettes, is_shared, matcher, frames: Vec::new(), shown: None }
    }

    /// Whether the next frame needs the whole canvas, not only the part that may have changed.
    pub fn needs_all(&self) -> bool {
        self.shown.is_none()
    }

    /// Adds a frame: pixels of a part of the canvas, opaque or transparent; and how long it is shown, in hundredths of a
    /// second, and whether it waits for a key.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn push(
        &mut self,
        part: Rect,
        pixels: Vec<[u8; 4]>,
        (delay, needs_user_input): (u16, bool),
        cancel: &Cancel,
    ) -> Result<(), CaptionError> {
        let (rect, pixels) = match self.shown {
            Some(ref mut shown) => difference(shown, self.size.0, &part, &pixels, cancel)?,
            None => {
                self.shown = Some(pixels.clone()).filter(|_| self.is_opaque);
                (part, pixels)
            }
        };
        if !self.is_shared {
            self.palettes.push(Palette::chosen(&pixels, self.quality, cancel)?);
            self.matcher = self.palettes.last().map(|palette| Matcher::new(palette, None));
        }
        let palette = self.palettes.len() - 1;
        let matcher = self.matcher.as_mut().expect("each palette has a matcher");
        let frame = Frame::indexed(rect, &pixels, &self.palettes[palette], matcher, palette, cancel)?;
        let dispose = if self.is_opaque { DisposalMethod::Keep } else { DisposalMethod::Background };
        self.frames.push(Frame { dispose, delay, needs_user_input, ..frame });
        Ok(())
    }

    /// The animation. At least one frame was added.
    pub fn finish(self, repeat: Repeat) -> Animation {
        let (width, height) = (self.size.0 as u16, self.size.1 as u16);
        let global = Some(0).filter(|_| self.is_shared);
        let Builder { palettes, frames, .. } = self;
        Animation { width, height, repeat, palettes, global, background: None, frames }
    }
}

/// Pixels from bytes, each made either opaque or transparent, as in a GIF.
pub fn thresholded(bytes: Vec<u8>) -> Vec<[u8; 4]> {
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
