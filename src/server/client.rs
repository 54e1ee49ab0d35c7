//! Who asks: the address that places, threads, connections and bytes are shared out by.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str;

use hyper::header::Headers;

/// A client: its IPv4 address, or the 64 leading bits of its IPv6 address, since a household or a rented machine has
/// all of the others to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// A host on the network.
    At(IpAddr),
    /// The server itself, which preloads what no client has asked for yet.
    Server,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Client {
        Client::At(match canonical(address) {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 => v4,
        })
    }
}

/// An IPv4 address that is written as an IPv6 one, as it is on a socket that listens on both, as the IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The address of who sent a request: the peer's, or, behind so many trusted proxies, what the outermost of them says.
/// Each proxy appends the address that it was asked from, so that address is as far from the right of the list as there
/// are proxies; what is left of it is the client's own claim.
///
/// `X-Forwarded-For` is read before `Forwarded` (RFC 7239): most proxies append to the first, and pass on the second as
/// it came. If the list is shorter than that, or its entry is no address, the request is the peer's.
pub fn address_of(headers: &Headers, proxies: usize, peer: IpAddr) -> IpAddr {
    if proxies == 0 {
        return canonical(peer);
    }
    let list = |name| headers.get_raw(name).map(|lines| lines.iter().collect::<Vec<_>>());
    let entry = match (list("X-Forwarded-For"), list("Forwarded")) {
        (Some(lines), _) => entry_of(&lines, proxies).and_then(address_in),
        (None, Some(lines)) => entry_of(&lines, proxies).and_then(forwarded_for).and_then(address_in),
        (None, None) => None,
    };
    canonical(entry.unwrap_or(peer))
}

/// The entry of a list that is `place`-th from the right, counted from one. A list may be in several fields.
fn entry_of<'a>(lines: &[&'a [u8]], place: usize) -> Option<&'a str> {
    let entries = lines.iter().rev().flat_map(|line| line.rsplit(|&byte| byte == b','));
    let entry = entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty()).nth(place - 1)?;
    str::from_utf8(entry).ok()
}

/// The value of `for` in an entry of `Forwarded`.
fn forwarded_for(entry: &str) -> Option<&str> {
    let mut pairs = entry.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    Some(value.trim().trim_matches('"'))
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address_in(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::{address_of, Client, IpAddr};
    use hyper::header::Headers;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
        let same = |a: &str, b: &str| Client::from(ip(a)) == Client::from(ip(b));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    }

    #[test]
    fn the_address_is_as_far_from_the_right_as_there_are_trusted_proxies() {
        let peer = ip("10.0.0.1");
        let address = |fields: &[(&'static str, &str)], proxies| {
            let mut headers = Headers::new();
            fields.iter().for_each(|&(name, value)| headers.append_raw(name, value));
            address_of(&headers, proxies, peer).to_string()
        };
        let list = &[("X-Forwarded-For", "6.6.6.6, 203.0.113.7"), ("X-Forwarded-For", "198.51.100.2:4711")];
        assert_eq!(address(list, 0), "10.0.0.1");
        assert_eq!(address(list, 1), "198.51.100.2");
        assert_eq!(address(list, 2), "203.0.113.7");
        assert_eq!(address(list, 3), "6.6.6.6");
        assert_eq!(address(list, 4), "10.0.0.1");
        let standard =
            &[("Forwarded", "for=6.6.6.6;proto=http, For=\"[2001:db8::17]:4711\";by=_x , for=192.0.2.43")];
        assert_eq!(address(standard, 1), "192.0.2.43");
        assert_eq!(address(standard, 2), "2001:db8::17");
        for nothing in ["", " , ", "unknown", "_hidden", "for=", "\u{e9}", "1.2.3", "[::1", "1.2.3.4:99999"] {
            assert_eq!(address(&[("X-Forwarded-For", nothing)], 1), "10.0.0.1", "{:?}", nothing);
            assert_eq!(address(&[("Forwarded", nothing)], 1), "10.0.0.1", "{:?}", nothing);
        }
        // A proxy that appends to X-Forwarded-For passes on a Forwarded that its client made up.
        let both = &[("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "203.0.113.7")];
        assert_eq!(address(both, 1), "203.0.113.7");
    }
}
