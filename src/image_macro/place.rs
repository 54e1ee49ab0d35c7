//! [`Place`]: where a value can stand in a request, under which name, and what it must be there.
//!
//! `json` and `query` ask for the place of a value before they read it, so a request is rejected at its first unknown
//! name, list that is too long, or value that is nested too deep, whatever follows. The only list of names is here; the
//! notes beside a template, `template_notes`, have theirs here too.

use std::fmt;

use super::align::VAlign;
use super::caption::{MAX_CAPTIONS, MAX_SIDE};
use super::error::{shortened, Invalid};
use super::look::MAX_SECONDS;
use super::size::MAX_SIZE;
use super::spot::{MAX_ANGLE, MAX_PADDING};

/// The channels of a color, in the order of a list, as an object names them: either all of them short, or all in full.
pub const CHANNELS: [[&str; 3]; 2] = [["r", "g", "b"], ["red", "green", "blue"]];

/// The name of the part of a form that is a picture. It has no place: a picture is no field.
pub const PICTURE: &str = "picture";

pub(super) type Names = &'static [(&'static str, Kind)];

pub(super) const OF_REQUEST: Names = &[
    ("template", Kind::Name),
    ("width", Kind::Side),
    ("height", Kind::Side),
    ("format", Kind::Format),
    ("layout", Kind::Layout),
    ("bar", Kind::BarSide),
    ("bar_color", Kind::Color),
    ("captions", Kind::Captions),
];
pub(super) const OF_LOOK: Names = &[
    ("align", Kind::HAlign),
    ("halign", Kind::HAlign),
    ("font", Kind::Name),
    ("color", Kind::Color),
    ("outline", Kind::Outline),
    ("size", Kind::Size),
    ("case", Kind::Case),
    ("lang", Kind::Lang),
    ("from", Kind::Moment),
    ("to", Kind::Moment),
];
pub(super) const OF_SHORT_FORM: Names = &[("text", Kind::Text)];
pub(super) const OF_LONG_FORM: Names = &[
    ("text", Kind::Text),
    ("valign", Kind::VAlign),
    ("left", Kind::Start),
    ("top", Kind::Start),
    ("width", Kind::Share),
    ("height", Kind::Share),
    ("angle", Kind::Angle),
    ("padding", Kind::Padding),
];
/// The long form without its text.
pub(super) const OF_BOX: Names = OF_LONG_FORM.split_at(1).1;
/// The notes beside a template.
pub(super) const OF_NOTES: Names =
    &[("source", Kind::Source), ("keywords", Kind::Texts), ("example", Kind::Texts), ("boxes", Kind::Boxes)];

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Request,
    Name,
    Text,
    Side,
    Format,
    VAlign,
    HAlign,
    Color,
    Outline,
    Size,
    Case,
    Lang,
    Moment,
    Layout,
    BarSide,
    /// The left or upper side of a box.
    Start,
    /// The width or height of a box.
    Share,
    Angle,
    Padding,
    Captions,
    /// An item of `captions`.
    Caption,
    /// All that is noted of a template.
    Notes,
    Source,
    /// `keywords` or `example`, a list of texts.
    Texts,
    Boxes,
    /// An item of `boxes`.
    Box,
}

/// Where a value stands in a request. Displayed as errors call it: `template`, `top_font`, `captions[0].color`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The list that it is an item of, or is in an item of, and which.
    item: Option<(&'static str, usize)>,
    /// Whose caption it is about, in the short form.
    pub band: Option<VAlign>,
    /// Its name without the band; empty for an item of a list.
    pub name: &'static str,
    /// The field that it is a part of: a channel of a color, or an item of a list where none belongs.
    part_of: Option<&'static str>,
    kind: Kind,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = self.part_of.unwrap_or(self.name);
        match (self.item, self.band) {
            (Some((list, index)), _) if name.is_empty() => write!(f, "{}[{}]", list, index),
            (Some((list, index)), _) => write!(f, "{}[{}].{}", list, index, name),
            (None, Some(band)) => write!(f, "{}_{}", band.name(), name),
            (None, None) => f.write_str(name),
        }
    }
}

