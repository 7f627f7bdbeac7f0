//! Random small policies, probed at the edges of everything in them.

use super::oracle::{Oracle, longest_entry};
use super::worlds::{PROTOCOLS, Scenario, scenario};
use super::*;
use exitguard_common::abi::{Reason, RuleId};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;

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
