//! IPv6: the chain of extension headers, lengths, addresses.

use super::build::{
    AUTHENTICATION, DESTINATION, Extension, FRAGMENT, HOP_BY_HOP, LAST, MORE, ROUTING,
    authentication, fragment, options, plain_v6, routing, tcp, udp, v6, v6_chain, with_ports,
    with_tcp,
};
use super::read;
use crate::packet::{FRAGMENT_MORE, Fragment, Packet, ParseError, Transport, protocol};

/// What the parser makes of [`tcp`] behind this many bytes of extension headers.
fn tcp_behind(extension_bytes: u32) -> Packet {
    Packet {
        ip_header_bytes: 40 + extension_bytes,
        ..with_tcp(plain_v6(protocol::TCP, extension_bytes + 20))
    }
}

fn chain_bytes(chain: &[Extension]) -> u32 {
    chain
        .iter()
        .map(|extension| 1 + extension.1.len() as u32)
        .sum()
}

#[test]
fn reads_ports_behind_every_extension_header() {
    for chain in [
        vec![],
        vec![options(HOP_BY_HOP, 1)],
        vec![options(HOP_BY_HOP, 3)],
        vec![options(DESTINATION, 1)],
        vec![options(DESTINATION, 255)],
        vec![routing(0)],
        // RFC 4302 §2.2: the length counts words of 4 bytes, not of 8. 24 bytes are the usual 96-bit ICV.
        vec![authentication(3)],
        vec![authentication(6)],
        vec![authentication(7)],
        vec![authentication(255)],
        // The order of RFC 8200 §4.1.
        vec![
            options(HOP_BY_HOP, 1),
            options(DESTINATION, 2),
            routing(0),
            authentication(6),
            options(DESTINATION, 1),
        ],
    ] {
        let ip = v6_chain(&chain, protocol::TCP, &tcp(0));
        let expected = tcp_behind(chain_bytes(&chain));
        assert_eq!(read(&ip), Ok(expected), "{} headers", chain.len());
    }
}

#[test]
fn reads_a_chain_of_eight_and_refuses_nine() {
    let kinds = [
        options(HOP_BY_HOP, 1),
        options(DESTINATION, 1),
        routing(0),
        authentication(4),
        fragment(0, LAST),
    ];
    for extension in kinds {
        let eight = vec![extension; 8];
        let ip = v6_chain(&eight, protocol::UDP, &udp(0));
        let packet = read(&ip).expect("eight headers");
        assert_eq!(packet.ip_header_bytes, 40 + chain_bytes(&eight));
        assert_eq!(packet.transport(), Transport::Udp);
        for ninth in [
            options(DESTINATION, 1),
            authentication(4),
            fragment(8, LAST),
        ] {
            let nine = [&eight[..], &[ninth]].concat();
            let ip = v6_chain(&nine, protocol::UDP, &udp(0));
            assert_eq!(read(&ip), Err(ParseError::ExtensionHeaders), "nine headers");
        }
    }
}

#[test]
fn refuses_a_routing_header_with_segments_left() {
    for segments_left in [1, 2, 255] {
        for before in [
            vec![],
            vec![options(HOP_BY_HOP, 1), options(DESTINATION, 1)],
        ] {
            let chain = [before, vec![routing(segments_left)]].concat();
            let ip = v6_chain(&chain, protocol::TCP, &tcp(0));
            assert_eq!(read(&ip), Err(ParseError::SourceRoute), "{segments_left}");
        }
    }
}

#[test]
fn encryption_and_no_next_header_end_the_walk() {
    const ESP: u8 = 50;
    const NO_NEXT_HEADER: u8 = 59;
    for upper in [ESP, NO_NEXT_HEADER] {
        // What follows would be read as an extension header and ports.
        let payload = [&[protocol::TCP, 0, 0, 0, 0, 0, 0, 0], &tcp(0)[..]].concat();
        assert_eq!(read(&v6(upper, &payload)), Ok(plain_v6(upper, 28)));
        let behind = v6_chain(&[options(DESTINATION, 1)], upper, &payload);
        let expected = Packet {
            ip_header_bytes: 48,
            ..plain_v6(upper, 36)
        };
        assert_eq!(read(&behind), Ok(expected));
        // A chain may end where the packet ends.
        assert_eq!(read(&v6(upper, &[])), Ok(plain_v6(upper, 0)));
        let bare = v6_chain(&[options(DESTINATION, 1)], upper, &[]);
        let expected = Packet {
            ip_header_bytes: 48,
            ..plain_v6(upper, 8)
        };
        assert_eq!(read(&bare), Ok(expected));
    }
}

#[test]
fn reads_ports_from_first_fragment() {
    let chain = [fragment(0, MORE)];
    let packet = read(&v6_chain(&chain, protocol::TCP, &tcp(0))).unwrap();
    let expected = Packet {
        fragment_id: 0x1234_5678,
        fragment_field: FRAGMENT_MORE,
        ..tcp_behind(8)
    };
    assert_eq!(packet, expected);
    assert_eq!(packet.fragment(), Fragment::First);
    // What belongs to the fragmented part follows the fragment header.
    let chain = [
        options(HOP_BY_HOP, 1),
        fragment(0, MORE),
        options(DESTINATION, 2),
    ];
    let packet = read(&v6_chain(&chain, protocol::TCP, &tcp(0))).unwrap();
    let expected = Packet {
        fragment_id: 0x1234_5678,
        fragment_field: FRAGMENT_MORE,
        ..tcp_behind(32)
    };
    assert_eq!(packet, expected);
}

