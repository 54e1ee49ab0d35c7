//! GIF: frames and strips that a caption does not change keep their compressed bytes.
//!
//! The frames of an animation paint over each other, so text that is put on one may be covered, cleared or
//! restored away by another. [`Player`] follows, for every pixel that has ink, what a viewer would have on the
//! screen, and paints the text again in each frame that would lose it, and in no other. Palettes, delays, disposals
//! and transparency stay as they are; the text's colors go into the palette entries that are free for them.

mod followed;
mod frame;
mod lzw;
mod player;

use std::sync::OnceLock;

use gif::Encoder;

use self::followed::Followed;
use self::frame::{Strips, TemplateFrame};
use self::player::{PaintedFrame, Player};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::{Animation, Frame};
use captioner::file::palette::{Palette, Rgb};
use captioner::ink::Stamp;
use image_macro::Color;

/// Bytes of a file before its global color table.
const HEADER: usize = 13;
/// Bytes of the largest color table.
const TABLE: usize = 256 * 3;

/// An animation, and what has been compressed of it so far.
pub struct GifTemplate {
    animation: Animation,
    /// Of each frame.
    strips: Vec<Strips>,
    /// The file without any text, once it was asked for.
    plain: OnceLock<Vec<u8>>,
}

impl GifTemplate {
    /// Compresses nothing yet.
    pub fn new(animation: Animation) -> GifTemplate {
        let strips = animation.frames.iter().map(|_| Strips::default()).collect();
        GifTemplate { animation, strips, plain: OnceLock::new() }
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`], [`CaptionError::Encode`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        if let Some(plain) = self.plain.get().filter(|_| stamp.inks.is_empty()) {
            return Ok(plain.clone());
        }
        let inked = Followed::inked(stamp, self.size(), cancel)?;
        let bytes = match self.encode(stamp, &inked, cancel)? {
            Some(bytes) => bytes,
            // Text on a frame that is cleared after its time, where that frame does not reach: see `Player::play`.
            None => {
                let all = Followed::all(stamp, self.size());
                self.encode(stamp, &all, cancel)?.expect("no frame is wider than the canvas")
            }
        };
        if stamp.inks.is_empty() {
            let _ = self.plain.set(bytes.clone());
        }
        Ok(bytes)
    }

    /// The file, frame by frame; `None` if more pixels must be followed.
    fn encode(
        &self,
        stamp: &Stamp,
        followed: &Followed,
        cancel: &Cancel,
    ) -> Result<Option<Vec<u8>>, CaptionError> {
        let animation = &self.animation;
        let wanted = text_colors(stamp);
        let palettes = animation.palettes.iter().map(|palette| palette.with(&wanted)).collect();
        let mut player = Player::new(animation, palettes, followed);
        let mut global = animation.global.map_or(Vec::new(), |global| player.palettes[global].bytes());
        if !global.is_empty() && followed.is_all() {
            // Later frames may still add colors to it.
            global.resize(TABLE, 0);
        }
        // A little more than the plain file, because text compresses worse than what it covers.
        let size = self.plain.get().map_or(0, |plain| plain.len() + plain.len() / 8);
        let file = Vec::with_capacity(size);
        let encoder = Encoder::new(file, animation.width, animation.height, &global);
        let mut encoder = encoder.map_err(CaptionError::encode)?;
        encoder.set_repeat(animation.repeat).map_err(CaptionError::encode)?;
        for frame in self.frames() {
            let painted = match player.play(frame, cancel)? {
                Some(painted) => painted,
                None => return Ok(None),
            };
            let own = Some(frame.frame.palette).filter(|&palette| Some(palette) != animation.global);
            let table = own.map(|palette| player.palettes[palette].bytes());
            let written = written(frame.frame, painted, table);
            encoder.write_lzw_pre_encoded_frame(&written).map_err(CaptionError::encode)?;
        }
        let mut bytes = encoder.into_inner().map_err(CaptionError::encode)?;
        if let Some(index) = animation.global.filter(|_| followed.is_all()) {
            let table = player.palettes[index].bytes();
            bytes[HEADER..HEADER + table.len()].copy_from_slice(&table);
        }
        Ok(Some(bytes))
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.animation.size()
    }

    /// Bytes of memory it takes at most.
    pub fn weight(&self) -> usize {
        let palettes = self.animation.palettes.iter().map(Palette::weight);
        self.frames().map(|frame| frame.weight()).chain(palettes).sum()
    }

    fn frames(&self) -> impl Iterator<Item = TemplateFrame<'_>> {
        let frames = self.animation.frames.iter().zip(&self.strips);
        frames.map(|(frame, strips)| TemplateFrame { frame, strips })
    }
}

/// A frame as the encoder takes it.
fn written(frame: &Frame, painted: PaintedFrame, palette: Option<Vec<u8>>) -> gif::Frame<'static> {
    gif::Frame {
        delay: frame.delay,
        dispose: frame.dispose,
        transparent: painted.transparent,
        needs_user_input: frame.needs_user_input,
        left: painted.rect.left as u16,
        top: painted.rect.top as u16,
        width: painted.rect.width() as u16,
        height: painted.rect.height() as u16,
        interlaced: false,
        palette,
        buffer: painted.codes.into(),
    }
}

/// Colors of emoji that get an entry of the palette before mixtures do. Twemoji draws an emoji in about six.
const EMOJI_COLORS: usize = 12;

/// The colors that the text needs, most important first: those of letters and outlines, the most frequent ones of
/// emoji, mixtures of letters and outlines in halves, in quarters and in eighths, and the other colors of emoji.
fn text_colors(stamp: &Stamp) -> Vec<Rgb> {
    let rgb = |color: Color| [color.r, color.g, color.b];
    let pairs: Vec<(Rgb, Option<Rgb>)> = stamp
        .inks
        .iter()
        .map(|ink| {
            let (fill, outline) = ink.colors();
            (rgb(fill), outline.map(rgb))
        })
        .collect();
    let mut colors: Vec<Rgb> = Vec::new();
    let mut want = |color: Rgb| {
        if !colors.contains(&color) {
            colors.push(color);
        }
    };
    for &(fill, outline) in &pairs {
        want(fill);
        outline.map(&mut want);
    }
    // There are never as many free entries as all of these.
    let emoji: Vec<Rgb> = stamp.emoji_colors().into_iter().take(2 * EMOJI_COLORS).map(rgb).collect();
    emoji.iter().take(EMOJI_COLORS).for_each(|&color| want(color));
    for &(part, whole) in &[(1, 2), (1, 4), (3, 4), (1, 8), (3, 8), (5, 8), (7, 8)] {
        for &(fill, outline) in &pairs {
            if let Some(outline) = outline {
                let mix =
                    |i: usize| (u32::from(fill[i]) * part + u32::from(outline[i]) * (whole - part)) / whole;
                want([mix(0) as u8, mix(1) as u8, mix(2) as u8]);
            }
        }
    }
    emoji.into_iter().for_each(want);
    colors
}
