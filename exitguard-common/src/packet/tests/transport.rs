//! What follows the IP header, behind IPv4 and IPv6 alike.

use super::build::{
    CLIENT_PORT, REMOTE_PORT, icmp, plain_v4, plain_v6, sctp, tcp, tcp_options, transports, udp,
    v4, v6, with_ports, with_tcp,
};
use super::read;
use crate::packet::{Packet, ParseError, Transport, protocol};

/// The same payload behind both IP headers, and what the parser makes of the latter.
fn twins(protocol: u8, payload: &[u8]) -> [(Vec<u8>, Packet); 2] {
    let payload_bytes = payload.len() as u32;
    [
        (v4(protocol, payload), plain_v4(protocol, payload_bytes)),
        (v6(protocol, payload), plain_v6(protocol, payload_bytes)),
    ]
}

#[test]
fn reads_ports_of_tcp_udp_and_sctp() {
    for (ip, plain) in twins(protocol::TCP, &tcp(100)) {
        assert_eq!(read(&ip), Ok(with_tcp(plain)));
    }
    for (ip, plain) in twins(protocol::UDP, &udp(100)) {
        assert_eq!(read(&ip), Ok(with_ports(plain, Transport::Udp, 8)));
    }
    for (ip, plain) in twins(protocol::SCTP, &sctp()) {
        assert_eq!(read(&ip), Ok(with_ports(plain, Transport::Sctp, 12)));
    }
}

#[test]
fn reads_every_tcp_flag_as_it_is() {
    for flags in 0..=u8::MAX {
        let mut segment = tcp(0);
        segment[13] = flags;
        for (ip, plain) in twins(protocol::TCP, &segment) {
            let expected = Packet {
                tcp_flags: flags,
                ..with_tcp(plain)
            };
            assert_eq!(read(&ip), Ok(expected));
        }
    }
}

#[test]
fn counts_tcp_options_as_header() {
    for words in 0..=10 {
        let segment = tcp_options(&[1].repeat(words * 4), 3);
        let header_bytes = 20 + 4 * words as u32;
        for (ip, plain) in twins(protocol::TCP, &segment) {
            let packet = read(&ip).unwrap();
            assert_eq!(packet.transport_header_bytes, header_bytes);
            assert_eq!(packet.payload_bytes(), 3);
            assert_eq!(packet.ip_bytes, plain.ip_bytes);
        }
    }
}

#[test]
fn refuses_a_tcp_data_offset_below_five_words_or_beyond_the_packet() {
    // 31 bytes of TCP hold a header of at most seven words.
    for words in 0..16 {
        let mut segment = tcp(11);
        segment[12] = words << 4;
        for (ip, _) in twins(protocol::TCP, &segment) {
            let answer = read(&ip).map(|packet| packet.transport_header_bytes);
            let expected = match words {
                5..=7 => Ok(u32::from(words) * 4),
                _ => Err(ParseError::DataOffset),
            };
            assert_eq!(answer, expected, "{words} words");
            // Padding does not complete a header.
            let padded = [&ip[..], &[0; 64]].concat();
            let answer = read(&padded).map(|packet| packet.transport_header_bytes);
            assert_eq!(answer, expected, "{words} words, padded");
        }
    }
}

#[test]
fn refuses_a_transport_header_that_is_cut_short_at_every_byte() {
    for is_v6 in [false, true] {
        for (protocol, payload, needed) in transports(is_v6) {
            let ip = |bytes: usize| match is_v6 {
                false => v4(protocol, &payload[..bytes]),
                true => v6(protocol, &payload[..bytes]),
            };
            for bytes in 0..needed {
                let error = Err(ParseError::TransportHeader);
                assert_eq!(read(&ip(bytes)), error, "{protocol} cut at {bytes}");
                let padded = [&ip(bytes)[..], &payload].concat();
                assert_eq!(read(&padded), error, "{protocol} cut at {bytes}, padded");
            }
            let packet = read(&ip(needed)).unwrap();
            assert_eq!(packet.transport_header_bytes, needed as u32);
            assert_eq!(packet.payload_bytes(), 0);
        }
    }
}

