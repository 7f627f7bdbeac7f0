//! IPv4: options, lengths, fragments.

use super::build::{
    CLIENT_PORT, LAST, MORE, REMOTE_PORT, plain_v4, sctp, tcp, udp, v4, v4_fragment, v4_options,
    v4_with, with_ports, with_tcp,
};
use super::read;
use crate::packet::{FRAGMENT_MORE, Fragment, Packet, ParseError, Transport, protocol};

const END: u8 = 0;
const NOP: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;
const ROUTER_ALERT: u8 = 148;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/// Options, filled up with NOPs to a whole number of words.
fn padded(options: &[u8]) -> Vec<u8> {
    let mut bytes = options.to_vec();
    bytes.resize(options.len().next_multiple_of(4), NOP);
    bytes
}

#[test]
fn reads_ports_behind_options_of_every_length() {
    for words in 0..=10 {
        let ip = v4_options(&[NOP].repeat(words * 4), protocol::TCP, &tcp(5));
        let header_bytes = 20 + 4 * words as u32;
        let expected = Packet {
            ip_bytes: header_bytes + 25,
            ip_header_bytes: header_bytes,
            ..with_tcp(plain_v4(protocol::TCP, 25))
        };
        assert_eq!(read(&ip), Ok(expected), "{words} words");
    }
}

#[test]
fn reads_ports_behind_options_of_every_kind() {
    for options in [
        &[ROUTER_ALERT, 4, 0, 0][..],
        &[RECORD_ROUTE, 7, 4, 0, 0, 0, 0, END],
        &[NOP, NOP, TIMESTAMP, 8, 5, 0, 0, 0, 0, 0, NOP, END],
        // The shortest option there can be, and one that fills all the room there is.
        &[200, 2, 200, 2],
        &[&[200, 40], &[0xff; 38][..]].concat(),
        // A length that ends with the header, to the byte.
        &[NOP, 200, 3, 9],
        // What follows the end is padding, whatever it looks like.
        &[END, LOOSE_SOURCE_ROUTE, 0, 0xff],
        &[NOP, END, 200, 200],
        // Bytes within an option are not options.
        &[
            200,
            6,
            STRICT_SOURCE_ROUTE,
            LOOSE_SOURCE_ROUTE,
            0,
            0,
            NOP,
            NOP,
        ],
    ] {
        let packet = read(&v4_options(options, protocol::UDP, &udp(0))).unwrap();
        assert_eq!(packet.ip_header_bytes, 20 + options.len() as u32);
        let ports = (packet.source_port, packet.destination_port);
        assert_eq!(ports, (CLIENT_PORT, REMOTE_PORT), "{options:?}");
    }
}

#[test]
fn refuses_options_cut_short() {
    for options in [
        &[200, 0, 0, 0][..],
        &[200, 1, 0, 0],
        &[200, 5, 0, 0],
        &[200, 255, 0, 0],
        &[NOP, NOP, 200, 3],
        // No room for the length: the byte after it is the transport's.
        &[NOP, NOP, NOP, 200],
        &[&[NOP; 39][..], &[200]].concat(),
    ] {
        let ip = v4_options(options, protocol::UDP, &udp(0));
        assert_eq!(read(&ip), Err(ParseError::Options), "{options:?}");
        // The same at the very end of the frame.
        let bare = v4_options(options, 253, &[]);
        assert_eq!(read(&bare), Err(ParseError::Options), "{options:?}");
    }
}

#[test]
fn refuses_source_routes_wherever_they_stand() {
    for kind in [LOOSE_SOURCE_ROUTE, STRICT_SOURCE_ROUTE] {
        let route = [kind, 7, 4, 192, 0, 2, 1];
        for before in 0..=33 {
            let options = padded(&[&[NOP].repeat(before), &route[..]].concat());
            let ip = v4_options(&options, protocol::TCP, &tcp(0));
            assert_eq!(read(&ip), Err(ParseError::SourceRoute), "after {before}");
        }
        let options = padded(&[&[RECORD_ROUTE, 7, 4, 0, 0, 0, 0], &route[..]].concat());
        let ip = v4_options(&options, protocol::TCP, &tcp(0));
        assert_eq!(read(&ip), Err(ParseError::SourceRoute), "after an option");
    }
}

#[test]
fn refuses_a_header_length_below_five_words() {
    for words in 0..5 {
        let mut ip = v4(protocol::TCP, &tcp(0));
        ip[0] = 0x40 | words;
        assert_eq!(read(&ip), Err(ParseError::IpHeader), "{words}");
    }
}

#[test]
fn refuses_a_header_length_beyond_the_packet() {
    for words in 6..16u8 {
        let whole = u16::from(words) * 4;
        let mut ip = v4_options(&[NOP].repeat(usize::from(whole) - 20), 253, &[]);
        assert!(read(&ip).is_ok());
        // The frame has the bytes; the packet does not.
        ip[2..4].copy_from_slice(&(whole - 1).to_be_bytes());
        assert_eq!(read(&ip), Err(ParseError::TotalLength), "{words}");
        // The packet has the bytes, and the frame does not.
        ip[2..4].copy_from_slice(&whole.to_be_bytes());
        ip.pop();
        assert_eq!(read(&ip), Err(ParseError::TotalLength), "{words}");
    }
}

