//! Exceptions, cut out of entries.

use super::Entries;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The entries without the exceptions. An entry that holds one becomes the prefixes around it.
pub(super) fn carve(entries: &Entries, exceptions: &Entries) -> Entries {
    let mut left = Left::default();
    for net in entries.v4() {
        left.v4(net, exceptions);
    }
    for net in entries.v6() {
        left.v6(net, exceptions);
    }
    Entries::new(left.v4, left.v6)
}

#[derive(Default)]
struct Left {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
}

impl Left {
    /// Halves the prefix until its parts are outside or inside; no deeper than an address is long.
    fn v4(&mut self, net: Ipv4Net, exceptions: &Entries) {
        if exceptions.covers(IpNet::V4(net)) {
            return;
        }
        if exceptions.within_v4(net).is_empty() {
            self.v4.push(net);
        } else if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
            halves.for_each(|half| self.v4(half, exceptions));
        }
    }

    fn v6(&mut self, net: Ipv6Net, exceptions: &Entries) {
        if exceptions.covers(IpNet::V6(net)) {
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
            let left = carve(&entries, &exceptions);
            for last in 0..=255 {
                let addr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
                let expected = entries.find(addr).is_some() && exceptions.find(addr).is_none();
                prop_assert_eq!(left.find(addr).is_some(), expected, "{}", addr);
            }
        }
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
        );
        let expected = nets(&[
            "192.0.2.0/32",
            "192.0.2.2/31",
            "2001:db8::/127",
            "2001:db8::2/128",
        ]);
        assert_eq!(left, expected);
    }
}
