//! The compiled policy and the words that belong to its numbers.

use super::client_names::ClientNames;
use super::overlay::Overlay;
use crate::lists::LoadedList;
use exitguard_common::abi::{
    Addr, AddressClass, ClassId, ListId, PORT_LINES_PER_SET, PortLine, PortSetId, Rule, RuleId,
    RuntimeFlags,
};
use exitguard_common::policy::{Settings, Tables};
use exitguard_common::ranges::{RangeTable, V4, V6, lookup};
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;

/// A policy as plain tables.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What holds for all of it.
    pub settings: Settings,
    /// Class of every IPv4 address.
    pub v4: RangeTable<V4>,
    /// Class of every IPv6 address.
    pub v6: RangeTable<V6>,
    /// Classes by number.
    pub classes: Vec<AddressClass>,
    /// Rules by number.
    pub rules: Vec<Rule>,
    /// Port sets, [`PORT_LINES_PER_SET`] lines each.
    pub ports: Vec<PortLine>,
    /// Identities of the lists, by their bit.
    pub lists: Vec<ListId>,
    /// What operators said at run time.
    pub overlay: Overlay,
}

/// The identity of a list, by which its hits are counted: the same for every list of this name.
pub fn list_id(name: &str) -> ListId {
    let digest = Sha256::digest(name);
    let first = digest.iter().take(size_of::<u64>());
    ListId(first.fold(0, |id, byte| id << 8 | u64::from(*byte)))
}

impl Tables for Compiled {
    fn settings(&self) -> Settings {
        self.settings
    }

    fn class_of(&self, addr: &Addr) -> Option<ClassId> {
        match addr.as_v4() {
            Some(bits) => lookup(&self.v4, V4(bits)),
            None => lookup(&self.v6, addr.bits()),
        }
    }

    fn class(&self, ClassId(id): ClassId) -> Option<&AddressClass> {
        self.classes.get(usize::from(id))
    }

    fn rule(&self, RuleId(id): RuleId) -> Option<&Rule> {
        self.rules.get(usize::from(id))
    }

    fn port_in_set(&self, PortSetId(set): PortSetId, port: u16) -> Option<bool> {
        let line = set
            .checked_mul(PORT_LINES_PER_SET)?
            .checked_add(PortLine::of(port))?;
        self.ports
            .get(line as usize)
            .map(|line| line.contains(port))
    }

    fn runtime(&self, client: &Addr, remote: &Addr) -> RuntimeFlags {
        self.overlay.flags((*client).into(), (*remote).into())
    }
}

/// What numbers of a compiled policy are called, and where list entries come from.
#[derive(Clone, Debug)]
pub struct Labels {
    rules: Vec<String>,
    /// By rule: the lists that apply, a bit each.
    applying: Vec<u64>,
    /// The lists that only observe, a bit each.
    observing: u64,
    lists: Arc<[LoadedList]>,
    clients: ClientNames,
    overlay: Overlay,
}

/// A list that holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHit<'a> {
    /// Name of the list.
    pub list: &'a str,
    /// Its most specific entry for the address.
    pub entry: IpNet,
}

impl Labels {
    pub(super) fn new(
        rules: Vec<String>,
        compiled: &Compiled,
        lists: Arc<[LoadedList]>,
        clients: ClientNames,
    ) -> Self {
        let applying = compiled.rules.iter().map(|rule| rule.lists).collect();
        Self {
            rules,
            applying,
            observing: compiled.settings.observe_lists,
            lists,
            clients,
            overlay: compiled.overlay.clone(),
        }
    }

    /// The same names for the policy under other changes at run time.
    #[must_use]
    pub fn under(&self, overlay: Overlay) -> Self {
        Self {
            overlay,
            ..self.clone()
        }
    }

    /// The same names where the lists hold what those of another policy do. Who has many policies then has few lists.
    #[must_use]
    pub fn with_lists_of(&self, other: &Self) -> Self {
        let of_other = |list: &LoadedList| {
            let same = other.lists.iter().find(|it| it.name == list.name);
            let (entries, left_out) = same
                .map(|it| (it.entries.clone(), it.left_out.clone()))
                .unwrap_or_default();
            LoadedList {
                entries,
                left_out,
                ..list.clone()
            }
        };
        Self {
            lists: self.lists.iter().map(of_other).collect(),
            ..self.clone()
        }
    }

    /// Whether it has the very lists of another policy.
    pub fn shares_lists(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lists, &other.lists)
    }

    /// What operators said at run time.
    pub const fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Name of a rule: `host`, `egress` or `client NAME`.
    pub fn rule(&self, RuleId(id): RuleId) -> &str {
        self.rules
            .get(usize::from(id))
            .map_or("unknown", String::as_str)
    }

    /// Name of the client that an address belongs to, if it has a rule of its own.
    pub fn client(&self, addr: IpAddr) -> Option<&Arc<str>> {
        self.clients.of(addr)
    }

    /// The lists, by their bit.
    pub fn lists(&self) -> &[LoadedList] {
        &self.lists
    }

    /// The first list that applies under a rule and holds the address, and by which entry. Lists that deny
    /// come before lists that observe.
    pub fn list_hit(&self, rule: RuleId, addr: IpAddr) -> Option<ListHit<'_>> {
        let applies = self.applying.get(usize::from(rule.0)).copied()?;
        let denies = self.hit_among(applies & !self.observing, addr);
        denies.or_else(|| self.hit_among(applies & self.observing, addr))
    }

    fn hit_among(&self, among: u64, addr: IpAddr) -> Option<ListHit<'_>> {
        self.lists
            .iter()
            .enumerate()
            .filter(|(bit, _)| among >> bit & 1 != 0)
            .find_map(|(_, list)| {
                Some(ListHit {
                    list: &list.name,
                    entry: list.find(addr)?,
                })
            })
    }
}
