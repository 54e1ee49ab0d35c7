//! Who asks.

use std::net::IpAddr;

/// A client: its address. (In the server, an IPv6 address is cut to its first 64 bits.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// A host on the network.
    At(IpAddr),
    /// The server itself.
    Server,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Client {
        Client::At(address)
    }
}

/// The client at 192.0.2.`number`, for tests and examples.
pub fn client(number: u8) -> Client {
    Client::from(IpAddr::from([192, 0, 2, number]))
}
