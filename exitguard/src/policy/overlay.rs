//! What operators change at run time, laid over a policy.

use exitguard_common::abi::{Addr, RuntimeEntry, RuntimeFlags, Scope};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What an override does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Denies a destination.
    Block(IpNet),
    /// No list and no LAN guard stops a destination.
    Allow(IpNet),
    /// Denies everything but established connections to this host.
    Lockdown,
}

/// One thing that an operator said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What it does.
    pub effect: Effect,
    /// To whom; to every client if there is none.
    pub clients: Vec<IpNet>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    overrides: Arc<[Override]>,
}

/// An entry of the kernel's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlayEntry {
    /// For which clients.
    pub scope: Scope,
    /// First address of the prefix.
    pub addr: Addr,
    /// Its length, of the 128 bits of an address.
    pub bits: u32,
    /// What is said about it.
    pub value: RuntimeEntry,
}

/// Every IPv4 address, which is inside of some short IPv6 prefixes as the kernel writes it.
const ALL_V4: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
const ALL_V6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));
/// A client like any other: the first address of the tailnet.
const SOME_CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0));
/// Bits before an IPv4 address in the kernel's tables.
const MAPPED_BITS: u32 = 96;

impl Override {
    /// Whether it speaks of everybody in a network of clients.
    fn is_about(&self, clients: IpNet) -> bool {
        self.clients.is_empty() || self.clients.iter().any(|net| net.contains(&clients))
    }

    /// What it says about everything in a network of destinations.
    fn flags(&self, destinations: IpNet) -> RuntimeFlags {
        match self.effect {
            Effect::Block(net) if net.contains(&destinations) => RuntimeFlags::BLOCK,
            Effect::Allow(net) if net.contains(&destinations) => RuntimeFlags::ALLOW,
            Effect::Lockdown => RuntimeFlags::LOCKDOWN,
            Effect::Block(_) | Effect::Allow(_) => RuntimeFlags::default(),
        }
    }

    /// The destination that it speaks of; of a lockdown none.
    pub const fn destination(&self) -> Option<IpNet> {
        match self.effect {
            Effect::Block(net) | Effect::Allow(net) => Some(net),
            Effect::Lockdown => None,
        }
    }
}

impl Overlay {
    /// What operators said, in any order.
    pub fn new(overrides: Vec<Override>) -> Self {
        Self {
            overrides: overrides.into(),
        }
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.overrides.is_empty()
    }

    /// What holds for a client and a destination.
    pub fn flags(&self, client: IpAddr, remote: IpAddr) -> RuntimeFlags {
        let (client, remote) = (client.into(), remote.into());
        union(self.about(client).map(|one| one.flags(remote)))
    }

    /// The destination of the block that holds for a client and an address: the shortest, if there are several.
    pub fn blocked(&self, client: IpAddr, remote: IpAddr) -> Option<IpNet> {
        let blocks = self
            .about(client.into())
            .filter_map(|one| match one.effect {
                Effect::Block(net) if net.contains(&remote) => Some(net),
                _ => None,
            });
        blocks.min_by_key(IpNet::prefix_len)
    }

    /// For each block a client and a destination that it is about.
    pub fn blocks(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.overrides.iter().filter_map(|one| match one.effect {
            Effect::Block(net) => {
                let client = one.clients.first().map(IpNet::network);
                Some((client.unwrap_or(SOME_CLIENT), net.network()))
            }
            Effect::Allow(_) | Effect::Lockdown => None,
        })
    }

    fn about(&self, clients: IpNet) -> impl Iterator<Item = &Override> {
        self.overrides
            .iter()
            .filter(move |one| one.is_about(clients))
    }

    /// The same as a table that finds the longest prefix: first a client's scope, then the destination in it. Each
    /// entry says everything that holds for its prefix, because the ones around it are not looked at.
    pub fn entries(&self) -> Vec<OverlayEntry> {
        let mut entries = Vec::new();
        let clients = self.overrides.iter().flat_map(|one| one.clients.clone());
        let clients = with_all_v4(clients);
        let everybody = self.overrides.iter().filter(|one| one.clients.is_empty());
        let everybody: Vec<&Override> = everybody.collect();
        let are_locked = everybody.iter().any(|one| one.effect == Effect::Lockdown);
        if are_locked && !clients.contains(&ALL_V6) {
            // Longer prefixes, those of named clients, say it as well.
            entries.push(OverlayEntry {
                scope: Scope::CLIENTS,
                addr: Addr::UNSPECIFIED,
                bits: 0,
                value: RuntimeEntry {
                    scope: Scope::OTHERS,
                    flags: RuntimeFlags::LOCKDOWN,
                },
            });
        }
        destinations(Scope::OTHERS, &everybody, &mut entries);
        for (number, client) in (1..).zip(clients) {
            let about: Vec<&Override> = self.about(client).collect();
            let is_locked = about.iter().any(|one| one.effect == Effect::Lockdown);
            let flags = if is_locked {
                RuntimeFlags::LOCKDOWN
            } else {
                RuntimeFlags::default()
            };
            let scope = Scope(number);
            entries.push(entry(Scope::CLIENTS, client, RuntimeEntry { scope, flags }));
            destinations(scope, &about, &mut entries);
        }
        entries
    }
}

fn destinations(scope: Scope, about: &[&Override], entries: &mut Vec<OverlayEntry>) {
    let nets = about.iter().filter_map(|one| one.destination());
    for net in with_all_v4(nets) {
        let said = about.iter().filter(|one| one.destination().is_some());
        let flags = union(said.map(|one| one.flags(net)));
        let value = RuntimeEntry {
            flags,
            ..RuntimeEntry::default()
        };
        entries.push(entry(scope, net, value));
    }
}

