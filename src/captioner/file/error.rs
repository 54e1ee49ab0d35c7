//! Why a picture file cannot be decoded.

use std::error::Error;

use captioner::error::CaptionError;

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
        match self {
            DecodeError::Cancelled => CaptionError::Cancelled,
            DecodeError::Damaged(cause) => {
                CaptionError::bad_file(name, "it is damaged".to_string(), Some(cause))
            }
            other => CaptionError::bad_file(name, other.to_string(), None),
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
