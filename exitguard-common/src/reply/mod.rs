//! The packet that answers a rejected one: a TCP reset, or ICMP "administratively prohibited".
//!
//! Built here from copies of the headers, so that it can be tested on the host; the kernel program only
//! trims the packet, stores the reply over it and sends it back.
//!
//! # Checksums
//!
//! A packet that tailscaled coalesced arrives as `CHECKSUM_PARTIAL`: the kernel will still finish the
//! transport checksum where the *old* header had it, and nothing a BPF program can call changes that. So
//! every reply carries two values for [`Reply::checksum_at`]: the finished checksum, and the one that
//! becomes right when the kernel adds to it. The reply's transport header has to start where the old one
//! did, hence no reply to packets with IPv4 options or IPv6 extension headers.

mod checksum;
mod icmp;
mod reset;
#[cfg(test)]
mod tests;

pub use icmp::{prohibited_v4, prohibited_v6};
pub use reset::{reset_v4, reset_v6};

use crate::packet::{Fragment, Packet, Transport, tcp_flags};

/// Bytes of an IPv4 header without options.
pub const IPV4_HEADER: usize = 20;
/// Bytes of an IPv6 header.
pub const IPV6_HEADER: usize = 40;
/// Bytes of a TCP header without options.
pub const TCP_HEADER: usize = 20;
/// Bytes of the rejected packet after its IP header that an ICMP error quotes.
pub const QUOTED: usize = 8;

/// Replies that one client gets per second; the rest of its denied packets are dropped silently.
pub const REPLIES_PER_SECOND: u64 = 100;

/// A whole reply packet, from its IP header on.
#[derive(Clone, Copy, Debug)]
pub struct Reply<const N: usize> {
    /// The packet, with the checksum of an ordinary packet.
    pub bytes: [u8; N],
    /// Where the two bytes stand that a `CHECKSUM_PARTIAL` packet needs otherwise.
    pub checksum_at: u32,
    /// What a `CHECKSUM_PARTIAL` packet needs there.
    pub partial_checksum: [u8; 2],
}

/// The replies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// TCP over IPv4.
    ResetV4 = 0,
    /// TCP over IPv6.
    ResetV6 = 1,
    /// UDP over IPv4.
    ProhibitedV4 = 2,
    /// UDP over IPv6.
    ProhibitedV6 = 3,
}

/// How a denied packet is answered, if it may be.
///
/// Never a reset with a reset, never an error with an error (RFC 1122 §3.2.2), never a fragment; and only
/// TCP and UDP, right behind a plain IP header.
#[inline(always)]
pub const fn kind(packet: &Packet) -> Option<Kind> {
    let is_v4 = packet.source.as_v4().is_some();
    let plain_header = if is_v4 { IPV4_HEADER } else { IPV6_HEADER };
    if packet.ip_header_bytes != plain_header as u32
        || !matches!(packet.fragment(), Fragment::Whole)
    {
        return None;
    }
    match (packet.transport(), is_v4) {
        (Transport::Tcp, _) if packet.tcp_flags & tcp_flags::RST != 0 => None,
        (Transport::Tcp, true) => Some(Kind::ResetV4),
        (Transport::Tcp, false) => Some(Kind::ResetV6),
        (Transport::Udp, true) => Some(Kind::ProhibitedV4),
        (Transport::Udp, false) => Some(Kind::ProhibitedV6),
        _ => None,
    }
}
