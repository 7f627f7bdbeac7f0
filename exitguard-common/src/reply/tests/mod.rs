//! Every reply, read back with etherparse, with an ordinary checksum and with one the kernel finishes.

mod kind;
mod prohibited;
mod reset;

use super::{Kind, Reply, TCP_HEADER, kind, prohibited_v4, prohibited_v6, reset_v4, reset_v6};
use crate::abi::LinkLayer;
use crate::packet::{self, Packet, protocol};
use etherparse::{
    IpHeaders, Ipv4Extensions, Ipv4Header, Ipv6Extensions, Ipv6Header, NetSlice, PacketBuilder,
    SlicedPacket, TcpHeader, TransportSlice,
};

const CLIENT_PORT: u16 = 40_000;
const REMOTE_PORT: u16 = 443;

fn v4() -> IpHeaders {
    let header = Ipv4Header::new(0, 7, 0.into(), [100, 64, 0, 9], [203, 0, 113, 7]).unwrap();
    IpHeaders::Ipv4(header, Ipv4Extensions::default())
}

fn v6() -> IpHeaders {
    let header = Ipv6Header {
        source: [
            0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
        ],
        destination: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
        hop_limit: 7,
        ..Ipv6Header::default()
    };
    IpHeaders::Ipv6(header, Ipv6Extensions::default())
}

fn tcp(ip: IpHeaders, header: TcpHeader, payload_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = PacketBuilder::ip(ip).tcp_header(header);
    packet
        .write(&mut bytes, &vec![0x55; payload_bytes])
        .unwrap();
    bytes
}

fn udp(ip: IpHeaders, payload_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = PacketBuilder::ip(ip).udp(CLIENT_PORT, REMOTE_PORT);
    packet
        .write(&mut bytes, &vec![0x55; payload_bytes])
        .unwrap();
    bytes
}

fn read(ip: &[u8]) -> Packet {
    let mut packet = Packet::EMPTY;
    packet::parse(&ip, LinkLayer::RawIp, &mut packet).unwrap();
    packet
}

/// A reply of any length.
#[derive(Debug)]
struct Answer {
    kind: Kind,
    bytes: Vec<u8>,
    checksum_at: usize,
    partial_checksum: [u8; 2],
}

/// What the kernel program does with a denied packet, of any size: only its headers are read.
fn answer(ip: &[u8]) -> Option<Answer> {
    fn with<const N: usize>(kind: Kind, reply: &Reply<N>) -> Answer {
        Answer {
            kind,
            bytes: reply.bytes.to_vec(),
            checksum_at: reply.checksum_at as usize,
            partial_checksum: reply.partial_checksum,
        }
    }
    let packet = read(ip);
    let kind = kind(&packet)?;
    let payload_bytes = packet.payload_bytes();
    let (v4, after_v4) = ip.split_first_chunk().unwrap();
    let tcp_at = |bytes: &[u8]| *bytes.first_chunk::<TCP_HEADER>().unwrap();
    Some(match kind {
        Kind::ResetV4 => with(kind, &reset_v4(v4, &tcp_at(after_v4), payload_bytes)),
        Kind::ResetV6 => {
            let (v6, after_v6) = ip.split_first_chunk().unwrap();
            with(kind, &reset_v6(v6, &tcp_at(after_v6), payload_bytes))
        }
        Kind::ProhibitedV4 => with(kind, &prohibited_v4(ip.first_chunk().unwrap())),
        Kind::ProhibitedV6 => with(kind, &prohibited_v6(ip.first_chunk().unwrap())),
    })
}

impl Answer {
    fn ip_header_bytes(&self) -> usize {
        match self.kind {
            Kind::ResetV4 | Kind::ProhibitedV4 => 20,
            Kind::ResetV6 | Kind::ProhibitedV6 => 40,
        }
    }

    /// The packet as it leaves when the rejected one was `CHECKSUM_PARTIAL`: whoever finishes it sums from
    /// the old transport header on, and writes where the old protocol had its checksum. 0 is written as it
    /// is by WireGuard's reader of the TUN, as 0xffff by `skb_checksum_help`.
    fn finished(&self) -> [Vec<u8>; 2] {
        let checksum_start = self.ip_header_bytes();
        let checksum_offset = match self.kind {
            Kind::ResetV4 | Kind::ResetV6 => 16,
            Kind::ProhibitedV4 | Kind::ProhibitedV6 => 6,
        };
        let at = checksum_start + checksum_offset;
        assert_eq!(self.checksum_at, at);
        let mut bytes = self.bytes.clone();
        bytes[at..at + 2].copy_from_slice(&self.partial_checksum);
        let sum = !sum(&[&bytes[checksum_start..]]);
        [sum, if sum == 0 { 0xffff } else { sum }].map(|sum| {
            let mut bytes = bytes.clone();
            bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
            bytes
        })
    }
}

/// RFC 1071, written for the eye.
fn sum(parts: &[&[u8]]) -> u16 {
    let words = parts.concat();
    let sum = words
        .chunks(2)
        .map(|word| u64::from(word[0]) << 8 | u64::from(*word.get(1).unwrap_or(&0)))
        .sum::<u64>();
    match sum % 0xffff {
        0 if sum != 0 => 0xffff,
        sum => sum as u16,
    }
}

/// Checks the checksums of a packet: those of the IP header and of what follows, pseudo-header included.
fn verify(bytes: &[u8]) {
    let (addresses, protocol, transport, has_pseudo_header) = match bytes[0] >> 4 {
        4 => {
            assert_eq!(sum(&[&bytes[..20]]), 0xffff, "IPv4 header");
            (
                &bytes[12..20],
                bytes[9],
                &bytes[20..],
                bytes[9] != protocol::ICMP,
            )
        }
        _ => (&bytes[8..40], bytes[6], &bytes[40..], true),
    };
    let rest = [[0, protocol], (transport.len() as u16).to_be_bytes()].concat();
    let pseudo_header = [addresses, &rest].concat();
    let covered = if has_pseudo_header {
        &pseudo_header[..]
    } else {
        &[]
    };
    assert_eq!(sum(&[covered, transport]), 0xffff, "protocol {protocol}");
}

/// Source and destination of a packet, as they stand in its header.
fn addresses(ip: &[u8]) -> (&[u8], &[u8]) {
    match ip[0] >> 4 {
        4 => ip[12..20].split_at(4),
        _ => ip[8..40].split_at(16),
    }
}

/// Checks all that holds for every reply to `rejected`, and hands its transport on.
fn check<'a>(rejected: &[u8], answer: &'a Answer) -> TransportSlice<'a> {
    verify(&answer.bytes);
    answer.finished().iter().for_each(|bytes| verify(bytes));
    let (from, to) = addresses(&answer.bytes);
    assert_eq!((to, from), addresses(rejected));
    let sliced = SlicedPacket::from_ip(&answer.bytes).unwrap();
    match sliced.net.unwrap() {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            assert_eq!(usize::from(header.total_len()), answer.bytes.len());
            assert_eq!((header.ihl(), header.ttl()), (5, 64));
            assert_eq!(
                header.to_header().calc_header_checksum(),
                header.header_checksum()
            );
            assert!(header.dont_fragment());
            assert!(!header.is_fragmenting_payload());
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            assert_eq!(
                usize::from(header.payload_length()) + 40,
                answer.bytes.len()
            );
            assert_eq!(header.hop_limit(), 64);
        }
        NetSlice::Arp(_) => panic!("{answer:?}"),
    }
    sliced.transport.unwrap()
}
