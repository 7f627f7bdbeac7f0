//! What a list must not do, whoever made it.

use super::bogons::{self, Bogon, bogons};
use super::carve::carve;
use super::collector::{SHORTEST_V4, SHORTEST_V6};
use super::{Coverage, Entries, MAX_ENTRIES, Refusal};
use ipnet::IpNet;

/// Prefixes that a message names.
const NAMED: usize = 3;

/// What the configuration lets a list do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether it may hold special-purpose addresses.
    pub bogons: bool,
    /// Whether it may hold prefixes shorter than /8, or /16 of IPv6.
    pub wide: bool,
    /// How much of IPv4 it may cover, in percent.
    pub max_coverage: u8,
}

impl Default for Limits {
    /// Lists of threats cover less than 0.5 %; what covers more than 5 % is of another kind, or a mistake.
    fn default() -> Self {
        Self {
            bogons: false,
            wide: false,
            max_coverage: 5,
        }
    }
}

/// Entries that keep within the limits.
#[derive(Clone, Debug)]
pub struct Safe {
    /// The entries, as they are written.
    pub entries: Entries,
    /// What of them is not to be blocked.
    pub left_out: Entries,
    /// Special-purpose ranges that they overlap, left out or not.
    pub bogons: Vec<Bogon>,
    /// Entries that are not there any more because they are too short.
    pub too_short: Vec<IpNet>,
}

/// Keeps entries within limits.
///
/// # Errors
/// When what is left still covers too much.
pub(super) fn make_safe(entries: Entries, limits: &Limits) -> Result<Safe, Refusal> {
    match within(entries, limits)? {
        (safe, None) => Ok(safe),
        (_, Some(refusal)) => Err(refusal),
    }
}

/// Keeps entries within limits, and says why they have to be refused if what is left still covers too much.
///
/// # Errors
/// When they are too many.
pub fn within(entries: Entries, limits: &Limits) -> Result<(Safe, Option<Refusal>), Refusal> {
    let bogons = bogons(&entries);
    let is_cut = !limits.bogons && bogons.iter().any(|bogon| bogon.is_left_out);
    let left_out = if is_cut {
        bogons::left_out()
    } else {
        Entries::default()
    };
    let too_short = if limits.wide {
        Vec::new()
    } else {
        too_short(&entries, &left_out)
    };
    let entries = if too_short.is_empty() {
        entries
    } else {
        entries.without(&too_short)
    };
    let safe = Safe {
        entries,
        left_out,
        bogons,
        too_short,
    };
    let (addresses, allowed) = (safe.v4_addresses(limits)?, limits.max_coverage);
    let refusal = exceeds(addresses, allowed).then_some(Refusal::TooBroad { addresses, allowed });
    Ok((safe, refusal))
}

/// Entries so short that a mistake is likely. One that lies in special-purpose ranges, such as 224.0.0.0/3,
/// is left out with these.
fn too_short(entries: &Entries, left_out: &Entries) -> Vec<IpNet> {
    let v4 = entries.v4().filter(|net| net.prefix_len() < SHORTEST_V4);
    let v6 = entries.v6().filter(|net| net.prefix_len() < SHORTEST_V6);
    let short = v4.map(IpNet::V4).chain(v6.map(IpNet::V6));
    let is_public = |net: &IpNet| {
        let alone: Entries = [*net].into_iter().collect();
        carve(&alone, left_out, MAX_ENTRIES).is_none_or(|left| !left.is_empty())
    };
    short.filter(is_public).collect()
}

fn exceeds(addresses: u64, percent: u8) -> bool {
    addresses * 100 > u64::from(percent) << 32
}

impl Safe {
    /// IPv4 addresses that are blocked. Exact where it matters: to subtract takes time.
    fn v4_addresses(&self, limits: &Limits) -> Result<u64, Refusal> {
        let all = Coverage::of(&self.entries).v4_addresses;
        if exceeds(all, limits.max_coverage) {
            Ok(Coverage::of(&self.blocked()?).v4_addresses)
        } else {
            Ok(all)
        }
    }

    /// What is blocked, as prefixes.
    ///
    /// # Errors
    /// When they are too many.
    pub fn blocked(&self) -> Result<Entries, Refusal> {
        carve(&self.entries, &self.left_out, MAX_ENTRIES).ok_or(Refusal::TooMany)
    }

    /// What a person should look at, and what there is to do.
    pub fn warnings(&self, list: &str) -> impl Iterator<Item = (String, &'static str)> {
        let short = self.too_short.first().map(|_| {
            let named = self.too_short.iter().take(NAMED).map(ToString::to_string);
            let named = named.collect::<Vec<_>>().join(", ");
            let more = if self.too_short.len() > NAMED {
                ", …"
            } else {
                ""
            };
            let message = format!(
                "list \"{list}\": left out because they are shorter than /8, or /16 of IPv6: {named}{more}"
            );
            (message, "if that is meant, set wide = true for this list")
        });
        let has_all_left_out = !self.left_out.is_empty()
            && !self.entries.is_empty()
            && self
                .entries
                .v4()
                .all(|net| self.left_out.covers(IpNet::V4(net)))
            && self
                .entries
                .v6()
                .all(|net| self.left_out.covers(IpNet::V6(net)));
        let nothing = has_all_left_out.then(|| {
            let message = format!(
                "list \"{list}\": all its entries are private or other special-purpose addresses, which are left out: it blocks nothing"
            );
            (message, "if they are meant, set bogons = true for this list")
        });
        [short, nothing].into_iter().flatten()
    }
}
