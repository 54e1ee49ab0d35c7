//! Shaping: from characters to glyphs with places, cluster by cluster.
//!
//! A text is split into runs of one font, one script and one direction, and each is shaped by harfrust. What comes back
//! is in clusters: the smallest pieces of text that have glyphs of their own (a letter with its marks, a ligature, an
//! emoji of several characters). All that follows works with clusters and never splits one.

use std::cell::RefCell;
use std::ops::Range;
use std::ptr;
use std::str::FromStr;

use harfrust::{Buffer, Direction, Script as ShaperScript};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript};

use captioner::text::font::{Font, Glyph};
use captioner::text::font_set::{Choice, FontSet, SOFT_HYPHEN};

/// What is drawn for a soft hyphen that a line ends at. A font need not have the first.
const HYPHENS: [&str; 2] = ["\u{2010}", "-"];

/// A text whose clusters have a font, a script and a direction each.
pub struct Itemized<'a> {
    text: String,
    items: Vec<Item<'a>>,
    own: &'a Font,
    /// Whether all of it runs from left to right.
    pub is_ltr: bool,
}

/// A grapheme cluster, to be shaped.
#[derive(Clone)]
struct Item<'a> {
    /// Where it is in the text, in bytes.
    range: Range<usize>,
    font: &'a Font,
    /// What is drawn, if it is not the text itself.
    instead: Option<String>,
    script: Script,
    /// The embedding level: odd where the text runs from right to left.
    level: Level,
    /// Whether what comes after it is shaped by itself.
    ends_run: bool,
}

/// Some text, shaped. All lengths are in ems.
#[derive(Default)]
pub struct Shaped<'a> {
    /// In the order of the text.
    pub clusters: Vec<Cluster>,
    glyphs: Vec<ShapedGlyph<'a>>,
}

/// A piece of text that has glyphs of its own.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// The distance from its left edge to that of the next one.
    pub advance: f32,
    /// How far its ink reaches to the left of its left edge.
    pub left_overhang: f32,
    /// How far its ink reaches to the right of the next cluster's left edge.
    pub right_overhang: f32,
    /// How far its ink reaches above the baseline.
    pub above: f32,
    /// How far it reaches below.
    pub below: f32,
    /// The embedding level.
    pub level: Level,
    /// Whether the text before it and that from it on can be shaped by themselves, with the same result.
    pub is_safe_to_break_before: bool,
    glyphs: Range<usize>,
}

/// A glyph of a cluster.
#[derive(Clone, Copy)]
pub struct ShapedGlyph<'a> {
    /// What to draw.
    pub glyph: Glyph<'a>,
    /// Where its origin is, from the left edge of its cluster.
    pub x: f32,
    /// How far that is below the baseline.
    pub y: f32,
}

thread_local! {
    /// Its memory is used again for each run.
    static BUFFER: RefCell<Buffer> = RefCell::new(Buffer::new());
}

impl<'a> Item<'a> {
    fn shown<'s>(&'s self, text: &'s str) -> &'s str {
        self.instead.as_deref().unwrap_or(&text[self.range.clone()])
    }

    /// Whether both can be shaped together.
    fn joins(&self, next: &Item) -> bool {
        let is_same = ptr::eq(self.font, next.font) && self.level == next.level && self.script == next.script;
        is_same && !self.ends_run
    }
}

impl Cluster {
    /// One without glyphs or width.
    fn empty(start: usize, level: Level) -> Cluster {
        Cluster {
            start,
            advance: 0.0,
            left_overhang: 0.0,
            right_overhang: 0.0,
            above: 0.0,
            below: 0.0,
            level,
            is_safe_to_break_before: true,
            glyphs: 0..0,
        }
    }
}

