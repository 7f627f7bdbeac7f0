//! TCP resets (RFC 9293 §3.5.2).

use super::{IPV4_HEADER, IPV6_HEADER, Reply, TCP_HEADER, checksum};
use crate::packet::{protocol, tcp_flags};

const HOP_LIMIT: u8 = 64;
const DATA_OFFSET: u8 = ((TCP_HEADER / 4) << 4) as u8;
const CHECKSUM: usize = 16;

/// Resets an IPv4 connection, given the headers of a packet of it and the bytes of its TCP payload.
#[inline(always)]
pub fn reset_v4(
    ip: &[u8; IPV4_HEADER],
    tcp: &[u8; TCP_HEADER],
    payload_bytes: u32,
) -> Reply<{ IPV4_HEADER + TCP_HEADER }> {
    let ip = ip_header_v4(ip, protocol::TCP, IPV4_HEADER + TCP_HEADER);
    let mut tcp = tcp_header(tcp, payload_bytes);
    let pseudo = checksum::pseudo_v4(&ip, protocol::TCP, TCP_HEADER);
    let sum = checksum::add(pseudo, &tcp);
    set_checksum(&mut tcp, checksum::finish(sum));
    let mut bytes = [0; IPV4_HEADER + TCP_HEADER];
    join(&mut bytes, &ip, &tcp);
    Reply {
        bytes,
        checksum_at: (IPV4_HEADER + CHECKSUM) as u32,
        partial_checksum: checksum::fold(pseudo).to_be_bytes(),
    }
}

/// As [`reset_v4`], for IPv6.
#[inline(always)]
pub fn reset_v6(
    ip: &[u8; IPV6_HEADER],
    tcp: &[u8; TCP_HEADER],
    payload_bytes: u32,
) -> Reply<{ IPV6_HEADER + TCP_HEADER }> {
    let ip = ip_header_v6(ip, protocol::TCP, TCP_HEADER);
    let mut tcp = tcp_header(tcp, payload_bytes);
    let pseudo = checksum::pseudo_v6(&ip, protocol::TCP, TCP_HEADER);
    let sum = checksum::add(pseudo, &tcp);
    set_checksum(&mut tcp, checksum::finish(sum));
    let mut bytes = [0; IPV6_HEADER + TCP_HEADER];
    join(&mut bytes, &ip, &tcp);
    Reply {
        bytes,
        checksum_at: (IPV6_HEADER + CHECKSUM) as u32,
        partial_checksum: checksum::fold(pseudo).to_be_bytes(),
    }
}

#[inline(always)]
fn tcp_header(rejected: &[u8; TCP_HEADER], payload_bytes: u32) -> [u8; TCP_HEADER] {
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, _, flags, ..] = *rejected;
    // The reset has to lie in the peer's window: where it said it would read on, or, before it said
    // anything, with an acknowledgment of all it sent.
    let (sequence, acknowledgment, reset_flags) = if flags & tcp_flags::ACK != 0 {
        ([a0, a1, a2, a3], [0; 4], tcp_flags::RST)
    } else {
        let control =
            u32::from(flags & tcp_flags::SYN != 0) + u32::from(flags & tcp_flags::FIN != 0);
        let next = u32::from_be_bytes([q0, q1, q2, q3])
            .wrapping_add(payload_bytes)
            .wrapping_add(control);
        ([0; 4], next.to_be_bytes(), tcp_flags::RST | tcp_flags::ACK)
    };
    let [q0, q1, q2, q3] = sequence;
    let [a0, a1, a2, a3] = acknowledgment;
    [
        d0,
        d1,
        s0,
        s1,
        q0,
        q1,
        q2,
        q3,
        a0,
        a1,
        a2,
        a3,
        DATA_OFFSET,
        reset_flags,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
}

#[inline(always)]
fn set_checksum(tcp: &mut [u8; TCP_HEADER], sum: u16) {
    let [high, low] = sum.to_be_bytes();
    tcp[CHECKSUM] = high;
    tcp[CHECKSUM + 1] = low;
}

/// The IPv4 header of a reply: back to where the packet came from.
#[inline(always)]
pub(super) fn ip_header_v4(
    rejected: &[u8; IPV4_HEADER],
    protocol: u8,
    bytes: usize,
) -> [u8; IPV4_HEADER] {
    let [.., s0, s1, s2, s3, d0, d1, d2, d3] = *rejected;
    let [high, low] = (bytes as u16).to_be_bytes();
    const DONT_FRAGMENT: u8 = 0x40;
    let mut header = [
        0x45,
        0,
        high,
        low,
        0,
        0,
        DONT_FRAGMENT,
        0,
        HOP_LIMIT,
        protocol,
        0,
        0,
        d0,
        d1,
        d2,
        d3,
        s0,
        s1,
        s2,
        s3,
    ];
    let [high, low] = checksum::finish(checksum::add(0, &header)).to_be_bytes();
    header[10] = high;
    header[11] = low;
    header
}

/// The IPv6 header of a reply with this many bytes after it.
#[inline(always)]
pub(super) fn ip_header_v6(
    rejected: &[u8; IPV6_HEADER],
    next_header: u8,
    payload_bytes: usize,
) -> [u8; IPV6_HEADER] {
    let [high, low] = (payload_bytes as u16).to_be_bytes();
    let mut header = [0; IPV6_HEADER];
    let (fixed, addresses) = header.split_at_mut(8);
    fixed.copy_from_slice(&[0x60, 0, 0, 0, high, low, next_header, HOP_LIMIT]);
    let (to, from) = addresses.split_at_mut(16);
    let [_, _, _, _, _, _, _, _, old @ ..] = rejected;
    let (source, destination) = old.split_at(16);
    to.copy_from_slice(destination);
    from.copy_from_slice(source);
    header
}

#[inline(always)]
pub(super) fn join(bytes: &mut [u8], ip: &[u8], rest: &[u8]) {
    let (head, tail) = bytes.split_at_mut(ip.len());
    head.copy_from_slice(ip);
    tail.copy_from_slice(rest);
}
