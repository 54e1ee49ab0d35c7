//! Why a picture file cannot be decoded.

use std::error::Error;

use captioner::error::{CaptionError, Cause, Flaw};

/// Why a file cannot be used as a picture.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Neither JPEG, PNG nor GIF.
    #[error("it is neither a JPEG, a PNG nor a GIF")]
    Format,
    /// It exceeds a limit of [`limits`](captioner::file::limits), which the text names.
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// A kind of these formats that is not supported, which the text names.
    #[error("it is {0}, which is not supported")]
    Unsupported(&'static str),
    /// Its decoder refuses it.
    #[error("it is damaged")]
    Damaged(#[source] Box<dyn Error + Send + Sync>),
    /// The caller cancelled it.
    #[error("cancelled")]
    Cancelled,
}

impl DecodeError {
    /// The error of the template of that name.
    pub fn into_caption_error(self, name: &str) -> CaptionError {
        match self.into_flaw() {
            Some((flaw, cause)) => CaptionError::bad_file(name, flaw, cause),
            None => CaptionError::Cancelled,
        }
    }

    /// The error of a client's own picture.
    pub fn into_picture_error(self) -> CaptionError {
        match self.into_flaw() {
            Some((flaw, cause)) => CaptionError::BadPicture { flaw, cause },
            None => CaptionError::Cancelled,
        }
    }

    /// What is wrong with the file, and what its decoder says; `None` if nothing is.
    fn into_flaw(self) -> Option<(Flaw, Option<Cause>)> {
        match self {
            DecodeError::Format => Some((Flaw::Format, None)),
            DecodeError::TooLarge(limit) => Some((Flaw::TooLarge(limit), None)),
            DecodeError::Unsupported(kind) => Some((Flaw::Unsupported(kind), None)),
            DecodeError::Damaged(cause) => Some((Flaw::Damaged, Some(cause))),
            DecodeError::Cancelled => None,
        }
    }

    /// With what its decoder says.
    pub fn in_full(&self) -> String {
        match self.source() {
            Some(cause) => format!("{}: {}", self, cause),
            None => self.to_string(),
        }
    }

    /// An error of a decoder.
    pub fn damaged<E: Error + Send + Sync + 'static>(error: E) -> DecodeError {
        DecodeError::Damaged(Box::new(error))
    }
}