impl<'a> Itemized<'a> {
    /// Finds font, script and direction of each cluster of a text whose caption names the font `own`.
    pub fn new(text: &str, own: &'a Font, fonts: &'a FontSet) -> Itemized<'a> {
        let levels = levels(text);
        let mut script = Script::Common;
        let item = |Choice { range, font, instead }| {
            let level = levels[range.start];
            script = script_of(&text[range.clone()]).unwrap_or(script);
            Item { range, font, instead, script, level, ends_run: false }
        };
        let mut items: Vec<Item> = fonts.choose(own, text).into_iter().map(item).collect();
        // What comes before the first letter belongs to it.
        let is_set = |item: &Item| item.script != Script::Common;
        let first = items.iter().position(is_set).unwrap_or(0);
        let script = items.get(first).map_or(Script::Common, |item| item.script);
        items[..first].iter_mut().for_each(|item| item.script = script);
        let is_ltr = items.iter().all(|item| item.level.is_ltr());
        Itemized { text: text.to_string(), items, own, is_ltr }
    }

    /// Where each cluster begins, in bytes, and its embedding level.
    #[cfg(test)]
    pub fn levels(&self) -> Vec<(usize, Level)> {
        self.items.iter().map(|item| (item.range.start, item.level)).collect()
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Shapes all of the text. A ligature across a place where the word may be broken would hide that place: it is
    /// given up.
    pub fn shape_all(&mut self) -> Shaped<'a> {
        let shaped = self.shape(0..self.text.len(), false);
        let starts: Vec<usize> = shaped.clusters.iter().map(|cluster| cluster.start).collect();
        let mut is_changed = false;
        for item in &mut self.items {
            let end = item.range.end;
            let may_break = self.text[..end].ends_with([SOFT_HYPHEN, '\u{200b}']);
            if may_break && end < self.text.len() && starts.binary_search(&end).is_err() {
                item.ends_run = true;
                is_changed = true;
            }
        }
        if is_changed {
            self.shape(0..self.text.len(), false)
        } else {
            shaped
        }
    }

    /// Shapes a part of the text, which begins and ends between two clusters. Its first and last letters are shaped as
    /// those in a word that goes on: a letter of Arabic keeps its form where a word is split.
    ///
    /// If the part ends with a soft hyphen, `is_hyphenated` says whether it is seen.
    pub fn shape(&self, range: Range<usize>, is_hyphenated: bool) -> Shaped<'a> {
        let first = self.items.partition_point(|item| item.range.start < range.start);
        let end = self.items.partition_point(|item| item.range.start < range.end);
        let mut shaped = Shaped::default();
        if is_hyphenated {
            let mut items = self.items[first..end].to_vec();
            self.show_hyphen(&mut items);
            self.shape_items(&items, &mut shaped);
        } else {
            self.shape_items(&self.items[first..end], &mut shaped);
        }
        shaped
    }

    fn show_hyphen(&self, items: &mut [Item<'a>]) {
        let (last, before) = match items.split_last_mut() {
            Some(last) => last,
            None => return,
        };
        let word = before.last().map_or(self.own, |item| item.font);
        // By itself, so that the letter before it keeps its form: that of a word that goes on.
        before.iter_mut().rev().take(1).for_each(|item| item.ends_run = true);
        for (font, hyphen) in [word, self.own].iter().flat_map(|font| HYPHENS.map(|hyphen| (*font, hyphen))) {
            if hyphen.chars().all(|character| font.has(character)) {
                last.font = font;
                last.instead = Some(hyphen.to_string());
                return;
            }
        }
    }

    fn shape_items(&self, items: &[Item<'a>], shaped: &mut Shaped<'a>) {
        for run in items.chunk_by(Item::joins) {
            let is_shown = |item: &Item| !item.shown(&self.text).chars().all(is_line_end);
            for part in run.chunk_by(|a, b| is_shown(a) && is_shown(b)) {
                if is_shown(&part[0]) {
                    self.shape_run(part, shaped);
                } else {
                    shaped.clusters.push(Cluster::empty(part[0].range.start, part[0].level));
                }
            }
        }
    }

    fn shape_run(&self, run: &[Item<'a>], shaped: &mut Shaped<'a>) {
        let Item { font, script, level, .. } = run[0];
        let first = shaped.clusters.len();
        let end = run[run.len() - 1].range.end;
        BUFFER.with(|buffer| {
            let mut buffer = buffer.borrow_mut();
            buffer.reset();
            for item in run {
                for character in item.shown(&self.text).chars() {
                    buffer.push(u32::from(character), item.range.start as u32);
                }
            }
            buffer.set_pre_context(&self.text[..run[0].range.start]);
            buffer.set_post_context(&self.text[end..]);
            set_segment(&mut buffer, script, level);
            font.shape(&mut buffer);
            shaped.add(font, level, &buffer);
        });
        if level.is_rtl() {
            shaped.clusters[first..].reverse();
        }
        shaped.without_ink_of_spaces(first, end, &self.text);
    }
}

impl<'a> Shaped<'a> {
    /// The glyphs of a cluster.
    pub fn glyphs(&self, cluster: &Cluster) -> &[ShapedGlyph<'a>] {
        &self.glyphs[cluster.glyphs.clone()]
    }

    /// Adds the clusters of a buffer that has been shaped, from left to right.
    fn add(&mut self, font: &'a Font, level: Level, buffer: &Buffer) {
        let units = font.units_per_em();
        let infos = buffer.glyph_infos();
        let mut positions = buffer.glyph_positions().iter();
        for infos in infos.chunk_by(|a, b| a.cluster == b.cluster) {
            let mut cluster = Cluster::empty(infos[0].cluster as usize, level);
            let first = self.glyphs.len();
            let (mut left, mut right) = (0.0_f32, f32::NEG_INFINITY);
            for (info, position) in infos.iter().zip(&mut positions) {
                cluster.is_safe_to_break_before &= !info.unsafe_to_break();
                let x = cluster.advance + position.x_offset as f32 / units;
                let y = -position.y_offset as f32 / units;
                cluster.advance += position.x_advance as f32 / units;
                let glyph = match font.glyph(info.glyph_id) {
                    Some(glyph) => glyph,
                    None => continue,
                };
                if let Some(ink) = glyph.ink() {
                    left = left.min(x + ink.min.x);
                    right = right.max(x + ink.max.x);
                    cluster.above = cluster.above.max(-(y + ink.min.y));
                    cluster.below = cluster.below.max(y + ink.max.y);
                    self.glyphs.push(ShapedGlyph { glyph, x, y });
                }
            }
            cluster.left_overhang = -left;
            cluster.right_overhang = (right - cluster.advance).max(0.0);
            cluster.glyphs = first..self.glyphs.len();
            self.clusters.push(cluster);
        }
    }

    /// White space that a font shows as a box only takes room.
    fn without_ink_of_spaces(&mut self, first: usize, end: usize, text: &str) {
        for index in first..self.clusters.len() {
            let to = self.clusters.get(index + 1).map_or(end, |next| next.start);
            let cluster = &mut self.clusters[index];
            let is_space = text[cluster.start..to].chars().all(char::is_whitespace);
            if is_space && !cluster.glyphs.is_empty() {
                let Cluster { start, advance, level, .. } = *cluster;
                *cluster = Cluster { advance, ..Cluster::empty(start, level) };
            }
        }
    }
}

/// A run, as the comparison with HarfBuzz wants it.
#[cfg(test)]
pub struct Run<'a> {
    pub text: String,
    pub font: &'a Font,
    pub script: &'static str,
    pub is_rtl: bool,
    /// The glyphs as `hb-shape` writes them.
    pub shaped: String,
}

#[cfg(test)]
impl<'a> Itemized<'a> {
    /// All runs, each shaped by itself.
    pub fn runs(&self) -> Vec<Run<'a>> {
        let run = |run: &[Item<'a>]| {
            let text: String = run.iter().map(|item| item.shown(&self.text)).collect();
            let Item { font, script, level, .. } = run[0];
            let mut buffer = Buffer::new();
            buffer.push_str(&text);
            let shaped = shape_buffer(font, script, level, &mut buffer);
            Run { text, font, script: script.short_name(), is_rtl: level.is_rtl(), shaped }
        };
        self.items.chunk_by(Item::joins).map(run).collect()
    }
}

