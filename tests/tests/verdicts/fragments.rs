//! Fragments: the first is judged by its ports, the others as the first.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Decision, Direction, EventKind, FlowKey, Reason, RuleId};
use exitguard_tests::expect::{Expected, Way};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::Judge;

use crate::places::Places;
use crate::world::{QUIET, Setting, allow, check, check_as, deny, each_judge, in_namespace, note};

const EGRESS: RuleId = RuleId::EGRESS;
const IN: Hook = Hook::TcInbound;
const OUT: Hook = Hook::TcOutbound;

/// A later fragment of which the first was seen: counted and judged as a packet of that one's flow.
fn check_later(judge: &mut Judge, hook: Hook, first: &Frame, later: &Frame, decision: Decision) {
    let direction = match hook {
        IN => Direction::Inbound,
        _ => Direction::Outbound,
    };
    let expected = Expected {
        way: Way::Known(&[]),
        key: first.key(direction),
        ..Expected::first(hook, later, decision).unwrap()
    };
    check_as(judge, hook, later, &expected, "later fragment");
}

/// A later fragment of nothing known: judged without its ports.
fn check_unknown(judge: &mut Judge, hook: Hook, frame: &Frame, decision: Decision, what: &str) {
    let direction = match hook {
        IN => Direction::Inbound,
        _ => Direction::Outbound,
    };
    let expected = Expected {
        key: FlowKey {
            client_port: 0,
            remote_port: 0,
            ..frame.key(direction)
        },
        ..Expected::alone(hook, frame, decision).unwrap()
    };
    // Port 0 is a port.
    judge.forget(&expected.key).unwrap();
    check_as(judge, hook, frame, &expected, what);
    assert_eq!(judge.flow(&expected.key).unwrap(), None, "{what}");
}

#[test]
#[ignore = "needs root"]
fn later_fragments_share_the_verdict_and_the_flow_of_the_first() {
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let udp = |port| Frame::udp(client, world, (40_011, port));
            let tcp = |port| Frame::tcp(client, world, (40_011, port));
            let sctp = |port| Frame::sctp(client, world, (40_011, port));
            let ping = Frame::ping(client, world, 11);
            for (id, frame, decision) in [
                (1, udp(53), allow(Reason::Port, EGRESS)),
                (2, udp(54), deny(Reason::Port, EGRESS)),
                (3, tcp(80), allow(Reason::Port, EGRESS)),
                (4, tcp(25), deny(Reason::Port, EGRESS)),
                (5, sctp(2_905), allow(Reason::Port, EGRESS)),
                (6, sctp(1), deny(Reason::Port, EGRESS)),
                (7, ping, allow(Reason::Icmp, EGRESS)),
            ] {
                let decision = setting.decision(decision);
                let first = frame.clone().payload(40).first_fragment(id);
                check(judge, setting.outbound, &first, decision, "first fragment");
                for offset in [64, 1_000, 65_528] {
                    let later = frame.clone().payload(16).later_fragment(id, offset);
                    check_later(judge, setting.outbound, &first, &later, decision);
                }
                let state = judge
                    .flow(&first.key(Direction::Outbound))
                    .unwrap()
                    .unwrap();
                let seen = state.outbound.pkts + state.denied_pkts;
                assert_eq!(seen, 4, "all of them are of one flow");
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_whole_packet_is_of_the_same_flow_as_a_fragmented_one() {
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let whole = Frame::udp(client, world, (40_012, 53)).payload(80);
            let decision = allow(Reason::Port, EGRESS);
            check(judge, setting.outbound, &whole, decision, "whole");
            let first = whole.clone().first_fragment(21);
            check_later(judge, setting.outbound, &whole, &first, decision);
            let later = whole.clone().later_fragment(21, 88);
            check_later(judge, setting.outbound, &whole, &later, decision);
        }
    });
}

