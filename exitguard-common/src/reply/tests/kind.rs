//! What is answered, and what never is.

use super::{CLIENT_PORT, Kind, REMOTE_PORT, kind, read, tcp, udp, v4, v6};
use crate::abi::LinkLayer;
use crate::packet::{self, Packet, Transport, protocol, tcp_flags};
use etherparse::{IpHeaders, Ipv6FragmentHeader, Ipv6RawExtHeader, PacketBuilder, TcpHeader};

fn syn(ip: IpHeaders) -> Vec<u8> {
    let mut header = TcpHeader::new(CLIENT_PORT, REMOTE_PORT, 1, 1024);
    header.syn = true;
    tcp(ip, header, 0)
}

/// A packet with an ICMP message of either family, or any other protocol.
fn other(ip: IpHeaders, number: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = PacketBuilder::ip(ip);
    packet.write(&mut bytes, number.into(), &[8; 20]).unwrap();
    bytes
}

#[test]
fn numbers_have_not_moved() {
    let kinds = [
        Kind::ResetV4,
        Kind::ResetV6,
        Kind::ProhibitedV4,
        Kind::ProhibitedV6,
    ];
    assert_eq!(kinds.map(|kind| kind as u8), [0, 1, 2, 3]);
}

#[test]
fn answers_tcp_with_a_reset_and_udp_with_an_error() {
    assert_eq!(kind(&read(&syn(v4()))), Some(Kind::ResetV4));
    assert_eq!(kind(&read(&syn(v6()))), Some(Kind::ResetV6));
    assert_eq!(kind(&read(&udp(v4(), 1))), Some(Kind::ProhibitedV4));
    assert_eq!(kind(&read(&udp(v6(), 1))), Some(Kind::ProhibitedV6));
}

#[test]
fn what_stands_before_the_ip_header_does_not_matter() {
    let frame = [&[2; 12], &[0x08, 0x00][..], &syn(v4())].concat();
    let mut packet = Packet::EMPTY;
    packet::parse(&&frame[..], LinkLayer::Ethernet, &mut packet).unwrap();
    assert_eq!(kind(&packet), Some(Kind::ResetV4));
}

#[test]
fn never_answers_a_reset_with_a_reset() {
    for (ip, answer) in [(v4(), Kind::ResetV4), (v6(), Kind::ResetV6)] {
        for flags in 0..=u8::MAX {
            let mut packet = read(&syn(ip.clone()));
            packet.tcp_flags = flags;
            let is_reset = flags & tcp_flags::RST != 0;
            assert_eq!(kind(&packet), (!is_reset).then_some(answer), "{flags:02x}");
        }
    }
}

#[test]
fn never_answers_icmp_or_a_protocol_without_an_answer() {
    let numbers = [
        protocol::ICMP,
        protocol::ICMPV6,
        protocol::SCTP,
        47,
        50,
        255,
    ];
    for ip in [v4(), v6()] {
        for number in numbers {
            let packet = read(&other(ip.clone(), number));
            assert_eq!(kind(&packet), None, "protocol {number}");
        }
        // Whatever the message is.
        for transport in [
            Transport::Echo,
            Transport::IcmpError,
            Transport::NeighbourDiscovery,
            Transport::IcmpOther,
            Transport::Sctp,
            Transport::Other,
            Transport::LaterFragment,
        ] {
            let mut packet = read(&udp(ip.clone(), 1));
            packet.transport_number = transport as u8;
            assert_eq!(kind(&packet), None, "{transport:?}");
        }
    }
}

#[test]
fn never_answers_a_fragment() {
    for (offset, more) in [(0, true), (100, true), (100, false)] {
        let mut ip = v4();
        let IpHeaders::Ipv4(header, _) = &mut ip else {
            panic!("{ip:?}");
        };
        header.fragment_offset = u16::try_into(offset).unwrap();
        header.more_fragments = more;
        assert_eq!(kind(&read(&udp(ip.clone(), 8))), None, "{offset} {more}");
        assert_eq!(kind(&read(&syn(ip))), None, "{offset} {more}");
    }
}

#[test]
fn never_answers_what_has_ip_options() {
    for words in 1..=10 {
        let mut ip = v4();
        let IpHeaders::Ipv4(header, _) = &mut ip else {
            panic!("{ip:?}");
        };
        header.options = [1].repeat(words * 4)[..].try_into().unwrap();
        assert_eq!(kind(&read(&udp(ip.clone(), 8))), None, "{words} words");
        assert_eq!(kind(&read(&syn(ip))), None, "{words} words");
    }
}

#[test]
fn never_answers_what_has_extension_headers() {
    let raw = || Some(Ipv6RawExtHeader::new_raw(0.into(), &[0; 6]).unwrap());
    let fragment = |offset: u16, more| {
        let offset = offset.try_into().unwrap();
        Some(Ipv6FragmentHeader::new(0.into(), offset, more, 7))
    };
    for (hop_by_hop, destination, fragment) in [
        (raw(), None, None),
        (None, raw(), None),
        // An atomic fragment is a whole packet, but not behind a plain header.
        (None, None, fragment(0, false)),
        (None, None, fragment(0, true)),
        (None, None, fragment(100, false)),
    ] {
        let mut ip = v6();
        let IpHeaders::Ipv6(_, extensions) = &mut ip else {
            panic!("{ip:?}");
        };
        extensions.hop_by_hop_options = hop_by_hop;
        extensions.destination_options = destination;
        extensions.fragment = fragment;
        assert_eq!(kind(&read(&udp(ip.clone(), 8))), None, "{ip:?}");
        assert_eq!(kind(&read(&syn(ip))), None);
    }
}
