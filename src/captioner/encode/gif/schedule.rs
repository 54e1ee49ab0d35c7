//! [`Schedule`]: which captions are on which frames of an animation, and which frames must be cleared after their time so
//! that text can disappear again.
//!
//! A caption is on the frames that begin within its time. Most captions have none: then there is no schedule.

use std::ops::Range;

use gif::DisposalMethod;

use super::followed::{inks_at, Captions, Followed, ALL};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::{Animation, Frame};
use captioner::ink::mix::PixelInk;
use captioner::ink::rect::Rect;
use captioner::ink::Ink;
use image_macro::Moment;

/// Browsers show a frame whose delay is shorter than this, in hundredths of a second, …
const SHORTEST: u16 = 2;
/// … for so long.
const INSTEAD: u16 = 10;

/// What is on each frame.
pub struct Schedule {
    turns: Vec<Turn>,
}

/// The captions of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// Those that it shows.
    pub shown: Captions,
    /// Those that are on the canvas when its time begins: of the frame before it, or of the one whose canvas that has
    /// restored.
    pub before: Captions,
    /// What must be cleared when its time is over, because text disappears where the canvas is transparent.
    pub cleared: Option<Rect>,
}

impl Turn {
    /// A frame of an animation whose captions are all always shown.
    pub const UNTIMED: Turn = Turn { shown: ALL, before: ALL, cleared: None };

    /// The captions that disappear when its time begins.
    pub fn ended(&self) -> Captions {
        self.before & !self.shown
    }
}

impl Schedule {
    /// `None` if each caption is on every frame. A picture of one frame has no time, and so has all captions.
    pub fn of(animation: &Animation, inks: &[Ink]) -> Option<Schedule> {
        let frames = &animation.frames;
        if frames.len() == 1 || inks.iter().all(|ink| ink.time == [None, None]) {
            return None;
        }
        let clock = Clock::of(frames.iter().map(|frame| frame.delay));
        let spans: Vec<Range<usize>> = inks.iter().map(|ink| clock.frames_in(ink.time)).collect();
        if spans.iter().all(|span| *span == (0..frames.len())) {
            return None;
        }
        let shown_on = |index: usize| {
            let is_here = |caption: &usize| spans[*caption].contains(&index);
            (0..spans.len()).filter(is_here).fold(0, |all, caption| all | 1 << caption)
        };
        let mut before = shown_on(0);
        let turns = frames.iter().enumerate().map(|(index, frame)| {
            let turn = Turn { shown: shown_on(index), before, cleared: None };
            if frame.dispose != DisposalMethod::Previous {
                before = turn.shown;
            }
            turn
        });
        Some(Schedule { turns: turns.collect() })
    }

    /// What is on a frame.
    pub fn turn(&self, frame: usize) -> Turn {
        self.turns[frame]
    }

    /// Whether no caption is on any frame.
    pub fn is_empty(&self) -> bool {
        self.turns.iter().all(|turn| turn.shown == 0)
    }

    /// Whether frames are cleared that the template leaves as they are.
    pub fn clears(&self) -> bool {
        self.turns.iter().any(|turn| turn.cleared.is_some())
    }

