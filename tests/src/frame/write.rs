//! A frame as bytes.

use std::net::IpAddr;

use anyhow::{Result, bail};
use etherparse::{
    EtherType, Ethernet2Header, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpFragOffset,
    IpNumber, Ipv4Header, Ipv4Options, Ipv6FragmentHeader, Ipv6Header, SingleVlanHeader, TcpHeader,
    UdpHeader, VlanId,
};
use exitguard_common::abi::LinkLayer;
use exitguard_common::packet::tcp_flags;

use super::{Body, Frame, Ports};

impl Frame {
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
            Body::Udp(ports) => self.udp_header(ports, &payload)?,
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

    fn udp_header(&self, (from, to): Ports, payload: &[u8]) -> Result<Vec<u8>> {
        let mut header = UdpHeader::without_ipv4_checksum(from, to, payload.len())?;
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
