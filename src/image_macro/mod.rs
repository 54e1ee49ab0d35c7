//! What a client asks for: an [`ImageMacro`], decoded from a query string, from JSON or from a form; or an [`Edit`] of a
//! picture that it sends.
//!
//! This room has no I/O, no pixels and no futures. `server` calls it to decode a request, `captioner` draws the
//! result. [`from_query`], [`from_json`] and [`from_form`] check every limit below, so the captioner need not check them again.

mod align;
mod caption;
mod color;
mod decode;
mod error;
mod escapes;
mod fields;
mod form;
mod format;
mod json;
mod link;
mod look;
mod multipart;
mod normal;
mod place;
mod query;
pub mod schema;
mod search;
mod size;
mod spot;
mod template_notes;
#[cfg(test)]
mod template_notes_tests;
mod toml_values;
mod values;

pub use self::align::{HAlign, VAlign};
pub use self::caption::{
    Caption, Edit, ImageMacro, DEFAULT_FONT, MAX_CAPTIONS, MAX_NAME, MAX_SIDE, MAX_SOURCE, MAX_TEXT,
};
pub use self::color::Color;
pub use self::decode::{
    bands_of, edit_from_json, edit_from_query, from_json, from_query, from_urlencoded, number,
};
pub use self::error::{shortened, Invalid};
pub use self::form::{from_form, Form};
pub use self::format::Format;
pub use self::json::without_mark;
pub use self::link::{path_of, thumbnail_of, Link};
pub use self::look::{Case, Look, Moment, MAX_SECONDS};
pub use self::multipart::Boundary;
pub use self::query::is_ignored;
pub use self::search::{Search, MAX_QUERY};
pub use self::size::{Size, MAX_SIZE};
pub use self::spot::{Bar, BarSide, Spot, TextBox, MAX_ANGLE, MAX_PADDING};
pub use self::template_notes::{Mistake, TemplateBox, TemplateNotes, MAX_KEYWORDS, MAX_NOTES};
pub use self::values::normal_name;
