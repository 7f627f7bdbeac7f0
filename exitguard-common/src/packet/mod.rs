//! Packet bytes to [`Packet`].
//!
//! [`parse`] is the one door. Bytes are copied out through a [`PacketSource`], never pointed at: in the
//! kernel a GSO super-packet keeps only its headers linear. Every length from the wire has a lower and an
//! upper bound before it is used, every loop a literal bound. Wire order ends here: what leaves this
//! folder is in host order.

mod error;
mod ipv4;
mod ipv6;
mod link;
mod source;
mod transport;

#[cfg(test)]
mod tests;

pub use error::ParseError;
pub use source::{Header, MAX_HEADER, PacketSource};

use crate::abi::{Addr, Counters, LinkLayer, V6Bits};

/// IP protocol numbers that the parser knows (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
    /// SCTP.
    pub const SCTP: u8 = 132;
}

/// TCP flags, as their bits in byte 13 of the header (RFC 9293 §3.1).
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 1;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 1 << 1;
    /// Reset the connection.
    pub const RST: u8 = 1 << 2;
    /// Push.
    pub const PSH: u8 = 1 << 3;
    /// The acknowledgment field is significant.
    pub const ACK: u8 = 1 << 4;
    /// Urgent.
    pub const URG: u8 = 1 << 5;
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An IP packet.
    Ip,
    /// ARP, without which Ethernet carries no IPv4.
    Arp,
}

/// What follows the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Transport {
    /// Nothing readable: a later fragment. Its ports travelled in the first one.
    LaterFragment = 0,
    /// TCP: ports and flags are set.
    Tcp = 1,
    /// UDP: ports are set.
    Udp = 2,
    /// SCTP: ports are set.
    Sctp = 3,
    /// ICMP echo request or reply: the identifier is set.
    Echo = 4,
    /// An ICMP error about another packet.
    IcmpError = 5,
    /// IPv6 neighbour discovery.
    NeighbourDiscovery = 6,
    /// Any other ICMP message.
    IcmpOther = 7,
    /// A protocol without ports that we can read.
    Other = 8,
}

impl Transport {
    /// The transport with this number; [`Transport::Other`] for what is none.
    #[inline(always)]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::LaterFragment,
            1 => Self::Tcp,
            2 => Self::Udp,
            3 => Self::Sctp,
            4 => Self::Echo,
            5 => Self::IcmpError,
            6 => Self::NeighbourDiscovery,
            7 => Self::IcmpOther,
            _ => Self::Other,
        }
    }
}

/// Whether a packet is part of a fragmented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// It is not, or is the only part (RFC 6946).
    Whole,
    /// The first part, which carries the transport header.
    First,
    /// Any later part.
    Later,
}

/// One IP packet's headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Source address.
    pub source: Addr,
    /// Destination address.
    pub destination: Addr,
    /// Where the IP header starts in the frame.
    pub ip_offset: u32,
    /// IP bytes, headers included, link-layer padding not.
    pub ip_bytes: u32,
    /// Bytes of the IP header with its options or extension headers.
    pub ip_header_bytes: u32,
    /// Bytes of the transport header, 0 where there is none that we can read.
    pub transport_header_bytes: u32,
    /// The identification field; means something only for fragments.
    pub fragment_id: u32,
    /// Set for TCP, UDP and SCTP.
    pub source_port: u16,
    /// Set for TCP, UDP and SCTP.
    pub destination_port: u16,
    /// Identifier of an ICMP echo, else 0.
    pub echo_id: u16,
    /// IP protocol number after extension headers.
    pub protocol: u8,
    /// TCP flags, else 0.
    pub tcp_flags: u8,
    /// ICMP type, else 0.
    pub icmp_type: u8,
    /// ICMP code, else 0.
    pub icmp_code: u8,
    /// The number of its [`Transport`]. The enum itself would be written as one of nine constants, of which the
    /// verifier knows all: see [`PacketSource::forget`].
    pub transport_number: u8,
    /// [`FRAGMENT_OFFSET`] and [`FRAGMENT_MORE`]; see [`Packet::fragment`].
    pub fragment_field: u16,
}

/// Of [`Packet::fragment_field`]: where the fragment belongs in its packet, in bytes.
pub const FRAGMENT_OFFSET: u16 = 0xfff8;
/// Of [`Packet::fragment_field`]: it is not the last one.
pub const FRAGMENT_MORE: u16 = 1;

