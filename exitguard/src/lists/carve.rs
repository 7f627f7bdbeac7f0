//! Exceptions, cut out of entries.

use super::Entries;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The entries without the exceptions. An entry that holds one becomes the prefixes around it; `None` when
/// these are more than there is `room` for.
pub(super) fn carve(entries: &Entries, exceptions: &Entries, room: usize) -> Option<Entries> {
    let mut left = Left {
        v4: Vec::new(),
        v6: Vec::new(),
        room,
    };
    for net in entries.v4() {
        left.v4(net, exceptions);
    }
    for net in entries.v6() {
        left.v6(net, exceptions);
    }
    left.has_room().then(|| Entries::new(left.v4, left.v6))
}

struct Left {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
    room: usize,
}

impl Left {
    /// A single exception makes a hundred prefixes of one: memory must not follow.
    const fn has_room(&self) -> bool {
        self.v4.len() + self.v6.len() <= self.room
    }

    /// Halves the prefix until its parts are outside or inside; no deeper than an address is long.
    fn v4(&mut self, net: Ipv4Net, exceptions: &Entries) {
        if !self.has_room() || exceptions.covers(IpNet::V4(net)) {
            return;
        }
        if exceptions.within_v4(net).is_empty() {
            self.v4.push(net);
        } else if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
            halves.for_each(|half| self.v4(half, exceptions));
        }
    }

    fn v6(&mut self, net: Ipv6Net, exceptions: &Entries) {
        if !self.has_room() || exceptions.covers(IpNet::V6(net)) {
            return;
        }
        if exceptions.within_v6(net).is_empty() {
            self.v6.push(net);
        } else if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
            halves.for_each(|half| self.v6(half, exceptions));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    /// Prefixes of a network that is small enough to look at every address of it.
    fn small() -> impl Strategy<Value = Entries> {
        let prefix = (0u8..=255, 24u8..=32).prop_map(|(last, length)| {
            let addr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
            IpNet::new(addr, length).unwrap().trunc()
        });
        prop::collection::vec(prefix, 0..8).prop_map(|nets| nets.into_iter().collect())
    }

    proptest! {
        #[test]
        fn carving_is_exact(entries in small(), exceptions in small()) {
            let left = carve(&entries, &exceptions, 1_000).unwrap();
            for last in 0..=255 {
                let addr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
                let expected = entries.find(addr).is_some() && exceptions.find(addr).is_none();
                prop_assert_eq!(left.find(addr).is_some(), expected, "{}", addr);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_not_carved() {
        let nets = |net: &str| -> Entries { [net.parse::<IpNet>().unwrap()].into_iter().collect() };
        let (entries, exceptions) = (nets("2001:db8::/32"), nets("2001:db8::/128"));
        let left = carve(&entries, &exceptions, 96).unwrap();
        assert_eq!(left.len(), 96);
        assert_eq!(carve(&entries, &exceptions, 95), None);
    }

    #[test]
    fn an_entry_becomes_the_prefixes_around_its_exception() {
        let nets = |nets: &[&str]| -> Entries {
            nets.iter()
                .map(|net| net.parse::<IpNet>().unwrap())
                .collect()
        };
        let left = carve(
            &nets(&["192.0.2.0/30", "198.51.100.0/24", "2001:db8::/126"]),
            &nets(&["192.0.2.1/32", "198.51.0.0/16", "2001:db8::3/128"]),
            100,
        );
        let expected = nets(&[
            "192.0.2.0/32",
            "192.0.2.2/31",
            "2001:db8::/127",
            "2001:db8::2/128",
        ]);
        assert_eq!(left, Some(expected));
    }
}
