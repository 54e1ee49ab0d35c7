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
mod schedule;

use std::convert::TryFrom;
use std::sync::OnceLock;

use gif::Encoder;

use self::followed::{Followed, ALL};
use self::frame::{Strips, TemplateFrame};
use self::player::{PaintedFrame, Player};
use self::schedule::{Schedule, Turn};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::room::{Room, Target, Wanted};
use captioner::file::animation::{Animation, Frame};
use captioner::file::palette::{Palette, Rgb, FREE, MAX};
use captioner::ink::rect::Rect;
use captioner::ink::{emoji_colors, Ink, Stamp};
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
        let mut schedule = Schedule::of(&self.animation, &stamp.inks);
        if schedule.as_ref().is_some_and(Schedule::is_empty) {
            return self.caption(&Stamp::default(), cancel);
        }
        let canvas = stamp.bars.size(self.size());
        let inked = Followed::inked(stamp, canvas, cancel)?;
        if let Some(ref mut schedule) = schedule {
            schedule.find_cleared(&self.animation, stamp.bars.above, &inked, cancel)?;
        }
        let schedule = schedule.as_ref();
        let bytes = match schedule {
            Some(schedule) if schedule.clears() => None,
            _ => self.encode(stamp, &inked, schedule, cancel)?,
        };
        let bytes = match bytes {
            Some(bytes) => bytes,
            // A frame is cleared after its time where the template's does not reach: see `Player::play`.
            None => {
                let all = Followed::all(stamp, canvas);
                self.encode(stamp, &all, schedule, cancel)?.expect("no frame is wider than the canvas")
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
        schedule: Option<&Schedule>,
        cancel: &Cancel,
    ) -> Result<Option<Vec<u8>>, CaptionError> {
        let animation = &self.animation;
        let turns = Turns { stamp, followed, picture: Rect::of(self.size()), schedule };
        let (palettes, targets): (Vec<Palette>, Vec<Option<Target>>) = self.palettes_for(&turns).unzip();
        let mut player = Player::new(animation, palettes, followed);
        let mut global = animation.global.map_or(Vec::new(), |global| player.palettes[global].bytes());
        let may_grow = followed.is_all() || schedule.is_some() && self.restores_others();
        if !global.is_empty() && may_grow {
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
        for (index, (frame, strips)) in animation.frames.iter().zip(&self.strips).enumerate() {
            let frame = TemplateFrame::new(frame, above, strips, targets[frame.palette].as_ref());
            let painted = match player.play(&frame, &turns.of(index), cancel)? {
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
        if let Some(index) = animation.global.filter(|_| may_grow) {
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
    fn palettes_for<'a>(&'a self, turns: &'a Turns) -> impl Iterator<Item = (Palette, Option<Target>)> + 'a {
        let none = if turns.schedule.is_some() { 0 } else { ALL };
        let wanted_by = move |captions| (captions, wanted_colors(turns.stamp, turns.followed.inks(captions)));
        let mut last = wanted_by(none);
        self.rooms.iter().enumerate().map(move |(index, room)| {
            let frames = || self.animation.frames.iter().enumerate().filter(move |f| f.1.palette == index);
            let needs_spare = frames()
                .any(|(number, frame)| frame.transparent.is_none() && turns.may_enlarge(number, frame));
            // Some pixels are painted in the colors of frames with other palettes: where all of them are followed, or where
            // text disappears.
            let restores = |(number, frame)| turns.may_restore(number, frame);
            let others = turns.followed.is_all() || self.restores_others() && frames().any(restores);
            let others = if others { FREE } else { 0 };
            // Frames without any text keep their palettes.
            let shown = frames().fold(none, |all, frame| all | turns.of(frame.0).shown);
            if shown != last.0 {
                last = wanted_by(shown);
            }
            room.with(&last.1, needs_spare, others)
        })
    }

    /// Whether a pixel that is restored can have a color that its frame lacks: that of a frame with another palette, one
    /// whose index is transparent there, or black from past the end of a table.
    fn restores_others(&self) -> bool {
        let Animation { ref palettes, ref frames, .. } = self.animation;
        palettes.len() > 1
            || self.rooms[0].hides_colors
            || frames.iter().any(|frame| usize::from(frame.highest) >= palettes[0].entries())
    }
}

/// What is to be done on each frame.
struct Turns<'a> {
    stamp: &'a Stamp,
    followed: &'a Followed<'a>,
    /// The canvas of the template.
    picture: Rect,
    /// `None`: all captions are on all frames.
    schedule: Option<&'a Schedule>,
}

impl<'a> Turns<'a> {
    fn of(&self, frame: usize) -> Turn {
        self.schedule.map_or(Turn::UNTIMED, |schedule| schedule.turn(frame))
    }

    /// The part of the canvas that a frame of the template paints: below the bar above the picture.
    fn rect(&self, frame: &Frame) -> Rect {
        frame.rect.down(self.stamp.bars.above)
    }

    /// Whether a frame may have to paint more than its rectangle, because it does not reach all of the text. It is enlarged
    /// then, and transparent around its own pixels.
    fn may_enlarge(&self, number: usize, frame: &Frame) -> bool {
        let turn = self.of(number);
        // Around a frame as large as the picture there is nothing but a bar, all of which is painted at once.
        if frame.rect == self.picture && turn.shown == turn.before {
            return false;
        }
        let rect = self.rect(frame);
        let area = self.followed.area(turn.shown | turn.before);
        area.is_some_and(|area| rect.union(&area) != rect)
    }

    /// Whether a frame may have to paint the template's pixels where text disappears.
    fn may_restore(&self, number: usize, frame: &Frame) -> bool {
        let area = self.followed.inks(self.of(number).ended()).map(|ink| ink.area);
        let rect = self.rect(frame);
        let paints = |area: &Rect| frame.transparent.is_none() && rect.union(area) == rect;
        area.reduce(|all, area| all.union(&area)).is_some_and(|area| !paints(&area))
    }
}

/// A frame as the encoder takes it.
fn written(frame: &Frame, painted: PaintedFrame, palette: Option<Vec<u8>>) -> gif::Frame<'static> {
    gif::Frame {
        delay: frame.delay,
        dispose: painted.dispose,
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
fn wanted_colors<'a, I: Iterator<Item = &'a Ink>>(stamp: &Stamp, inks: I) -> Vec<Wanted> {
    let rgb = |color: Color| [color.r, color.g, color.b];
    let inks: Vec<&Ink> = inks.collect();
    let pairs: Vec<(Rgb, Option<Rgb>)> = inks
        .iter()
        .map(|ink| {
            let (fill, outline) = ink.colors();
            (rgb(fill), outline.map(rgb))
        })
        .collect();
    // The edges of letters on a bar are mixed with its color.
    let on_bars = inks.iter().flat_map(|ink| {
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
    let emoji: Vec<Rgb> = emoji_colors(&inks).into_iter().take(2 * EMOJI_COLORS).map(rgb).collect();
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
