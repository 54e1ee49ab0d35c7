//! An animation and a stamp to a GIF file.
//!
//! The frames of an animation paint over each other, so text that is put on one may be covered, cleared or
//! restored away by another. This file follows, for every pixel that has ink, what a viewer would have on
//! the screen, and paints the text again in each frame that would lose it, and in no other. What the text
//! does not meet keeps its compressed codes: whole frames, and strips of the others. Palettes, delays,
//! disposals and transparency stay as they are; the text's colors go into the palette entries that were freed
//! for them.

use std::collections::HashMap;

use gif::{DisposalMethod, Encoder};

use super::animation::{Animation, Frame};
use super::ink::{PixelInk, Rect, Stamp};
use super::palette::{Matcher, Palette, Rgb};
use super::{Cancel, CaptionError};
use image_macro::Color;

/// Pixels that are gone through, at most, before a cancel is looked for: less than a millisecond.
const CHECKED: usize = 1 << 15;

/// Encodes the stamped animation.
///
/// # Errors
/// [`CaptionError::Cancelled`], [`CaptionError::Encode`].
pub fn caption(animation: &Animation, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
    if let Some(plain) = animation.plain.get().filter(|_| stamp.inks.is_empty()) {
        return Ok(plain.clone());
    }
    let wanted = text_colors(stamp);
    let palettes = animation.palettes.iter().map(|palette| palette.with(&wanted)).collect();
    let mut painter = Painter { animation, palettes, matchers: HashMap::new() };
    let painted = match painter.paint(&inked_pixels(stamp, animation, cancel)?, cancel)? {
        Some(painted) => painted,
        // Text on a frame that is cleared after its time, where that frame does not reach: see `paint`.
        None => {
            let all = every_pixel(inked_pixels(stamp, animation, cancel)?, animation, cancel)?;
            painter.paint(&all, cancel)?.expect("no frame is wider than the canvas")
        }
    };

    let palettes = painter.palettes;
    let codes = painted.iter().flatten().map(|painted| painted.codes.len());
    let size = codes.sum::<usize>() + 800 * animation.frames.len();
    let global = animation.global.map_or(Vec::new(), |global| palettes[global].bytes());
    let mut encoder = Encoder::new(Vec::with_capacity(size), animation.width, animation.height, &global)
        .map_err(CaptionError::encode)?;
    encoder.set_repeat(animation.repeat).map_err(CaptionError::encode)?;
    for (frame, painted) in animation.frames.iter().zip(painted) {
        let own = Some(frame.palette).filter(|&palette| Some(palette) != animation.global);
        let painted = match painted {
            Some(painted) => painted,
            None => {
                let codes = frame.compressed(&frame.indices, cancel)?;
                Painted { rect: frame.rect, codes, transparent: frame.transparent }
            }
        };
        let rect = painted.rect;
        let written = gif::Frame {
            delay: frame.delay,
            dispose: frame.dispose,
            transparent: painted.transparent,
            needs_user_input: frame.needs_user_input,
            left: rect.left as u16,
            top: rect.top as u16,
            width: rect.width() as u16,
            height: rect.height() as u16,
            interlaced: false,
            palette: own.map(|palette| palettes[palette].bytes()),
            buffer: painted.codes.into(),
        };
        encoder.write_lzw_pre_encoded_frame(&written).map_err(CaptionError::encode)?;
    }
    let bytes = encoder.into_inner().map_err(CaptionError::encode)?;
    if stamp.inks.is_empty() {
        let _ = animation.plain.set(bytes.clone());
    }
    Ok(bytes)
}

/// A frame that has text on it.
struct Painted {
    rect: Rect,
    /// Its pixels, compressed.
    codes: Vec<u8>,
    transparent: Option<u8>,
}

/// The pixels to follow, row by row, and what the captions do to each of them, in their order.
struct Followed {
    pixels: Vec<Pixel>,
    /// With the numbers of their pixels on the canvas.
    inks: Vec<(u32, PixelInk)>,
}

/// A pixel to follow.
struct Pixel {
    x: u32,
    y: u32,
    /// Which of the `inks` are its own: none, if it is only followed.
    first: u32,
    count: u32,
    kind: Kind,
}

impl Pixel {
    fn rect(&self) -> Rect {
        Rect { left: self.x, top: self.y, right: self.x + 1, bottom: self.y + 1 }
    }
}

impl Followed {
    fn inks_of(&self, pixel: &Pixel) -> &[(u32, PixelInk)] {
        &self.inks[pixel.first as usize..(pixel.first + pixel.count) as usize]
    }