#[test]
fn refuses_a_total_length_shorter_than_the_header_or_longer_than_the_frame() {
    let whole = v4(protocol::UDP, &udp(4));
    for (total, error) in [
        (0, ParseError::TotalLength),
        (1, ParseError::TotalLength),
        (19, ParseError::TotalLength),
        // Long enough for the IP header, not for UDP's.
        (20, ParseError::TransportHeader),
        (27, ParseError::TransportHeader),
        (33, ParseError::TotalLength),
        (u16::MAX, ParseError::TotalLength),
    ] {
        let mut ip = whole.clone();
        ip[2..4].copy_from_slice(&total.to_be_bytes());
        assert_eq!(read(&ip), Err(error), "{total}");
    }
    for total in 28..=32u16 {
        let mut ip = whole.clone();
        ip[2..4].copy_from_slice(&total.to_be_bytes());
        let payload_bytes = u32::from(total) - 20;
        let expected = with_ports(plain_v4(protocol::UDP, payload_bytes), Transport::Udp, 8);
        assert_eq!(read(&ip), Ok(expected), "{total}");
    }
}

#[test]
fn ignores_what_pads_the_frame() {
    for (protocol, payload) in [(protocol::TCP, tcp(0)), (253, vec![])] {
        let ip = v4(protocol, &payload);
        let alone = read(&ip).unwrap();
        // Ethernet pads to 46 bytes of payload.
        let padded = [&ip[..], &[0xee; 26]].concat();
        assert_eq!(read(&padded), Ok(alone));
    }
    // A TCP header half of which is padding is cut short.
    let mut ip = v4(protocol::TCP, &tcp(0));
    ip[2..4].copy_from_slice(&30u16.to_be_bytes());
    assert_eq!(read(&ip), Err(ParseError::TransportHeader));
}

#[test]
fn reads_ports_from_first_fragment() {
    let packet = read(&v4_fragment(0, MORE, protocol::TCP, &tcp(4))).unwrap();
    let expected = Packet {
        fragment_id: 0x1234,
        fragment_field: FRAGMENT_MORE,
        ..with_tcp(plain_v4(protocol::TCP, 24))
    };
    assert_eq!(packet, expected);
    assert_eq!(packet.fragment(), Fragment::First);
}

#[test]
fn reads_no_ports_from_later_fragment() {
    for (protocol, payload) in [
        (protocol::TCP, tcp(4)),
        (protocol::UDP, udp(16)),
        (protocol::SCTP, sctp()),
        (protocol::ICMP, vec![8; 24]),
        // Shorter than any transport header.
        (protocol::TCP, vec![1]),
        (253, vec![]),
    ] {
        for (offset, more) in [(24, MORE), (24, LAST), (1480, MORE), (0xfff8, LAST)] {
            let packet = read(&v4_fragment(offset, more, protocol, &payload)).unwrap();
            let expected = Packet {
                transport_number: Transport::LaterFragment as u8,
                fragment_id: 0x1234,
                fragment_field: offset | u16::from(more),
                ..plain_v4(protocol, payload.len() as u32)
            };
            assert_eq!(packet, expected, "protocol {protocol} at {offset}");
            assert_eq!(packet.fragment(), Fragment::Later);
        }
    }
}

#[test]
fn refuses_a_later_fragment_that_would_overwrite_the_tcp_header() {
    for more in [MORE, LAST] {
        for offset in [8, 16] {
            let ip = v4_fragment(offset, more, protocol::TCP, &tcp(4));
            assert_eq!(read(&ip), Err(ParseError::TinyFragment), "{offset}");
        }
        assert!(read(&v4_fragment(24, more, protocol::TCP, &tcp(4))).is_ok());
        // Ports, and all that is judged of these, come before byte 8.
        for protocol in [protocol::UDP, protocol::SCTP, protocol::ICMP, 253] {
            let packet = read(&v4_fragment(8, more, protocol, &udp(0))).unwrap();
            assert_eq!(packet.fragment(), Fragment::Later);
        }
    }
}

#[test]
fn refuses_a_first_fragment_without_all_of_the_transport_header() {
    for (protocol, payload, needed) in [
        (protocol::TCP, tcp(0), 20),
        (protocol::UDP, udp(0), 8),
        (protocol::SCTP, sctp(), 12),
    ] {
        for bytes in 0..needed {
            let ip = v4_fragment(0, MORE, protocol, &payload[..bytes]);
            assert_eq!(read(&ip), Err(ParseError::TransportHeader), "{bytes}");
        }
        assert!(read(&v4_fragment(0, MORE, protocol, &payload)).is_ok());
    }
}

#[test]
fn takes_no_other_flag_for_a_fragment() {
    for dont_fragment in [false, true] {
        let mut ip = v4_with(protocol::TCP, &tcp(0), |header| {
            header.dont_fragment = dont_fragment;
            header.identification = 0xffff;
        });
        // The reserved bit, RFC 3514 or not.
        for reserved in [0, 0x80] {
            ip[6] = ip[6] & 0x7f | reserved;
            let packet = read(&ip).unwrap();
            assert_eq!(packet.fragment(), Fragment::Whole);
            assert_eq!(packet.destination_port, REMOTE_PORT);
        }
    }
}