/// Ports are unknown, so it passes only where every port would.
#[test]
#[ignore = "needs root"]
fn a_later_fragment_of_nothing_known_passes_only_where_every_port_would() {
    each_judge(Setting::all(), |judge, setting| {
        for places in Places::families() {
            let Places { client, quiet, .. } = places;
            let (world, ports) = (places.world, (0, 0));
            let fragment = deny(Reason::Fragment, EGRESS);
            for (what, frame, enforced) in [
                ("tcp", Frame::tcp(client, world, ports), fragment),
                ("udp", Frame::udp(client, world, ports), fragment),
                ("sctp", Frame::sctp(client, world, ports), fragment),
                (
                    "any udp port",
                    Frame::udp(quiet, world, ports),
                    allow(Reason::Port, QUIET),
                ),
                (
                    "no tcp port",
                    Frame::tcp(quiet, world, ports),
                    deny(Reason::Fragment, QUIET),
                ),
                (
                    "icmp",
                    Frame::ping(client, world, 0),
                    allow(Reason::Icmp, EGRESS),
                ),
                (
                    "no icmp",
                    Frame::ping(quiet, world, 0),
                    deny(Reason::Icmp, QUIET),
                ),
                (
                    "gre",
                    Frame::other(client, world, 47),
                    allow(Reason::Protocol, EGRESS),
                ),
                (
                    "esp",
                    Frame::other(client, world, 50),
                    deny(Reason::Protocol, EGRESS),
                ),
                (
                    "listed",
                    Frame::udp(client, places.listed, ports),
                    deny(Reason::Blocklist, EGRESS),
                ),
                (
                    "watched",
                    Frame::other(client, places.watched, 47),
                    note(Reason::Blocklist, EGRESS),
                ),
                (
                    "private",
                    Frame::udp(client, places.lan, ports),
                    deny(Reason::Lan, EGRESS),
                ),
                (
                    "multicast",
                    Frame::udp(client, places.multicast, ports),
                    allow(Reason::Exempt, EGRESS),
                ),
            ] {
                let frame = frame.payload(24).later_fragment(99, 64);
                let decision = setting.decision(enforced);
                check_unknown(judge, setting.outbound, &frame, decision, what);
            }
        }
    });
}

/// Towards the client it is nothing without its first fragment, which was judged.
#[test]
#[ignore = "needs root"]
fn a_later_fragment_of_nothing_known_may_come_in() {
    let tun = |setting: &Setting| setting.outbound == OUT && !setting.observe;
    each_judge(Setting::all().filter(tun), |judge, _| {
        for places in Places::families() {
            for remote in [places.world, places.listed, places.lan] {
                let frame = Frame::udp(remote, places.client, (0, 0))
                    .payload(24)
                    .later_fragment(98, 64);
                let decision = allow(Reason::Fragment, EGRESS);
                check_unknown(judge, IN, &frame, decision, "inbound");
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn fragments_belong_together_by_addresses_identification_and_protocol() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for places in Places::families() {
            let Places { client, world, .. } = places;
            let udp = Frame::udp(client, world, (40_013, 53)).payload(64);
            let first = udp.clone().first_fragment(31);
            check(
                &mut judge,
                OUT,
                &first,
                allow(Reason::Port, EGRESS),
                "first",
            );
            let unknown = deny(Reason::Fragment, EGRESS);
            let other = udp.clone().later_fragment(32, 72);
            check_unknown(&mut judge, OUT, &other, unknown, "another identification");
            let (from, to) = (places.peer, places.excepted);
            let other = Frame::udp(from, world, (0, 0)).payload(8);
            let other = other.later_fragment(31, 72);
            check_unknown(&mut judge, OUT, &other, unknown, "another source");
            let other = Frame::udp(client, to, (0, 0)).payload(8);
            let other = other.later_fragment(31, 72);
            check_unknown(&mut judge, OUT, &other, unknown, "another destination");
            let tcp = Frame::tcp(client, world, (0, 0)).payload(8);
            let other = tcp.later_fragment(31, 72);
            if client.is_ipv4() {
                check_unknown(&mut judge, OUT, &other, unknown, "another protocol");
            } else {
                // RFC 8200 §4.5: a later IPv6 fragment may name another next header than the first.
                check_later(&mut judge, OUT, &first, &other, allow(Reason::Port, EGRESS));
            }
        }
    });
}

/// What was refused to the fragments before their first one came is not held against those after it.
#[test]
#[ignore = "needs root"]
fn fragments_out_of_order_are_lost_until_the_first_one_came() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for Places { client, world, .. } in Places::families() {
            let udp = Frame::udp(client, world, (40_014, 53)).payload(64);
            let later = udp.clone().later_fragment(41, 72);
            let unknown = deny(Reason::Fragment, EGRESS);
            check_unknown(&mut judge, OUT, &later, unknown, "before the first");
            let first = udp.clone().first_fragment(41);
            let decision = allow(Reason::Port, EGRESS);
            check(&mut judge, OUT, &first, decision, "first");
            check_later(&mut judge, OUT, &first, &later, decision);
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_new_policy_judges_later_fragments_anew() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        let Places { client, world, .. } = Places::v4();
        let udp = Frame::udp(client, world, (40_015, 53)).payload(64);
        let first = udp.clone().first_fragment(51);
        let later = udp.later_fragment(51, 72);
        check(
            &mut judge,
            OUT,
            &first,
            allow(Reason::Port, EGRESS),
            "first",
        );
        let changed = Setting::TUN.policy_but("udp = [53, \"33434-65535\"]", "udp = [54]");
        judge.replace(changed).unwrap();
        let expected = Expected {
            way: Way::Known(&[EventKind::Deny]),
            key: first.key(Direction::Outbound),
            ..Expected::first(OUT, &later, deny(Reason::Port, EGRESS)).unwrap()
        };
        check_as(&mut judge, OUT, &later, &expected, "after the change");
    });
}
