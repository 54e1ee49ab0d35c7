//! Measuring a text.
//!
//! Nothing is hinted, so widths are proportional to the size: a text is shaped and measured once, at an em of one, and
//! each size that `fit` tries costs one pass over its words.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use unicode_bidi::{BidiInfo, Level};

use captioner::lettering::Lettering;
use captioner::text::font_set::{FontSet, SOFT_HYPHEN};
use captioner::text::shape::{is_line_end, Cluster, Itemized, Shaped, ShapedGlyph};

/// A text measured at an em of one. All lengths are in ems.
pub struct Measured<'a> {
    items: Itemized<'a>,
    /// All of the text on one line.
    shaped: Shaped<'a>,
    marks: Vec<Mark>,
    /// Lines that cannot be cut out of `shaped`, because their letters look different there.
    anew: RefCell<HashMap<Line, Rc<Shaped<'a>>>>,
    height: Cell<Height>,
    /// The most that the ink of any cluster leans out to the left and to the right, together.
    overhang: f32,
}

/// About how wide a hyphen is, and by how much at most a line that is shaped by itself is expected to differ from the
/// part of the whole text that it is.
const HYPHEN: f32 = 0.4;

/// How far the ink of any cluster reaches above the baseline, and below.
#[derive(Clone, Copy)]
pub struct Height {
    /// Above.
    pub above: f32,
    /// Below.
    pub below: f32,
}

/// What line breaking wants to know of a cluster.
struct Mark {
    /// Where its left edge is if everything stands on one line, from left to right.
    x: f32,
    /// Whether it is left out at the ends of a line.
    is_space: bool,
    /// Whether it is a soft hyphen, which is seen at the end of a line only.
    is_soft_hyphen: bool,
}

/// A range of the clusters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Index of its first cluster.
    pub start: usize,
    /// Index of the first cluster after it.
    pub end: usize,
    /// Whether its last cluster is a soft hyphen that is to be seen.
    pub is_hyphenated: bool,
}

/// A glyph of a line.
pub struct InLine<'a> {
    /// The glyph, with its place in its cluster.
    pub shaped: ShapedGlyph<'a>,
    /// Where the left edge of its cluster is.
    pub x: f32,
}

/// From where to where something reaches.
#[derive(Clone, Copy, Default)]
struct Extent {
    left: f32,
    right: f32,
}

impl Line {
    /// Whether it has no clusters.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The same without the hyphen at its end.
    pub fn without_hyphen(self) -> Line {
        Line { is_hyphenated: false, ..self }
    }
}

impl Cluster {
    /// Whether it takes any room.
    fn is_shown(&self) -> bool {
        self.advance != 0.0 || self.left_overhang != 0.0 || self.right_overhang != 0.0
    }

    /// With its ink, if its left edge is at `x`.
    fn extent(&self, x: f32) -> Extent {
        Extent { left: x - self.left_overhang, right: x + self.advance + self.right_overhang }
    }
}

impl Extent {
    fn union(self, other: Extent) -> Extent {
        Extent { left: self.left.min(other.left), right: self.right.max(other.right) }
    }
}

