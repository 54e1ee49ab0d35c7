//! Finds out where each frame must paint the text: plays the template and the captioned animation side by side.

use std::ops::Range;

use gif::DisposalMethod;

use super::followed::{inks_at, Followed, Span};
use super::frame::TemplateFrame;
use super::schedule::Turn;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::Animation;
use captioner::file::matcher::Matcher;
use captioner::file::palette::{Palette, Rgb};
use captioner::ink::mix::PixelInk;
use captioner::ink::rect::Rect;
use captioner::ink::Ink;

/// A frame with text, ready to be written.
pub struct PaintedFrame {
    /// The part of the canvas that it paints.
    pub rect: Rect,
    /// The codes of its pixels.
    pub codes: Vec<u8>,
    /// The index that leaves a pixel of the canvas as it is.
    pub transparent: Option<u8>,
    /// What becomes of its part of the canvas before the next frame.
    pub dispose: DisposalMethod,
}

/// What a viewer of the captioned animation sees at one pixel.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// Nothing: never painted, or cleared.
    Nothing,
    /// The template's color (`None`: transparent) with the text over it.
    Captioned(Option<Rgb>),
}

/// What a viewer of either animation sees at each followed pixel.
#[derive(Clone)]
struct Screens {
    /// `None` is transparent.
    template: Vec<Option<Rgb>>,
    captioned: Vec<Shown>,
}

/// Plays the frames and paints the text on those that would lose it.
pub struct Player<'a> {
    animation: &'a Animation,
    /// The palettes of the animation with the text's colors.
    pub palettes: Vec<Palette>,
    followed: &'a Followed<'a>,
    screens: Screens,
    /// The new index of each followed pixel that the current frame must repaint.
    repainted: Vec<Option<u8>>,
    /// The one that the last frame used.
    matcher: Option<FrameMatcher>,
}

/// A matcher, and what it was made for.
struct FrameMatcher {
    palette: usize,
    transparent: Option<u8>,
    matcher: Matcher,
}

impl<'a> Player<'a> {
    /// Before the first frame.
    pub fn new(animation: &'a Animation, palettes: Vec<Palette>, followed: &'a Followed<'a>) -> Player<'a> {
        let count = followed.len();
        let screens = Screens { template: vec![None; count], captioned: vec![Shown::Nothing; count] };
        Player { animation, palettes, followed, screens, repainted: vec![None; count], matcher: None }
    }

    /// Plays the next frame, and returns what to write for it. `turn` says which captions are on it.
    ///
    /// A frame that must paint text outside of its rectangle gets a larger one. If that frame is cleared when its time
    /// is over, all of the larger rectangle is, including pixels of the template that are not followed and so cannot be
    /// painted again. Then this returns `None`, and the caller begins anew and follows every pixel.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn play(
        &mut self,
        template: &TemplateFrame,
        turn: &Turn,
        cancel: &Cancel,
    ) -> Result<Option<PaintedFrame>, CaptionError> {
        let frame = template.frame;
        let is_restored = frame.dispose == DisposalMethod::Previous;
        let before = is_restored.then(|| self.screens.clone());
        let (rect, highest) = self.paint(template, turn, cancel)?;
        let rect = turn.cleared.map_or(rect, |cleared| rect.union(&cleared));
        let dispose = turn.cleared.map_or(frame.dispose, |_| DisposalMethod::Background);
        let is_cleared = dispose == DisposalMethod::Background;
        if is_cleared && !self.followed.has_all_between(&template.rect, &rect) {
            return Ok(None);
        }
        let (codes, transparent) = match highest {
            None if rect == template.rect => (template.codes(cancel)?, frame.transparent),
            highest => self.painted(template, rect, highest.unwrap_or(0), cancel)?,
        };
        if frame.dispose == DisposalMethod::Background {
            for span in self.followed.within(&template.rect) {
                self.screens.template[span.numbers()].fill(None);
            }
        }
        if is_cleared {
            for span in self.followed.within(&rect) {
                self.screens.captioned[span.numbers()].fill(Shown::Nothing);
            }
        }
        if let Some(before) = before {
            self.screens.template = before.template;
            if !is_cleared {
                self.screens.captioned = before.captioned;
            }
        }
        Ok(Some(PaintedFrame { rect, codes, transparent, dispose }))
    }

