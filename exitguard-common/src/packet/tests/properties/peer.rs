//! etherparse's own reading of a frame, and where it may differ from ours.

use crate::abi::{Addr, LinkLayer};
use crate::packet::tests::build::{AUTHENTICATION, DESTINATION, FRAGMENT, HOP_BY_HOP, ROUTING};
use crate::packet::tests::read_frame;
use crate::packet::{Fragment, Packet, Transport};
use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

/// IPv6's extension headers.
const WALKED_BY_US: [u8; 5] = [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION];

/// What both can see.
#[derive(Debug, PartialEq)]
struct Seen {
    addresses: [Addr; 2],
    fragmented: bool,
    /// Not where either of the two stops before it.
    protocol: Option<u8>,
    /// Of whole TCP and UDP packets: etherparse reads none from first fragments.
    ports: Option<[u16; 2]>,
    /// Of whole ICMP packets.
    icmp: Option<[u8; 2]>,
}

/// Whether both could read the frame; an error where they did not see the same in it.
pub(super) fn compare(frame: &[u8], link: LinkLayer) -> Result<bool, TestCaseError> {
    let Ok(Some(ours)) = read_frame(frame, link) else {
        return Ok(false);
    };
    let Some(mut theirs) = theirs(frame, link) else {
        return Ok(false);
    };
    let mut ours = ours_of(&ours);
    if ours.protocol.is_none() || theirs.protocol.is_none() {
        (ours.protocol, theirs.protocol) = (None, None);
        (ours.ports, theirs.ports) = (None, None);
        (ours.icmp, theirs.icmp) = (None, None);
    }
    prop_assert_eq!(ours, theirs);
    Ok(true)
}

fn ours_of(packet: &Packet) -> Seen {
    let whole = packet.fragment() == Fragment::Whole;
    let is_v4 = packet.source.as_v4().is_some();
    // etherparse walks on behind a later fragment's header, and behind an authentication header of IPv4.
    let stops_early = match packet.fragment() {
        Fragment::Later if !is_v4 => true,
        _ => is_v4 && packet.protocol == AUTHENTICATION,
    };
    Seen {
        addresses: [packet.source, packet.destination],
        fragmented: !whole,
        protocol: (!stops_early).then_some(packet.protocol),
        ports: match packet.transport() {
            Transport::Tcp | Transport::Udp if whole => {
                Some([packet.source_port, packet.destination_port])
            }
            _ => None,
        },
        icmp: match packet.transport() {
            Transport::Echo
            | Transport::IcmpError
            | Transport::NeighbourDiscovery
            | Transport::IcmpOther
                if whole =>
            {
                Some([packet.icmp_type, packet.icmp_code])
            }
            _ => None,
        },
    }
}

/// `None` where etherparse cannot read it to its end.
fn theirs(frame: &[u8], link: LinkLayer) -> Option<Seen> {
    let sliced = match link {
        LinkLayer::RawIp => LaxSlicedPacket::from_ip(frame).ok()?,
        LinkLayer::Ethernet => LaxSlicedPacket::from_ethernet(frame).ok()?,
    };
    if sliced.stop_err.is_some() {
        return None;
    }
    let (addresses, is_v6) = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (
            [ip.header().source_addr(), ip.header().destination_addr()].map(Ipv4Addr::into),
            false,
        ),
        LaxNetSlice::Ipv6(ip) => (
            [ip.header().source_addr(), ip.header().destination_addr()].map(Ipv6Addr::into),
            true,
        ),
        LaxNetSlice::Arp(_) => return None,
    };
    let payload = sliced.net.as_ref()?.ip_payload_ref()?;
    // It reads every extension header once only.
    let stops_early = is_v6 && WALKED_BY_US.contains(&payload.ip_number.0);
    let (ports, icmp) = match sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => (Some([tcp.source_port(), tcp.destination_port()]), None),
        Some(TransportSlice::Udp(udp)) => (Some([udp.source_port(), udp.destination_port()]), None),
        // It reads the ICMP of either family behind both.
        Some(TransportSlice::Icmpv4(icmp)) if !is_v6 => {
            (None, Some([icmp.type_u8(), icmp.code_u8()]))
        }
        Some(TransportSlice::Icmpv6(icmp)) if is_v6 => {
            (None, Some([icmp.type_u8(), icmp.code_u8()]))
        }
        _ => (None, None),
    };
    Some(Seen {
        addresses,
        fragmented: payload.fragmented,
        protocol: (!stops_early).then_some(payload.ip_number.0),
        ports,
        icmp,
    })
}
