//! WHAT IS ASKED: decodes a query string or JSON into an [`ImageMacro`].
//!
//! No I/O, no pixels, no futures. `server` decodes a request into an `ImageMacro`, `captioner` draws it. Everything that
//! [`from_query`] and [`from_json`] return is within the limits of this module, so no later step checks them again.

mod align;
mod caption;
mod color;
mod decode;
mod error;
mod fields;
mod format;
mod size;

pub use self::align::{HAlign, VAlign};
pub use self::caption::{Caption, ImageMacro, DEFAULT_FONT, MAX_CAPTIONS, MAX_NAME, MAX_SIDE, MAX_TEXT};
pub use self::color::Color;
pub use self::decode::{from_json, from_query, normal_name};
pub use self::error::Invalid;
pub use self::fields::shortened;
pub use self::format::Format;
pub use self::size::{Size, MAX_SIZE};
