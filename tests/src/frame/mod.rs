//! Frames, written by etherparse, and what there is to say about them without parsing.

mod write;

use std::net::IpAddr;

use anyhow::Result;
use exitguard_common::abi::{Counters, Direction, FlowKey, LinkLayer};
use exitguard_common::packet::{protocol, tcp_flags};

/// ICMP types that frames are built with.
pub mod icmp {
    /// Destination unreachable, v4.
    pub const UNREACHABLE_V4: u8 = 3;
    /// Timestamp, v4: neither an echo nor an error.
    pub const TIMESTAMP_V4: u8 = 13;
    /// Packet too big, v6.
    pub const TOO_BIG_V6: u8 = 2;
    /// Neighbour solicitation, v6.
    pub const SOLICITATION_V6: u8 = 135;
    /// Node information query, v6: neither an echo, nor an error, nor neighbour discovery.
    pub const NODE_INFORMATION_V6: u8 = 139;
}

const ECHO_REQUEST: [u8; 2] = [8, 128];
const ECHO_REPLY: [u8; 2] = [0, 129];

/// One IP packet.
#[derive(Clone, Debug)]
pub struct Frame {
    from: IpAddr,
    to: IpAddr,
    body: Body,
    payload: usize,
    options: Vec<u8>,
    extensions: Vec<(u8, Vec<u8>)>,
    fragment: Option<Part>,
    tags: Vec<u16>,
}

#[derive(Clone, Debug)]
enum Body {
    Tcp(Ports, u8),
    Udp(Ports),
    Sctp(Ports),
    Icmp { kind: u8, code: u8, id: u16 },
    Other(u8),
}

/// From, to.
type Ports = (u16, u16);

#[derive(Clone, Copy, Debug)]
struct Part {
    id: u32,
    offset: u16,
    more: bool,
}

impl Frame {
    fn new(from: IpAddr, to: IpAddr, body: Body) -> Self {
        Self {
            from,
            to,
            body,
            payload: 0,
            options: Vec::new(),
            extensions: Vec::new(),
            fragment: None,
            tags: Vec::new(),
        }
    }

    /// A TCP segment with its SYN flag set.
    #[must_use]
    pub fn tcp(from: IpAddr, to: IpAddr, ports: (u16, u16)) -> Self {
        Self::new(from, to, Body::Tcp(ports, tcp_flags::SYN))
    }

    /// A UDP datagram.
    #[must_use]
    pub fn udp(from: IpAddr, to: IpAddr, ports: (u16, u16)) -> Self {
        Self::new(from, to, Body::Udp(ports))
    }

    /// An SCTP packet without chunks.
    #[must_use]
    pub fn sctp(from: IpAddr, to: IpAddr, ports: (u16, u16)) -> Self {
        Self::new(from, to, Body::Sctp(ports))
    }

    /// An echo request.
    #[must_use]
    pub fn ping(from: IpAddr, to: IpAddr, id: u16) -> Self {
        let [v4, v6] = ECHO_REQUEST;
        let kind = if from.is_ipv4() { v4 } else { v6 };
        Self::new(from, to, Body::Icmp { kind, code: 0, id })
    }

    /// Any message of ICMP, or, between IPv6 addresses, ICMPv6.
    #[must_use]
    pub fn icmp(from: IpAddr, to: IpAddr, kind: u8, code: u8) -> Self {
        let id = 0;
        Self::new(from, to, Body::Icmp { kind, code, id })
    }

    /// A packet of a protocol of which only the number is known.
    #[must_use]
    pub fn other(from: IpAddr, to: IpAddr, protocol: u8) -> Self {
        Self::new(from, to, Body::Other(protocol))
    }

    /// With other TCP flags.
    #[must_use]
    pub fn flags(mut self, new: u8) -> Self {
        if let Body::Tcp(_, flags) = &mut self.body {
            *flags = new;
        }
        self
    }

    /// With so many bytes after the transport header.
    #[must_use]
    pub fn payload(mut self, bytes: usize) -> Self {
        self.payload = bytes;
        self
    }