impl<'a> Measured<'a> {
    /// Measures the text of a caption.
    pub fn new(caption: &Lettering, fonts: &'a FontSet) -> Measured<'a> {
        let mut items = Itemized::new(&caption.text, fonts.named(&caption.font), fonts);
        let shaped = items.shape_all();
        let mut x = 0.0;
        let mut marks = Vec::with_capacity(shaped.clusters.len());
        for (index, cluster) in shaped.clusters.iter().enumerate() {
            let end = shaped.clusters.get(index + 1).map_or(caption.text.len(), |next| next.start);
            let text = &caption.text[cluster.start..end];
            let is_space = text.chars().all(is_left_out_at_ends);
            marks.push(Mark { x, is_space, is_soft_hyphen: text.ends_with(SOFT_HYPHEN) });
            x += cluster.advance;
        }
        let most = |of: fn(&Cluster) -> f32| shaped.clusters.iter().map(of).fold(0.0, f32::max);
        let overhang = most(|cluster| cluster.left_overhang) + most(|cluster| cluster.right_overhang);
        let measured = Measured {
            items,
            shaped,
            marks,
            anew: RefCell::default(),
            height: Cell::new(Height { above: 0.0, below: 0.0 }),
            overhang,
        };
        measured.reach(&measured.shaped);
        // A hyphen may be the highest of all.
        if let Some(byte) = caption.text.find(SOFT_HYPHEN) {
            measured.reach(&measured.items.shape(0..byte + SOFT_HYPHEN.len_utf8(), true));
        }
        measured
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.items.text()
    }

    /// The index of the cluster that begins at a byte of the text, or of the number of clusters at its end. `None`
    /// within a cluster.
    pub fn cluster_at(&self, byte: usize) -> Option<usize> {
        if byte == self.text().len() {
            return Some(self.shaped.clusters.len());
        }
        self.shaped.clusters.binary_search_by_key(&byte, |cluster| cluster.start).ok()
    }

    /// How high its lines are.
    pub fn height(&self) -> Height {
        self.height.get()
    }

    /// The line from one cluster to another, without the white space at its ends. `may_be_hyphenated` unless it must
    /// end there.
    pub fn line(&self, start: usize, end: usize, may_be_hyphenated: bool) -> Line {
        let is_hyphenated = may_be_hyphenated && start < end && self.marks[end - 1].is_soft_hyphen;
        let Line { mut start, mut end, .. } = Line { start, end, is_hyphenated };
        while start < end && self.marks[end - 1].is_space {
            end -= 1;
        }
        while start < end && self.marks[start].is_space {
            start += 1;
        }
        Line { start, end, is_hyphenated }
    }

    /// Whether a line is wider than `room`. Almost always its advances tell, which are at hand. A line that has to be
    /// shaped by itself is shaped only if it is about as wide as the room.
    pub fn is_wider(&self, line: Line, room: f32) -> bool {
        let advance = self.advance(line);
        let doubt = if self.is_cut_out(line) { 0.0 } else { HYPHEN };
        if advance - doubt > room {
            return true;
        }
        if advance + doubt + self.overhang <= room {
            return false;
        }
        self.width(line) > room
    }

    /// About the width of a line: exactly, if that is as quickly told.
    pub fn about_width(&self, line: Line) -> f32 {
        if self.items.is_ltr && self.is_cut_out(line) {
            self.width(line)
        } else {
            self.advance(line)
        }
    }

    /// The distance from the left edge of a line's first cluster to the right edge of its last one, as they are in the
    /// whole text.
    fn advance(&self, line: Line) -> f32 {
        if line.is_empty() {
            return 0.0;
        }
        let last = line.end - 1;
        let end = self.marks[last].x + self.shaped.clusters[last].advance;
        let hyphen = if line.is_hyphenated { HYPHEN } else { 0.0 };
        end - self.marks[line.start].x + hyphen
    }

    /// Shapes a line, if it has to be, so that [`Measured::height`] counts it.
    pub fn prepare(&self, line: Line) {
        self.anew(line);
    }

    /// The width of a line, its ink and its spaces included.
    pub fn width(&self, line: Line) -> f32 {
        let Extent { left, right } = self.extent(line);
        right - left
    }

    /// The glyphs of a line, with their distances from the left edge of its ink.
    pub fn glyphs(&self, line: Line) -> Vec<InLine<'a>> {
        let Extent { left, .. } = self.extent(line);
        let anew = self.anew(line);
        let (shaped, clusters) = self.clusters(line, &anew);
        let placed = in_visual_order(clusters);
        let glyphs = placed.flat_map(|(cluster, x)| {
            shaped.glyphs(cluster).iter().map(move |&shaped| InLine { shaped, x: x - left })
        });
        glyphs.collect()
    }

