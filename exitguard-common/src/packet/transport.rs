//! TCP, UDP, SCTP, ICMP and ICMPv6.

use super::{Fragment, Header, Packet, PacketSource, ParseError, Transport, protocol};

const TCP_HEADER_BYTES: u32 = 20;
const UDP_HEADER_BYTES: u32 = 8;
const SCTP_HEADER_BYTES: u32 = 12;
const ICMP_HEADER_BYTES: u32 = 8;

/// ICMP types (RFC 792).
mod icmp {
    pub(super) const ECHO_REPLY: u8 = 0;
    pub(super) const DESTINATION_UNREACHABLE: u8 = 3;
    pub(super) const ECHO_REQUEST: u8 = 8;
    pub(super) const TIME_EXCEEDED: u8 = 11;
    pub(super) const PARAMETER_PROBLEM: u8 = 12;
}

/// ICMPv6 types (RFC 4443, RFC 4861).
mod icmpv6 {
    pub(super) const DESTINATION_UNREACHABLE: u8 = 1;
    pub(super) const PARAMETER_PROBLEM: u8 = 4;
    pub(super) const ECHO_REQUEST: u8 = 128;
    pub(super) const ECHO_REPLY: u8 = 129;
    pub(super) const ROUTER_SOLICITATION: u8 = 133;
    pub(super) const REDIRECT: u8 = 137;
}

/// Fills in what follows the IP header.
#[inline(always)]
pub(super) fn parse<S: PacketSource>(
    source: &S,
    packet: &mut Packet,
    is_v6: bool,
) -> Result<(), ParseError> {
    packet.transport_number = Transport::LaterFragment as u8;
    packet.transport_header_bytes = 0;
    packet.source_port = 0;
    packet.destination_port = 0;
    packet.echo_id = 0;
    packet.tcp_flags = 0;
    packet.icmp_type = 0;
    packet.icmp_code = 0;
    if packet.fragment() == Fragment::Later {
        return Ok(());
    }
    let at = packet.ip_offset + packet.ip_header_bytes;
    let payload_bytes = packet.ip_bytes.saturating_sub(packet.ip_header_bytes);
    match (packet.protocol, is_v6) {
        (protocol::TCP, _) => {
            let header = read::<16, S>(source, at, payload_bytes, TCP_HEADER_BYTES)?;
            let header_bytes = u32::from(header.byte::<12>() >> 4) * 4;
            if header_bytes < TCP_HEADER_BYTES || header_bytes > payload_bytes {
                return Err(ParseError::DataOffset);
            }
            packet.source_port = header.be16::<0>();
            packet.destination_port = header.be16::<2>();
            packet.tcp_flags = header.byte::<13>();
            packet.transport_header_bytes = header_bytes;
            packet.transport_number = Transport::Tcp as u8;
        }
        (protocol::UDP, _) => {
            let header = read::<4, S>(source, at, payload_bytes, UDP_HEADER_BYTES)?;
            packet.source_port = header.be16::<0>();
            packet.destination_port = header.be16::<2>();
            packet.transport_header_bytes = UDP_HEADER_BYTES;
            packet.transport_number = Transport::Udp as u8;
        }
        (protocol::SCTP, _) => {
            let header = read::<4, S>(source, at, payload_bytes, SCTP_HEADER_BYTES)?;
            packet.source_port = header.be16::<0>();
            packet.destination_port = header.be16::<2>();
            packet.transport_header_bytes = SCTP_HEADER_BYTES;
            packet.transport_number = Transport::Sctp as u8;
        }
        (protocol::ICMP, false) => {
            icmp_header(source, packet, payload_bytes)?;
            let transport = match packet.icmp_type {
                icmp::ECHO_REQUEST | icmp::ECHO_REPLY => Transport::Echo,
                icmp::DESTINATION_UNREACHABLE | icmp::TIME_EXCEEDED | icmp::PARAMETER_PROBLEM => {
                    Transport::IcmpError
                }
                _ => Transport::IcmpOther,
            };
            packet.transport_number = transport as u8;
        }
        (protocol::ICMPV6, true) => {
            icmp_header(source, packet, payload_bytes)?;
            let transport = match packet.icmp_type {
                icmpv6::ECHO_REQUEST | icmpv6::ECHO_REPLY => Transport::Echo,
                icmpv6::DESTINATION_UNREACHABLE..=icmpv6::PARAMETER_PROBLEM => Transport::IcmpError,
                icmpv6::ROUTER_SOLICITATION..=icmpv6::REDIRECT => Transport::NeighbourDiscovery,
                _ => Transport::IcmpOther,
            };
            packet.transport_number = transport as u8;
        }
        _ => packet.transport_number = Transport::Other as u8,
    }
    if packet.transport_number != Transport::Echo as u8 {
        packet.echo_id = 0;
    }
    Ok(())
}

#[inline(always)]
fn icmp_header<S: PacketSource>(
    source: &S,
    packet: &mut Packet,
    payload_bytes: u32,
) -> Result<(), ParseError> {
    let at = packet.ip_offset + packet.ip_header_bytes;
    let header = read::<8, S>(source, at, payload_bytes, ICMP_HEADER_BYTES)?;
    packet.icmp_type = header.byte::<0>();
    packet.icmp_code = header.byte::<1>();
    packet.echo_id = header.be16::<4>();
    packet.transport_header_bytes = ICMP_HEADER_BYTES;
    Ok(())
}

/// Reads the first `N` bytes of a header that must have `header_bytes` of them within the IP payload.
#[inline(always)]
fn read<const N: usize, S: PacketSource>(
    source: &S,
    at: u32,
    payload_bytes: u32,
    header_bytes: u32,
) -> Result<Header<N>, ParseError> {
    if payload_bytes < header_bytes {
        return Err(ParseError::TransportHeader);
    }
    source.read::<N>(at).ok_or(ParseError::TransportHeader)
}