impl Place {
    /// The whole request, an object.
    pub const REQUEST: Place = Place { item: None, band: None, name: "", part_of: None, kind: Kind::Request };
    /// All that is noted of a template, an object.
    pub const NOTES: Place = Place { kind: Kind::Notes, ..Place::REQUEST };

    /// The place of a key's value, if this is an object that has that key. Keys are trimmed, and their case does not
    /// matter.
    pub fn field(self, key: &str) -> Result<Place, Invalid> {
        let key = key.trim();
        let (band, name) = match self.kind {
            Kind::Request => split_band(key),
            _ => (None, key),
        };
        let part = |&name: &&'static str| Place { name, part_of: Some(self.name), ..self };
        let (names, more): (Names, Names) = match self.kind {
            Kind::Request if band.is_some() => (OF_SHORT_FORM, OF_LOOK),
            Kind::Request => (OF_REQUEST, OF_LOOK),
            Kind::Caption => (OF_LONG_FORM, OF_LOOK),
            Kind::Notes => (OF_NOTES, OF_LOOK),
            Kind::Box => (OF_BOX, OF_LOOK),
            Kind::Color | Kind::Outline if self.part_of.is_none() => {
                let mut channels = CHANNELS.iter().flatten();
                let channel = channels.find(|channel| channel.eq_ignore_ascii_case(name));
                return channel.map(part).ok_or_else(|| self.refuse(&"an object"));
            }
            _ => return Err(self.refuse(&"an object")),
        };
        let known = names.iter().chain(more).find(|known| known.0.eq_ignore_ascii_case(name));
        let field = known.map(|&(name, kind)| Place { band, name, kind, ..self });
        field.ok_or_else(|| self.unknown(key))
    }

    /// The place of an item, if this can be a list with so many. One more than allowed is accepted, and so is a short
    /// list where none belongs: the error about it says more once it is known how long it is.
    pub fn item(self, index: usize) -> Result<Place, Invalid> {
        match self.kind {
            Kind::Captions if index > MAX_CAPTIONS => Err(too_many_captions(&format!("more than {}", index))),
            Kind::Captions | Kind::Boxes | Kind::Texts => {
                let kind = match self.kind {
                    Kind::Captions => Kind::Caption,
                    Kind::Boxes => Kind::Box,
                    _ => Kind::Text,
                };
                Ok(Place { item: Some((self.name, index)), name: "", kind, ..Place::REQUEST })
            }
            Kind::Request | Kind::Caption | Kind::Notes | Kind::Box => Err(self.refuse(&"a list")),
            _ if self.part_of.is_some() => Err(self.refuse(&"nested too deep")),
            _ if index > CHANNELS[0].len() => Err(self.refuse(&format!("a list of more than {}", index))),
            _ => Ok(Place { name: "", part_of: Some(self.name), ..self }),
        }
    }

    /// Whether what stands there is a list with places of its own.
    pub fn is_list(self) -> bool {
        matches!(self.kind, Kind::Captions | Kind::Texts | Kind::Boxes)
    }