    /// From where to where the ink and the spaces of a line reach.
    fn extent(&self, line: Line) -> Extent {
        let anew = self.anew(line);
        let (_, clusters) = self.clusters(line, &anew);
        if !self.items.is_ltr {
            return extent_of(in_visual_order(clusters));
        }
        if anew.is_some() {
            return extent_of(from_left_to_right(clusters));
        }
        // Only clusters that are no farther from an end than ink leans out can reach beyond it.
        let start = self.marks.get(line.start).map_or(0.0, |mark| mark.x);
        let at = |index: usize| (&clusters[index], self.marks[line.start + index].x - start);
        let end = clusters.len().checked_sub(1).map_or(0.0, |last| at(last).1 + clusters[last].advance);
        let is_near_start = |&index: &usize| at(index).1 <= self.overhang;
        let is_near_end = |&index: &usize| at(index).1 + clusters[index].advance >= end - self.overhang;
        let from_start = (0..clusters.len()).take_while(is_near_start);
        let from_end = (0..clusters.len()).rev().take_while(is_near_end);
        extent_of(from_start.chain(from_end).map(at))
    }

    /// The clusters of a line, and what their glyphs are in.
    fn clusters<'s>(
        &'s self,
        line: Line,
        anew: &'s Option<Rc<Shaped<'a>>>,
    ) -> (&'s Shaped<'a>, &'s [Cluster]) {
        match *anew {
            Some(ref shaped) => (shaped, &shaped.clusters),
            None => (&self.shaped, &self.shaped.clusters[line.start..line.end]),
        }
    }

    /// Whether a line looks as it does within the whole text.
    fn is_cut_out(&self, line: Line) -> bool {
        let is_safe = |index: usize| {
            self.shaped.clusters.get(index).is_none_or(|cluster| cluster.is_safe_to_break_before)
        };
        !line.is_hyphenated && (line.is_empty() || is_safe(line.start) && is_safe(line.end))
    }

    /// A line that has to be shaped by itself.
    fn anew(&self, line: Line) -> Option<Rc<Shaped<'a>>> {
        if self.is_cut_out(line) {
            return None;
        }
        if let Some(shaped) = self.anew.borrow().get(&line) {
            return Some(shaped.clone());
        }
        let byte = |index: usize| self.shaped.clusters.get(index).map_or(self.text().len(), |at| at.start);
        let shaped = Rc::new(self.items.shape(byte(line.start)..byte(line.end), line.is_hyphenated));
        self.reach(&shaped);
        self.anew.borrow_mut().insert(line, shaped.clone());
        Some(shaped)
    }

    /// Makes the lines as high as the highest of these clusters.
    fn reach(&self, shaped: &Shaped) {
        let Height { mut above, mut below } = self.height.get();
        for cluster in &shaped.clusters {
            above = above.max(cluster.above);
            below = below.max(cluster.below);
        }
        self.height.set(Height { above, below });
    }
}

/// The clusters of one line from left to right, with their left edges. Distances are from any one point.
fn in_visual_order<'s>(clusters: &'s [Cluster]) -> Box<dyn Iterator<Item = (&'s Cluster, f32)> + 's> {
    if clusters.iter().all(|cluster| cluster.level.is_ltr()) {
        return Box::new(from_left_to_right(clusters));
    }
    let levels: Vec<Level> = clusters.iter().map(|cluster| cluster.level).collect();
    let order = BidiInfo::reorder_visual(&levels);
    Box::new(place(order.into_iter().map(move |index| &clusters[index])))
}

fn from_left_to_right<'s>(clusters: &'s [Cluster]) -> impl Iterator<Item = (&'s Cluster, f32)> + 's {
    place(clusters.iter())
}

fn place<'s, I>(clusters: I) -> impl Iterator<Item = (&'s Cluster, f32)> + 's
where
    I: Iterator<Item = &'s Cluster> + 's,
{
    let mut end = 0.0;
    clusters.map(move |cluster| {
        let x = end;
        end += cluster.advance;
        (cluster, x)
    })
}

fn extent_of<'s, I: Iterator<Item = (&'s Cluster, f32)>>(placed: I) -> Extent {
    let shown = placed.filter(|(cluster, _)| cluster.is_shown());
    shown.map(|(cluster, x)| cluster.extent(x)).reduce(Extent::union).unwrap_or_default()
}

/// White space at the ends of a line would only push the text away from its edge. People indent with no-break spaces.
fn is_left_out_at_ends(character: char) -> bool {
    let is_no_break = matches!(character, '\u{a0}' | '\u{2007}' | '\u{202f}');
    character.is_whitespace() && !is_no_break || is_line_end(character) || character == '\u{200b}'
}
