//! What clients use, and which of it is proposed.

use crate::control::ObservedRow;
use exitguard_common::packet::protocol;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Something that a rule can permit. In the order in which a rule lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Tcp(u16),
    Udp(u16),
    Sctp(u16),
    Icmp,
    Protocol(u8),
}

/// The key of a rule that permits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Protocols,
}

impl Service {
    /// What the flows of a row need; nothing if no rule can name it.
    pub(super) fn of(row: &ObservedRow) -> Option<Self> {
        let port = row.port.filter(|port| *port != 0);
        match (row.protocol, row.client) {
            (protocol::TCP, _) => port.map(Self::Tcp),
            (protocol::UDP, _) => port.map(Self::Udp),
            (protocol::SCTP, _) => port.map(Self::Sctp),
            (protocol::ICMP, IpAddr::V4(_)) | (protocol::ICMPV6, IpAddr::V6(_)) => Some(Self::Icmp),
            // `protocols` does not take them, and nobody needs ICMP of the other family.
            (protocol::ICMP | protocol::ICMPV6, _) => None,
            (other, _) => Some(Self::Protocol(other)),
        }
    }

    pub(super) const fn key(self) -> Key {
        match self {
            Self::Tcp(_) => Key::Tcp,
            Self::Udp(_) => Key::Udp,
            Self::Sctp(_) => Key::Sctp,
            Self::Icmp => Key::Icmp,
            Self::Protocol(_) => Key::Protocols,
        }
    }
}

/// Some flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) flows: u64,
    pub(super) answered: u64,
    pub(super) clients: BTreeSet<String>,
    pub(super) last: Timestamp,
}

impl Seen {
    pub(super) fn of(flows: u64, answered: u64, client: &str, last: Timestamp) -> Self {
        Self {
            flows,
            answered,
            clients: BTreeSet::from([client.to_owned()]),
            last,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.flows = self.flows.saturating_add(other.flows);
        self.answered = self.answered.saturating_add(other.answered);
        self.clients.extend(other.clients.iter().cloned());
        self.last = self.last.max(other.last);
    }

    /// What is not learned: a scan, a mistake, or something that does not work anyway.
    pub(super) const fn is_rare(&self) -> bool {
        self.flows <= 2 || self.answered == 0
    }
}

/// By service.
pub(super) type Uses = BTreeMap<Service, Seen>;

pub(super) fn add(uses: &mut Uses, service: Service, seen: &Seen) {
    uses.entry(service)
        .and_modify(|known| known.add(seen))
        .or_insert_with(|| seen.clone());
}

/// What a rule permits, and what was seen beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) permitted: Uses,
    /// Too rare to be learned.
    pub(super) rare: Uses,
    /// To private networks.
    pub(super) lan: Option<Seen>,
}

impl Rule {
    pub(super) fn has(&self, key: Key) -> bool {
        let mut services = self.permitted.keys().chain(self.rare.keys());
        services.any(|service| service.key() == key)
    }
}