/// Reads the headers of a frame into `packet`, which means something only when the answer is [`Frame::Ip`].
///
/// # Errors
/// Says what is wrong with the frame. Policy treats all of these as a denial.
#[inline(always)]
pub fn parse<S: PacketSource>(
    source: &S,
    link: LinkLayer,
    packet: &mut Packet,
) -> Result<Frame, ParseError> {
    let start = match link::skip(source, link)? {
        link::Payload::Ip(start) => start,
        link::Payload::Arp => return Ok(Frame::Arp),
    };
    if source.frame_bytes() <= start.offset {
        return Err(ParseError::Empty);
    }
    // As much as every IP header has.
    let header = source
        .read::<20>(start.offset)
        .ok_or(ParseError::IpHeader)?;
    let version = header.byte::<0>() >> 4;
    if start.version.is_some_and(|promised| promised != version) {
        return Err(ParseError::Version);
    }
    packet.ip_offset = start.offset;
    match version {
        4 => ipv4::parse(source, &header, packet)?,
        6 => ipv6::parse(source, packet)?,
        _ => return Err(ParseError::Version),
    }
    // Which way the IP header was read does not matter to what follows.
    packet.protocol = S::forget(u64::from(packet.protocol)) as u8;
    packet.ip_header_bytes = S::forget(u64::from(packet.ip_header_bytes)) as u32;
    packet.fragment_field = S::forget(u64::from(packet.fragment_field)) as u16;

    transport::parse(source, packet, version == 6)?;
    packet.forget::<S>();
    Ok(Frame::Ip)
}

impl Packet {
    /// Leaves nothing in the packet of which the verifier knows anything: [`PacketSource::forget`].
    #[inline(always)]
    fn forget<S: PacketSource>(&mut self) {
        let forget_address = |addr: Addr| {
            let V6Bits { high, low } = addr.bits();
            Addr::from_bits(V6Bits {
                high: S::forget(high),
                low: S::forget(low),
            })
        };
        self.source = forget_address(self.source);
        self.destination = forget_address(self.destination);
        for field in [
            &mut self.ip_offset,
            &mut self.ip_bytes,
            &mut self.ip_header_bytes,
            &mut self.transport_header_bytes,
            &mut self.fragment_id,
        ] {
            *field = S::forget(u64::from(*field)) as u32;
        }
        for field in [
            &mut self.source_port,
            &mut self.destination_port,
            &mut self.echo_id,
            &mut self.fragment_field,
        ] {
            *field = S::forget(u64::from(*field)) as u16;
        }
        for field in [
            &mut self.protocol,
            &mut self.tcp_flags,
            &mut self.icmp_type,
            &mut self.icmp_code,
            &mut self.transport_number,
        ] {
            *field = S::forget(u64::from(*field)) as u8;
        }
    }

    /// What follows the IP header.
    #[inline(always)]
    pub const fn transport(&self) -> Transport {
        Transport::from_number(self.transport_number)
    }

    /// Nothing read yet.
    pub const EMPTY: Self = Self {
        source: Addr::UNSPECIFIED,
        destination: Addr::UNSPECIFIED,
        ip_offset: 0,
        ip_bytes: 0,
        ip_header_bytes: 0,
        transport_header_bytes: 0,
        fragment_id: 0,
        source_port: 0,
        destination_port: 0,
        echo_id: 0,
        protocol: 0,
        tcp_flags: 0,
        icmp_type: 0,
        icmp_code: 0,
        transport_number: Transport::LaterFragment as u8,
        fragment_field: 0,
    };

    /// Whether it is part of a fragmented packet.
    #[inline(always)]
    pub const fn fragment(&self) -> Fragment {
        if self.fragment_field == 0 {
            Fragment::Whole
        } else if self.fragment_field & FRAGMENT_OFFSET == 0 {
            Fragment::First
        } else {
            Fragment::Later
        }
    }

    /// Bytes after all headers.
    #[inline(always)]
    pub const fn payload_bytes(&self) -> u32 {
        self.ip_bytes
            .saturating_sub(self.ip_header_bytes + self.transport_header_bytes)
    }

    /// The packet as the wire sees it: a GSO super-packet of `gso_size` bytes of payload a segment stands
    /// for many packets, each with its own copy of the headers. `gso_size` 0 means an ordinary packet.
    ///
    /// Computed, because `gso_segs` is 0 at TC ingress of a TUN before Linux 7.
    #[inline(always)]
    pub const fn wire(&self, gso_size: u32) -> Counters {
        // Every segment repeats the headers.
        let header_bytes = self.ip_header_bytes + self.transport_header_bytes;
        let payload = self.payload_bytes();
        if gso_size == 0 || payload <= gso_size {
            return Counters {
                pkts: 1,
                bytes: self.ip_bytes as u64,
            };
        }
        // Both are below 2^17, so the sum fits; u32 division is what the kernel's JITs do best.
        let segments = payload.div_ceil(gso_size);
        let repeated = (segments - 1) as u64 * header_bytes as u64;
        Counters {
            pkts: segments as u64,
            bytes: self.ip_bytes as u64 + repeated,
        }
    }
}
