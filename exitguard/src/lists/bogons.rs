//! Addresses that are nobody's on the Internet: a list with them was made for another place, or by mistake.

use super::Entries;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Stays in lists: there is nothing to lose behind these addresses, and examples live on them.
const DOCUMENTATION: &str = "documentation";

/// Special-purpose ranges (RFC 6890 and the registries it made), each with what it is for.
const SPECIAL: [(IpNet, &str); 24] = [
    (v4([0, 0, 0, 0], 8), "this network"),
    (v4([10, 0, 0, 0], 8), "private"),
    (v4([100, 64, 0, 0], 10), "shared; Tailscale's addresses"),
    (v4([127, 0, 0, 0], 8), "loopback"),
    (v4([169, 254, 0, 0], 16), "link-local"),
    (v4([172, 16, 0, 0], 12), "private"),
    (v4([192, 0, 0, 0], 24), "protocol assignments"),
    (v4([192, 0, 2, 0], 24), DOCUMENTATION),
    (v4([192, 168, 0, 0], 16), "private"),
    (v4([198, 18, 0, 0], 15), "benchmarks"),
    (v4([198, 51, 100, 0], 24), DOCUMENTATION),
    (v4([203, 0, 113, 0], 24), DOCUMENTATION),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "reserved"),
    (v6([0, 0, 0, 0], 128), "unspecified"),
    (v6([0, 0, 0, 1], 128), "loopback"),
    (v6([0x64, 0xff9b, 0, 0], 96), "translated IPv4 (NAT64)"),
    (v6([0x100, 0, 0, 0], 64), "discard"),
    (v6([0x2001, 0xdb8, 0, 0], 32), DOCUMENTATION),
    (v6([0x2002, 0, 0, 0], 16), "6to4"),
    (v6([0x3fff, 0, 0, 0], 20), DOCUMENTATION),
    (v6([0xfc00, 0, 0, 0], 7), "private; Tailscale's addresses"),
    (v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (v6([0xff00, 0, 0, 0], 8), "multicast"),
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

/// The last of the groups is the lowest, the others are the highest.
const fn v6([a, b, c, low]: [u16; 4], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, low)), length)
}

/// Entries of a list in a special-purpose range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bogon {
    /// The range.
    pub range: IpNet,
    /// What it is for.
    pub purpose: &'static str,
    /// How many entries lie in it or hold it.
    pub entries: usize,
    /// Whether they are left out of lists, unless the configuration says otherwise.
    pub is_left_out: bool,
}

/// The special-purpose ranges that entries overlap.
pub fn bogons(entries: &Entries) -> Vec<Bogon> {
    let overlaps = SPECIAL.into_iter().map(|(range, purpose)| Bogon {
        range,
        purpose,
        entries: entries.overlapping(range),
        is_left_out: purpose != DOCUMENTATION,
    });
    overlaps.filter(|bogon| bogon.entries > 0).collect()
}

/// Whether an address is special-purpose: no server on the Internet has it. Documentation addresses count as others.
pub fn is_special(addr: IpAddr) -> bool {
    left_out().find(addr).is_some()
}

/// The special-purpose ranges that are left out of lists.
pub(super) fn left_out() -> Entries {
    let ranges = SPECIAL.into_iter();
    let left_out = ranges.filter(|(_, purpose)| *purpose != DOCUMENTATION);
    left_out.map(|(range, _)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_inside_and_around_a_special_range_are_counted() {
        let nets = [
            "10.1.0.0/16",
            "10.2.3.4/32",
            "224.0.0.0/3",
            "11.0.0.0/8",
            "fd7a:115c:a1e0::/48",
            "2600::/12",
        ];
        let entries: Entries = nets
            .iter()
            .map(|net| net.parse::<IpNet>().unwrap())
            .collect();
        let found: Vec<(String, usize)> = bogons(&entries)
            .into_iter()
            .map(|bogon| (bogon.range.to_string(), bogon.entries))
            .collect();
        let expected = [
            ("10.0.0.0/8", 2),
            ("224.0.0.0/4", 1),
            ("240.0.0.0/4", 1),
            ("fc00::/7", 1),
        ];
        assert_eq!(
            found,
            expected.map(|(range, count)| (range.to_owned(), count))
        );
    }

    #[test]
    fn every_special_range_is_written_without_bits_beyond_its_length() {
        for (range, purpose) in SPECIAL {
            assert_eq!(range, range.trunc(), "{purpose}");
        }
    }
}
