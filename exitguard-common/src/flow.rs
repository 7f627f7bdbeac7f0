//! Which flow a packet belongs to, and what it changes there.
//!
//! Pure: the kernel programs bring the maps and the clock.

use crate::abi::{
    AddressClass, Cached, ClassFlags, Counters, Direction, FlowKey, FlowState, FragmentKey,
    FragmentPorts, Origin,
};
use crate::packet::{Fragment, Packet, Transport, protocol, tcp_flags};

const ICMP_ECHO_REQUEST: u8 = 8;
const ICMPV6_ECHO_REQUEST: u8 = 128;

/// The key of a packet's flow. A later fragment has no ports of its own: fill them in with
/// [`with_ports`] when its first fragment is known.
#[inline(always)]
pub const fn key(packet: &Packet, direction: Direction) -> FlowKey {
    let (client, remote) = match direction {
        Direction::Outbound => (packet.source, packet.destination),
        Direction::Inbound => (packet.destination, packet.source),
    };
    let (client_port, remote_port) = match packet.transport() {
        Transport::Tcp | Transport::Udp | Transport::Sctp => match direction {
            Direction::Outbound => (packet.source_port, packet.destination_port),
            Direction::Inbound => (packet.destination_port, packet.source_port),
        },
        // Request and reply of an echo share a flow, named after the request.
        Transport::Echo => (packet.echo_id, (echo_request(packet.protocol) as u16) << 8),
        Transport::IcmpOther | Transport::IcmpError | Transport::NeighbourDiscovery => (
            0,
            ((packet.icmp_type as u16) << 8) | packet.icmp_code as u16,
        ),
        Transport::Other | Transport::LaterFragment => (0, 0),
    };
    FlowKey {
        client,
        remote,
        client_port,
        remote_port,
        protocol: packet.protocol as u32,
    }
}

const fn echo_request(ip_protocol: u8) -> u8 {
    if ip_protocol == protocol::ICMP {
        ICMP_ECHO_REQUEST
    } else {
        ICMPV6_ECHO_REQUEST
    }
}

/// Who opened a flow of which this is the first packet seen.
///
/// A packet towards the client does not prove that the far side opened the flow: the flow may have been
/// evicted, or be older than exitguard. Taking it for a reply channel would let the client send whatever it
/// likes there. So the far side is believed only where it shows: by TCP's SYN; and, for protocols that do
/// not show it, when it is this host, the tailnet or the LAN, which masquerading does not hide from
/// clients. Everything else is judged as if the client had opened it.
#[inline(always)]
pub const fn origin(packet: &Packet, direction: Direction, remote: &AddressClass) -> Origin {
    if matches!(direction, Direction::Outbound) {
        return Origin::Client;
    }
    let opens = match packet.transport() {
        Transport::Tcp => opens_tcp(packet.tcp_flags),
        Transport::Echo => packet.icmp_type == echo_request(packet.protocol) && is_near(remote),
        _ => is_near(remote),
    };
    if opens {
        Origin::Remote
    } else {
        Origin::Client
    }
}

const fn is_near(remote: &AddressClass) -> bool {
    remote.flags.has(
        ClassFlags::HOST
            .with(ClassFlags::TAILNET)
            .with(ClassFlags::LAN),
    )
}

const fn opens_tcp(flags: u8) -> bool {
    flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN
}

/// A flow at its first packet, before it is counted.
#[inline(always)]
pub const fn first_seen(cached: Cached, origin: Origin, now_ns: u64) -> FlowState {
    FlowState {
        cached,
        first_seen_ns: now_ns,
        last_seen_ns: now_ns,
        outbound: Counters { pkts: 0, bytes: 0 },
        inbound: Counters { pkts: 0, bytes: 0 },
        denied_pkts: 0,
        tcp_flags_outbound: 0,
        tcp_flags_inbound: 0,
        origin: origin as u8,
        closed: 0,
        tick: 0,
    }
}

/// Counts the first packet of a flow. One that is over with its first packet (a stray reset) is closed from
/// the start.
#[inline(always)]
pub const fn count_first(state: &mut FlowState, direction: Direction, wire: Counters, flags: u8) {
    match direction {
        Direction::Outbound => {
            state.outbound = wire;
            state.tcp_flags_outbound = flags;
        }
        Direction::Inbound => {
            state.inbound = wire;
            state.tcp_flags_inbound = flags;
        }
    }
    state.closed = has_ended(state.tcp_flags_outbound, state.tcp_flags_inbound) as u8;
}

/// Whether a packet opens a new connection over the five-tuple of one that ended.
#[inline(always)]
pub const fn reopens(packet: &Packet, state: &FlowState) -> bool {
    state.closed != 0 && matches!(packet.transport(), Transport::Tcp) && opens_tcp(packet.tcp_flags)
}

/// Whether TCP has ended, given all flags seen from either side: a reset, or FIN both ways.
#[inline(always)]
pub const fn has_ended(outbound_flags: u8, inbound_flags: u8) -> bool {
    (outbound_flags | inbound_flags) & tcp_flags::RST != 0
        || outbound_flags & inbound_flags & tcp_flags::FIN != 0
}

/// The key under which the fragments of a packet find each other; `None` for a whole packet.
#[inline(always)]
pub const fn fragment_key(packet: &Packet) -> Option<FragmentKey> {
    if matches!(packet.fragment(), Fragment::Whole) {
        return None;
    }
    Some(FragmentKey {
        source: packet.source,
        destination: packet.destination,
        id: packet.fragment_id,
        // RFC 8200 §4.5: later IPv6 fragments may carry another next header than the first one.
        protocol: if packet.source.as_v4().is_some() {
            packet.protocol as u32
        } else {
            0
        },
    })
}

/// What a first fragment leaves behind for the later ones.
#[inline(always)]
pub const fn fragment_ports(key: &FlowKey) -> FragmentPorts {
    FragmentPorts {
        client_port: key.client_port,
        remote_port: key.remote_port,
        protocol: key.protocol,
    }
}

/// The key of a later fragment, once its first fragment is known.
#[inline(always)]
pub const fn with_ports(key: &FlowKey, ports: &FragmentPorts) -> FlowKey {
    FlowKey {
        client_port: ports.client_port,
        remote_port: ports.remote_port,
        protocol: ports.protocol,
        ..*key
    }
}

/// What a later fragment carries, once its first fragment is known: as much as the policy asks about.
#[inline(always)]
pub const fn fragment_transport(ports: &FragmentPorts) -> Transport {
    match ports.protocol as u8 {
        protocol::TCP => Transport::Tcp,
        protocol::UDP => Transport::Udp,
        protocol::SCTP => Transport::Sctp,
        protocol::ICMP | protocol::ICMPV6 => Transport::Echo,
        _ => Transport::Other,
    }
}

#[cfg(test)]
mod tests;