#[test]
fn reads_no_ports_from_later_fragment() {
    // RFC 8200 §4.5: what follows is the middle of something, even where it is named as another header.
    for next in [
        protocol::TCP,
        protocol::ICMPV6,
        DESTINATION,
        ROUTING,
        AUTHENTICATION,
        FRAGMENT,
    ] {
        for (offset, more) in [(8, MORE), (16, LAST), (1448, MORE), (0xfff8, LAST)] {
            let chain = [options(HOP_BY_HOP, 1), fragment(offset, more)];
            let packet = read(&v6_chain(&chain, next, &tcp(0))).unwrap();
            let expected = Packet {
                ip_header_bytes: 56,
                transport_number: Transport::LaterFragment as u8,
                fragment_id: 0x1234_5678,
                fragment_field: offset | u16::from(more),
                ..plain_v6(next, 36)
            };
            assert_eq!(packet, expected, "{next} at {offset}");
            assert_eq!(packet.fragment(), Fragment::Later);
        }
    }
}

#[test]
fn an_atomic_fragment_is_a_whole_packet() {
    let packet = read(&v6_chain(&[fragment(0, LAST)], protocol::TCP, &tcp(0))).unwrap();
    let expected = Packet {
        fragment_id: 0x1234_5678,
        ..tcp_behind(8)
    };
    assert_eq!(packet, expected);
    assert_eq!(packet.fragment(), Fragment::Whole);
}

#[test]
fn refuses_a_fragment_within_a_first_fragment() {
    for inner in [fragment(0, MORE), fragment(0, LAST), fragment(8, LAST)] {
        let chain = [fragment(0, MORE), inner];
        let ip = v6_chain(&chain, protocol::TCP, &tcp(0));
        assert_eq!(read(&ip), Err(ParseError::ExtensionHeaders));
    }
}

#[test]
fn refuses_extension_headers_cut_short_at_every_byte() {
    for extension in [
        options(HOP_BY_HOP, 2),
        options(DESTINATION, 2),
        routing(0),
        authentication(6),
        fragment(0, MORE),
        fragment(8, LAST),
    ] {
        let Extension(kind, rest) = extension;
        let whole = [&[protocol::UDP], &rest[..]].concat();
        // Without a byte of payload, hop-by-hop announces a jumbogram.
        let shortest = if kind == HOP_BY_HOP { 1 } else { 0 };
        for bytes in shortest..whole.len() {
            let ip = v6(kind, &whole[..bytes]);
            let error = Err(ParseError::ExtensionHeaders);
            assert_eq!(read(&ip), error, "{kind} cut at {bytes}");
            // The same where the frame goes on: padding does not complete a header.
            let padded = [&ip[..], &[0; 64]].concat();
            assert_eq!(read(&padded), error, "{kind} cut at {bytes}, padded");
        }
    }
}

#[test]
fn refuses_a_chain_that_ends_without_its_last_header() {
    for next in [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION] {
        let ip = v6_chain(&[options(DESTINATION, 1)], next, &[]);
        assert_eq!(read(&ip), Err(ParseError::ExtensionHeaders), "{next}");
    }
}

#[test]
fn refuses_jumbograms() {
    let mut ip = v6_chain(&[options(HOP_BY_HOP, 1)], protocol::UDP, &udp(0));
    // RFC 2675 §2: option 194 carries the length that does not fit the header.
    ip[42..48].copy_from_slice(&[194, 4, 0, 1, 0, 0]);
    ip[4..6].copy_from_slice(&[0, 0]);
    assert_eq!(read(&ip), Err(ParseError::Jumbogram));
}

#[test]
fn refuses_a_payload_longer_than_the_frame() {
    let whole = v6(protocol::UDP, &udp(4));
    for (payload_bytes, error) in [
        (0, ParseError::TransportHeader),
        (7, ParseError::TransportHeader),
        (13, ParseError::TotalLength),
        (u16::MAX, ParseError::TotalLength),
    ] {
        let mut ip = whole.clone();
        ip[4..6].copy_from_slice(&payload_bytes.to_be_bytes());
        assert_eq!(read(&ip), Err(error), "{payload_bytes}");
    }
    for payload_bytes in 8..=12u16 {
        let mut ip = whole.clone();
        ip[4..6].copy_from_slice(&payload_bytes.to_be_bytes());
        let plain = plain_v6(protocol::UDP, payload_bytes.into());
        assert_eq!(read(&ip), Ok(with_ports(plain, Transport::Udp, 8)));
    }
}

#[test]
fn refuses_a_fixed_header_that_is_cut_short() {
    let ip = v6(protocol::TCP, &tcp(0));
    for bytes in 20..40 {
        assert_eq!(read(&ip[..bytes]), Err(ParseError::IpHeader), "{bytes}");
    }
    assert_eq!(read(&ip[..40]), Err(ParseError::TotalLength));
}

#[test]
fn refuses_mapped_addresses_as_source_and_as_destination() {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7];
    for at in [8, 24] {
        let mut ip = v6(protocol::TCP, &tcp(0));
        ip[at..at + 16].copy_from_slice(&mapped);
        assert_eq!(read(&ip), Err(ParseError::MappedAddress));
        // One bit beside the prefix, it is an address like any other.
        for bit in 0..96 {
            let mut ip = ip.clone();
            ip[at + bit / 8] ^= 0x80 >> (bit % 8);
            assert!(read(&ip).is_ok(), "bit {bit}");
        }
    }
}

#[test]
fn traffic_class_and_flow_label_do_not_matter() {
    let mut ip = v6(protocol::TCP, &tcp(0));
    ip[..4].copy_from_slice(&[0x6f, 0xff, 0xff, 0xff]);
    assert_eq!(read(&ip), Ok(with_tcp(plain_v6(protocol::TCP, 20))));
}
