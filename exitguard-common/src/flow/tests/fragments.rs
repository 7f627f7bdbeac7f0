//! How later fragments find the flow of their first.

use super::{ENDS, back, echo, packet, tcp, with_ports};
use crate::abi::{Direction, FragmentPorts};
use crate::flow::{fragment_key, fragment_ports, fragment_transport, key};
use crate::packet::{FRAGMENT_MORE, Packet, Transport, protocol, tcp_flags};

/// First and later fragment of the same packet.
fn fragments(first: Packet) -> [Packet; 2] {
    let first = Packet {
        fragment_id: 0x1234,
        fragment_field: FRAGMENT_MORE,
        ..first
    };
    let later = Packet {
        transport_number: Transport::LaterFragment as u8,
        source_port: 0,
        destination_port: 0,
        echo_id: 0,
        icmp_type: 0,
        fragment_field: 1480,
        ..first
    };
    [first, later]
}

#[test]
fn a_later_fragment_finds_the_flow_of_its_first() {
    for ends in ENDS {
        for outbound in [
            with_ports(ends, Transport::Udp, protocol::UDP),
            tcp(ends, tcp_flags::ACK),
            echo(ends, true, 7),
            packet(ends, Transport::Other, 47),
        ] {
            for (packet, direction) in [
                (outbound, Direction::Outbound),
                (back(&outbound), Direction::Inbound),
            ] {
                let [first, mut later] = fragments(packet);
                if first.source.as_v4().is_none() {
                    // RFC 8200 §4.5: it may name another header than the first fragment did.
                    later.protocol = 60;
                }
                assert!(fragment_key(&first).is_some());
                assert_eq!(fragment_key(&first), fragment_key(&later));
                let flow = key(&first, direction);
                let alone = key(&later, direction);
                assert_eq!((alone.client_port, alone.remote_port), (0, 0));
                let ports = fragment_ports(&flow);
                assert_eq!(crate::flow::with_ports(&alone, &ports), flow);
                assert_eq!(fragment_transport(&ports), first.transport());
            }
        }
    }
}

#[test]
fn a_whole_packet_has_no_fragment_key() {
    for ends in ENDS {
        let whole = Packet {
            fragment_id: 0x1234,
            ..tcp(ends, tcp_flags::SYN)
        };
        assert_eq!(fragment_key(&whole), None);
    }
}

#[test]
fn fragments_of_different_packets_do_not_find_each_other() {
    for ends in ENDS {
        let [first, _] = fragments(with_ports(ends, Transport::Udp, protocol::UDP));
        let own = fragment_key(&first).unwrap();
        assert_eq!(
            (own.source, own.destination),
            (first.source, first.destination)
        );
        assert_eq!(own.id, 0x1234);
        let is_v4 = first.source.as_v4().is_some();
        assert_eq!(own.protocol, if is_v4 { 17 } else { 0 });
        let other = |packet: Packet| fragment_key(&packet).unwrap();
        assert_ne!(other(back(&first)), own, "the other direction");
        let mut changed = first;
        changed.fragment_id += 1;
        assert_ne!(other(changed), own, "another packet");
        let mut changed = first;
        changed.protocol = protocol::TCP;
        assert_eq!(other(changed) != own, is_v4, "another protocol");
    }
}

#[test]
fn a_later_fragment_counts_as_what_its_first_was() {
    for (number, transport) in [
        (protocol::TCP, Transport::Tcp),
        (protocol::UDP, Transport::Udp),
        (protocol::SCTP, Transport::Sctp),
        (protocol::ICMP, Transport::Echo),
        (protocol::ICMPV6, Transport::Echo),
        (0, Transport::Other),
        (47, Transport::Other),
        (255, Transport::Other),
    ] {
        let ports = FragmentPorts {
            client_port: 1,
            remote_port: 2,
            protocol: number.into(),
        };
        assert_eq!(fragment_transport(&ports), transport, "{number}");
    }
}
