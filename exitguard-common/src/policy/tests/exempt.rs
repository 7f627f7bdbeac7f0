//! What is never filtered, and what only looks like it.

use super::{Ask, End, World, allow, deny, is_exempt};
use crate::abi::Direction::{Inbound, Outbound};
use crate::abi::{FlowKey, Reason, RuleFlags};
use crate::packet::Transport;
use std::net::IpAddr;

const CLIENTS: [&str; 2] = ["100.64.0.9", "fd7a:115c:a1e0::9"];
const REMOTES: [&str; 2] = ["203.0.113.7", "2001:db8::7"];

fn flow(client: &str, remote: &str) -> FlowKey {
    let addr = |text: &str| text.parse::<IpAddr>().unwrap().into();
    FlowKey {
        client: addr(client),
        remote: addr(remote),
        client_port: 40_000,
        remote_port: 53,
        protocol: 17,
    }
}

#[test]
fn icmp_errors_and_neighbour_discovery_are_exempt_and_no_other_transport() {
    for (client, remote) in CLIENTS.into_iter().zip(REMOTES) {
        for number in 0..=8 {
            let transport = Transport::from_number(number);
            let expected = matches!(
                transport,
                Transport::IcmpError | Transport::NeighbourDiscovery
            );
            assert_eq!(
                is_exempt(&flow(client, remote), transport, Outbound),
                expected,
                "{transport:?}"
            );
        }
    }
}

#[test]
fn magic_dns_is_exempt_on_either_side_and_its_neighbours_are_not() {
    for (addr, expected) in [
        ("100.100.100.100", true),
        ("100.100.100.99", false),
        ("100.100.100.101", false),
        ("100.100.101.100", false),
        ("fd7a:115c:a1e0::53", true),
        ("fd7a:115c:a1e0::52", false),
        ("fd7a:115c:a1e0::54", false),
        ("fd7a:115c:a1e0:1::53", false),
        // The IPv4 resolver, written as an IPv6 address that is not mapped.
        ("::100.100.100.100", false),
    ] {
        for other in CLIENTS {
            for transport in [Transport::Udp, Transport::Tcp, Transport::LaterFragment] {
                assert_eq!(
                    is_exempt(&flow(other, addr), transport, Outbound),
                    expected,
                    "to {addr}"
                );
                assert_eq!(
                    is_exempt(&flow(addr, other), transport, Outbound),
                    expected,
                    "from {addr}"
                );
            }
        }
    }
}

#[test]
fn multicast_and_limited_broadcast_are_exempt_to_their_last_address() {
    for (addr, expected) in [
        ("223.255.255.255", false),
        ("224.0.0.0", true),
        ("224.0.0.251", true),
        ("239.255.255.250", true),
        ("239.255.255.255", true),
        ("240.0.0.0", false),
        ("255.255.255.254", false),
        ("255.255.255.255", true),
        // A network's own broadcast address cannot be told from a host's.
        ("192.168.1.255", false),
        ("0.0.0.0", false),
        ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("ff00::", true),
        ("ff02::1", true),
        ("ff0e::fb", true),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ("fe80::1", false),
        ("::", false),
        ("::1", false),
    ] {
        for client in CLIENTS {
            let udp = |flow, direction| is_exempt(&flow, Transport::Udp, direction);
            assert_eq!(udp(flow(client, addr), Outbound), expected, "to {addr}");
            assert_eq!(udp(flow(addr, client), Inbound), expected, "to {addr}");
            // A source that is no host's address makes nothing exempt.
            assert!(!udp(flow(addr, client), Outbound), "from {addr}");
            assert!(!udp(flow(client, addr), Inbound), "from {addr}");
        }
    }
}

#[test]
fn exempt_destinations_pass_a_closed_policy() {
    for to in [End::MagicDns, End::Multicast] {
        for ask in [Ask::udp(53), Ask::tcp(53), Ask::other(47)] {
            let decision = World::closed().decide(ask.to(to));
            assert_eq!(decision, allow(Reason::Exempt), "{ask:?}");
        }
    }
}

#[test]
fn the_metadata_service_of_clouds_is_left_to_the_lan_guard() {
    let ask = Ask::tcp(80).to(End::Metadata);
    let guarded = World::open().client(|rule| rule.flags = RuleFlags::ICMP);
    assert_eq!(guarded.decide(ask), deny(Reason::Lan));
    assert_eq!(World::closed().decide(ask), deny(Reason::Lan));
    let unguarded = World::closed().client_flags(RuleFlags::LAN);
    assert_eq!(unguarded.decide(ask), deny(Reason::Port));
    assert_eq!(World::open().decide(ask), allow(Reason::Port));
}
