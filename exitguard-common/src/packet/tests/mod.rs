//! What the parser reads out of packets, and what it refuses.
//!
//! A test builds its packet by layers (`build`) and reads it with [`read`], which parses it raw and behind
//! every Ethernet header there is: what stands in front of an IP packet must not change what it says.

mod build;
mod errors;
mod gso;
mod ipv4;
mod ipv6;
mod link;
mod properties;
mod transport;

use super::{FRAGMENT_MORE, Frame, Packet, ParseError, Transport, parse};
use crate::abi::{Addr, LinkLayer};

/// Nothing a test expects. Packets are read over it, so that a field the parser forgets to write is seen.
const UNWRITTEN: Packet = Packet {
    source: Addr::from_v4(0xdead_beef),
    destination: Addr::from_v4(0xdead_beef),
    ip_offset: 0xdead,
    ip_bytes: 0xdead,
    ip_header_bytes: 0xdead,
    transport_header_bytes: 0xdead,
    fragment_id: 0xdead,
    source_port: 0xdead,
    destination_port: 0xdead,
    echo_id: 0xdead,
    protocol: 0xde,
    tcp_flags: 0xde,
    icmp_type: 0xde,
    icmp_code: 0xde,
    transport_number: Transport::NeighbourDiscovery as u8,
    fragment_field: 0xdea8 | FRAGMENT_MORE,
};

/// What a frame carries, and the packet if it carries one.
fn read_frame(frame: &[u8], link: LinkLayer) -> Result<Option<Packet>, ParseError> {
    let mut packet = UNWRITTEN;
    Ok(match parse(&frame, link, &mut packet)? {
        Frame::Ip => Some(packet),
        Frame::Arp => None,
    })
}

/// The packet in the bytes of an IP packet, as raw IP and as Ethernet see it.
fn read(ip: &[u8]) -> Result<Packet, ParseError> {
    let raw = read_frame(ip, LinkLayer::RawIp).map(|packet| packet.expect("raw IP has no ARP"));
    for tags in [&[][..], &[0x8100], &[0x88a8], &[0x88a8, 0x8100]] {
        let frame = build::ethernet(build::ethertype(ip), tags, ip);
        let framed = read_frame(&frame, LinkLayer::Ethernet);
        let expected = raw.map(|packet| {
            Some(Packet {
                ip_offset: 14 + 4 * tags.len() as u32,
                ..packet
            })
        });
        assert_eq!(framed, expected, "behind tags {tags:04x?}");
    }
    raw
}
