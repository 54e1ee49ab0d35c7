//! Why there is no picture: the one error of this room.

use std::error::Error;
use std::io;

use image_macro::shortened;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// The client must act: there is no template of that name, which is cut short if it is long.
    #[error("there is no template {0:?}")]
    UnknownTemplate(String),
    /// The client must act: there is no font of that name, likewise.
    #[error("there is no font {0:?}")]
    UnknownFont(String),
    /// The client must act: there are more texts than the template has places for.
    #[error("{}", too_many_texts(template.as_deref(), *boxes))]
    TooManyTexts {
        /// Its name, cut short if it is long; `None` if it is the client's own picture.
        template: Option<String>,
        /// How many boxes it has.
        boxes: usize,
    },
    /// The operator must act: the file of a template or font cannot be used.
    #[error("the file of {name:?} cannot be used, because {flaw}")]
    BadFile {
        /// The template's or font's name.
        name: String,
        /// What is wrong with it.
        flaw: Flaw,
        /// What its decoder says.
        #[source]
        cause: Option<Cause>,
    },
    /// The client must act: its own picture cannot be used.
    #[error("the picture cannot be used, because {flaw}")]
    BadPicture {
        /// What is wrong with it.
        flaw: Flaw,
        /// What its decoder says.
        #[source]
        cause: Option<Cause>,
    },
    /// The operator must act: a folder or file cannot be read.
    #[error("the templates or fonts cannot be read")]
    Io(#[from] io::Error),
    /// The caller cancelled it.
    #[error("the caption was cancelled")]
    Cancelled,
    /// We must act: an encoder refused what we gave it.
    #[error("the picture cannot be encoded")]
    Encode(#[source] Cause),
}

/// An error below one of ours.
pub type Cause = Box<dyn Error + Send + Sync>;

/// What is wrong with a file, in words that say nothing of where it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// It is no picture of a known format.
    #[error("it is neither a JPEG, a PNG nor a GIF")]
    Format,
    /// It exceeds a limit, which the text names.
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// A kind of a known format that is not supported, which the text names.
    #[error("it is {0}, which is not supported")]
    Unsupported(&'static str),
    /// Its decoder refuses it.
    #[error("it is damaged")]
    Damaged,
}

/// The sentence about more texts than places.
fn too_many_texts(template: Option<&str>, boxes: usize) -> String {
    let who = template.map_or("the picture".to_string(), |name| format!("the template {:?}", name));
    match boxes {
        0 => format!(
            "{} has no boxes: it has room for up to 3 texts, and there are more. Say where they stand, each with \
             \"valign\", or with \"left\", \"top\", \"width\" and \"height\"",
            who
        ),
        1 => format!("{} has 1 box, so it has room for 1 text, and there are more", who),
        boxes => format!("{} has {} boxes, so it has room for up to {} texts, and there are more", who, boxes, boxes),
    }
}

impl CaptionError {
    /// For a name that a client sent: what is sent back of it is short.
    pub(super) fn unknown_template(name: &str) -> CaptionError {
        CaptionError::UnknownTemplate(shortened(name))
    }

    /// The same for a font.
    pub(super) fn unknown_font(name: &str) -> CaptionError {
        CaptionError::UnknownFont(shortened(name))
    }

    /// For that template, or a client's own picture, with so many boxes.
    pub(super) fn too_many_texts(template: Option<&str>, boxes: usize) -> CaptionError {
        CaptionError::TooManyTexts { template: template.map(shortened), boxes }
    }

    /// What is wrong with the file of that name.
    pub(super) fn bad_file(name: &str, flaw: Flaw, cause: Option<Cause>) -> CaptionError {
        CaptionError::BadFile { name: name.to_string(), flaw, cause }
    }

    /// An encoder's error.
    pub(super) fn encode<E: Error + Send + Sync + 'static>(error: E) -> CaptionError {
        CaptionError::Encode(Box::new(error))
    }
}
