//! Packets, from the inside out: `v4(protocol::TCP, &tcp(…))`. Headers come from etherparse; what it would
//! not write is made by overwriting bytes of a sound packet.

use crate::packet::{Packet, Transport, protocol, tcp_flags};
use etherparse::{Ipv4Header, Ipv6Header, TcpHeader, UdpHeader};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) const CLIENT_V4: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 9);
pub(super) const REMOTE_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
pub(super) const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd7a, 0x115c, 0xa1e0, 0, 0, 0, 0, 9);
pub(super) const REMOTE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);
pub(super) const CLIENT_PORT: u16 = 40_000;
pub(super) const REMOTE_PORT: u16 = 443;

pub(super) const MORE: bool = true;
pub(super) const LAST: bool = false;

/// An IPv4 packet from the client to the remote.
pub(super) fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    v4_with(protocol, payload, |_| ())
}

/// As [`v4`], with a header that is not the plainest.
pub(super) fn v4_with(
    protocol: u8,
    payload: &[u8],
    change: impl FnOnce(&mut Ipv4Header),
) -> Vec<u8> {
    let (from, to) = (CLIENT_V4.octets(), REMOTE_V4.octets());
    let mut header = Ipv4Header::new(0, 64, protocol.into(), from, to).unwrap();
    change(&mut header);
    header.set_payload_len(payload.len()).unwrap();
    [&header.to_bytes()[..], payload].concat()
}

/// As [`v4`], with options.
pub(super) fn v4_options(options: &[u8], protocol: u8, payload: &[u8]) -> Vec<u8> {
    v4_with(protocol, payload, |header| {
        header.options = options.try_into().unwrap();
    })
}

/// An IPv4 fragment that belongs at `offset`, in bytes.
pub(super) fn v4_fragment(offset: u16, more: bool, protocol: u8, payload: &[u8]) -> Vec<u8> {
    assert!(offset.is_multiple_of(8));
    v4_with(protocol, payload, |header| {
        header.dont_fragment = false;
        header.fragment_offset = (offset / 8).try_into().unwrap();
        header.more_fragments = more;
        header.identification = 0x1234;
    })
}

/// An IPv6 packet from the client to the remote.
pub(super) fn v6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header {
        payload_length: payload.len().try_into().unwrap(),
        next_header: next_header.into(),
        hop_limit: 64,
        source: CLIENT_V6.octets(),
        destination: REMOTE_V6.octets(),
        ..Ipv6Header::default()
    };
    [&header.to_bytes()[..], payload].concat()
}

/// An IPv6 extension header: its own number, and all of it after the number of what follows.
#[derive(Clone)]
pub(super) struct Extension(pub(super) u8, pub(super) Vec<u8>);

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const AUTHENTICATION: u8 = 51;
pub(super) const DESTINATION: u8 = 60;

/// Hop-by-hop or destination options of `units` times 8 bytes.
pub(super) fn options(kind: u8, units: u8) -> Extension {
    let mut rest = vec![0; usize::from(units) * 8 - 1];
    rest[0] = units - 1;
    Extension(kind, rest)
}

/// A routing header of 24 bytes: one address.
pub(super) fn routing(segments_left: u8) -> Extension {
    let mut rest = vec![0; 23];
    rest[..3].copy_from_slice(&[2, 4, segments_left]);
    Extension(ROUTING, rest)
}

/// An authentication header of `words` times 4 bytes.
pub(super) fn authentication(words: u8) -> Extension {
    let mut rest = vec![0xaa; usize::from(words) * 4 - 1];
    rest[0] = words - 2;
    Extension(AUTHENTICATION, rest)
}

/// A fragment header.
pub(super) fn fragment(offset: u16, more: bool) -> Extension {
    assert!(offset.is_multiple_of(8));
    // The two bits between offset and "more" are reserved, and ignored by receivers.
    let [high, low] = (offset | 0b110 | u16::from(more)).to_be_bytes();
    Extension(FRAGMENT, vec![0, high, low, 0x12, 0x34, 0x56, 0x78])
}

/// An IPv6 packet with a chain of extension headers.
pub(super) fn v6_chain(chain: &[Extension], upper: u8, payload: &[u8]) -> Vec<u8> {
    let (mut next, mut bytes) = (upper, payload.to_vec());
    for Extension(kind, rest) in chain.iter().rev() {
        bytes = [&[next], &rest[..], &bytes].concat();
        next = *kind;
    }
    v6(next, &bytes)
}

