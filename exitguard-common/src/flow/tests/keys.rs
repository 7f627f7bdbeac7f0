//! Which flow a packet belongs to.

use super::{CLIENT_PORT, ENDS, REMOTE_PORT, addr, back, echo, packet, with_ports};
use crate::abi::{Direction, FlowKey};
use crate::flow::key;
use crate::packet::{Packet, Transport, protocol};
use proptest::prelude::*;
use std::net::IpAddr;

#[test]
fn both_directions_of_a_flow_share_a_key_that_is_named_after_the_client() {
    for ends in ENDS {
        for (transport, number) in [
            (Transport::Tcp, protocol::TCP),
            (Transport::Udp, protocol::UDP),
            (Transport::Sctp, protocol::SCTP),
        ] {
            let outbound = with_ports(ends, transport, number);
            let expected = FlowKey {
                client: addr(ends[0]),
                remote: addr(ends[1]),
                client_port: CLIENT_PORT,
                remote_port: REMOTE_PORT,
                protocol: number.into(),
            };
            assert_eq!(key(&outbound, Direction::Outbound), expected);
            assert_eq!(key(&back(&outbound), Direction::Inbound), expected);
            // Two clients that talk to each other with the same ports are two flows.
            assert_ne!(key(&back(&outbound), Direction::Outbound), expected);
        }
    }
}

#[test]
fn an_echo_and_its_reply_share_a_key_whoever_asked() {
    for (ends, request_type) in ENDS.into_iter().zip([8u16, 128]) {
        let request = echo(ends, true, 7);
        let reply = echo(ends, false, 7);
        for (outbound, inbound) in [(&request, back(&reply)), (&reply, back(&request))] {
            let expected = key(outbound, Direction::Outbound);
            assert_eq!(key(&inbound, Direction::Inbound), expected);
            assert_eq!(expected.client_port, 7);
            assert_eq!(expected.remote_port, request_type << 8);
        }
        let other = key(&echo(ends, true, 8), Direction::Outbound);
        assert_ne!(other, key(&request, Direction::Outbound), "another id");
    }
}

#[test]
fn other_icmp_is_told_apart_by_type_and_code() {
    for transport in [
        Transport::IcmpOther,
        Transport::IcmpError,
        Transport::NeighbourDiscovery,
    ] {
        let outbound = Packet {
            icmp_type: 13,
            icmp_code: 5,
            ..packet(ENDS[0], transport, protocol::ICMP)
        };
        let expected = key(&outbound, Direction::Outbound);
        assert_eq!(expected.client_port, 0);
        assert_eq!(expected.remote_port, 13 << 8 | 5);
        assert_eq!(key(&back(&outbound), Direction::Inbound), expected);
    }
}

#[test]
fn protocols_without_ports_are_told_apart_by_number_alone() {
    for ends in ENDS {
        // Ports that a parser forgot to clear must not split a flow.
        let outbound = with_ports(ends, Transport::Other, 47);
        let expected = key(&outbound, Direction::Outbound);
        assert_eq!((expected.client_port, expected.remote_port), (0, 0));
        assert_eq!(expected.protocol(), 47);
        assert_eq!(key(&back(&outbound), Direction::Inbound), expected);
    }
}

proptest! {
    #[test]
    fn a_packet_and_its_answer_share_a_key(
        source in any::<[u8; 16]>(),
        destination in any::<[u8; 16]>(),
        ports in any::<[u16; 3]>(),
        transport in 0u8..=8,
        protocol in any::<u8>(),
        icmp in any::<[u8; 2]>(),
    ) {
        let [source, destination] = [source, destination].map(|octets| IpAddr::from(octets).into());
        let [source_port, destination_port, echo_id] = ports;
        let [icmp_type, icmp_code] = icmp;
        let packet = Packet {
            source,
            destination,
            source_port,
            destination_port,
            echo_id,
            icmp_type,
            icmp_code,
            protocol,
            transport_number: transport,
            ..Packet::EMPTY
        };
        let outbound = key(&packet, Direction::Outbound);
        prop_assert_eq!(outbound, key(&back(&packet), Direction::Inbound));
        prop_assert_eq!((outbound.client, outbound.remote), (source, destination));
        prop_assert_eq!(outbound.protocol(), protocol);
    }
}
