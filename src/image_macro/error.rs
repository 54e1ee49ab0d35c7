//! The error of a request that is malformed.

use thiserror::Error;

/// Why a request is not an image macro: one sentence for the client, which names the field, its value and what is
/// allowed.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{0}")]
pub struct Invalid(pub String);
