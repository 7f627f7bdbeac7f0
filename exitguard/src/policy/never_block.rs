//! What no list may block: addresses that the host and the tailnet cannot do without.

use super::compile::TAILNET;
use super::network::Network;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::lists::LoadedList;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Servers of Tailscale that every node talks to, as its documentation lists them.
const TAILSCALE: [(IpNet, &str); 4] = [
    (v4(192, 200, 0), "Tailscale's control servers"),
    (v6(0x2606, 0xb740, 0x49), "Tailscale's control servers"),
    (v4(199, 165, 136), "Tailscale's log servers"),
    (v6(0x2606, 0xb740, 1), "Tailscale's log servers"),
];

/// There are more than a hundred of them, so a list that holds one may hold many.
const RELAY: &str = "a relay of Tailscale";

const fn v4(a: u8, b: u8, c: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), 24)
}

const fn v6(a: u16, b: u16, c: u16) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), 48)
}

/// Addresses that no list may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverBlocked {
    /// Which.
    pub net: IpNet,
    /// What they are.
    pub what: &'static str,
}

impl fmt::Display for NeverBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(self.net))
    }
}

/// A network as people write it: a single address without its length.
pub fn short(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

/// Everything that no list may block. Exceptions of the configuration are not among it: they come before
/// lists anyway, and are known to whoever made them.
pub fn never_blocked(network: &Network) -> impl Iterator<Item = NeverBlocked> {
    let named = |what| move |net| NeverBlocked { net, what };
    let built_in = TAILNET.map(named("the tailnet")).into_iter();
    let servers = TAILSCALE.map(|(net, what)| NeverBlocked { net, what });
    let on_link = network.on_link.iter().copied();
    built_in
        .chain(servers)
        .chain(single(&network.addresses).map(named("an address of this host")))
        .chain(on_link.map(named("a network of this host")))
        .chain(single(&network.gateways).map(named("a default gateway of this host")))
        .chain(single(&network.resolvers).map(named("a resolver of this host")))
        .chain(single(&network.relays).map(named(RELAY)))
}

/// Without those of the loopback device: nothing from the tailnet gets there.
fn single(addrs: &[IpAddr]) -> impl Iterator<Item = IpNet> {
    let others = addrs.iter().filter(|addr| !addr.is_loopback());
    others.copied().map(IpNet::from)
}

/// A list that would block what it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// Number of the list.
    list: usize,
    name: String,
    /// The entry, as the list has it; one of them if there are several.
    entry: IpNet,
    entries: usize,
    never: NeverBlocked,
    /// How many other relays the list holds.
    more_relays: usize,
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list \"{}\": {}; left out", self.name, self.what())
    }
}

impl Collision {
    /// The entry, and what it would cut.
    pub fn what(&self) -> String {
        let Self {
            entry,
            entries,
            never,
            ..
        } = self;
        let mut what = never.what.to_owned();
        if self.more_relays > 0 {
            what += &format!(" (and {} more)", self.more_relays);
        }
        if *entries > 1 {
            format!("{entries} entries, {entry} among them, overlap {never}, {what}")
        } else if entry.contains(&never.net) {
            format!("{entry} holds {never}, {what}")
        } else {
            format!("{entry} lies in {never}, {what}")
        }
    }

    /// The same, where the configuration names the list.
    pub fn warning(&self, config: &Config) -> Option<Diagnostic> {
        let list = config.lists.get(self.list)?;
        let hint = "a list like this may be meant for other places than an exit node";
        Some(list.named_at.warning(self.to_string()).hint(hint))
    }
}

/// What of the lists is left out because it must not be blocked.
pub fn collisions(lists: &[LoadedList], network: &Network) -> Vec<Collision> {
    let mut collisions = Vec::new();
    for (number, list) in lists.iter().enumerate() {
        let overlapping = never_blocked(network).filter_map(|never| {
            Some(Collision {
                list: number,
                name: list.name.clone(),
                entry: list.entries.overlap(never.net)?,
                entries: list.entries.overlapping(never.net),
                never,
                more_relays: 0,
            })
        });
        for collision in overlapping {
            let is_relay = |one: &Collision| one.list == number && one.never.what == RELAY;
            if is_relay(&collision)
                && let Some(known) = collisions.iter_mut().find(|known| is_relay(known))
            {
                known.more_relays += 1;
                continue;
            }
            if !collisions.contains(&collision) {
                collisions.push(collision);
            }
        }
    }
    collisions
}
