//! How much of the address space entries cover.

use super::Entries;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::cmp::Reverse;

/// What entries cover, overlaps counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// IPv4 addresses.
    pub v4_addresses: u64,
    /// IPv4 ranges after merging.
    pub v4_ranges: usize,
    /// IPv6 networks of /64, wholly or in part.
    pub v6_networks: u128,
    /// IPv6 ranges after merging.
    pub v6_ranges: usize,
}

impl Coverage {
    /// Of these entries.
    pub fn of(entries: &Entries) -> Self {
        let v4 = entries.v4().map(|net| {
            let (start, end) = (net.network().to_bits(), net.broadcast().to_bits());
            (u128::from(start), u128::from(end))
        });
        let v6 = entries
            .v6()
            .map(|net| (net.network().to_bits(), net.broadcast().to_bits()));
        let mut coverage = Self::default();
        each_merged(v4, |start, end| {
            coverage.v4_ranges += 1;
            coverage.v4_addresses += (end - start) as u64 + 1;
        });
        let mut counted_to = None;
        each_merged(v6, |start, end| {
            coverage.v6_ranges += 1;
            let (first, last) = (start >> 64, end >> 64);
            // Two ranges may lie in one /64.
            let first = if counted_to == Some(first) {
                first + 1
            } else {
                first
            };
            coverage.v6_networks += (last + 1).saturating_sub(first);
            counted_to = Some(last);
        });
        coverage
    }

    /// Part of all IPv4 addresses, in percent.
    pub fn v4_percent(&self) -> f64 {
        self.v4_addresses as f64 / (1u64 << 32) as f64 * 100.0
    }
}

/// Calls `each` for what intervals are when those that overlap or touch are one; they come ascending.
fn each_merged(intervals: impl Iterator<Item = (u128, u128)>, mut each: impl FnMut(u128, u128)) {
    let mut open: Option<(u128, u128)> = None;
    for (start, end) in intervals {
        match &mut open {
            Some((_, last)) if start <= last.saturating_add(1) => *last = end.max(*last),
            _ => {
                if let Some((start, end)) = open.replace((start, end)) {
                    each(start, end);
                }
            }
        }
    }
    if let Some((start, end)) = open {
        each(start, end);
    }
}

/// The shortest prefixes, IPv4 before IPv6 of the same size of network.
pub fn widest(entries: &Entries, count: usize) -> Vec<IpNet> {
    let v4 = shortest(entries.v4(), Ipv4Net::prefix_len, count)
        .into_iter()
        .map(IpNet::V4);
    let v6 = shortest(entries.v6(), Ipv6Net::prefix_len, count)
        .into_iter()
        .map(IpNet::V6);
    v4.chain(v6).collect()
}

fn shortest<N: Ord>(
    nets: impl Iterator<Item = N>,
    length: impl Fn(&N) -> u8,
    count: usize,
) -> Vec<N> {
    // The few best in order; a longer prefix than the last of them goes by.
    let mut best: Vec<(Reverse<u8>, N)> = Vec::with_capacity(count + 1);
    for net in nets {
        let key = Reverse(length(&net));
        let at = best.partition_point(|(known, _)| *known >= key);
        if at < count {
            best.insert(at, (key, net));
            best.truncate(count);
        }
    }
    best.into_iter().map(|(_, net)| net).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(nets: &[&str]) -> Entries {
        nets.iter()
            .map(|net| net.parse::<IpNet>().unwrap())
            .collect()
    }

    #[test]
    fn what_overlaps_or_touches_is_counted_once() {
        let entries = entries(&[
            "192.0.2.0/25",
            "192.0.2.128/25",
            "192.0.2.7/32",
            "198.51.100.9/32",
            "255.255.255.255/32",
            "2001:db8::1/128",
            "2001:db8::9/128",
            "2001:db8:0:1::/64",
            "2001:db8:1::/48",
        ]);
        let expected = Coverage {
            v4_addresses: 256 + 1 + 1,
            v4_ranges: 3,
            v6_networks: 1 + 1 + 65_536,
            v6_ranges: 4,
        };
        assert_eq!(Coverage::of(&entries), expected);
        assert_eq!(Coverage::of(&Entries::default()), Coverage::default());
    }

    #[test]
    fn all_addresses_there_are_do_not_overflow() {
        let all = Coverage::of(&entries(&["0.0.0.0/0", "::/0"]));
        assert_eq!((all.v4_addresses, all.v6_networks), (1 << 32, 1 << 64));
        assert!((all.v4_percent() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_widest_come_first_and_the_first_of_equals() {
        let entries = entries(&[
            "192.0.2.0/24",
            "10.0.0.0/9",
            "198.51.100.0/24",
            "2001:db8::/32",
        ]);
        let shown: Vec<String> = widest(&entries, 2)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["10.0.0.0/9", "192.0.2.0/24", "2001:db8::/32"]);
    }
}
