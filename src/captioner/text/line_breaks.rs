//! Breaking a text into lines.

use unicode_linebreak::{linebreaks, BreakOpportunity};

use captioner::text::measure::{Line, Measured};

/// The places of a text where a line may end. One of them is the end of the text.
pub struct LineBreaks(Vec<LineBreak>);

#[derive(Clone, Copy)]
struct LineBreak {
    /// Index of the character after it.
    at: usize,
    is_mandatory: bool,
}

/// The best way to break the rest of a paragraph.
#[derive(Clone, Copy)]
struct Best {
    /// How many lines it takes.
    lines: usize,
    /// The sum of the squares of the room that they leave free.
    cost: f32,
    /// Where the first of them ends: an index of the paragraph's breaks.
    next: usize,
}

impl LineBreaks {
    /// By the line breaking algorithm of Unicode.
    pub fn of(text: &str) -> LineBreaks {
        // It counts bytes.
        let index_of = |byte: usize| text[..byte].chars().count();
        let breaks = linebreaks(text).map(|(byte, kind)| LineBreak {
            at: index_of(byte),
            is_mandatory: kind == BreakOpportunity::Mandatory,
        });
        LineBreaks(breaks.collect())
    }

    /// The lines of the text itself, which end only where they must.
    pub fn paragraphs(&self, text: &Measured) -> Vec<Line> {
        self.wrap(text, f32::INFINITY, false).unwrap_or_default()
    }

    /// Lines no wider than `room` ems, each as long as can be. A wider word is split if `may_split`; otherwise it
    /// makes wrapping impossible. A line has at least one character, however wide.
    pub fn wrap(&self, text: &Measured, room: f32, may_split: bool) -> Option<Vec<Line>> {
        let is_too_wide = |line: Line| text.width(line) > room;
        let mut lines = Vec::new();
        let mut start = 0;
        let mut end = 0;
        for &LineBreak { at, is_mandatory } in &self.0 {
            if end > start && is_too_wide(text.trimmed(Line { start, end: at })) {
                lines.push(text.trimmed(Line { start, end }));
                start = end;
            }
            while is_too_wide(text.trimmed(Line { start, end: at })) && at - start > 1 {
                if !may_split {
                    return None;
                }
                let fitting = (start + 2..=at).take_while(|&end| !is_too_wide(Line { start, end })).last();
                let split = fitting.unwrap_or(start + 1);
                if split == at {
                    break;
                }
                lines.push(text.trimmed(Line { start, end: split }));
                start = split;
            }
            end = at;
            if is_mandatory {
                lines.push(text.trimmed(Line { start, end }));
                start = end;
            }
        }
        drop_empty_end(&mut lines);
        Some(lines)
    }

    /// As few lines as [`LineBreaks::wrap`] makes, but as even as can be: with the least sum of the squares of the
    /// room that they leave free. Where words must be split, lines are as `wrap` makes them.
    pub fn balanced(&self, text: &Measured, room: f32) -> Vec<Line> {
        if self.wrap(text, room, false).is_none() {
            return self.wrap(text, room, true).unwrap_or_default();
        }
        let mut lines = Vec::new();
        let mut start = 0;
        for paragraph in self.0.split_inclusive(|line_break| line_break.is_mandatory) {
            lines.extend(evened(text, start, paragraph, room));
            start = paragraph.last().map_or(start, |line_break| line_break.at);
        }
        drop_empty_end(&mut lines);
        lines
    }
}

/// The best lines of one paragraph, which begins at `start`; the last of its breaks is its end. The best way to go on
/// from each break is computed from the last to the first.
fn evened(text: &Measured, start: usize, breaks: &[LineBreak], room: f32) -> Vec<Line> {
    // Where a line may begin, and where the paragraph ends.
    let places: Vec<usize> =
        Some(start).into_iter().chain(breaks.iter().map(|line_break| line_break.at)).collect();
    let line = |from: usize, to: usize| text.trimmed(Line { start: places[from], end: places[to] });
    let mut best = vec![Best { lines: 0, cost: 0.0, next: breaks.len() }; places.len()];
    for from in (0..breaks.len()).rev() {
        let mut choice = Best { lines: usize::MAX, cost: f32::INFINITY, next: from + 1 };
        for (next, rest) in best.iter().enumerate().skip(from + 1) {
            let free = room - text.width(line(from, next));
            if free < 0.0 && next > from + 1 {
                break;
            }
            let candidate = Best { lines: rest.lines + 1, cost: rest.cost + free * free, next };
            if (candidate.lines, candidate.cost) < (choice.lines, choice.cost) {
                choice = candidate;
            }
        }
        best[from] = choice;
    }
    let mut lines = Vec::new();
    let mut from = 0;
    while from < breaks.len() {
        let next = best[from].next;
        lines.push(line(from, next));
        from = next;
    }
    lines
}

/// Empty lines at the end would only push the text away from its edge.
fn drop_empty_end(lines: &mut Vec<Line>) {
    while lines.last().is_some_and(Line::is_empty) {
        lines.pop();
    }
}
