//! The entries of a list: as written, and findable by address.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Prefixes, sorted, each once. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    v4: Arc<[Ipv4Net]>,
    v6: Arc<[Ipv6Net]>,
    /// Bit `n`: some IPv4 entry has prefix length `n`.
    v4_lengths: u64,
    v6_lengths: [u64; 3],
}

impl FromIterator<IpNet> for Entries {
    fn from_iter<T: IntoIterator<Item = IpNet>>(nets: T) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            match net {
                IpNet::V4(net) => v4.push(net),
                IpNet::V6(net) => v6.push(net),
            }
        }
        Self::new(v4, v6)
    }
}

impl Entries {
    /// Prefixes in any order, some perhaps several times.
    pub(super) fn new(mut v4: Vec<Ipv4Net>, mut v6: Vec<Ipv6Net>) -> Self {
        // In the order of the types themselves, but as numbers: half the time for a million.
        let key =
            |net: &Ipv4Net| u64::from(net.addr().to_bits()) << 8 | u64::from(net.prefix_len());
        let mut keys: Vec<u64> = v4.iter().map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        v4.clear();
        let net = |key: u64| Ipv4Net::new(Ipv4Addr::from_bits((key >> 8) as u32), key as u8).ok();
        v4.extend(keys.into_iter().filter_map(net));
        v6.sort_unstable_by_key(|net| (net.addr().to_bits(), net.prefix_len()));
        v6.dedup();
        let mut entries = Self {
            v4: v4.into(),
            v6: v6.into(),
            ..Self::default()
        };
        for net in &*entries.v4 {
            entries.v4_lengths |= 1 << net.prefix_len();
        }
        for net in &*entries.v6 {
            let length = usize::from(net.prefix_len());
            if let Some(word) = entries.v6_lengths.get_mut(length / 64) {
                *word |= 1 << (length % 64);
            }
        }
        entries
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps one copy of what others hold as well.
    pub(super) fn share(&mut self, other: &Self) {
        if self.v4 == other.v4 {
            self.v4 = Arc::clone(&other.v4);
        }
        if self.v6 == other.v6 {
            self.v6 = Arc::clone(&other.v6);
        }
    }

    /// The IPv4 entries, ascending.
    pub fn v4(&self) -> impl Iterator<Item = Ipv4Net> + '_ {
        self.v4.iter().copied()
    }

    /// The IPv6 entries, ascending.
    pub fn v6(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.v6.iter().copied()
    }

    /// The longest entry that holds the address.
    pub fn find(&self, addr: IpAddr) -> Option<IpNet> {
        match addr {
            IpAddr::V4(addr) => self.find_v4(addr, 32).map(IpNet::V4),
            IpAddr::V6(addr) => self.find_v6(addr, 128).map(IpNet::V6),
        }
    }

    /// Whether one entry holds all of a prefix.
    pub(super) fn covers(&self, net: IpNet) -> bool {
        match net {
            IpNet::V4(net) => self.find_v4(net.addr(), net.prefix_len()).is_some(),
            IpNet::V6(net) => self.find_v6(net.addr(), net.prefix_len()).is_some(),
        }
    }

    /// The entries that begin within a prefix.
    pub(super) fn within_v4(&self, net: Ipv4Net) -> &[Ipv4Net] {
        let start = self
            .v4
            .partition_point(|entry| entry.addr() < net.network());
        let rest = self.v4.get(start..).unwrap_or_default();
        let end = rest.partition_point(|entry| entry.addr() <= net.broadcast());
        rest.get(..end).unwrap_or_default()
    }

    /// The entries that begin within a prefix.
    pub(super) fn within_v6(&self, net: Ipv6Net) -> &[Ipv6Net] {
        let start = self
            .v6
            .partition_point(|entry| entry.addr() < net.network());
        let rest = self.v6.get(start..).unwrap_or_default();
        let end = rest.partition_point(|entry| entry.addr() <= net.broadcast());
        rest.get(..end).unwrap_or_default()
    }