/// Each prefix once, and all of IPv4 where an IPv6 prefix would be taken for it.
fn with_all_v4(nets: impl Iterator<Item = IpNet>) -> BTreeSet<IpNet> {
    let mut all: BTreeSet<IpNet> = nets.map(|net| net.trunc()).collect();
    let mapped = IpAddr::V6(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
    let holds_mapped =
        |net: &IpNet| u32::from(net.prefix_len()) < MAPPED_BITS && net.contains(&mapped);
    if all.iter().any(holds_mapped) {
        all.insert(ALL_V4);
    }
    all
}

fn entry(scope: Scope, net: IpNet, value: RuntimeEntry) -> OverlayEntry {
    let before = match net {
        IpNet::V4(_) => MAPPED_BITS,
        IpNet::V6(_) => 0,
    };
    OverlayEntry {
        scope,
        addr: match net.network() {
            IpAddr::V4(addr) => addr.into(),
            IpAddr::V6(addr) => addr.into(),
        },
        bits: before + u32::from(net.prefix_len()),
        value,
    }
}

fn union(flags: impl Iterator<Item = RuntimeFlags>) -> RuntimeFlags {
    flags.fold(RuntimeFlags::default(), RuntimeFlags::with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    /// What the table says, by the plainest search for the longest prefix.
    fn longest(entries: &[OverlayEntry], scope: Scope, addr: IpAddr) -> RuntimeEntry {
        let bits = |addr: Addr| u128::from_be_bytes(addr.octets());
        let addr = match addr {
            IpAddr::V4(addr) => Addr::from(addr),
            IpAddr::V6(addr) => Addr::from(addr),
        };
        let of_scope = entries.iter().filter(|entry| entry.scope == scope);
        let holding = of_scope.filter(|entry| {
            let differing = bits(entry.addr) ^ bits(addr);
            differing.leading_zeros() >= entry.bits
        });
        let longest = holding.max_by_key(|entry| entry.bits);
        longest.map(|entry| entry.value).unwrap_or_default()
    }

    fn asked(entries: &[OverlayEntry], client: IpAddr, remote: IpAddr) -> RuntimeFlags {
        let client = longest(entries, Scope::CLIENTS, client);
        client
            .flags
            .with(longest(entries, client.scope, remote).flags)
    }

    const CLIENTS: [&str; 7] = [
        "100.64.0.9/32",
        "100.64.0.8/30",
        "100.64.0.0/10",
        "0.0.0.0/0",
        "fd7a:115c:a1e0::9/128",
        "fd7a:115c:a1e0::/48",
        "::/0",
    ];
    const DESTINATIONS: [&str; 8] = [
        "203.0.113.7/32",
        "203.0.113.0/24",
        "192.0.0.0/2",
        "0.0.0.0/0",
        "2001:db8::7/128",
        "2001:db8::/32",
        "::/0",
        "::/80",
    ];

    fn overrides() -> impl Strategy<Value = Vec<Override>> {
        let clients = prop::collection::vec(prop::sample::select(CLIENTS.map(net).to_vec()), 0..3);
        let effect = (0..5u8, prop::sample::select(DESTINATIONS.map(net).to_vec()));
        let one = (effect, clients).prop_map(|((kind, net), clients)| Override {
            effect: match kind {
                0 => Effect::Lockdown,
                1 | 2 => Effect::Allow(net),
                _ => Effect::Block(net),
            },
            clients,
        });
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_table_says_what_was_said(overrides in overrides()) {
            let overlay = Overlay::new(overrides);
            let entries = overlay.entries();
            let mut seen = std::collections::HashSet::new();
            for entry in &entries {
                prop_assert!(seen.insert((entry.scope, entry.addr, entry.bits)), "{entry:?} twice");
            }
            let ends = |nets: &[&str], more: [&str; 2]| -> Vec<IpAddr> {
                let inside = nets.iter().map(|text| net(text).network());
                let outside = more.map(|text| text.parse().unwrap());
                inside.chain(outside).collect()
            };
            for client in ends(&CLIENTS, ["198.51.100.1", "2001:db8:1::1"]) {
                for remote in ends(&DESTINATIONS, ["8.0.0.1", "4000::1"]) {
                    let said = overlay.flags(client, remote);
                    prop_assert_eq!(asked(&entries, client, remote), said, "{} to {}", client, remote);
                    prop_assert_eq!(overlay.blocked(client, remote).is_some(), said.has(RuntimeFlags::BLOCK));
                }
            }
        }
    }

    #[test]
    fn a_block_of_everything_is_of_its_family_alone() {
        let block = |text| {
            Overlay::new(vec![Override {
                effect: Effect::Block(net(text)),
                clients: Vec::new(),
            }])
        };
        let client = "100.64.0.9".parse().unwrap();
        let v4 = "203.0.113.7".parse().unwrap();
        let v6 = "2001:db8::7".parse().unwrap();
        let six = block("::/0").entries();
        assert_eq!(asked(&six, client, v6), RuntimeFlags::BLOCK);
        assert_eq!(asked(&six, client, v4), RuntimeFlags::default());
        let four = block("0.0.0.0/0").entries();
        assert_eq!(asked(&four, client, v4), RuntimeFlags::BLOCK);
        assert_eq!(asked(&four, client, v6), RuntimeFlags::default());
    }
}
