//! IPv4 (RFC 791).

use super::{FRAGMENT_MORE, Header, Packet, PacketSource, ParseError, protocol};
use crate::abi::Addr;

const MIN_HEADER_BYTES: u32 = 20;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_MASK: u16 = 0x1fff;
/// Later TCP fragments below this offset, in bytes, could rewrite a header that was judged already.
const TCP_HEADER_BYTES: u16 = 20;

const OPTION_END: u8 = 0;
const OPTION_NOP: u8 = 1;
const OPTION_LSRR: u8 = 131;
const OPTION_SSRR: u8 = 137;
/// 40 bytes of options hold at most 40 one-byte ones.
const MAX_OPTIONS: u32 = 40;

/// Reads the header at `packet.ip_offset`, of which the first 20 bytes are given.
#[inline(always)]
pub(super) fn parse<S: PacketSource>(
    source: &S,
    header: &Header<20>,
    packet: &mut Packet,
) -> Result<(), ParseError> {
    let start = packet.ip_offset;
    let header_bytes = u32::from(header.byte::<0>() & 0x0f) * 4;
    if header_bytes < MIN_HEADER_BYTES {
        return Err(ParseError::IpHeader);
    }
    let ip_bytes = u32::from(header.be16::<2>());
    if ip_bytes < header_bytes || ip_bytes > source.frame_bytes().saturating_sub(start) {
        return Err(ParseError::TotalLength);
    }
    if header_bytes > MIN_HEADER_BYTES {
        check_options(source, start + MIN_HEADER_BYTES, start + header_bytes)?;
    }

    let flags_and_offset = header.be16::<6>();
    let more = if flags_and_offset & MORE_FRAGMENTS != 0 {
        FRAGMENT_MORE
    } else {
        0
    };
    let offset = (flags_and_offset & OFFSET_MASK) << 3;
    let ip_protocol = header.byte::<9>();
    if offset != 0 && offset < TCP_HEADER_BYTES && ip_protocol == protocol::TCP {
        return Err(ParseError::TinyFragment);
    }
    packet.source = Addr::from_v4(header.be32::<12>());
    packet.destination = Addr::from_v4(header.be32::<16>());
    packet.ip_bytes = ip_bytes;
    packet.ip_header_bytes = header_bytes;
    packet.protocol = ip_protocol;
    packet.fragment_field = offset | more;
    packet.fragment_id = u32::from(header.be16::<4>());
    Ok(())
}

/// Walks the options, only for the two that make the destination address a lie.
///
/// Rare, and so not in the way of the others.
#[inline(never)]
fn check_options<S: PacketSource>(source: &S, start: u32, end: u32) -> Result<(), ParseError> {
    let mut at = start;
    for _ in 0..MAX_OPTIONS {
        at = S::forget(u64::from(at)) as u32;
        if at >= end {
            return Ok(());
        }
        let kind = source.read_rare::<1>(at).ok_or(ParseError::Options)?;
        match kind.byte::<0>() {
            OPTION_END => return Ok(()),
            OPTION_NOP => at += 1,
            OPTION_LSRR | OPTION_SSRR => return Err(ParseError::SourceRoute),
            _ => {
                let length = source
                    .read_rare::<1>(at + 1)
                    .ok_or(ParseError::Options)?
                    .byte::<0>();
                if length < 2 || at + u32::from(length) > end {
                    return Err(ParseError::Options);
                }
                at += u32::from(length);
            }
        }
    }
    Ok(())
}
