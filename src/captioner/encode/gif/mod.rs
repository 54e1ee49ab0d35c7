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

use std::convert::TryFrom;
use std::sync::OnceLock;

use gif::Encoder;

use self::followed::Followed;
use self::frame::{Strips, TemplateFrame};
use self::player::{PaintedFrame, Player};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::room::{Room, Target, Wanted};
use captioner::file::animation::{Animation, Frame};
use captioner::file::palette::{Palette, Rgb, FREE, MAX};
use captioner::ink::rect::Rect;
use captioner::ink::Stamp;
use image_macro::Color;

/// Where a file has the index of its background.
const BACKGROUND: usize = 11;
/// Bytes of a file before its global color table.
const HEADER: usize = 13;
/// Bytes of the largest color table.
const TABLE: usize = 256 * 3;

/// An animation, and what has been compressed of it so far.
pub struct GifTemplate {
    animation: Animation,
    /// Of each palette.
    rooms: Vec<Room>,
    /// Of each frame.
    strips: Vec<Strips>,
    /// The file without any text, once it was asked for.
    plain: OnceLock<Vec<u8>>,
}

impl GifTemplate {
    /// Compresses nothing yet.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn prepare(mut animation: Animation, cancel: &Cancel) -> Result<GifTemplate, CaptionError> {
        for frame in animation.frames.iter_mut().filter(|frame| frame.indices.is_empty()) {
            // A frame that paints nothing still has a delay, so it becomes one transparent pixel.
            let past_the_table = animation.palettes[frame.palette].entries().min(MAX - 1) as u8;
            let index = frame.transparent.unwrap_or(past_the_table);
            frame.indices.push(index);
            frame.highest = index;
            frame.transparent = Some(index);
        }
        let rooms = (0..animation.palettes.len()).map(|index| Room::of(&animation, index, cancel));
        let rooms = rooms.collect::<Result<_, _>>()?;
        let strips = animation.frames.iter().map(|_| Strips::default()).collect();
        Ok(GifTemplate { animation, rooms, strips, plain: OnceLock::new() })
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`], [`CaptionError::Encode`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        if let Some(plain) = self.plain.get().filter(|_| stamp.inks.is_empty()) {
            return Ok(plain.clone());
        }
        let canvas = stamp.bars.size(self.size());
        let inked = Followed::inked(stamp, canvas, cancel)?;
        let bytes = match self.encode(stamp, &inked, cancel)? {
            Some(bytes) => bytes,
            // Text on a frame that is cleared after its time, where that frame does not reach: see `Player::play`.
            None => {
                let all = Followed::all(stamp, canvas);
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
        let (palettes, targets): (Vec<Palette>, Vec<Option<Target>>) =
            self.palettes_for(stamp, followed).unzip();
        let mut player = Player::new(animation, palettes, followed);
        let mut global = animation.global.map_or(Vec::new(), |global| player.palettes[global].bytes());
        if !global.is_empty() && followed.is_all() {
            // Later frames may still add colors to it.
            global.resize(TABLE, 0);
        }
        // A little more than the plain file, because text compresses worse than what it covers.
        let size = self.plain.get().map_or(0, |plain| plain.len() + plain.len() / 8);
        let file = Vec::with_capacity(size);
        let above = stamp.bars.above;
        let height = u16::try_from(stamp.bars.around(self.size().1)).map_err(CaptionError::encode)?;
        let encoder = Encoder::new(file, animation.width, height, &global);
        let mut encoder = encoder.map_err(CaptionError::encode)?;
        encoder.set_repeat(animation.repeat).map_err(CaptionError::encode)?;
        for (frame, strips) in animation.frames.iter().zip(&self.strips) {
            let frame = TemplateFrame::new(frame, above, strips, targets[frame.palette].as_ref());
            let painted = match player.play(&frame, cancel)? {
                Some(painted) => painted,
                None => return Ok(None),
            };
            let own = Some(frame.frame.palette).filter(|&palette| Some(palette) != animation.global);
            let table = own.map(|palette| player.palettes[palette].bytes());
            let written = written(frame.frame, painted, table);
            encoder.write_lzw_pre_encoded_frame(&written).map_err(CaptionError::encode)?;
        }
        let mut bytes = encoder.into_inner().map_err(CaptionError::encode)?;
        bytes[BACKGROUND] = animation.background.unwrap_or(0);
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
        let rooms = self.rooms.iter().map(Room::weight);
        let may_be_freed = |frame: &Frame| !self.rooms[frame.palette].is_ample();
        let frames = self.animation.frames.iter().map(|frame| frame::weight(frame, may_be_freed(frame)));
        frames.chain(rooms).sum()
    }

    /// Each palette with the text's colors, and what its indices become.
    fn palettes_for<'a>(
        &'a self,
        stamp: &Stamp,
        followed: &'a Followed,
    ) -> impl Iterator<Item = (Palette, Option<Target>)> + 'a {
        let wanted = wanted_colors(stamp);
        let area = followed.area();
        // A frame that does not reach all of the text is enlarged, and transparent around its own pixels. But only a bar is
        // around one that is as large as the picture.
        let (above, picture) = (stamp.bars.above, Rect::of(self.size()));
        let is_enlarged = move |frame: &Frame| {
            let rect = frame.rect.down(above);
            frame.rect != picture && area.is_some_and(|area| rect.union(&area) != rect)
        };
        self.rooms.iter().enumerate().map(move |(index, room)| {
            let mut frames = self.animation.frames.iter().filter(|frame| frame.palette == index);
            let needs_spare = frames.any(|frame| frame.transparent.is_none() && is_enlarged(frame));
            // Where all pixels are followed, some are painted in the colors of frames with other palettes.
            room.with(&wanted, needs_spare, if followed.is_all() { FREE } else { 0 })
        })
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

/// The colors that the text needs, most important first: exactly those of letters and outlines; about the most frequent
/// ones of emoji, mixtures of letters and outlines in halves, in quarters and in eighths, and the other colors of emoji.
fn wanted_colors(stamp: &Stamp) -> Vec<Wanted> {
    let rgb = |color: Color| [color.r, color.g, color.b];
    let pairs: Vec<(Rgb, Option<Rgb>)> = stamp
        .inks
        .iter()
        .map(|ink| {
            let (fill, outline) = ink.colors();
            (rgb(fill), outline.map(rgb))
        })
        .collect();
    // The edges of letters on a bar are mixed with its color.
    let on_bars = stamp.inks.iter().flat_map(|ink| {
        let (fill, outline) = ink.colors();
        stamp.bar_under(ink).map(|bar| (rgb(outline.unwrap_or(fill)), Some(rgb(bar))))
    });
    let pairs: Vec<(Rgb, Option<Rgb>)> = pairs.into_iter().chain(on_bars).collect();
    let mut all: Vec<Wanted> = Vec::new();
    let mut want = |color: Rgb, is_exact: bool| {
        if all.iter().all(|wanted| wanted.color != color) {
            all.push(Wanted { color, is_exact });
        }
    };
    for &(fill, outline) in &pairs {
        want(fill, true);
        outline.into_iter().for_each(|outline| want(outline, true));
    }
    // There are never as many free entries as all of these.
    let emoji: Vec<Rgb> = stamp.emoji_colors().into_iter().take(2 * EMOJI_COLORS).map(rgb).collect();
    emoji.iter().take(EMOJI_COLORS).for_each(|&color| want(color, false));
    for &(part, whole) in &[(1, 2), (1, 4), (3, 4), (1, 8), (3, 8), (5, 8), (7, 8)] {
        for &(fill, outline) in &pairs {
            if let Some(outline) = outline {
                let mix =
                    |i: usize| (u32::from(fill[i]) * part + u32::from(outline[i]) * (whole - part)) / whole;
                want([mix(0) as u8, mix(1) as u8, mix(2) as u8], false);
            }
        }
    }
    emoji.into_iter().for_each(|color| want(color, false));
    all
}