    /// How many entries lie in a range or hold it.
    pub fn overlapping(&self, range: IpNet) -> usize {
        match range {
            IpNet::V4(range) => {
                let around = (0..range.prefix_len())
                    .filter_map(|length| Some(Ipv4Net::new(range.addr(), length).ok()?.trunc()))
                    .filter(|net| self.v4.binary_search(net).is_ok());
                let begun = self.within_v4(range).iter();
                around.count() + begun.filter(|net| range.contains(*net)).count()
            }
            IpNet::V6(range) => {
                let around = (0..range.prefix_len())
                    .filter_map(|length| Some(Ipv6Net::new(range.addr(), length).ok()?.trunc()))
                    .filter(|net| self.v6.binary_search(net).is_ok());
                let begun = self.within_v6(range).iter();
                around.count() + begun.filter(|net| range.contains(*net)).count()
            }
        }
    }

    /// An entry that lies in a range or holds it: the longest that holds it, else the first inside.
    pub fn overlap(&self, range: IpNet) -> Option<IpNet> {
        match range {
            IpNet::V4(net) => {
                let first = || self.within_v4(net).first().copied();
                let found = self.find_v4(net.addr(), net.prefix_len());
                found.or_else(first).map(IpNet::V4)
            }
            IpNet::V6(net) => {
                let first = || self.within_v6(net).first().copied();
                let found = self.find_v6(net.addr(), net.prefix_len());
                found.or_else(first).map(IpNet::V6)
            }
        }
    }

    /// The entries but these few.
    pub(super) fn without(&self, few: &[IpNet]) -> Self {
        let v4 = self.v4().filter(|net| !few.contains(&IpNet::V4(*net)));
        let v6 = self.v6().filter(|net| !few.contains(&IpNet::V6(*net)));
        Self::new(v4.collect(), v6.collect())
    }

    /// The longest entry up to a length. One binary search for each length that occurs: entries may nest,
    /// so one search is not enough.
    fn find_v4(&self, addr: Ipv4Addr, longest: u8) -> Option<Ipv4Net> {
        (0..=longest)
            .rev()
            .filter(|length| self.v4_lengths >> length & 1 != 0)
            .filter_map(|length| Some(Ipv4Net::new(addr, length).ok()?.trunc()))
            .find(|net| self.v4.binary_search(net).is_ok())
    }

    fn find_v6(&self, addr: Ipv6Addr, longest: u8) -> Option<Ipv6Net> {
        let occurs = |length: u8| {
            let word = self.v6_lengths.get(usize::from(length / 64));
            word.is_some_and(|word| word >> (length % 64) & 1 != 0)
        };
        (0..=longest)
            .rev()
            .filter(|length| occurs(*length))
            .filter_map(|length| Some(Ipv6Net::new(addr, length).ok()?.trunc()))
            .find(|net| self.v6.binary_search(net).is_ok())
    }
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
    fn finds_the_longest_of_nested_entries() {
        let entries = entries(&[
            "192.0.2.0/24",
            "192.0.2.128/25",
            "192.0.2.200/32",
            "2001:db8::/32",
            "2001:db8::1/128",
        ]);
        for (addr, expected) in [
            ("192.0.2.1", Some("192.0.2.0/24")),
            ("192.0.2.129", Some("192.0.2.128/25")),
            ("192.0.2.200", Some("192.0.2.200/32")),
            ("192.0.3.1", None),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("2001:db8::2", Some("2001:db8::/32")),
            ("2001:db9::", None),
        ] {
            let found = entries.find(addr.parse().unwrap());
            assert_eq!(found, expected.map(|net| net.parse().unwrap()), "{addr}");
        }
    }

    #[test]
    fn the_widest_entries_are_found_too() {
        let entries = entries(&["0.0.0.0/0", "::/0"]);
        assert_eq!(
            entries.find("203.0.113.7".parse().unwrap()),
            Some("0.0.0.0/0".parse().unwrap())
        );
        assert_eq!(
            entries.find("2001:db8::7".parse().unwrap()),
            Some("::/0".parse().unwrap())
        );
    }

    #[test]
    fn keeps_each_entry_once() {
        assert_eq!(
            entries(&["192.0.2.1/32", "192.0.2.1/32", "2001:db8::/32"]).len(),
            2
        );
    }

    #[test]
    fn shares_what_is_the_same() {
        let before = entries(&["192.0.2.1/32", "2001:db8::/32"]);
        let mut now = entries(&["192.0.2.1/32", "2001:db8::/33"]);
        let expected = now.clone();
        now.share(&before);
        assert_eq!(now, expected);
        assert!(Arc::ptr_eq(&now.v4, &before.v4));
        assert!(!Arc::ptr_eq(&now.v6, &before.v6));
    }
}
