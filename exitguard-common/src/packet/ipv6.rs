//! IPv6 (RFC 8200).

use super::{FRAGMENT_MORE, FRAGMENT_OFFSET, Packet, PacketSource, ParseError};
use crate::abi::{Addr, V6Bits};

const HEADER_BYTES: u32 = 40;
/// Longer chains are not seen outside attacks (RFC 8504 §5.3 lets hosts limit them to 8).
const MAX_EXTENSIONS: u32 = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;

/// Reads the header at `packet.ip_offset`, and the chain after it.
#[inline(always)]
pub(super) fn parse<S: PacketSource>(source: &S, packet: &mut Packet) -> Result<(), ParseError> {
    let start = packet.ip_offset;
    let header = source.read::<40>(start).ok_or(ParseError::IpHeader)?;
    let payload_bytes = u32::from(header.be16::<4>());
    let first_header = header.byte::<6>();
    if payload_bytes == 0 && first_header == HOP_BY_HOP {
        return Err(ParseError::Jumbogram);
    }
    let ip_bytes = HEADER_BYTES + payload_bytes;
    if ip_bytes > source.frame_bytes().saturating_sub(start) {
        return Err(ParseError::TotalLength);
    }
    packet.source = Addr::from_bits(V6Bits {
        high: header.be64::<8>(),
        low: header.be64::<16>(),
    });
    packet.destination = Addr::from_bits(V6Bits {
        high: header.be64::<24>(),
        low: header.be64::<32>(),
    });
    if packet.source.as_v4().is_some() || packet.destination.as_v4().is_some() {
        return Err(ParseError::MappedAddress);
    }
    packet.ip_bytes = ip_bytes;
    packet.ip_header_bytes = HEADER_BYTES;
    packet.protocol = first_header;
    packet.fragment_field = 0;
    packet.fragment_id = 0;
    if is_extension(first_header) {
        walk(source, packet)
    } else {
        // By far the most.
        Ok(())
    }
}

#[inline(always)]
const fn is_extension(header: u8) -> bool {
    matches!(
        header,
        HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION
    )
}

/// Moves `packet.protocol` and `packet.ip_header_bytes` past the extension headers.
///
/// Rare, and so not in the way of the others.
#[inline(never)]
fn walk<S: PacketSource>(source: &S, packet: &mut Packet) -> Result<(), ParseError> {
    for _ in 0..MAX_EXTENSIONS {
        let at = packet.ip_offset + packet.ip_header_bytes;
        let extension_bytes = match packet.protocol {
            HOP_BY_HOP | DESTINATION => {
                let header = source
                    .read_rare::<2>(at)
                    .ok_or(ParseError::ExtensionHeaders)?;
                packet.protocol = header.byte::<0>();
                (u32::from(header.byte::<1>()) + 1) * 8
            }
            ROUTING => {
                let header = source
                    .read_rare::<4>(at)
                    .ok_or(ParseError::ExtensionHeaders)?;
                let segments_left = header.byte::<3>();
                if segments_left != 0 {
                    return Err(ParseError::SourceRoute);
                }
                packet.protocol = header.byte::<0>();
                (u32::from(header.byte::<1>()) + 1) * 8
            }
            AUTHENTICATION => {
                // RFC 4302 §2.2: in words of 4 bytes, minus 2.
                let header = source
                    .read_rare::<2>(at)
                    .ok_or(ParseError::ExtensionHeaders)?;
                packet.protocol = header.byte::<0>();
                (u32::from(header.byte::<1>()) + 2) * 4
            }
            FRAGMENT => {
                let header = source
                    .read_rare::<8>(at)
                    .ok_or(ParseError::ExtensionHeaders)?;
                if packet.fragment_field != 0 {
                    return Err(ParseError::ExtensionHeaders);
                }
                packet.protocol = header.byte::<0>();
                packet.fragment_field = header.be16::<2>() & (FRAGMENT_OFFSET | FRAGMENT_MORE);
                packet.fragment_id = header.be32::<4>();
                8
            }
            _ => return Ok(()),
        };
        packet.ip_header_bytes =
            S::forget(u64::from(packet.ip_header_bytes + extension_bytes)) as u32;
        if packet.ip_header_bytes > packet.ip_bytes {
            return Err(ParseError::ExtensionHeaders);
        }
        if packet.fragment_field & FRAGMENT_OFFSET != 0 {
            // What follows is the middle of something.
            return Ok(());
        }
    }
    if is_extension(packet.protocol) {
        return Err(ParseError::ExtensionHeaders);
    }
    Ok(())
}
