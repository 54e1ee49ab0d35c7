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
    /// The operator must act: the file is damaged, too large, or of no known format.
    #[error("the file of {name:?} cannot be used, because {fault}")]
    BadFile {
        /// The template's or font's name.
        name: String,
        /// What is wrong with it, in words for the client: neither paths nor contents.
        fault: String,
        /// What its decoder says.
        #[source]
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The operator must act: a folder or file cannot be read.
    #[error("the templates or fonts cannot be read")]
    Io(#[from] io::Error),
    /// The caller cancelled it.
    #[error("the caption was cancelled")]
    Cancelled,
    /// We must act: an encoder refused what we gave it.
    #[error("the picture cannot be encoded")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
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

    /// What is wrong with the file of that name.
    pub(super) fn bad_file(
        name: &str,
        fault: String,
        cause: Option<Box<dyn Error + Send + Sync>>,
    ) -> CaptionError {
        CaptionError::BadFile { name: name.to_string(), fault, cause }
    }

    /// An encoder's error.
    pub(super) fn encode<E: Error + Send + Sync + 'static>(error: E) -> CaptionError {
        CaptionError::Encode(Box::new(error))
    }
}
