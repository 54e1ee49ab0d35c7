//! What a request asks for, for tests of flights.

/// Anything.
pub fn from_query(query: &str) -> Result<String, ()> {
    Ok(query.to_string())
}
