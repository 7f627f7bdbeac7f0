//! Sets of ports.

use exitguard_common::abi::{PORT_LINES_PER_SET, PortLine};
use std::fmt;
use std::ops::RangeInclusive;

/// Any subset of the 65,536 ports.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PortSet {
    words: Box<[u64]>,
}

const WORDS: usize = 1024;

impl PortSet {
    /// No port.
    pub fn none() -> Self {
        Self {
            words: vec![0; WORDS].into(),
        }
    }

    /// Every port.
    pub fn any() -> Self {
        Self {
            words: vec![u64::MAX; WORDS].into(),
        }
    }

    /// Adds ports.
    pub fn add(&mut self, ports: RangeInclusive<u16>) {
        for port in ports {
            if let Some(word) = self.words.get_mut(usize::from(port >> 6)) {
                *word |= 1 << (port & 63);
            }
        }
    }

    /// Whether a port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.words
            .get(usize::from(port >> 6))
            .is_some_and(|word| word >> (port & 63) & 1 != 0)
    }

    /// Whether every port is.
    pub fn is_any(&self) -> bool {
        self.words.iter().all(|word| *word == u64::MAX)
    }

    /// Whether none is.
    pub fn is_none(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The set as runs of consecutive ports.
    pub fn ranges(&self) -> Vec<RangeInclusive<u16>> {
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
        for port in (0..=u16::MAX).filter(|port| self.contains(*port)) {
            match ranges.last_mut() {
                Some(last) if Some(*last.end()) == port.checked_sub(1) => {
                    *last = *last.start()..=port;
                }
                _ => ranges.push(port..=port),
            }
        }
        ranges
    }

    /// The set as the kernel keeps it.
    pub(super) fn lines(&self) -> impl Iterator<Item = PortLine> + '_ {
        let (lines, _) = self.words.as_chunks::<8>();
        debug_assert_eq!(lines.len(), PORT_LINES_PER_SET as usize);
        lines.iter().map(|words| PortLine(*words))
    }
}

impl FromIterator<RangeInclusive<u16>> for PortSet {
    fn from_iter<T: IntoIterator<Item = RangeInclusive<u16>>>(ranges: T) -> Self {
        let mut set = Self::none();
        for range in ranges {
            set.add(range);
        }
        set
    }
}

/// As a person writes it: `22, 80, 6000-6010`, `any` or `none`.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("any");
        }
        if self.is_none() {
            return f.write_str("none");
        }
        for (position, range) in self.ranges().iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            if range.start() == range.end() {
                write!(f, "{}", range.start())?;
            } else {
                write!(f, "{}-{}", range.start(), range.end())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PortSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_it_is_written() {
        let set: PortSet = [443..=443, 22..=22, 6000..=6010, 6011..=6011]
            .into_iter()
            .collect();
        assert_eq!(set.to_string(), "22, 443, 6000-6011");
        assert_eq!(PortSet::any().to_string(), "any");
        assert_eq!(PortSet::none().to_string(), "none");
    }

    #[test]
    fn both_ends_of_the_port_space_can_be_members() {
        let set: PortSet = [0..=0, 65_535..=65_535].into_iter().collect();
        assert!(set.contains(0) && set.contains(65_535));
        assert!(!set.contains(1) && !set.contains(65_534));
        assert_eq!(set.ranges(), [0..=0, 65_535..=65_535]);
    }

    proptest! {
        #[test]
        fn the_kernel_form_holds_the_same_ports(
            bounds in prop::collection::vec((any::<u16>(), any::<u16>()), 0..20),
            probe in any::<u16>(),
        ) {
            let set: PortSet = bounds.iter().map(|(a, b)| (*a.min(b))..=(*a.max(b))).collect();
            let lines: Vec<_> = set.lines().collect();
            for port in bounds.iter().flat_map(|(a, b)| [*a, *b, a.wrapping_sub(1), b.wrapping_add(1)]).chain([probe]) {
                prop_assert_eq!(lines[PortLine::of(port) as usize].contains(port), set.contains(port));
            }
            prop_assert_eq!(set.ranges().into_iter().collect::<PortSet>(), set);
        }
    }
}
