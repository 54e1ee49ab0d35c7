//! Why a picture file cannot be decoded.

use std::error::Error;

use captioner::error::CaptionError;

/// Why a file is no template.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Neither JPEG, PNG nor GIF.
    #[error("it is neither a JPEG, a PNG nor a GIF")]
    Format,
    /// A canvas of more than 40 megapixels, a side of more than 100,000 pixels, or an animation of more than [`super::animation::MAX_WORK`].
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// It cannot be decoded.
    #[error("it is damaged")]
    Damaged(#[source] Box<dyn Error + Send + Sync>),
    /// Nobody waits any more.
    #[error("cancelled")]
    Cancelled,
}

impl DecodeError {
    /// The same, of the template of that name.
    pub fn into_caption_error(self, name: &str) -> CaptionError {
        match self {
            DecodeError::Cancelled => CaptionError::Cancelled,
            other => CaptionError::bad_file(name, other),
        }
    }

    /// From an error of a decoder.
    pub fn damaged<E: Error + Send + Sync + 'static>(error: E) -> DecodeError {
        DecodeError::Damaged(Box::new(error))
    }
}
