//! The first and the last of every range, and their neighbours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use exitguard_common::abi::{Decision, Reason, RuleId};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::Judge;
use ipnet::IpNet;

use crate::places::{Places, at};
use crate::world::{QUIET, Setting, allow, check, deny, each_judge, note};

const EGRESS: RuleId = RuleId::EGRESS;

type Build = fn(IpAddr, IpAddr, (u16, u16)) -> Frame;

/// Whether each port of a protocol may be reached.
fn check_ports(build: Build, ports: &[(u16, bool)]) {
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            for (port, is_allowed) in ports {
                let decision = match is_allowed {
                    true => allow(Reason::Port, EGRESS),
                    false => setting.decision(deny(Reason::Port, EGRESS)),
                };
                // The client's own port has no say.
                for own in [0, 80, 65_535] {
                    let frame = build(client, world, (own, *port));
                    check(judge, setting.outbound, &frame, decision, "port");
                }
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn tcp_ports_hold_their_ends_and_nothing_beyond() {
    let ports = [
        (0, false),
        (79, false),
        (80, true),
        (81, false),
        (5_999, false),
        (6_000, true),
        (6_005, true),
        (6_010, true),
        (6_011, false),
        (65_535, false),
    ];
    check_ports(Frame::tcp, &ports);
}

#[test]
#[ignore = "needs root"]
fn udp_ports_hold_their_ends_and_nothing_beyond() {
    let ports = [
        (0, false),
        (52, false),
        (53, true),
        (54, false),
        (33_433, false),
        (33_434, true),
        (65_535, true),
    ];
    check_ports(Frame::udp, &ports);
}

#[test]
#[ignore = "needs root"]
fn sctp_ports_hold_their_ends_and_nothing_beyond() {
    let ports = [
        (0, false),
        (2_904, false),
        (2_905, true),
        (2_906, false),
        // The same bits in another byte order.
        (2_905u16.swap_bytes(), false),
    ];
    check_ports(Frame::sctp, &ports);
}

/// The addresses at both ends of a prefix: outside, inside, inside, outside.
fn ends(prefix: &str) -> [IpAddr; 4] {
    let prefix: IpNet = prefix.parse().unwrap();
    let (first, last) = (prefix.network(), prefix.broadcast());
    [step(first, -1), first, last, step(last, 1)]
}

fn step(addr: IpAddr, by: i8) -> IpAddr {
    match addr {
        IpAddr::V4(addr) => {
            Ipv4Addr::from_bits(addr.to_bits().checked_add_signed(by.into()).unwrap()).into()
        }
        IpAddr::V6(addr) => {
            Ipv6Addr::from_bits(addr.to_bits().checked_add_signed(by.into()).unwrap()).into()
        }
    }
}

/// Destinations at the ends of a prefix: what is decided outside and inside.
fn check_ends(judge: &mut Judge, setting: Setting, prefix: &str, [outside, inside]: [Decision; 2]) {
    let decisions = [outside, inside, inside, outside];
    for (remote, decision) in ends(prefix).into_iter().zip(decisions) {
        let places = if remote.is_ipv4() {
            Places::v4()
        } else {
            Places::v6()
        };
        let frame = Frame::tcp(places.client, remote, (40_000, 80));
        let decision = setting.decision(decision);
        check(judge, setting.outbound, &frame, decision, prefix);
    }
}

#[test]
#[ignore = "needs root"]
fn prefixes_of_destinations_hold_their_ends_and_nothing_beyond() {
    let open = allow(Reason::Port, EGRESS);
    let listed = deny(Reason::Blocklist, EGRESS);
    let lan = deny(Reason::Lan, EGRESS);
    let no_host_port = deny(Reason::Port, RuleId::HOST);
    each_judge(Setting::all(), |judge, setting| {
        for (prefix, decisions) in [
            ("192.0.2.64/26", [open, listed]),
            ("2001:db8:2::/64", [open, listed]),
            ("198.51.100.0/25", [open, note(Reason::Blocklist, EGRESS)]),
            ("2001:db8:3::/64", [open, note(Reason::Blocklist, EGRESS)]),
            // Exceptions: one address of a list, a network of the LAN.
            ("192.0.2.100/32", [listed, open]),
            ("2001:db8:2::100/128", [listed, open]),
            ("10.9.0.0/24", [lan, open]),
            ("fd09::/64", [lan, open]),
            // Private networks.
            ("10.0.0.0/8", [open, lan]),
            ("172.16.0.0/12", [open, lan]),
            ("192.168.0.0/16", [open, lan]),
            ("169.254.0.0/16", [open, lan]),
            ("127.0.0.0/8", [open, lan]),
            ("fc00::/7", [open, lan]),
            ("fe80::/10", [open, lan]),
            // The tailnet, of which the IPv6 part lies within a private network.
            ("100.64.0.0/10", [open, no_host_port]),
            ("fd7a:115c:a1e0::/48", [lan, no_host_port]),
            // This host, within a private network and within the network of another interface.
            ("192.168.1.2/32", [lan, no_host_port]),
            ("203.0.113.130/32", [lan, no_host_port]),
            ("fd01::2/128", [lan, no_host_port]),
        ] {
            check_ends(judge, setting, prefix, decisions);
        }
        // The network of another interface; above it lies the next one.
        let [outside, first, last, next] = ends("203.0.113.128/25");
        for (remote, decision) in [(outside, open), (first, lan), (last, lan), (next, open)] {
            let frame = Frame::tcp(Places::v4().client, remote, (40_000, 80));
            let decision = setting.decision(decision);
            check(judge, setting.outbound, &frame, decision, "on link");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn the_first_and_the_last_address_there_are_have_a_decision() {
    each_judge(Setting::all(), |judge, setting| {
        for (remote, decision) in [
            ("0.0.0.0", deny(Reason::Lan, EGRESS)),
            ("0.255.255.255", deny(Reason::Lan, EGRESS)),
            ("1.0.0.0", allow(Reason::Port, EGRESS)),
            ("255.255.255.254", allow(Reason::Port, EGRESS)),
            ("::", allow(Reason::Port, EGRESS)),
            ("::1", deny(Reason::Lan, EGRESS)),
            ("::2", allow(Reason::Port, EGRESS)),
        ] {
            let remote = at(remote);
            let client = if remote.is_ipv4() {
                Places::v4().client
            } else {
                Places::v6().client
            };
            let frame = Frame::tcp(client, remote, (40_000, 80));
            let decision = setting.decision(decision);
            check(judge, setting.outbound, &frame, decision, "extreme");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn prefixes_of_clients_hold_their_ends_and_nothing_beyond() {
    each_judge(Setting::all(), |judge, setting| {
        for (prefix, places) in [
            ("100.64.0.8/30", Places::v4()),
            ("fd7a:115c:a1e0::8/126", Places::v6()),
        ] {
            for (client, rule) in ends(prefix).into_iter().zip([EGRESS, QUIET, QUIET, EGRESS]) {
                let frame = Frame::tcp(client, places.world, (40_000, 25));
                let decision = setting.decision(deny(Reason::Port, rule));
                check(judge, setting.outbound, &frame, decision, prefix);
            }
        }
    });
}
