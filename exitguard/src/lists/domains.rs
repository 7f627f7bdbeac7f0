//! A set of domain names, packed.

use std::cmp::Ordering;

/// Which names an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The name itself.
    Exact,
    /// The name and all names below it.
    Suffix,
    /// All names below it, not itself.
    Below,
}

/// Names in lower case, sorted, each once for each scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    text: Vec<u8>,
    names: Vec<Name>,
}

/// Where a name stands in the text. Hundreds of thousands of short strings of their own would cost several
/// times as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name {
    start: u32,
    length: u8,
    scope: Scope,
}

impl Domains {
    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many entries have this scope.
    pub fn count(&self, scope: Scope) -> usize {
        self.names.iter().filter(|name| name.scope == scope).count()
    }

    /// The entries, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Scope)> {
        self.names
            .iter()
            .filter_map(|name| Some((str::from_utf8(self.bytes(name)).ok()?, name.scope)))
    }

    fn bytes(&self, name: &Name) -> &[u8] {
        let start = name.start as usize;
        let name = self.text.get(start..start + usize::from(name.length));
        name.unwrap_or_default()
    }

    /// Adds a name of ASCII letters that fits DNS; one that does not is left out.
    pub(super) fn push(&mut self, name: &[u8], scope: Scope) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.text.len()), u8::try_from(name.len()))
        else {
            return;
        };
        self.text.extend(name.iter().map(u8::to_ascii_lowercase));
        self.names.push(Name {
            start,
            length,
            scope,
        });
    }

    /// Sorts, and returns how many entries were there already.
    pub(super) fn finish(&mut self) -> usize {
        let mut names = std::mem::take(&mut self.names);
        let order = |a: &Name, b: &Name| -> Ordering {
            (self.bytes(a), a.scope).cmp(&(self.bytes(b), b.scope))
        };
        let before = names.len();
        names.sort_unstable_by(order);
        names.dedup_by(|later, earlier| order(later, earlier).is_eq());
        // Rewritten in order: equal sets are equal, and what was there twice is gone.
        let mut sorted = Self::default();
        for name in &names {
            sorted.push(self.bytes(name), name.scope);
        }
        *self = sorted;
        before - self.len()
    }
}