/// Shapes a buffer, and writes its glyphs as `hb-shape` does.
#[cfg(test)]
fn shape_buffer(font: &Font, script: Script, level: Level, buffer: &mut Buffer) -> String {
    set_segment(buffer, script, level);
    font.shape(buffer);
    let glyphs = buffer.glyph_infos().iter().zip(buffer.glyph_positions()).map(|(info, position)| {
        let offset = match (position.x_offset, position.y_offset) {
            (0, 0) => String::new(),
            (x, y) => format!("@{},{}", x, y),
        };
        format!("{}{}+{}", info.glyph_id, offset, position.x_advance)
    });
    format!("[{}]", glyphs.collect::<Vec<_>>().join("|"))
}

/// The embedding level of each byte of a text. The direction of a paragraph is that of its first strong letter.
fn levels(text: &str) -> Vec<Level> {
    let bidi = BidiInfo::new(text, None);
    if !bidi.has_rtl() {
        return bidi.levels;
    }
    let paragraphs = bidi.paragraphs.iter();
    let levels = paragraphs.flat_map(|paragraph| {
        let range = paragraph.range.clone();
        bidi.reordered_levels(paragraph, range.clone())[range].to_vec()
    });
    levels.collect()
}

fn set_segment(buffer: &mut Buffer, script: Script, level: Level) {
    buffer.set_script(ShaperScript::from_str(script.short_name()).ok());
    buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
}

/// The script of a cluster; `None` if it belongs to that of the text before it.
fn script_of(cluster: &str) -> Option<Script> {
    let scripts = cluster.chars().map(|character| character.script());
    scripts.into_iter().find(|&script| script != Script::Common && script != Script::Inherited)
}

/// Whether a character ends a line and is not shown.
pub fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\u{2028}' | '\u{2029}')
}
