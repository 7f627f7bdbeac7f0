//! The answers to rejected packets.

use exitguard_common::abi::{Direction, LinkLayer};
use exitguard_common::flow;
use exitguard_common::packet::{Packet, Transport, protocol, tcp_flags};
use exitguard_common::reply::{
    IPV4_HEADER, IPV6_HEADER, Kind, QUOTED, Reply, TCP_HEADER, kind, prohibited_v4, prohibited_v6,
    reset_v4, reset_v6,
};

use super::packets::read;
use super::sum::sum;

/// A frame from a TUN: where it may be answered, the answer is a sound packet back to its sender, and is not
/// answered in turn.
pub(super) fn reply(frame: &[u8]) {
    let Some(packet) = read(frame, LinkLayer::RawIp) else {
        return;
    };
    let Some(kind) = kind(&packet) else { return };
    let made = make(kind, &packet, frame);
    assert!(made.is_some(), "the headers of {packet:?} are not there");
    if let Some((bytes, checksum_at, partial)) = made {
        check(&packet, &bytes);
        finished(&packet, bytes, checksum_at, partial);
    }
}

type Made = (Vec<u8>, usize, [u8; 2]);

/// What the kernel program does: only headers are read.
fn make(kind: Kind, packet: &Packet, frame: &[u8]) -> Option<Made> {
    fn made<const N: usize>(reply: &Reply<N>) -> Made {
        let at = reply.checksum_at as usize;
        (reply.bytes.to_vec(), at, reply.partial_checksum)
    }
    let payload = packet.payload_bytes();
    let after = |header: usize| frame.get(header..)?.first_chunk::<TCP_HEADER>();
    Some(match kind {
        Kind::ResetV4 => made(&reset_v4(
            frame.first_chunk()?,
            after(IPV4_HEADER)?,
            payload,
        )),
        Kind::ResetV6 => made(&reset_v6(
            frame.first_chunk()?,
            after(IPV6_HEADER)?,
            payload,
        )),
        Kind::ProhibitedV4 => made(&prohibited_v4(
            frame.first_chunk::<{ IPV4_HEADER + QUOTED }>()?,
        )),
        Kind::ProhibitedV6 => made(&prohibited_v6(
            frame.first_chunk::<{ IPV6_HEADER + QUOTED }>()?,
        )),
    })
}

fn check(rejected: &Packet, bytes: &[u8]) {
    let found = read(bytes, LinkLayer::RawIp);
    assert!(found.is_some(), "{bytes:02x?}");
    if let Some(reply) = found {
        assert_eq!(reply.ip_bytes as usize, bytes.len());
        assert_eq!(reply.source, rejected.destination);
        assert_eq!(reply.destination, rejected.source);
        assert_eq!(kind(&reply), None, "an answer to an answer");
        if rejected.transport() == Transport::Tcp {
            assert_eq!(
                flow::key(&reply, Direction::Inbound),
                flow::key(rejected, Direction::Outbound)
            );
            assert!(reply.tcp_flags & tcp_flags::RST != 0);
            assert_eq!(reply.payload_bytes(), 0);
        } else {
            assert_eq!(reply.transport(), Transport::IcmpError);
        }
    }
    checksums(bytes);
}

/// A rejected packet may have been one whose checksum the kernel finishes: it sums from the transport header on, and
/// writes where the rejected packet's protocol has its checksum.
fn finished(rejected: &Packet, mut bytes: Vec<u8>, at: usize, partial: [u8; 2]) {
    let write = |bytes: &mut Vec<u8>, value: [u8; 2]| {
        for (place, byte) in bytes.iter_mut().skip(at).zip(value) {
            *place = byte;
        }
    };
    write(&mut bytes, partial);
    let transport = bytes.get(rejected.ip_header_bytes as usize..);
    let value = !sum(transport.unwrap_or_default());
    write(&mut bytes, value.to_be_bytes());
    checksums(&bytes);
}

/// Those of the IP header and of what follows.
fn checksums(packet: &[u8]) {
    let is_v4 = packet.first().is_some_and(|first| first >> 4 == 4);
    let (addresses, protocol_at, header) = if is_v4 {
        (12..20, 9, IPV4_HEADER)
    } else {
        (8..40, 6, IPV6_HEADER)
    };
    let (ip, transport) = packet.split_at(header);
    if is_v4 {
        assert_eq!(sum(ip), 0xffff, "IPv4 header");
    }
    let number = ip.get(protocol_at).copied().unwrap_or_default();
    let mut covered = transport.to_vec();
    if number != protocol::ICMP {
        covered.extend(ip.get(addresses).unwrap_or_default());
        covered.extend([0, number]);
        covered.extend((transport.len() as u16).to_be_bytes());
    }
    assert_eq!(sum(&covered), 0xffff, "protocol {number}");
}