    /// What a viewer should see where the template shows `under`; `None` is transparent.
    fn over(&self, pixel: &Pixel, under: Option<Rgb>) -> Option<Rgb> {
        let inks = self.inks_of(pixel);
        match under {
            Some(under) => Some(inks.iter().fold(under, |under, ink| ink.1.over(under))),
            None => {
                let blended = inks.iter().fold([0; 4], |under, ink| ink.1.over_alpha(under));
                // There is no half transparency in a GIF.
                if blended[3] < 128 {
                    None
                } else {
                    Some([blended[0], blended[1], blended[2]])
                }
            }
        }
    }
}

/// What the color of a pixel is.
#[derive(Clone, Copy)]
enum Kind {
    /// The template's own, without ink: it must not be replaced by one that is near.
    Bare,
    /// A letter's or its outline's, whatever is below.
    Solid(Rgb),
    /// A mixture of them and what is below.
    Edge,
}

/// What a viewer has on the screen at one pixel.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// Nothing: never painted, or cleared.
    Nothing,
    /// The template's color (`None`: transparent) with the text over it.
    Captioned(Option<Rgb>),
}

struct Painter<'a> {
    animation: &'a Animation,
    palettes: Vec<Palette>,
    /// By palette and transparent index.
    matchers: HashMap<(usize, Option<u8>), Matcher>,
}