    /// Finds the frames that must be cleared. A GIF cannot paint a pixel transparent; it can only clear what a frame has
    /// painted. `above` is the height of the bar above the picture, and `followed` are all pixels with ink.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn find_cleared(
        &mut self,
        animation: &Animation,
        above: u32,
        followed: &Followed,
        cancel: &Cancel,
    ) -> Result<(), CaptionError> {
        if animation.is_always_opaque() {
            return Ok(());
        }
        // Whether the template shows something at each of the pixels.
        let mut is_opaque = vec![false; followed.len()];
        for (index, frame) in animation.frames.iter().enumerate() {
            let restored = (frame.dispose == DisposalMethod::Previous).then(|| is_opaque.clone());
            let Turn { shown, before, .. } = self.turns[index];
            let mut bare: Option<Rect> = None;
            followed.for_each_span([shown, before], cancel, |span, [shown, before]| {
                let row = span.y.checked_sub(above);
                for (x, is_opaque) in (span.left..).zip(&mut is_opaque[span.numbers()]) {
                    *is_opaque |= row.and_then(|y| frame.index_at(x, y)).is_some();
                    let is_bare = || !covers(inks_at(shown, x, span.y));
                    if !*is_opaque && covers(inks_at(before, x, span.y)) && is_bare() {
                        let here = Rect { left: x, top: span.y, right: x + 1, bottom: span.y + 1 };
                        bare = Some(bare.map_or(here, |bare| bare.union(&here)));
                    }
                }
            })?;
            if let Some(bare) = bare {
                // There is nothing before the first frame.
                let last = index - 1;
                self.turns[last].cleared =
                    Some(bare).filter(|bare| !is_cleared(&animation.frames[last], above, bare));
            }
            match restored {
                Some(restored) => is_opaque = restored,
                None if frame.dispose == DisposalMethod::Background => {
                    followed
                        .within(&frame.rect.down(above))
                        .for_each(|span| is_opaque[span.numbers()].fill(false));
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether ink on a transparent pixel is seen.
fn covers<I: Iterator<Item = PixelInk>>(inks: I) -> bool {
    inks.fold([0; 4], |under, ink| ink.over_alpha(under))[3] >= 128
}

/// Whether a frame clears all of a part of the canvas anyway.
fn is_cleared(frame: &Frame, above: u32, part: &Rect) -> bool {
    let rect = frame.rect.down(above);
    frame.dispose == DisposalMethod::Background && rect.union(part) == rect
}

/// When the frames of an animation appear. Nanoseconds, in which a percentage with four decimals of hundredths of a second
/// is a whole number.
struct Clock {
    starts: Vec<u64>,
    end: u64,
}

impl Clock {
    /// For frames with these delays, in hundredths of a second.
    fn of<I: Iterator<Item = u16>>(delays: I) -> Clock {
        const HUNDREDTH: u64 = 10_000_000;
        let mut end = 0;
        let starts = delays.map(|delay| {
            let start = end;
            end += HUNDREDTH * u64::from(if delay < SHORTEST { INSTEAD } else { delay });
            start
        });
        Clock { starts: starts.collect(), end }
    }

    /// When a moment is. What a request has said in decimals is not quite that as a binary fraction, so it is rounded: to
    /// milliseconds, or millionths of the whole.
    fn at(&self, moment: Moment) -> u64 {
        match moment {
            Moment::Seconds(seconds) => (f64::from(seconds) * 1e3).round() as u64 * 1_000_000,
            Moment::Share(share) => (f64::from(share) * 1e6).round() as u64 * (self.end / 1_000_000),
        }
    }

    /// The frames that begin within a time. Where none does, it is the one that is seen when the time begins.
    fn frames_in(&self, [from, to]: [Option<Moment>; 2]) -> Range<usize> {
        let start = from.map_or(0, |from| self.at(from));
        let end = to.map_or(self.end, |to| self.at(to));
        // Two moments of the same unit are in their order, even if they are rounded to the same.
        let is_time = start < end || from.partial_cmp(&to).is_some_and(|order| order.is_lt());
        if start >= self.end || !is_time {
            return 0..0;
        }
        let begun_before = |time: u64| self.starts.partition_point(|start| *start < time);
        let (first, last) = (begun_before(start), begun_before(end));
        if first < last {
            return first..last;
        }
        let seen = self.starts.partition_point(|begin| *begin <= start);
        seen - 1..seen
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use image_macro::Moment;
    use std::iter;

    #[test]
    fn a_moment_in_decimals_meets_the_frame_that_begins_then() {
        let clock = Clock::of(iter::repeat_n(7, 1000));
        for frame in 0..1000usize {
            let seconds = format!("{}.{:02}", frame * 7 / 100, frame * 7 % 100);
            let percent = format!("{}.{}%", frame / 10, frame % 10);
            for text in &[seconds, percent] {
                let moment = Moment::parse(text);
                assert_eq!(clock.frames_in([moment, None]), frame..1000, "{}", text);
                if frame > 0 {
                    assert_eq!(clock.frames_in([None, moment]), 0..frame, "{}", text);
                }
            }
        }
    }

    #[test]
    fn the_longest_animation_and_the_shortest_time_are_counted_without_overflow() {
        let clock = Clock::of(iter::repeat_n(0xffff, 20_000));
        assert_eq!(clock.frames_in([Some(Moment::Share(0.5)), None]), 10_000..20_000);
        assert_eq!(clock.frames_in([Some(Moment::Share(1.0)), None]), 0..0);
        assert_eq!(clock.frames_in([Some(Moment::Seconds(3600.0)), None]), 6..20_000);
        let tiny = |number| Some(Moment::Seconds(number));
        assert_eq!(clock.frames_in([tiny(1e-9), tiny(2e-9)]), 0..1);
        assert_eq!(clock.frames_in([tiny(2e-9), tiny(1e-9)]), 0..0);
    }
}
