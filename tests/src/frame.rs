//! Frames, written by etherparse, and what there is to say about them without parsing.

use std::net::IpAddr;

use anyhow::{Result, bail};
use etherparse::{
    EtherType, Ethernet2Header, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpFragOffset,
    IpNumber, Ipv4Header, Ipv4Options, Ipv6FragmentHeader, Ipv6Header, SingleVlanHeader, TcpHeader,
    UdpHeader, VlanId,
};
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

    /// As it comes from a device.
    ///
    /// # Errors
    /// When it cannot be written: addresses of two families, too long.
    pub fn bytes(&self, link: LinkLayer) -> Result<Vec<u8>> {
        let transport = self.transport()?;
        let mut bytes = match link {
            LinkLayer::RawIp => Vec::new(),
            LinkLayer::Ethernet => self.link_header()?,
        };
        match (self.from, self.to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let mut header =
                    Ipv4Header::new(0, 64, IpNumber(self.protocol()), from.octets(), to.octets())?;
                header.options = Ipv4Options::try_from(self.options.as_slice())?;
                if let Some(part) = self.fragment {
                    header.identification = part.id as u16;
                    header.dont_fragment = false;
                    header.more_fragments = part.more;
                    header.fragment_offset = IpFragOffset::try_new(part.offset / 8)?;
                }
                header.set_payload_len(transport.len())?;
                header.header_checksum = header.calc_header_checksum();
                bytes.extend(header.to_bytes());
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let (first, extensions) = self.chain()?;
                let header = Ipv6Header {
                    payload_length: (extensions.len() + transport.len()).try_into()?,
                    next_header: first,
                    hop_limit: 64,
                    source: from.octets(),
                    destination: to.octets(),
                    ..Ipv6Header::default()
                };
                bytes.extend(header.to_bytes());
                bytes.extend(extensions);
            }
            _ => bail!("{} and {} are of two families", self.from, self.to),
        }
        bytes.extend(transport);
        Ok(bytes)
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

    /// Extension headers, and the number of the first, or of what follows the IPv6 header in their place.
    fn chain(&self) -> Result<(IpNumber, Vec<u8>)> {
        let mut next = IpNumber(self.protocol());
        let mut chain = Vec::new();
        if let Some(part) = self.fragment {
            let offset = IpFragOffset::try_new(part.offset / 8)?;
            chain = Ipv6FragmentHeader::new(next, offset, part.more, part.id)
                .to_bytes()
                .to_vec();
            next = IpNumber::IPV6_FRAGMENTATION_HEADER;
        }
        for (number, rest) in self.extensions.iter().rev() {
            chain = [&[next.0], rest.as_slice(), &chain].concat();
            next = IpNumber(*number);
        }
        Ok((next, chain))
    }

    fn link_header(&self) -> Result<Vec<u8>> {
        let carried = if self.from.is_ipv4() {
            EtherType::IPV4
        } else {
            EtherType::IPV6
        };
        let mut types = vec![carried];
        let mut vlan = EtherType::VLAN_TAGGED_FRAME;
        for _ in &self.tags {
            types.push(vlan);
            vlan = EtherType::PROVIDER_BRIDGING;
        }
        let mut types = types.into_iter().rev();
        let header = Ethernet2Header {
            source: [2, 0, 0, 0, 0, 1],
            destination: [2, 0, 0, 0, 0, 2],
            ether_type: types.next().unwrap_or(carried),
        };
        let mut bytes = header.to_bytes().to_vec();
        for (tag, ether_type) in self.tags.iter().zip(types) {
            let header = SingleVlanHeader {
                vlan_id: VlanId::try_new(*tag)?,
                ether_type,
                ..SingleVlanHeader::default()
            };
            bytes.extend(header.to_bytes());
        }
        Ok(bytes)
    }

    fn transport(&self) -> Result<Vec<u8>> {
        let payload = vec![7; self.payload];
        if self.is_later() {
            return Ok(payload);
        }
        let mut bytes = match self.body {
            Body::Tcp(ports, flags) => self.tcp_header(ports, flags, &payload)?,
            Body::Udp((from, to)) => match (self.from, self.to) {
                (IpAddr::V4(source), IpAddr::V4(destination)) => {
                    let (source, destination) = (source.octets(), destination.octets());
                    let mut header = UdpHeader::without_ipv4_checksum(from, to, payload.len())?;
                    header.checksum =
                        header.calc_checksum_ipv4_raw(source, destination, &payload)?;
                    header.to_bytes().to_vec()
                }
                (IpAddr::V6(source), IpAddr::V6(destination)) => {
                    let (source, destination) = (source.octets(), destination.octets());
                    let mut header = UdpHeader::without_ipv4_checksum(from, to, payload.len())?;
                    header.checksum =
                        header.calc_checksum_ipv6_raw(source, destination, &payload)?;
                    header.to_bytes().to_vec()
                }
                _ => bail!("{} and {} are of two families", self.from, self.to),
            },
            Body::Sctp((from, to)) => {
                let ports = [from.to_be_bytes(), to.to_be_bytes()].concat();
                [ports, vec![0; 8]].concat()
            }
            Body::Icmp { kind, code, id } => self.icmp_header(kind, code, id, &payload)?,
            Body::Other(_) => Vec::new(),
        };
        bytes.extend(payload);
        Ok(bytes)
    }

    fn tcp_header(&self, (from, to): Ports, flags: u8, payload: &[u8]) -> Result<Vec<u8>> {
        let mut header = TcpHeader::new(from, to, 1_000, 4_096);
        header.acknowledgment_number = 2_000;
        header.fin = flags & tcp_flags::FIN != 0;
        header.syn = flags & tcp_flags::SYN != 0;
        header.rst = flags & tcp_flags::RST != 0;
        header.psh = flags & tcp_flags::PSH != 0;
        header.ack = flags & tcp_flags::ACK != 0;
        header.urg = flags & tcp_flags::URG != 0;
        header.checksum = match (self.from, self.to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                header.calc_checksum_ipv4_raw(from.octets(), to.octets(), payload)?
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                header.calc_checksum_ipv6_raw(from.octets(), to.octets(), payload)?
            }
            _ => bail!("{} and {} are of two families", self.from, self.to),
        };
        Ok(header.to_bytes().to_vec())
    }

    fn icmp_header(&self, kind: u8, code: u8, id: u16, payload: &[u8]) -> Result<Vec<u8>> {
        let [high, low] = id.to_be_bytes();
        let (type_u8, code_u8, bytes5to8) = (kind, code, [high, low, 0, 1]);
        match (self.from, self.to) {
            (IpAddr::V4(_), IpAddr::V4(_)) => {
                let kind = Icmpv4Type::Unknown {
                    type_u8,
                    code_u8,
                    bytes5to8,
                };
                let header = Icmpv4Header::with_checksum(kind, payload);
                Ok(header.to_bytes().to_vec())
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let kind = Icmpv6Type::Unknown {
                    type_u8,
                    code_u8,
                    bytes5to8,
                };
                let header =
                    Icmpv6Header::with_checksum(kind, from.octets(), to.octets(), payload)?;
                Ok(header.to_bytes().to_vec())
            }
            _ => bail!("{} and {} are of two families", self.from, self.to),
        }
    }
}