    /// The error about a value that must not stand here. `written` is how the error quotes the value.
    pub fn refuse(self, written: &dyn fmt::Display) -> Invalid {
        let must_be = |allowed: &dyn fmt::Display| {
            Invalid(format!("\"{}\" is {}, and must be {}", self, written, allowed))
        };
        let color = "an opaque color: a CSS color such as \"red\" or \"rgb(255 0 0)\", \"#f00\", \"#ff0000\", \
                     \"0xff0000\", \"$ff0000\", or in JSON [255, 0, 0] or {\"r\": 255, \"g\": 0, \"b\": 0}; in a \
                     URL, \"#\" is written %23";
        match self.kind {
            Kind::Request => Invalid("the body must be a JSON object, as in {\"template\": \"cat\"}".into()),
            Kind::Name | Kind::Text | Kind::Source => Invalid(format!("\"{}\" must be a string", self)),
            Kind::Notes => Invalid("the notes must be a table".into()),
            Kind::Texts => Invalid(format!("\"{}\" must be a list of strings", self)),
            Kind::Boxes => Invalid(format!("\"{}\" must be a list of tables, as in [[boxes]]", self)),
            Kind::Box => Invalid(format!("\"{}\" must be a table", self)),
            Kind::Captions => Invalid(format!("\"{}\" must be a list of strings or of objects", self)),
            Kind::Caption => Invalid(format!("\"{}\" must be a string or an object", self)),
            Kind::Side => must_be(&format!("a whole number of pixels from 1 to {}", MAX_SIDE)),
            Kind::Format => must_be(&"jpeg, png or gif"),
            Kind::VAlign => must_be(&"top, middle or bottom"),
            Kind::HAlign => must_be(&"left, center or right"),
            Kind::Color => must_be(&color),
            Kind::Outline => must_be(&format!("{}; for no outline, null, \"\" or \"none\"", color)),
            Kind::Case => must_be(&"upper, lower or as-is"),
            Kind::Lang => must_be(&"the tag of a language, such as \"tr\" or \"pt-BR\""),
            Kind::Moment => {
                let allowed = format!(
                    "a number of seconds from 0 to {}, or a percentage of the animation from 0% to 100%",
                    MAX_SECONDS
                );
                must_be(&allowed)
            }
            Kind::Layout => must_be(&"\"over\", for text over the picture, or \"bar\""),
            Kind::BarSide => must_be(&"top, bottom or both"),
            Kind::Start => must_be(&"a share of the picture, at least 0 and below 1"),
            Kind::Share => must_be(&"a share of the picture, above 0 and at most 1"),
            Kind::Angle => must_be(&format!("a number of degrees from -{} to {}", MAX_ANGLE, MAX_ANGLE)),
            Kind::Padding => must_be(&format!("a share of the box from 0 to {}", MAX_PADDING)),
            Kind::Size => {
                must_be(&format!("\"fit\", \"shrink\", or a number of pixels above 0 and up to {}", MAX_SIZE))
            }
        }
    }

    fn unknown(self, key: &str) -> Invalid {
        let key = shortened(key).to_lowercase();
        Invalid(match (self.item, self.kind) {
            (Some(_), kind) => {
                let own = listed(if kind == Kind::Box { OF_BOX } else { OF_LONG_FORM });
                format!("{:?} is not a field of \"{}\": it has {}, {}", key, self, own, listed(OF_LOOK))
            }
            (None, Kind::Notes) => {
                let look = listed(OF_LOOK);
                format!("{:?} is not a field: there are {}, {}", key, listed(OF_NOTES), look)
            }
            (None, _) if key == PICTURE => format!(
                "{:?} is not a field here: a picture is a part of a form that is sent as \"multipart/form-data\", or \
                 the body of a POST",
                key
            ),
            (None, _) => format!(
                "{:?} is not a field: there are {}, and top_text, middle_text, bottom_text",
                key,
                options(&[])
            ),
        })
    }
}

/// The fields of the short form, but for the texts and those with some names.
pub fn options(but: &[&str]) -> String {
    let of_request: Vec<_> =
        OF_REQUEST.iter().filter(|name| !but.contains(&name.0)).map(|name| name.0).collect();
    let of_look = listed(OF_LOOK);
    format!(
        "{}, {}, and the last {} also for one text, as in top_{}",
        of_request.join(", "),
        of_look,
        of_look.split(", ").count(),
        OF_LOOK[0].0
    )
}

/// The names of some fields, without the other name of one of them.
fn listed(names: Names) -> String {
    let names = names.iter().filter(|name| name.0 != "halign");
    names.map(|name| name.0).collect::<Vec<_>>().join(", ")
}

/// The error about more captions than allowed.
pub fn too_many_captions(count: &dyn fmt::Display) -> Invalid {
    Invalid(format!("\"captions\" has {} captions, and at most {} are allowed", count, MAX_CAPTIONS))
}

/// `top_font` becomes `top` and `font`.
fn split_band(key: &str) -> (Option<VAlign>, &str) {
    let split = key.split_once('_').and_then(|(first, rest)| {
        let band = VAlign::ALL.iter().find(|band| band.name().eq_ignore_ascii_case(first))?;
        Some((Some(*band), rest))
    });
    split.unwrap_or((None, key))
}