/// A TCP SYN with this many bytes of payload.
pub(super) fn tcp(payload_bytes: usize) -> Vec<u8> {
    let mut header = TcpHeader::new(CLIENT_PORT, REMOTE_PORT, 1, 1024);
    header.syn = true;
    [&header.to_bytes()[..], &vec![0x55; payload_bytes]].concat()
}

/// As [`tcp`], with options.
pub(super) fn tcp_options(options: &[u8], payload_bytes: usize) -> Vec<u8> {
    let mut header = TcpHeader::new(CLIENT_PORT, REMOTE_PORT, 1, 1024);
    header.syn = true;
    header.set_options_raw(options).unwrap();
    [&header.to_bytes()[..], &vec![0x55; payload_bytes]].concat()
}

pub(super) fn udp(payload_bytes: usize) -> Vec<u8> {
    let header = UdpHeader {
        source_port: CLIENT_PORT,
        destination_port: REMOTE_PORT,
        length: u16::try_from(8 + payload_bytes).unwrap(),
        checksum: 0,
    };
    [&header.to_bytes()[..], &vec![0x55; payload_bytes]].concat()
}

/// An SCTP common header and nothing else: etherparse knows none.
pub(super) fn sctp() -> Vec<u8> {
    let ports = [CLIENT_PORT.to_be_bytes(), REMOTE_PORT.to_be_bytes()].concat();
    [&ports[..], &[0x77; 8]].concat()
}

/// The eight bytes that every ICMP message starts with.
pub(super) fn icmp(kind: u8, code: u8, id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![kind, code, 0, 0, high, low, 0, 1]
}

/// A frame with these VLAN tags, outermost first.
pub(super) fn ethernet(ethertype: u16, tags: &[u16], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02; 12];
    for tag in tags {
        frame.extend(tag.to_be_bytes());
        frame.extend([0x00, 0x2a]);
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The ethertype that says what the version of an IP packet says.
pub(super) fn ethertype(ip: &[u8]) -> u16 {
    match ip {
        [first, ..] if first >> 4 == 4 => 0x0800,
        _ => 0x86dd,
    }
}

/// What the parser makes of [`v4`], but for what comes after its header.
pub(super) fn plain_v4(protocol: u8, payload_bytes: u32) -> Packet {
    Packet {
        source: CLIENT_V4.into(),
        destination: REMOTE_V4.into(),
        ip_bytes: 20 + payload_bytes,
        ip_header_bytes: 20,
        protocol,
        transport_number: Transport::Other as u8,
        ..Packet::EMPTY
    }
}

/// What the parser makes of [`v6`], but for what comes after its header.
pub(super) fn plain_v6(protocol: u8, payload_bytes: u32) -> Packet {
    Packet {
        source: CLIENT_V6.into(),
        destination: REMOTE_V6.into(),
        ip_bytes: 40 + payload_bytes,
        ip_header_bytes: 40,
        protocol,
        transport_number: Transport::Other as u8,
        ..Packet::EMPTY
    }
}

/// What the parser makes of [`tcp`] in a packet of which it made this.
pub(super) fn with_tcp(packet: Packet) -> Packet {
    Packet {
        tcp_flags: tcp_flags::SYN,
        ..with_ports(packet, Transport::Tcp, 20)
    }
}

/// What the parser makes of ports in a packet of which it made this.
pub(super) fn with_ports(packet: Packet, transport: Transport, header_bytes: u32) -> Packet {
    Packet {
        source_port: CLIENT_PORT,
        destination_port: REMOTE_PORT,
        transport_header_bytes: header_bytes,
        transport_number: transport as u8,
        ..packet
    }
}

/// The payload of every transport with a header that the parser reads, and how many bytes of it it needs.
pub(super) fn transports(is_v6: bool) -> [(u8, Vec<u8>, usize); 4] {
    let (icmp_protocol, echo) = if is_v6 {
        (protocol::ICMPV6, 128)
    } else {
        (protocol::ICMP, 8)
    };
    [
        (protocol::TCP, tcp(0), 20),
        (protocol::UDP, udp(0), 8),
        (protocol::SCTP, sctp(), 12),
        (icmp_protocol, icmp(echo, 0, 7), 8),
    ]
}
