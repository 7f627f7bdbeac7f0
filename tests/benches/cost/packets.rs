//! Packets of a client.

use anyhow::{Result, bail};
use etherparse::{PacketBuilder, PacketBuilderStep};
use exitguard::lab::{CLIENT_V4, CLIENT_V6, FrameHeader};
use std::net::IpAddr;

/// Payload of a small packet.
pub(crate) const SMALL: usize = 100;
const HOPS: u8 = 64;

/// Where a packet goes from the client's port to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) client_port: u16,
    pub(crate) remote: IpAddr,
    pub(crate) remote_port: u16,
}

impl Way {
    fn ip(&self, inbound: bool) -> Result<PacketBuilderStep<etherparse::IpHeaders>> {
        let swap = |client, remote| {
            if inbound {
                (remote, client)
            } else {
                (client, remote)
            }
        };
        Ok(match (CLIENT_V4, CLIENT_V6, self.remote) {
            (IpAddr::V4(client), _, IpAddr::V4(remote)) => {
                let (from, to) = swap(client.octets(), remote.octets());
                PacketBuilder::ipv4(from, to, HOPS)
            }
            (_, IpAddr::V6(client), IpAddr::V6(remote)) => {
                let (from, to): ([u8; 16], [u8; 16]) = if inbound {
                    (remote.octets(), client.octets())
                } else {
                    (client.octets(), remote.octets())
                };
                PacketBuilder::ipv6(from, to, HOPS)
            }
            _ => bail!("a client has an address of either family"),
        })
    }

    fn ports(&self, inbound: bool) -> (u16, u16) {
        if inbound {
            (self.remote_port, self.client_port)
        } else {
            (self.client_port, self.remote_port)
        }
    }

    /// A TCP segment within a connection.
    pub(crate) fn tcp(&self, inbound: bool, payload: usize) -> Result<Vec<u8>> {
        let (from, to) = self.ports(inbound);
        let builder = self.ip(inbound)?.tcp(from, to, 1, 0x1000).ack(1);
        let mut packet = Vec::with_capacity(builder.size(payload));
        builder.write(&mut packet, &vec![7; payload])?;
        Ok(packet)
    }

    /// A TCP segment that opens a connection and ends it, so that the next one opens it anew.
    pub(crate) fn tcp_again(&self, payload: usize) -> Result<Vec<u8>> {
        let (from, to) = self.ports(false);
        let builder = self.ip(false)?.tcp(from, to, 1, 0x1000).syn().rst();
        let mut packet = Vec::with_capacity(builder.size(payload));
        builder.write(&mut packet, &vec![7; payload])?;
        Ok(packet)
    }

    /// A UDP datagram to the remote.
    pub(crate) fn udp(&self, payload: usize) -> Result<Vec<u8>> {
        let (from, to) = self.ports(false);
        let builder = self.ip(false)?.udp(from, to);
        let mut packet = Vec::with_capacity(builder.size(payload));
        builder.write(&mut packet, &vec![7; payload])?;
        Ok(packet)
    }
}

/// As the TUN takes a packet of which nothing is left to do.
pub(crate) fn frame(packet: &[u8]) -> Vec<u8> {
    [&FrameHeader::default().to_bytes()[..], packet].concat()
}

/// As the TUN takes a TCP segment over IPv4 that is to be cut into many.
pub(crate) fn super_frame(packet: &[u8], segment: u16) -> Vec<u8> {
    const IP: u16 = 20;
    const TCP: u16 = 20;
    const CHECKSUM_AT: u16 = 16;
    let header = FrameHeader {
        flags: FrameHeader::NEEDS_CSUM,
        gso_type: FrameHeader::GSO_TCPV4,
        hdr_len: IP + TCP,
        gso_size: segment,
        csum_start: IP,
        csum_offset: CHECKSUM_AT,
    };
    [&header.to_bytes()[..], packet].concat()
}

/// The answer to a packet: the same, the other way. Its checksums hold, because a sum does not ask for order.
pub(crate) fn answer(packet: &[u8]) -> Option<Vec<u8>> {
    let (addresses, length, ports) = match packet.first()? >> 4 {
        4 => (12, 4, 20),
        6 => (8, 16, 40),
        _ => return None,
    };
    let mut answer = packet.to_vec();
    for (at, length) in [(addresses, length), (ports, 2)] {
        let (first, second) = answer
            .get_mut(at..at + 2 * length)?
            .split_at_mut_checked(length)?;
        first.swap_with_slice(second);
    }
    Some(answer)
}
