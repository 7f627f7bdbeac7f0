//! The Internet checksum (RFC 1071).

use super::{IPV4_HEADER, IPV6_HEADER};

/// Adds bytes, as big-endian words, to a sum. `N` is even, as all our headers are.
#[inline(always)]
pub(super) fn add<const N: usize>(sum: u32, bytes: &[u8; N]) -> u32 {
    const { assert!(N.is_multiple_of(2)) };
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs
        .iter()
        .fold(sum, |sum, pair| sum + u32::from(u16::from_be_bytes(*pair)))
}

/// A sum with its carries added back in: what `CHECKSUM_PARTIAL` wants in the checksum field.
#[inline(always)]
pub(super) const fn fold(sum: u32) -> u16 {
    // Twice: the first addition can carry again. Our sums are far below 2^32.
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

/// The checksum of a sum.
#[inline(always)]
pub(super) const fn finish(sum: u32) -> u16 {
    !fold(sum)
}

/// The sum of the pseudo-header (RFC 9293 §3.1) of a packet with this IPv4 header.
#[inline(always)]
pub(super) fn pseudo_v4(ip: &[u8; IPV4_HEADER], protocol: u8, transport_bytes: usize) -> u32 {
    let [.., a0, a1, a2, a3, b0, b1, b2, b3] = *ip;
    add(
        u32::from(protocol) + transport_bytes as u32,
        &[a0, a1, a2, a3, b0, b1, b2, b3],
    )
}

/// The sum of the pseudo-header (RFC 8200 §8.1) of a packet with this IPv6 header.
#[inline(always)]
pub(super) fn pseudo_v6(ip: &[u8; IPV6_HEADER], protocol: u8, transport_bytes: usize) -> u32 {
    let [_, _, _, _, _, _, _, _, addresses @ ..] = ip;
    add(u32::from(protocol) + transport_bytes as u32, addresses)
}
