//! What stands in front of the IP header.

use super::{PacketSource, ParseError};
use crate::abi::LinkLayer;

pub(super) enum Payload {
    Ip(IpStart),
    Arp,
}

pub(super) struct IpStart {
    pub(super) offset: u32,
    /// The IP version that the link layer promises, where there is one.
    pub(super) version: Option<u8>,
}

const ETHERNET_BYTES: u32 = 14;
const TAG_BYTES: u32 = 4;
/// Outer and inner tag (IEEE 802.1ad); deeper nesting is not seen on an exit node.
const MAX_TAGS: u32 = 2;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_QINQ: u16 = 0x88a8;

#[inline(always)]
pub(super) fn skip<S: PacketSource>(source: &S, link: LinkLayer) -> Result<Payload, ParseError> {
    match link {
        LinkLayer::RawIp => Ok(Payload::Ip(IpStart {
            offset: 0,
            version: None,
        })),
        LinkLayer::Ethernet => skip_ethernet(source),
    }
}

#[inline(always)]
fn skip_ethernet<S: PacketSource>(source: &S) -> Result<Payload, ParseError> {
    let mut offset = ETHERNET_BYTES;
    for _ in 0..=MAX_TAGS {
        // The type field always stands right before the payload.
        let ethertype = source.read::<2>(offset - 2).ok_or(ParseError::Link)?;
        match ethertype.be16::<0>() {
            ETHERTYPE_VLAN | ETHERTYPE_QINQ => offset += TAG_BYTES,
            ETHERTYPE_IPV4 => {
                return Ok(Payload::Ip(IpStart {
                    offset,
                    version: Some(4),
                }));
            }
            ETHERTYPE_IPV6 => {
                return Ok(Payload::Ip(IpStart {
                    offset,
                    version: Some(6),
                }));
            }
            ETHERTYPE_ARP => return Ok(Payload::Arp),
            _ => return Err(ParseError::NotIp),
        }
    }
    Err(ParseError::Link)
}