#[test]
fn reads_the_identifier_of_echo_requests_and_replies() {
    for kind in [0, 8] {
        let ip = v4(protocol::ICMP, &icmp(kind, 0, 0xbeef));
        let expected = Packet {
            transport_number: Transport::Echo as u8,
            transport_header_bytes: 8,
            echo_id: 0xbeef,
            icmp_type: kind,
            ..plain_v4(protocol::ICMP, 8)
        };
        assert_eq!(read(&ip), Ok(expected));
    }
    for kind in [128, 129] {
        let ip = v6(protocol::ICMPV6, &icmp(kind, 0, 0xbeef));
        let expected = Packet {
            transport_number: Transport::Echo as u8,
            transport_header_bytes: 8,
            echo_id: 0xbeef,
            icmp_type: kind,
            ..plain_v6(protocol::ICMPV6, 8)
        };
        assert_eq!(read(&ip), Ok(expected));
    }
}

#[test]
fn tells_icmp_errors_from_all_else() {
    for kind in 0..=u8::MAX {
        // RFC 792: unreachable, time exceeded, parameter problem. Redirects (5) and source quench (4) are
        // not about a packet of ours that got lost, and must not pass as such.
        let transport = match kind {
            0 | 8 => Transport::Echo,
            3 | 11 | 12 => Transport::IcmpError,
            _ => Transport::IcmpOther,
        };
        let packet = read(&v4(protocol::ICMP, &icmp(kind, 13, 0xbeef))).unwrap();
        let expected = Packet {
            transport_number: transport as u8,
            transport_header_bytes: 8,
            echo_id: if transport == Transport::Echo {
                0xbeef
            } else {
                0
            },
            icmp_type: kind,
            icmp_code: 13,
            ..plain_v4(protocol::ICMP, 8)
        };
        assert_eq!(packet, expected);
    }
}

#[test]
fn tells_icmpv6_errors_and_neighbour_discovery_from_all_else() {
    for kind in 0..=u8::MAX {
        // RFC 4443 §2.1 and RFC 4861 §4.
        let transport = match kind {
            1..=4 => Transport::IcmpError,
            128 | 129 => Transport::Echo,
            133..=137 => Transport::NeighbourDiscovery,
            _ => Transport::IcmpOther,
        };
        let packet = read(&v6(protocol::ICMPV6, &icmp(kind, 1, 0xbeef))).unwrap();
        let expected = Packet {
            transport_number: transport as u8,
            transport_header_bytes: 8,
            echo_id: if transport == Transport::Echo {
                0xbeef
            } else {
                0
            },
            icmp_type: kind,
            icmp_code: 1,
            ..plain_v6(protocol::ICMPV6, 8)
        };
        assert_eq!(packet, expected);
    }
}

#[test]
fn the_icmp_of_the_other_family_is_a_protocol_like_any_other() {
    let message = icmp(3, 4, 0xbeef);
    let v4_in_v6 = read(&v6(protocol::ICMP, &message)).unwrap();
    assert_eq!(v4_in_v6, plain_v6(protocol::ICMP, 8));
    let v6_in_v4 = read(&v4(protocol::ICMPV6, &message)).unwrap();
    assert_eq!(v6_in_v4, plain_v4(protocol::ICMPV6, 8));
}

#[test]
fn names_protocols_without_ports_by_their_number_and_reads_nothing_of_them() {
    const WALKED_IN_V6: [u8; 5] = [0, 43, 44, 51, 60];
    let read_by_parser = transports(false).map(|(protocol, ..)| protocol);
    for protocol in (0..=u8::MAX).filter(|protocol| !read_by_parser.contains(protocol)) {
        // Would be ports, if it were read.
        for payload in [&tcp(0)[..], &[]] {
            let payload_bytes = payload.len() as u32;
            let ip = v4(protocol, payload);
            assert_eq!(read(&ip), Ok(plain_v4(protocol, payload_bytes)));
            if !WALKED_IN_V6.contains(&protocol) && protocol != protocol::ICMPV6 {
                let ip = v6(protocol, payload);
                assert_eq!(read(&ip), Ok(plain_v6(protocol, payload_bytes)));
            }
        }
    }
}

#[test]
fn reads_ports_at_their_edges() {
    for (source, destination) in [(0, 0), (1, u16::MAX), (u16::MAX, 1), (0x00ff, 0xff00)] {
        for (protocol, mut payload, _) in transports(false).into_iter().take(3) {
            payload[..2].copy_from_slice(&u16::to_be_bytes(source));
            payload[2..4].copy_from_slice(&u16::to_be_bytes(destination));
            for (ip, _) in twins(protocol, &payload) {
                let packet = read(&ip).unwrap();
                let ports = (packet.source_port, packet.destination_port);
                assert_eq!(ports, (source, destination), "protocol {protocol}");
            }
        }
    }
    assert_ne!(CLIENT_PORT, REMOTE_PORT, "swapped ports must show");
}
