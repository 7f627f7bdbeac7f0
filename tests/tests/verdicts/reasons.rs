//! Every reason to allow and to deny.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Decision, Reason, RuleId};
use exitguard_common::packet::tcp_flags;
use exitguard_tests::frame::{Frame, icmp};

use crate::places::Places;
use crate::world::{LOCKED, QUIET, Setting, allow, check, check_alone, deny, each_judge, note};

const EGRESS: RuleId = RuleId::EGRESS;
const HOST: RuleId = RuleId::HOST;
const GRE: u8 = 47;
const ESP: u8 = 50;

type Case = (&'static str, Frame, Decision);

/// First frames of flows, with what an enforcing policy decides.
fn flows(places: &Places) -> Vec<Case> {
    let &Places {
        client,
        quiet,
        locked,
        world,
        listed,
        watched,
        excepted,
        lan,
        excepted_lan,
        host,
        peer,
        ..
    } = places;
    let other_icmp = if client.is_ipv4() {
        icmp::TIMESTAMP_V4
    } else {
        icmp::NODE_INFORMATION_V6
    };
    let http = |to| Frame::tcp(client, to, (40_000, 80));
    let quietly = |to| Frame::udp(quiet, to, (40_000, 9));
    vec![
        ("tcp port", http(world), allow(Reason::Port, EGRESS)),
        (
            "tcp port not listed",
            Frame::tcp(client, world, (40_000, 25)),
            deny(Reason::Port, EGRESS),
        ),
        (
            "tcp data without its beginning",
            Frame::tcp(client, world, (40_001, 80))
                .flags(tcp_flags::ACK | tcp_flags::PSH)
                .payload(100),
            allow(Reason::Port, EGRESS),
        ),
        (
            "udp port",
            Frame::udp(client, world, (40_000, 53)).payload(30),
            allow(Reason::Port, EGRESS),
        ),
        (
            "udp port that only tcp may reach",
            Frame::udp(client, world, (40_000, 80)).payload(30),
            deny(Reason::Port, EGRESS),
        ),
        (
            "sctp port",
            Frame::sctp(client, world, (5_000, 2_905)),
            allow(Reason::Port, EGRESS),
        ),
        (
            "sctp port not listed",
            Frame::sctp(client, world, (5_000, 2_904)),
            deny(Reason::Port, EGRESS),
        ),
        (
            "echo",
            Frame::ping(client, world, 77).payload(56),
            allow(Reason::Icmp, EGRESS),
        ),
        (
            "other icmp",
            Frame::icmp(client, world, other_icmp, 0),
            allow(Reason::Icmp, EGRESS),
        ),
        (
            "echo without icmp",
            Frame::ping(quiet, world, 77),
            deny(Reason::Icmp, QUIET),
        ),
        (
            "other icmp without icmp",
            Frame::icmp(quiet, world, other_icmp, 0),
            deny(Reason::Icmp, QUIET),
        ),
        (
            "a protocol that is named",
            Frame::other(client, world, GRE).payload(20),
            allow(Reason::Protocol, EGRESS),
        ),
        (
            "a protocol that is named by its number",
            Frame::other(client, world, 200).payload(20),
            allow(Reason::Protocol, EGRESS),
        ),
        (
            "a protocol that is not named",
            Frame::other(client, world, ESP).payload(20),
            deny(Reason::Protocol, EGRESS),
        ),
        (
            "a protocol beside one that is named",
            Frame::other(client, world, 201),
            deny(Reason::Protocol, EGRESS),
        ),
        ("listed", http(listed), deny(Reason::Blocklist, EGRESS)),
        (
            "listed, and the port would not do either",
            Frame::tcp(client, listed, (40_000, 25)),
            deny(Reason::Blocklist, EGRESS),
        ),
        (
            "listed, but not for this client",
            quietly(listed),
            allow(Reason::Port, QUIET),
        ),
        ("watched", http(watched), note(Reason::Blocklist, EGRESS)),
        (
            "watched, and the port would not do",
            Frame::tcp(client, watched, (40_000, 25)),
            deny(Reason::Port, EGRESS),
        ),
        (
            "watched, but not for this client",
            quietly(watched),
            allow(Reason::Port, QUIET),
        ),
        (
            "an exception from a list",
            http(excepted),
            allow(Reason::Port, EGRESS),
        ),
        (
            "an exception from a list, on another port",
            Frame::tcp(client, excepted, (40_000, 25)),
            deny(Reason::Port, EGRESS),
        ),
        ("private", http(lan), deny(Reason::Lan, EGRESS)),
        (
            "private, for a client that may",
            quietly(lan),
            allow(Reason::Port, QUIET),
        ),
        (
            "an exception from the LAN guard",
            http(excepted_lan),
            allow(Reason::Port, EGRESS),
        ),
        (
            "this host",
            Frame::tcp(client, host, (40_000, 22)),
            allow(Reason::Host, HOST),
        ),
        (
            "this host, on another port",
            http(host),
            deny(Reason::Port, HOST),
        ),
        (
            "another node",
            Frame::tcp(client, peer, (40_000, 22)),
            allow(Reason::Host, HOST),
        ),
        (
            "another node, on another port",
            Frame::udp(client, peer, (40_000, 53)),
            deny(Reason::Port, HOST),
        ),
        (
            "no port at all",
            Frame::tcp(quiet, world, (40_000, 80)),
            deny(Reason::Port, QUIET),
        ),
        (
            "lockdown",
            Frame::tcp(locked, world, (40_000, 80)),
            deny(Reason::Lockdown, LOCKED),
        ),
        (
            "lockdown, before anything is established with this host",
            Frame::tcp(locked, host, (40_000, 22)),
            deny(Reason::Lockdown, LOCKED),
        ),
    ]
}

/// Frames of no flow.
fn alone(places: &Places) -> Vec<Case> {
    let &Places {
        client,
        world,
        locked,
        magic_dns,
        multicast,
        ..
    } = places;
    let error = if client.is_ipv4() {
        icmp::UNREACHABLE_V4
    } else {
        icmp::TOO_BIG_V6
    };
    let mut cases = vec![
        (
            "an icmp error",
            Frame::icmp(client, world, error, 0).payload(28),
            allow(Reason::Exempt, EGRESS),
        ),
        (
            "MagicDNS",
            Frame::udp(client, magic_dns, (40_000, 53)),
            allow(Reason::Exempt, EGRESS),
        ),
        (
            "multicast",
            Frame::udp(client, multicast, (5_353, 5_353)),
            allow(Reason::Exempt, EGRESS),
        ),
        (
            "an icmp error in lockdown",
            Frame::icmp(locked, world, error, 0).payload(28),
            deny(Reason::Lockdown, LOCKED),
        ),
    ];
    if client.is_ipv6() {
        let frame = Frame::icmp(client, world, icmp::SOLICITATION_V6, 0).payload(16);
        cases.push(("neighbour discovery", frame, allow(Reason::Exempt, EGRESS)));
    }
    cases
}

#[test]
#[ignore = "needs root"]
fn each_reason_shows_in_verdict_counters_event_and_flow() {
    each_judge(Setting::all(), |judge, setting| {
        for places in Places::families() {
            for (what, frame, enforced) in flows(&places) {
                let decision = setting.decision(enforced);
                check(judge, setting.outbound, &frame, decision, what);
            }
            for (what, frame, enforced) in alone(&places) {
                let decision = setting.decision(enforced);
                check_alone(judge, setting.outbound, &frame, decision, what);
            }
        }
    });
}

/// What comes in first of a flow is judged as if the client had opened it, unless it shows that it did not.
#[test]
#[ignore = "needs root"]
fn the_same_reasons_answer_for_the_first_inbound_packet_of_a_flow() {
    each_judge(
        Setting::all().filter(|setting| setting.outbound == Hook::TcOutbound),
        |judge, setting| {
            for places in Places::families() {
                let Places { client, quiet, .. } = places;
                for (to, rule, remote, port, enforced) in [
                    (
                        client,
                        EGRESS,
                        places.world,
                        80,
                        allow(Reason::Port, EGRESS),
                    ),
                    (client, EGRESS, places.world, 25, deny(Reason::Port, EGRESS)),
                    (
                        client,
                        EGRESS,
                        places.listed,
                        80,
                        deny(Reason::Blocklist, EGRESS),
                    ),
                    (
                        client,
                        EGRESS,
                        places.watched,
                        80,
                        note(Reason::Blocklist, EGRESS),
                    ),
                    (client, EGRESS, places.lan, 80, deny(Reason::Lan, EGRESS)),
                    (quiet, QUIET, places.lan, 80, deny(Reason::Port, QUIET)),
                    (client, HOST, places.host, 22, allow(Reason::Host, HOST)),
                ] {
                    assert_eq!(enforced.rule, rule);
                    let frame = Frame::tcp(remote, to, (port, 40_000))
                        .flags(tcp_flags::SYN | tcp_flags::ACK);
                    let decision = setting.decision(enforced);
                    check(judge, Hook::TcInbound, &frame, decision, "inbound");
                }
            }
        },
    );
}

/// As exit nodes behind a switch see them.
#[test]
#[ignore = "needs root"]
fn vlan_tags_change_nothing() {
    each_judge(
        Setting::all().filter(Setting::on_ethernet),
        |judge, setting| {
            for places in Places::families() {
                for tags in [&[][..], &[7], &[7, 4_094]] {
                    for (port, enforced) in [
                        (80, allow(Reason::Port, EGRESS)),
                        (81, deny(Reason::Port, EGRESS)),
                    ] {
                        let frame =
                            Frame::tcp(places.client, places.world, (40_000, port)).tags(tags);
                        let decision = setting.decision(enforced);
                        check(judge, setting.outbound, &frame, decision, "tagged");
                    }
                }
            }
        },
    );
}
