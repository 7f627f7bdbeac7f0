//! Random small policies, and the edges of everything in them.

use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where prefixes lie: beside, in and around what has a meaning of its own.
const PLACES_V4: [&str; 12] = [
    "0.0.0.0",
    "10.0.0.0",
    "100.64.0.0",
    "100.100.100.100",
    "100.127.255.252",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.2.0",
    "192.168.0.0",
    "224.0.0.0",
    "255.255.255.252",
];
const PLACES_V6: [&str; 9] = [
    "::",
    "2001:db8::",
    "2001:db8:0:1::",
    "fc00::",
    "fd7a:115c:a1e0::",
    "fd7a:115c:a1e0::50",
    "fdff::",
    "fe80::",
    "ff00::",
];

/// A prefix in one of the places; many of them nest, touch or are equal.
fn prefix() -> impl Strategy<Value = IpNet> {
    let v4 = (
        select(PLACES_V4.as_slice()),
        0u32..4,
        select(&[0, 1, 8, 9, 10, 11, 16, 24, 29, 30, 31, 32][..]),
    );
    let v6 = (
        select(PLACES_V6.as_slice()),
        0u128..4,
        select(&[0, 1, 7, 8, 10, 32, 47, 48, 49, 64, 126, 127, 128][..]),
    );
    prop_oneof![
        v4.prop_map(|(place, step, length)| {
            let place: Ipv4Addr = place.parse().unwrap();
            let addr = Ipv4Addr::from_bits(place.to_bits().wrapping_add(step));
            IpNet::new(addr.into(), length).unwrap().trunc()
        }),
        v6.prop_map(|(place, step, length)| {
            let place: Ipv6Addr = place.parse().unwrap();
            let addr = Ipv6Addr::from_bits(place.to_bits() + step);
            IpNet::new(addr.into(), length).unwrap().trunc()
        }),
    ]
}

fn prefixes(most: usize) -> impl Strategy<Value = Vec<IpNet>> {
    prop::collection::vec(prefix(), 0..=most)
}

fn ports() -> impl Strategy<Value = PortSet> {
    let few = prop::collection::vec(
        select(&[0..=0, 22..=22, 80..=90, 443..=443, 65_535..=65_535][..]),
        1..3,
    );
    prop_oneof![
        2 => Just(PortSet::any()),
        2 => Just(PortSet::none()),
        3 => few.prop_map(|ranges| ranges.into_iter().collect()),
        // All but one is not "any".
        1 => Just([1..=u16::MAX].into_iter().collect()),
    ]
}

fn protocols() -> impl Strategy<Value = Protocols> {
    let few = prop::collection::vec(select(PROTOCOLS.as_slice()), 0..3);
    prop_oneof![
        1 => Just(Protocols::ANY),
        3 => few.prop_map(|all| {
            let mut protocols = Protocols::default();
            for protocol in all {
                protocols.add(protocol);
            }
            protocols
        }),
    ]
}

/// With one in each word of the kernel's bitmap, and its ends.
pub(super) const PROTOCOLS: [u8; 6] = [0, 47, 64, 136, 200, 255];

fn rule() -> impl Strategy<Value = RuleSpec> {
    (
        (ports(), ports(), ports()),
        protocols(),
        any::<(bool, bool, bool)>(),
        prop::bool::weighted(0.1),
        any::<u64>(),
    )
        .prop_map(
            |((tcp, udp, sctp), protocols, (icmp, lan, reject), lockdown, lists)| RuleSpec {
                tcp,
                udp,
                sctp,
                icmp,
                protocols,
                lan,
                on_deny: if reject { OnDeny::Reject } else { OnDeny::Drop },
                lists,
                lockdown,
            },
        )
}

