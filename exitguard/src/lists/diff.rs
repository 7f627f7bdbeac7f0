//! What a version of a list has that another has not.

use super::{Content, Domains, Entries, Scope};
use ipnet::IpNet;
use std::cmp::Ordering;

/// What came and what went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<T> {
    /// In the new version only, ascending.
    pub added: Vec<T>,
    /// In the old version only, ascending.
    pub removed: Vec<T>,
}

/// What came and what went, between two versions of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Prefixes, IPv4 before IPv6.
    pub prefixes: Changes<IpNet>,
    /// Names.
    pub names: Changes<(String, Scope)>,
}

impl Diff {
    /// Between an old version and a new one.
    pub fn of(old: &Content, new: &Content) -> Self {
        Self {
            prefixes: Changes::of(prefixes(&old.entries), prefixes(&new.entries)),
            names: Changes::of(names(&old.domains), names(&new.domains)),
        }
    }

    /// Whether both say the same.
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty() && self.names.is_empty()
    }
}

fn prefixes(entries: &Entries) -> impl Iterator<Item = IpNet> {
    entries
        .v4()
        .map(IpNet::V4)
        .chain(entries.v6().map(IpNet::V6))
}

fn names(domains: &Domains) -> impl Iterator<Item = (String, Scope)> {
    domains.iter().map(|(name, scope)| (name.to_owned(), scope))
}

impl<T: Ord> Changes<T> {
    /// Between what is there in ascending order, each once.
    fn of(old: impl Iterator<Item = T>, new: impl Iterator<Item = T>) -> Self {
        let (mut old, mut new) = (old.peekable(), new.peekable());
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) => old.cmp(new),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Self { added, removed },
            };
            match order {
                Ordering::Less => removed.extend(old.next()),
                Ordering::Greater => added.extend(new.next()),
                Ordering::Equal => {
                    old.next();
                    new.next();
                }
            }
        }
    }
}

impl<T> Changes<T> {
    /// Whether nothing came and nothing went.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn what_is_added_and_removed_makes_the_new_of_the_old(
            old in prop::collection::btree_set(0u8..40, 0..20),
            new in prop::collection::btree_set(0u8..40, 0..20),
        ) {
            let changes = Changes::of(old.iter(), new.iter());
            let added: BTreeSet<&u8> = changes.added.iter().copied().collect();
            let removed: BTreeSet<&u8> = changes.removed.iter().copied().collect();
            prop_assert_eq!(added, new.difference(&old).collect());
            prop_assert_eq!(removed, old.difference(&new).collect());
            prop_assert!(changes.added.is_sorted() && changes.removed.is_sorted());
            prop_assert_eq!(changes.is_empty(), old == new);
        }
    }
}
