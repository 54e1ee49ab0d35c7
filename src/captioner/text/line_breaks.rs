//! Breaking a text into lines.

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::LineSegmenter;

use captioner::text::measure::{Line, Measured};
use captioner::text::shape::is_line_end;

/// The places of a text where a line may end. One of them is the end of the text.
pub struct LineBreaks(Vec<LineBreak>);

#[derive(Clone, Copy)]
struct LineBreak {
    /// Index of the cluster after it.
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
    /// By the line breaking algorithm of Unicode (UAX #14); in scripts that put no spaces between words, such as Thai,
    /// between the words of a dictionary. None of them is within a cluster.
    pub fn of(text: &Measured) -> LineBreaks {
        let string = text.text();
        let segmenter = LineSegmenter::new_dictionary(LineBreakOptions::default());
        let breaks = segmenter.segment_str(string).filter(|&byte| byte > 0).filter_map(|byte| {
            let is_mandatory = byte == string.len() || string[..byte].ends_with(is_line_end);
            Some(LineBreak { at: text.cluster_at(byte)?, is_mandatory })
        });
        LineBreaks(breaks.collect())
    }

    /// The clusters before which a line may end.
    #[cfg(test)]
    pub fn places(&self) -> Vec<usize> {
        self.0.iter().map(|line_break| line_break.at).collect()
    }

    /// The lines of the text itself, which end only where they must.
    pub fn paragraphs(&self, text: &Measured) -> Vec<Line> {
        self.wrap(text, f32::INFINITY, false).unwrap_or_default()
    }

    /// Lines no wider than `room` ems, each as long as can be. A wider word is split if `may_split`; otherwise it
    /// makes wrapping impossible. A line has at least one cluster, however wide.
    pub fn wrap(&self, text: &Measured, room: f32, may_split: bool) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        let (mut start, mut breaks) = (0, &self.0[..]);
        while !breaks.is_empty() {
            let (end, is_mandatory) = match longest(text, start, breaks, room) {
                Ok(LineBreak { at, is_mandatory }) => (at, is_mandatory),
                Err(_) if !may_split => return None,
                Err(too_far) => {
                    let is_fitting = |&end: &usize| !text.is_wider(text.line(start, end, false), room);
                    ((start + 2..too_far).take_while(is_fitting).last().unwrap_or(start + 1), true)
                }
            };
            lines.push(text.line(start, end, !is_mandatory));
            start = end;
            breaks = &breaks[breaks.partition_point(|line_break| line_break.at <= end)..];
        }
        drop_empty_ends(&mut lines);
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
        drop_empty_ends(&mut lines);
        lines
    }
}

/// Where the longest line ends that begins at `start` and fits into `room`. If there is none, the place of a break that
/// is too far away.
fn longest(text: &Measured, start: usize, breaks: &[LineBreak], room: f32) -> Result<LineBreak, usize> {
    let mut best = Err(start + 1);
    for &line_break in breaks {
        let LineBreak { at, is_mandatory } = line_break;
        let line = text.line(start, at, !is_mandatory);
        // A single cluster may be wider than the room.
        if at - start <= 1 || !text.is_wider(line, room) {
            best = Ok(line_break);
        } else if text.is_wider(line.without_hyphen(), room) {
            return best.map_err(|_| at);
        }
        // Otherwise there is no room for the hyphen, but there may be for the rest of the word.
        if is_mandatory {
            break;
        }
    }
    best
}

/// The best lines of one paragraph, which begins at `start`; the last of its breaks is its end. The best way to go on
/// from each break is computed from the last to the first.
fn evened(text: &Measured, start: usize, breaks: &[LineBreak], room: f32) -> Vec<Line> {
    // Where a line may begin, and where the paragraph ends.
    let places: Vec<usize> =
        Some(start).into_iter().chain(breaks.iter().map(|line_break| line_break.at)).collect();
    let line = |from: usize, to: usize| text.line(places[from], places[to], to < breaks.len());
    let mut best = vec![Best { lines: 0, cost: 0.0, next: breaks.len() }; places.len()];
    for from in (0..breaks.len()).rev() {
        let mut choice = Best { lines: usize::MAX, cost: f32::INFINITY, next: from + 1 };
        for (next, rest) in best.iter().enumerate().skip(from + 1) {
            let line = line(from, next);
            if next > from + 1 && text.is_wider(line.without_hyphen(), room) {
                break;
            }
            if line.is_hyphenated && text.is_wider(line, room) {
                continue;
            }
            let free = room - text.about_width(line);
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

/// Empty lines at the start and the end would only push the text away from its edge.
fn drop_empty_ends(lines: &mut Vec<Line>) {
    while lines.last().is_some_and(Line::is_empty) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines.drain(..first);
}
