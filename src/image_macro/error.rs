//! The error of a request that is malformed, and how it quotes the request.

use thiserror::Error;

/// Why a request is not an image macro: one sentence for the client, which names the field, its value and what is
/// allowed.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// The beginning of a text from the client, short enough to be quoted in an error.
pub fn shortened(text: &str) -> String {
    const KEPT: usize = 60;
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
