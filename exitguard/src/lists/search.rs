//! Looks for one address or name in a list, and says on which lines it is.

use super::token::{self, Item};
use super::{ListError, Scope, bogons, whole};
use crate::config::List;
use crate::diagnostic::Diagnostic;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address.
    Address(IpAddr),
    /// A domain name, in lower case and without a final dot.
    Name(String),
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        if let Ok(addr) = text.parse::<IpAddr>() {
            return Ok(Self::Address(addr.to_canonical()));
        }
        let name = token::name(text.as_bytes()).map_err(|_| NoTarget)?;
        Ok(Self::Name(
            String::from_utf8_lossy(name).to_ascii_lowercase(),
        ))
    }
}

/// It is neither an address nor a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no address and no domain name; write 203.0.113.7, 2001:db8::7 or bad.example")]
pub struct NoTarget;

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(addr) => addr.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// An entry that is about what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The entry.
    pub entry: Mentioned,
    /// Whether it takes out of the list what it says.
    pub is_exception: bool,
    /// The line on which it stands first.
    pub line: usize,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mentioned {
    /// A prefix; of a range, the one that holds the address.
    Prefix(IpNet),
    /// A name.
    Name(String, Scope),
}

impl fmt::Display for Mentioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(net) => net.fmt(f),
            Self::Name(name, Scope::Exact) => f.write_str(name),
            Self::Name(name, Scope::Suffix) => write!(f, "{name} and all below it"),
            Self::Name(name, Scope::Below) => write!(f, "all below {name}"),
        }
    }
}

impl Target {
    /// The part of an item that holds the address.
    pub(super) fn in_item(&self, item: Item) -> Option<Mentioned> {
        let Self::Address(addr) = self else {
            return None;
        };
        let net = item.prefixes().find(|net| net.contains(addr))?;
        Some(Mentioned::Prefix(net))
    }

    /// The entry, if it means the name.
    pub(super) fn in_name(&self, entry: &[u8], scope: Scope) -> Option<Mentioned> {
        let Self::Name(name) = self else {
            return None;
        };
        let above = name.len().checked_sub(entry.len())?;
        let (before, end) = name.as_bytes().split_at_checked(above)?;
        let is_meant = match scope {
            Scope::Exact => before.is_empty(),
            Scope::Suffix => before.is_empty() || before.ends_with(b"."),
            Scope::Below => before.ends_with(b"."),
        };
        (is_meant && end.eq_ignore_ascii_case(entry)).then(|| {
            let entry = String::from_utf8_lossy(entry).to_ascii_lowercase();
            Mentioned::Name(entry, scope)
        })
    }
}

/// What a list says about an address or name.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The file that was read; none if there is nothing of the list.
    pub path: Option<PathBuf>,
    /// The entries about it, the most specific first; exceptions among them. At most one for each length that
    /// a prefix can have, or each name above the one that is looked for.
    pub mentions: Vec<Mention>,
    /// Entries that are left out because they are too short.
    pub too_short: Vec<IpNet>,
    /// The special-purpose range that is left out of the list and holds the address, and its purpose.
    pub special: Option<(IpNet, &'static str)>,
}

impl Found {
    /// Whether the list has an entry for it.
    pub fn is_held(&self) -> bool {
        self.entries().next().is_some()
    }

    /// The entries that hold it.
    pub fn entries(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|mention| !mention.is_exception)
    }

    /// The exceptions that hold it.
    pub fn exceptions(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|mention| mention.is_exception)
    }

    /// Whether an entry is left out because it is too short.
    pub fn is_too_short(&self, entry: &Mentioned) -> bool {
        matches!(entry, Mentioned::Prefix(net) if self.too_short.contains(net))
    }

    /// Whether the list blocks the address, as far as the list alone decides.
    pub fn is_blocked(&self) -> bool {
        let counts = |mention: &Mention| {
            matches!(mention.entry, Mentioned::Prefix(_)) && !self.is_too_short(&mention.entry)
        };
        self.entries().any(counts) && self.exceptions().next().is_none() && self.special.is_none()
    }
}

/// Looks for an address or name in a list, as [`load`](super::load) reads it.
///
/// # Errors
/// As [`load`](super::load).
pub fn search(
    list: &List,
    cache: &Path,
    target: &Target,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Found, ListError> {
    let Some((path, mut parsed)) = whole::in_force(list, cache, Some(target), warnings)? else {
        return Ok(Found::default());
    };
    let mut mentions = std::mem::take(&mut parsed.mentions);
    sort(&mut mentions);
    let safe = whole::safe(list, &path, parsed)?;
    let special = match target {
        Target::Address(addr) if !list.limits.bogons => special(*addr),
        _ => None,
    };
    Ok(Found {
        path: Some(path),
        mentions,
        too_short: safe.too_short,
        special,
    })
}

/// The special-purpose range that holds an address and is left out of lists.
pub(super) fn special(addr: IpAddr) -> Option<(IpNet, &'static str)> {
    let alone = [IpNet::from(addr)].into_iter().collect();
    let mut found = bogons(&alone).into_iter();
    let found = found.find(|bogon| bogon.is_left_out)?;
    Some((found.range, found.purpose))
}

/// Puts the most specific first.
pub(super) fn sort(mentions: &mut [Mention]) {
    mentions.sort_by_key(|mention| {
        std::cmp::Reverse(match &mention.entry {
            Mentioned::Prefix(net) => usize::from(net.prefix_len()),
            Mentioned::Name(name, _) => name.len(),
        })
    });
}