    /// With IPv4 options, a multiple of four bytes.
    #[must_use]
    pub fn options(mut self, bytes: &[u8]) -> Self {
        self.options = bytes.to_vec();
        self
    }

    /// With one more IPv6 extension header: what comes after its "next header" field, as it stands.
    #[must_use]
    pub fn extension(mut self, number: u8, rest: &[u8]) -> Self {
        self.extensions.push((number, rest.to_vec()));
        self
    }

    /// The first fragment of a packet.
    #[must_use]
    pub fn first_fragment(mut self, id: u32) -> Self {
        self.fragment = Some(Part {
            id,
            offset: 0,
            more: true,
        });
        self
    }

    /// The last fragment of a packet, from a byte on that is a multiple of eight. The payload is all it has.
    #[must_use]
    pub fn later_fragment(mut self, id: u32, offset: u16) -> Self {
        self.fragment = Some(Part {
            id,
            offset,
            more: false,
        });
        self
    }

    /// With VLAN tags, the outer one first, where the link layer is Ethernet.
    #[must_use]
    pub fn tags(mut self, tags: &[u16]) -> Self {
        self.tags = tags.to_vec();
        self
    }

    /// The same the other way round; an echo request becomes its reply.
    #[must_use]
    pub fn answer(mut self) -> Self {
        (self.from, self.to) = (self.to, self.from);
        match &mut self.body {
            Body::Tcp(ports, _) | Body::Udp(ports) | Body::Sctp(ports) => {
                *ports = (ports.1, ports.0);
            }
            Body::Icmp { kind, .. } => {
                for (request, reply) in ECHO_REQUEST.into_iter().zip(ECHO_REPLY) {
                    if *kind == request {
                        *kind = reply;
                    }
                }
            }
            Body::Other(_) => {}
        }
        self
    }

    /// The flow it belongs to, if it is a whole packet or a first fragment.
    #[must_use]
    pub fn key(&self, direction: Direction) -> FlowKey {
        let outbound = direction == Direction::Outbound;
        let (client, remote) = if outbound {
            (self.from, self.to)
        } else {
            (self.to, self.from)
        };
        let (client_port, remote_port) = match self.body {
            Body::Tcp(ports, _) | Body::Udp(ports) | Body::Sctp(ports) if outbound => ports,
            Body::Tcp(ports, _) | Body::Udp(ports) | Body::Sctp(ports) => (ports.1, ports.0),
            Body::Icmp { kind, code, id } => {
                let [v4, v6] = ECHO_REQUEST;
                let request = if self.from.is_ipv4() { v4 } else { v6 };
                let is_echo = |all: [u8; 2]| all.contains(&kind);
                if is_echo(ECHO_REQUEST) || is_echo(ECHO_REPLY) {
                    (id, u16::from(request) << 8)
                } else {
                    (0, u16::from(kind) << 8 | u16::from(code))
                }
            }
            Body::Other(_) => (0, 0),
        };
        FlowKey {
            client: client.into(),
            remote: remote.into(),
            client_port,
            remote_port,
            protocol: self.protocol().into(),
        }
    }

    /// What it counts as.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn wire(&self) -> Result<Counters> {
        let bytes = self.bytes(LinkLayer::RawIp)?.len() as u64;
        Ok(Counters { pkts: 1, bytes })
    }

    /// Its TCP flags, 0 for what has none.
    #[must_use]
    pub fn tcp_flags(&self) -> u8 {
        match (&self.body, self.is_later()) {
            (Body::Tcp(_, flags), false) => *flags,
            _ => 0,
        }
    }

    const fn protocol(&self) -> u8 {
        match self.body {
            Body::Tcp(..) => protocol::TCP,
            Body::Udp(_) => protocol::UDP,
            Body::Sctp(_) => protocol::SCTP,
            Body::Icmp { .. } if self.from.is_ipv4() => protocol::ICMP,
            Body::Icmp { .. } => protocol::ICMPV6,
            Body::Other(number) => number,
        }
    }

    fn is_later(&self) -> bool {
        self.fragment.is_some_and(|part| part.offset != 0)
    }
}
