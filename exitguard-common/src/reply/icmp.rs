//! ICMP "communication administratively prohibited" (RFC 1812 §5.2.7.1, RFC 4443 §3.1).

use super::reset::{ip_header_v4, ip_header_v6, join};
use super::{IPV4_HEADER, IPV6_HEADER, QUOTED, Reply, checksum};
use crate::packet::protocol;

/// ICMP and ICMPv6 put eight bytes before the packet they quote.
const ICMP_HEADER: usize = 8;
const CHECKSUM: usize = 2;
/// Where UDP has its checksum, counted from the transport header: the "unused" bytes of the ICMP header.
const UDP_CHECKSUM: usize = 6;

const V4_PAYLOAD: usize = ICMP_HEADER + IPV4_HEADER + QUOTED;
const V6_PAYLOAD: usize = ICMP_HEADER + IPV6_HEADER + QUOTED;

const UNREACHABLE_V4: u8 = 3;
const PROHIBITED_V4: u8 = 13;
const UNREACHABLE_V6: u8 = 1;
const PROHIBITED_V6: u8 = 1;

/// Refuses an IPv4 packet, given its header and the eight bytes after it.
#[inline(always)]
pub fn prohibited_v4(rejected: &[u8; IPV4_HEADER + QUOTED]) -> Reply<{ IPV4_HEADER + V4_PAYLOAD }> {
    let [ip @ .., _, _, _, _, _, _, _, _] = rejected;
    let ip = ip_header_v4(ip, protocol::ICMP, IPV4_HEADER + V4_PAYLOAD);
    let mut icmp = [0; V4_PAYLOAD];
    join(
        &mut icmp,
        &[UNREACHABLE_V4, PROHIBITED_V4, 0, 0, 0, 0, 0, 0],
        rejected,
    );
    let [high, low] = checksum::finish(checksum::add(0, &icmp)).to_be_bytes();
    icmp[CHECKSUM] = high;
    icmp[CHECKSUM + 1] = low;
    let mut bytes = [0; IPV4_HEADER + V4_PAYLOAD];
    join(&mut bytes, &ip, &icmp);
    Reply {
        bytes,
        // The message sums to zero already, so what the kernel adds to the unused bytes is zero too.
        checksum_at: (IPV4_HEADER + UDP_CHECKSUM) as u32,
        partial_checksum: [0, 0],
    }
}

/// As [`prohibited_v4`], for IPv6.
#[inline(always)]
pub fn prohibited_v6(rejected: &[u8; IPV6_HEADER + QUOTED]) -> Reply<{ IPV6_HEADER + V6_PAYLOAD }> {
    let [ip @ .., _, _, _, _, _, _, _, _] = rejected;
    let ip = ip_header_v6(ip, protocol::ICMPV6, V6_PAYLOAD);
    let mut icmp = [0; V6_PAYLOAD];
    join(
        &mut icmp,
        &[UNREACHABLE_V6, PROHIBITED_V6, 0, 0, 0, 0, 0, 0],
        rejected,
    );
    let pseudo = checksum::pseudo_v6(&ip, protocol::ICMPV6, V6_PAYLOAD);
    let [high, low] = checksum::finish(checksum::add(pseudo, &icmp)).to_be_bytes();
    icmp[CHECKSUM] = high;
    icmp[CHECKSUM + 1] = low;
    let mut bytes = [0; IPV6_HEADER + V6_PAYLOAD];
    join(&mut bytes, &ip, &icmp);
    Reply {
        bytes,
        checksum_at: (IPV6_HEADER + UDP_CHECKSUM) as u32,
        // Together with the pseudo-header the message sums to zero; with its sum in the unused bytes
        // instead, what the kernel adds is the same zero.
        partial_checksum: checksum::fold(pseudo).to_be_bytes(),
    }
}
