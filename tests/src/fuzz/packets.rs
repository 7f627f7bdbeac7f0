//! Frames: the parser and what is derived from what it read.

use std::cell::Cell;

use exitguard_common::abi::{Counters, Direction, LinkLayer};
use exitguard_common::flow;
use exitguard_common::packet::{self, Frame, Header, Packet, PacketSource, Transport};

/// A frame without a link layer.
pub(super) fn raw_ip(bytes: &[u8]) {
    check(bytes, LinkLayer::RawIp);
}

/// A frame of an Ethernet.
pub(super) fn ethernet(bytes: &[u8]) {
    check(bytes, LinkLayer::Ethernet);
}

/// A frame that counts how often it is read.
struct Watched<'a> {
    frame: &'a [u8],
    reads: Cell<u32>,
}

impl PacketSource for Watched<'_> {
    fn frame_bytes(&self) -> u32 {
        self.frame.frame_bytes()
    }

    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        self.reads.set(self.reads.get() + 1);
        self.frame.read(offset)
    }
}

/// Three ethertypes, the fixed header, IPv4's options at two reads each or IPv6's header and chain, and the
/// transport header.
const MOST_READS: u32 = 3 + 1 + 2 * 40 + 1;

/// The packet in a frame.
pub(super) fn read(frame: &[u8], link: LinkLayer) -> Option<Packet> {
    let mut packet = Packet::EMPTY;
    let answer = packet::parse(&frame, link, &mut packet);
    (answer == Ok(Frame::Ip)).then_some(packet)
}

fn check(frame: &[u8], link: LinkLayer) {
    let watched = Watched {
        frame,
        reads: Cell::new(0),
    };
    let mut packet = Packet::EMPTY;
    let answer = packet::parse(&watched, link, &mut packet);
    assert!(watched.reads.get() <= MOST_READS);
    if answer != Ok(Frame::Ip) {
        return;
    }
    let headers = packet.ip_header_bytes + packet.transport_header_bytes;
    assert!(headers <= packet.ip_bytes, "{packet:?}");
    let end = (packet.ip_offset + packet.ip_bytes) as usize;
    let (whole, padding) = frame.split_at(end);
    // Bytes behind the packet have no say in it, whatever they are.
    let inverted: Vec<u8> = padding.iter().map(|byte| !byte).collect();
    assert_eq!(read(whole, link), Some(packet));
    assert_eq!(read(&[whole, &inverted].concat(), link), Some(packet));

    for gso_size in [0, 1, 536, 1_240, u32::from(u16::MAX), u32::MAX] {
        wire(&packet, gso_size);
    }
    key(&packet);
}

/// The segments of a super-packet carry all of its payload, each no more than allowed, and headers of their own.
fn wire(packet: &Packet, gso_size: u32) {
    let payload = u64::from(packet.payload_bytes());
    let headers = u64::from(packet.ip_bytes) - payload;
    let Counters { pkts, bytes } = packet.wire(gso_size);
    assert_eq!(bytes, payload + pkts * headers, "{packet:?}");
    if gso_size == 0 {
        assert_eq!(pkts, 1);
    } else {
        let (most, fewer) = (pkts * u64::from(gso_size), (pkts - 1) * u64::from(gso_size));
        assert!(payload <= most && (pkts == 1 || fewer < payload));
    }
}

/// A packet and the one that answers it are of one flow.
fn key(packet: &Packet) {
    let answer = Packet {
        source: packet.destination,
        destination: packet.source,
        source_port: packet.destination_port,
        destination_port: packet.source_port,
        ..*packet
    };
    let ways = (Direction::Outbound, Direction::Inbound);
    let transport = packet.transport();
    // What an ICMP message is about is in its type, which the answer does not share.
    if matches!(
        transport,
        Transport::Tcp | Transport::Udp | Transport::Sctp | Transport::Other
    ) {
        assert_eq!(flow::key(packet, ways.0), flow::key(&answer, ways.1));
        assert_eq!(flow::key(packet, ways.1), flow::key(&answer, ways.0));
    }
}