impl<'a> Painter<'a> {
    /// Goes through the frames and paints the text where it has to be painted; `None` for a frame that can
    /// stay as it is.
    ///
    /// A frame that must paint text outside of its rectangle gets a larger one. If that frame is cleared
    /// after its time, so is all of the larger rectangle, with pixels of the template that nobody has
    /// followed. Then the whole result is `None`: it takes following every pixel to paint them again.
    fn paint(
        &mut self,
        followed: &Followed,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Option<Painted>>>, CaptionError> {
        let (width, height) = self.animation.size();
        let pixels = &followed.pixels;
        let follows_all = pixels.len() as u64 == u64::from(width) * u64::from(height);
        // What the template shows, and what a viewer of the captioned animation sees.
        let mut template: Vec<Option<Rgb>> = vec![None; pixels.len()];
        let mut shown: Vec<Shown> = vec![Shown::Nothing; pixels.len()];
        let mut result = Vec::with_capacity(self.animation.frames.len());
        let mut changed: Vec<usize> = Vec::new();
        for frame in &self.animation.frames {
            let is_restored = frame.dispose == DisposalMethod::Previous;
            let before = if is_restored { Some((template.clone(), shown.clone())) } else { None };
            let mut rect = frame.rect;
            changed.clear();
            let palette = &self.animation.palettes[frame.palette];
            let states = template.iter_mut().zip(&mut shown);
            for (number, (pixel, (template, shown))) in pixels.iter().zip(states).enumerate() {
                if number % CHECKED == 0 {
                    cancel.check()?;
                }
                // A frame paints its own pixels by itself; what must be changed is what has text over it,
                // and what would be missing.
                match frame.index_at(pixel.x, pixel.y) {
                    Some(index) => {
                        *template = Some(palette.color(index));
                        if pixel.count > 0 {
                            changed.push(number);
                        }
                    }
                    None if *shown == Shown::Captioned(*template) => continue,
                    None => {
                        if followed.over(pixel, *template).is_some() {
                            changed.push(number);
                            rect = rect.union(&pixel.rect());
                        }
                    }
                }
                *shown = Shown::Captioned(*template);
            }
            if rect != frame.rect && frame.dispose == DisposalMethod::Background && !follows_all {
                return Ok(None);
            }
            result.push(if changed.is_empty() {
                None
            } else {
                Some(self.painted(frame, rect, followed, &changed, &template, cancel)?)
            });
            match frame.dispose {
                DisposalMethod::Any | DisposalMethod::Keep => {}
                DisposalMethod::Background => {
                    let states = template.iter_mut().zip(&mut shown);
                    for (number, (pixel, (template, shown))) in pixels.iter().zip(states).enumerate() {
                        if number % CHECKED == 0 {
                            cancel.check()?;
                        }
                        let is_in = |rect: &Rect| {
                            (rect.left..rect.right).contains(&pixel.x)
                                && (rect.top..rect.bottom).contains(&pixel.y)
                        };
                        if is_in(&frame.rect) {
                            *template = None;
                        }
                        if is_in(&rect) {
                            *shown = Shown::Nothing;
                        }
                    }
                }
                DisposalMethod::Previous => {
                    let (template_before, shown_before) = before.expect("kept above");
                    template = template_before;
                    shown = shown_before;
                }
            }
        }
        Ok(Some(result))
    }

    /// The frame with some of the followed pixels changed, `under` which is what the template shows, and its
    /// rectangle grown to hold them.
    fn painted(
        &mut self,
        frame: &Frame,
        rect: Rect,
        followed: &Followed,
        changed: &[usize],
        under: &[Option<Rgb>],
        cancel: &Cancel,
    ) -> Result<Painted, CaptionError> {
        let palette = &mut self.palettes[frame.palette];
        let mut transparent = frame.transparent;
        let mut indices = frame.indices.clone();
        if rect != frame.rect {
            transparent = transparent.or_else(|| palette.spare());
            indices = vec![transparent.unwrap_or(0); (rect.width() * rect.height()) as usize];
            let offset = (frame.rect.top - rect.top) * rect.width() + frame.rect.left - rect.left;
            let rows = indices[offset as usize..].chunks_mut(rect.width() as usize);
            for (to, from) in rows.zip(frame.indices.chunks_exact(frame.rect.width() as usize)) {
                to[..from.len()].copy_from_slice(from);
            }
        }
        let matcher = self.matchers.entry((frame.palette, transparent));
        let matcher = matcher.or_insert_with(|| Matcher::new(palette, transparent));
        for changed in changed.chunks(CHECKED) {
            cancel.check()?;
            for &number in changed {
                let pixel = &followed.pixels[number];
                let index = (pixel.y - rect.top) * rect.width() + pixel.x - rect.left;
                let color = || followed.over(pixel, under[number]).expect("only what is seen is changed");
                indices[index as usize] = match pixel.kind {
                    Kind::Bare => matcher.exact_index_of(color(), palette),
                    Kind::Solid(color) => matcher.index_of(color),
                    Kind::Edge => matcher.index_near(color()),
                };
            }
        }
        Ok(Painted { rect, codes: frame.compressed(&indices, cancel)?, transparent })
    }
}

/// Every pixel with ink.
fn inked_pixels(stamp: &Stamp, animation: &Animation, cancel: &Cancel) -> Result<Followed, CaptionError> {
    let (width, height) = animation.size();
    let mut inked = Vec::new();
    let rows = (CHECKED as u32).div_ceil(width);
    for top in (0..height).step_by(rows as usize) {
        cancel.check()?;
        let start = inked.len();
        stamp.for_each(top..top + rows, |x, y, ink| inked.push((y * width + x, ink)));
        // Stable: the inks of one pixel stay in the order of their captions.
        if !inked[start..].is_sorted_by_key(|ink| ink.0) {
            inked[start..].sort_by_key(|ink| ink.0);
        }
    }
    let mut pixels: Vec<Pixel> = Vec::with_capacity(inked.len());
    for (first, (position, ink)) in inked.iter().enumerate() {
        if first % CHECKED == 0 {
            cancel.check()?;
        }
        let (x, y) = (position % width, position / width);
        let kind = if ink.is_solid() { Kind::Solid(ink.over([0; 3])) } else { Kind::Edge };
        match pixels.last_mut() {
            Some(ref mut last) if (last.x, last.y) == (x, y) => {
                last.count += 1;
                last.kind = kind;
            }
            _ => pixels.push(Pixel { x, y, first: first as u32, count: 1, kind }),
        }
    }
    Ok(Followed { pixels, inks: inked })
}

/// Those with ink and all others of the canvas.
fn every_pixel(inked: Followed, animation: &Animation, cancel: &Cancel) -> Result<Followed, CaptionError> {
    let (width, height) = animation.size();
    let mut next_inked = inked.pixels.into_iter().peekable();
    let mut pixels = Vec::with_capacity((width * height) as usize);
    for y in 0..height {
        cancel.check()?;
        for x in 0..width {
            let is_inked = next_inked.peek().is_some_and(|next| (next.x, next.y) == (x, y));
            let pixel = if is_inked { next_inked.next() } else { None };
            pixels.push(pixel.unwrap_or(Pixel { x, y, first: 0, count: 0, kind: Kind::Bare }));
        }
    }
    Ok(Followed { pixels, inks: inked.inks })
}

/// The colors that the text needs most: first those of letters and outlines, then the ones halfway between
/// them, then a quarter, and so on.
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
    for &(part, whole) in &[(1, 2), (1, 4), (3, 4), (1, 8), (3, 8), (5, 8), (7, 8)] {
        for &(fill, outline) in &pairs {
            if let Some(outline) = outline {
                let mix =
                    |i: usize| (u32::from(fill[i]) * part + u32::from(outline[i]) * (whole - part)) / whole;
                want([mix(0) as u8, mix(1) as u8, mix(2) as u8]);
            }
        }
    }
    colors
}
