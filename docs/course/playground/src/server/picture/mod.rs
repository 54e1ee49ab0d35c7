//! Flights, and what they carry.

#[path = "../../../../../../src/server/picture/flights.rs"]
pub mod flights;
pub mod kept;
pub mod timing;