    /// Fills `repainted`. Returns the rectangle that contains the frame and all repainted pixels, and the highest index
    /// of the latter; `None` if there are none.
    fn paint(
        &mut self,
        template: &TemplateFrame,
        turn: &Turn,
        cancel: &Cancel,
    ) -> Result<(Rect, Option<u8>), CaptionError> {
        let frame = template.frame;
        let (mut rect, mut highest) = (template.rect, None);
        let colors = &self.animation.palettes[frame.palette];
        let palette = &mut self.palettes[frame.palette];
        let (index, transparent) = (frame.palette, frame.transparent);
        let matcher = match self.matcher.take() {
            Some(last) if (last.palette, last.transparent) == (index, transparent) => last.matcher,
            _ => Matcher::new(palette, transparent),
        };
        let FrameMatcher { ref mut matcher, .. } =
            *self.matcher.insert(FrameMatcher { palette: index, transparent, matcher });
        let index_at = |x: u32, y: u32| template.index_at(x, y);
        let (screens, repainted) = (&mut self.screens, &mut self.repainted);
        let sets = [turn.shown, turn.shown ^ turn.before];
        self.followed.for_each_span(sets, cancel, |span, [inks, changed]| {
            let has_bar = inks.iter().any(|ink| ink.is_bar);
            if has_bar && changed.is_empty() && screens.captioned[span.numbers()][0] != Shown::Nothing {
                // No frame of the template paints there, so all of a bar is shown or nothing of it.
                repainted[span.numbers()].fill(None);
                return;
            }
            let template = screens.template[span.numbers()].iter_mut();
            let pixels =
                template.zip(&mut screens.captioned[span.numbers()]).zip(&mut repainted[span.numbers()]);
            for (x, ((template, shown), repainted)) in (span.left..).zip(pixels) {
                let inks = inks_at(inks, x, span.y);
                *repainted = None;
                // The frame paints its own pixels itself; only those under text are changed. A pixel that it does not
                // paint is added if the captioned animation would not show the text there, or text that is to be gone.
                match index_at(x, span.y) {
                    Some(index) => {
                        *template = Some(colors.color(index));
                        *repainted = text_index(inks, *template, matcher);
                    }
                    None if *shown == Shown::Captioned(*template) && !has_ink(changed, x, span.y) => continue,
                    None => {
                        if let Some(color) = over(inks.clone(), *template) {
                            let text = text_index(inks, *template, matcher);
                            *repainted = text.or_else(|| Some(matcher.exact_index_of(color, palette)));
                            let here = Rect { left: x, top: span.y, right: x + 1, bottom: span.y + 1 };
                            rect = rect.union(&here);
                        }
                    }
                }
                *shown = Shown::Captioned(*template);
                highest = highest.max(*repainted);
            }
        })?;
        Ok((rect, highest))
    }

    /// The codes of the frame with the pixels of `repainted`, and its transparent index.
    fn painted(
        &self,
        template: &TemplateFrame,
        rect: Rect,
        highest: u8,
        cancel: &Cancel,
    ) -> Result<(Vec<u8>, Option<u8>), CaptionError> {
        let frame = template.frame;
        let is_larger = rect != template.rect;
        let spare = self.palettes[frame.palette].spare().filter(|_| is_larger);
        let transparent = frame.transparent.or(spare);
        let filler = transparent.unwrap_or(0);
        let highest = if is_larger { highest.max(filler) } else { highest };
        let number_of = |span: Span| (rect.number_of(span.left, span.y), &self.repainted[span.numbers()]);
        let mut spans = self.followed.within(&rect).map(number_of);
        let mut next = spans.next();
        let paint = |range: Range<usize>, pixels: &mut [u8]| {
            let mut is_changed = false;
            while let Some((start, repainted)) = next.filter(|span| span.0 < range.end) {
                let (now, later) = repainted.split_at(repainted.len().min(range.end - start));
                for (pixel, index) in pixels[start - range.start..].iter_mut().zip(now) {
                    *pixel = index.unwrap_or(*pixel);
                    is_changed |= index.is_some();
                }
                next = if later.is_empty() { spans.next() } else { Some((range.end, later)) };
            }
            is_changed
        };
        let codes = template.repainted_codes(&rect, filler, highest, paint, cancel)?;
        Ok((codes, transparent))
    }
}

/// Whether some captions have ink on a pixel.
#[inline]
fn has_ink(inks: &[&Ink], x: u32, y: u32) -> bool {
    inks.iter().any(|ink| ink.pixel(x, y).is_some())
}

/// The index of a pixel under text; `None` if there is no text on it, or so little that it stays transparent.
#[inline]
fn text_index<I>(mut inks: I, under: Option<Rgb>, matcher: &mut Matcher) -> Option<u8>
where
    I: Iterator<Item = PixelInk> + Clone,
{
    let all = inks.clone();
    let first = inks.next()?;
    let top = inks.last().unwrap_or(first);
    if top.is_solid() {
        return Some(matcher.index_of(top.over([0; 3])));
    }
    over(all, under).map(|color| matcher.index_near(color))
}

/// What a viewer should see where the template shows `under`; `None` is transparent.
fn over<I: Iterator<Item = PixelInk>>(inks: I, under: Option<Rgb>) -> Option<Rgb> {
    match under {
        Some(under) => Some(inks.fold(under, |under, ink| ink.over(under))),
        None => {
            let [r, g, b, alpha] = inks.fold([0; 4], |under, ink| ink.over_alpha(under));
            // There is no half transparency in a GIF.
            (alpha >= 128).then_some([r, g, b])
        }
    }
}