fn lists() -> impl Strategy<Value = Vec<LoadedList>> {
    let list = (any::<bool>(), prefixes(5), prefixes(2));
    let list = list.prop_map(|(observes, entries, left_out)| LoadedList {
        name: String::new(),
        action: if observes {
            ListAction::Observe
        } else {
            ListAction::Deny
        },
        entries: entries.into_iter().collect(),
        left_out: left_out.into_iter().collect(),
        names: 0,
    });
    prop::collection::vec(list, 0..=4).prop_map(|mut lists| {
        for (position, list) in lists.iter_mut().enumerate() {
            list.name = format!("list {position}");
        }
        lists
    })
}

/// Each with a rule and prefixes that no other has.
fn clients() -> impl Strategy<Value = Vec<Client>> {
    let rules = prop::collection::vec(rule(), 0..=4);
    let owned = prop::collection::btree_map(prefix(), any::<Index>(), 0..10);
    (rules, owned).prop_map(|(rules, owned)| {
        let mut clients: Vec<_> = rules
            .into_iter()
            .map(|rule| Client {
                name: String::new(),
                prefixes: vec![],
                rule,
            })
            .collect();
        for (prefix, owner) in owned {
            if !clients.is_empty() {
                let owner = owner.index(clients.len());
                clients[owner].prefixes.push(prefix);
            }
        }
        clients
    })
}

fn network() -> impl Strategy<Value = Network> {
    (prefixes(3), prefixes(3), prefixes(3)).prop_map(|(hosts, on_link, others)| Network {
        addresses: hosts.iter().map(IpNet::addr).collect(),
        on_link,
        gateways: others.iter().take(1).map(IpNet::addr).collect(),
        resolvers: others.iter().skip(1).take(1).map(IpNet::addr).collect(),
        relays: others.iter().skip(2).map(IpNet::addr).collect(),
    })
}

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) config: Config,
    pub(super) lists: Vec<LoadedList>,
    pub(super) network: Network,
}

pub(super) fn scenario() -> impl Strategy<Value = Scenario> {
    (
        any::<bool>(),
        rule(),
        rule(),
        clients(),
        lists(),
        prefixes(3),
        network(),
    )
        .prop_map(
            |(observes, host, egress, clients, lists, allow, network)| Scenario {
                config: Config {
                    mode: if observes {
                        Mode::Observe
                    } else {
                        Mode::Enforce
                    },
                    clients,
                    allow,
                    ..enforcing(host, egress)
                },
                lists,
                network,
            },
        )
}

impl Scenario {
    /// First and last address of every prefix that means anything, and their neighbours.
    pub(super) fn edges(&self) -> Vec<IpAddr> {
        let places = PLACES_V4.iter().chain(&PLACES_V6);
        let mut prefixes: Vec<IpNet> = places
            .map(|place| place.parse::<IpAddr>().unwrap().into())
            .collect();
        prefixes.extend(TAILNET);
        prefixes.extend(
            self.config
                .clients
                .iter()
                .flat_map(|client| &client.prefixes),
        );
        prefixes.extend(&self.config.allow);
        prefixes.extend(&self.network.on_link);
        prefixes.extend(self.network.addresses.iter().copied().map(IpNet::from));
        for list in &self.lists {
            prefixes.extend(list.entries.v4().map(IpNet::V4));
            prefixes.extend(list.entries.v6().map(IpNet::V6));
        }
        let edges: BTreeSet<IpAddr> = prefixes
            .iter()
            .flat_map(|prefix| [prefix.network(), prefix.broadcast()])
            .flat_map(neighbourhood)
            .collect();
        edges.into_iter().collect()
    }
}

fn neighbourhood(addr: IpAddr) -> [IpAddr; 3] {
    [-1i8, 0, 1].map(|step| match addr {
        IpAddr::V4(addr) => {
            Ipv4Addr::from_bits(addr.to_bits().wrapping_add_signed(step.into())).into()
        }
        IpAddr::V6(addr) => {
            Ipv6Addr::from_bits(addr.to_bits().wrapping_add_signed(step.into())).into()
        }
    })
}
