//! Parts of a connection.

#[path = "../../../../../../src/server/connection/alarm.rs"]
pub mod alarm;
#[path = "../../../../../../src/server/connection/drain.rs"]
pub mod drain;
#[path = "../../../../../../src/server/connection/slots.rs"]
pub mod slots;
pub mod state;
