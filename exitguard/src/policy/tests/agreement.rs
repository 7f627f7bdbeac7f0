//! Random small policies, probed at the edges of everything in them.

use super::oracle::{Oracle, longest_entry};
use super::*;
use exitguard_common::abi::{Reason, RuleId};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::{BTreeMap, BTreeSet};
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
const PROTOCOLS: [u8; 6] = [0, 47, 64, 136, 200, 255];

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
    let list = (any::<bool>(), prefixes(5)).prop_map(|(observes, entries)| LoadedList {
        name: String::new(),
        action: if observes {
            ListAction::Observe
        } else {
            ListAction::Deny
        },
        entries: entries.into_iter().collect(),
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
    (prefixes(3), prefixes(3)).prop_map(|(hosts, on_link)| Network {
        addresses: hosts.iter().map(IpNet::addr).collect(),
        on_link,
    })
}

#[derive(Clone, Debug)]
struct Scenario {
    config: Config,
    lists: Vec<LoadedList>,
    network: Network,
}

fn scenario() -> impl Strategy<Value = Scenario> {
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
    fn edges(&self) -> Vec<IpAddr> {
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

/// What a probe asks, its addresses as positions among the edges.
#[derive(Clone, Debug)]
struct Question {
    client: Index,
    remote: Index,
    transport: Transport,
    protocol: u8,
    port: u16,
    remote_opened: bool,
    established: bool,
}

fn question() -> impl Strategy<Value = Question> {
    let protocol = prop_oneof![
        select(PROTOCOLS.as_slice()),
        select(&[1, 6, 17, 58, 132][..]),
        any::<u8>()
    ];
    let transport = prop_oneof![
        3 => Just((Transport::Tcp, 6)),
        3 => Just((Transport::Udp, 17)),
        1 => Just((Transport::Sctp, 132)),
        1 => select(&[1, 58][..]).prop_map(|protocol| (Transport::Echo, protocol)),
        1 => select(&[1, 58][..]).prop_map(|protocol| (Transport::IcmpOther, protocol)),
        1 => select(&[1, 58][..]).prop_map(|protocol| (Transport::IcmpError, protocol)),
        1 => Just((Transport::NeighbourDiscovery, 58)),
        2 => protocol.clone().prop_map(|protocol| (Transport::Other, protocol)),
        2 => protocol.prop_map(|protocol| (Transport::LaterFragment, protocol)),
    ];
    let port = select(&[0, 1, 21, 22, 23, 79, 80, 90, 91, 443, 65_534, 65_535][..]);
    (
        (any::<Index>(), any::<Index>()),
        transport,
        port,
        prop::bool::weighted(0.1),
        any::<bool>(),
    )
        .prop_map(
            |((client, remote), (transport, protocol), port, remote_opened, established)| {
                Question {
                    client,
                    remote,
                    transport,
                    protocol,
                    port,
                    remote_opened,
                    established,
                }
            },
        )
}

impl Question {
    fn probe(&self, edges: &[IpAddr]) -> Probe {
        let remote = *self.remote.get(edges);
        let same_family: Vec<_> = edges
            .iter()
            .filter(|edge| edge.is_ipv4() == remote.is_ipv4())
            .collect();
        Probe {
            client: **self.client.get(&same_family),
            remote,
            transport: self.transport,
            protocol: self.protocol,
            port: self.port,
            origin: if self.remote_opened {
                Origin::Remote
            } else {
                Origin::Client
            },
            established: self.established,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn tables_and_oracle_decide_alike(
        scenario in scenario(),
        questions in prop::collection::vec(question(), 100),
    ) {
        let Scenario { config, lists, network } = &scenario;
        let (compiled, labels) = compile(config, lists.clone(), network).unwrap();
        let oracle = Oracle { config, lists, network };
        let edges = scenario.edges();
        for question in questions {
            let probe = question.probe(&edges);
            let decision = probe.ask(&compiled);
            prop_assert_eq!(decision, oracle.decide(&probe), "{:?}", probe);
            if decision.reason == Reason::Blocklist {
                let first = oracle.first_hit(decision.rule, probe.remote).unwrap();
                let hit = labels.list_hit(decision.rule, probe.remote).unwrap();
                prop_assert_eq!(hit.list, &first.name);
                prop_assert_eq!(Some(hit.entry), longest_entry(first, probe.remote));
            }
        }
    }
}

/// The property above proves little if its questions are all answered by the first steps.
#[test]
fn the_questions_reach_every_step() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut answers: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut client_rules = 0;
    for _ in 0..100 {
        let scenario = scenario().new_tree(&mut runner).unwrap().current();
        let Scenario {
            config,
            lists,
            network,
        } = &scenario;
        let oracle = Oracle {
            config,
            lists,
            network,
        };
        let edges = scenario.edges();
        for _ in 0..60 {
            let probe = question()
                .new_tree(&mut runner)
                .unwrap()
                .current()
                .probe(&edges);
            let decision = oracle.decide(&probe);
            let verdict = if decision.passes() {
                "passes"
            } else {
                "denied"
            };
            *answers
                .entry((decision.reason.name(), verdict))
                .or_default() += 1;
            client_rules += u32::from(decision.rule > RuleId::EGRESS);
        }
    }
    for reason in Reason::ALL {
        let name = reason.name();
        let expected: &[&str] = match reason {
            // Not of this room: the parser's, the operator's and the impossible.
            Reason::Malformed | Reason::Runtime | Reason::Internal => &[],
            Reason::Exempt | Reason::Reply | Reason::Host => &["passes"],
            Reason::Lockdown | Reason::Lan | Reason::Fragment => &["denied"],
            Reason::Blocklist | Reason::Port | Reason::Icmp | Reason::Protocol => {
                &["passes", "denied"]
            }
        };
        for verdict in expected {
            let count = answers.get(&(name, verdict)).copied().unwrap_or_default();
            assert!(count >= 10, "{name} {verdict}: {count} of {answers:?}");
        }
    }
    assert!(client_rules > 500, "{client_rules}");
}
