//! Traffic of a probe, through real sockets.

use crate::lab::{
    EXIT_V4, EXIT_V6, EchoServer, Exchange, LAN_HOST_V4, LAN_HOST_V6, Lab, LabError, Namespace,
    ping, tcp_exchange, tcp_transfer, udp_exchange,
};
use exitguard_common::packet::protocol;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Traffic {
    /// A question over TCP, to this port.
    Tcp(u16),
    /// A question over UDP, to this port.
    Udp(u16),
    /// An echo request.
    Ping,
    /// Much over TCP, and back.
    Bulk {
        /// To this port.
        port: u16,
        /// Each way.
        bytes: u64,
    },
}

/// How a transfer travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Bytes that went to the server, and came back.
    pub bytes_each_way: u64,
    /// How long that took.
    pub elapsed: Duration,
    /// Super-packets through `tailscale0`, both ways.
    pub super_packets: u64,
    /// The longest packet so far, in bytes.
    pub longest_bytes: u64,
}

impl Traffic {
    /// The destination port.
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Tcp(port) | Self::Udp(port) | Self::Bulk { port, .. } => Some(port),
            Self::Ping => None,
        }
    }

    /// Its IP protocol number, to this destination.
    pub const fn protocol(self, to: IpAddr) -> u8 {
        match (self, to) {
            (Self::Tcp(_) | Self::Bulk { .. }, _) => protocol::TCP,
            (Self::Udp(_), _) => protocol::UDP,
            (Self::Ping, IpAddr::V4(_)) => protocol::ICMP,
            (Self::Ping, IpAddr::V6(_)) => protocol::ICMPV6,
        }
    }
}

/// Servers wherever probes go to; where nothing passes there is one as well, so that it is not its absence that
/// answers.
#[derive(Debug, Default)]
pub(super) struct Servers(BTreeMap<(SocketAddr, u8), EchoServer>);

impl Servers {
    pub(super) fn start(
        lab: &Lab,
        targets: impl Iterator<Item = (IpAddr, Traffic)>,
    ) -> Result<Self, LabError> {
        let mut servers = BTreeMap::new();
        for (to, traffic) in targets {
            let Some(port) = traffic.port() else { continue };
            let at = SocketAddr::new(to, port);
            let key = (at, traffic.protocol(to));
            if servers.contains_key(&key) {
                continue;
            }
            let server = match traffic {
                Traffic::Udp(_) => EchoServer::udp(home(lab, to), at)?,
                _ => EchoServer::tcp(home(lab, to), at)?,
            };
            servers.insert(key, server);
        }
        Ok(Self(servers))
    }

    /// How many questions reached the server for this traffic, if there is one.
    pub(super) fn calls(&self, to: IpAddr, traffic: Traffic) -> Option<u64> {
        let at = SocketAddr::new(to, traffic.port()?);
        let server = self.0.get(&(at, traffic.protocol(to)))?;
        Some(server.calls())
    }
}

/// Where an address is served.
fn home(lab: &Lab, address: IpAddr) -> &Namespace {
    if [EXIT_V4, EXIT_V6].contains(&address) {
        lab.exit()
    } else if [LAN_HOST_V4, LAN_HOST_V6].contains(&address) {
        lab.lan()
    } else {
        lab.internet()
    }
}

/// Sends, and says what came of it.
pub(super) fn send(
    lab: &Lab,
    from: IpAddr,
    to: IpAddr,
    traffic: Traffic,
    within: Duration,
) -> Result<(Exchange, Option<Bulk>), LabError> {
    let client = lab.client();
    let at = |port| SocketAddr::new(to, port);
    let answer = match traffic {
        Traffic::Tcp(port) => tcp_exchange(client, from, at(port), within)?,
        Traffic::Udp(port) => udp_exchange(client, from, at(port), within)?,
        Traffic::Ping => ping(client, from, to, within)?,
        Traffic::Bulk { port, bytes } => {
            let before = super_packets(lab);
            let done = tcp_transfer(client, from, at(port), bytes, within)?;
            let longest = [lab.outbound(), lab.inbound()].map(|way| way.longest_bytes);
            let bulk = Bulk {
                bytes_each_way: done.bytes_each_way,
                elapsed: done.elapsed,
                super_packets: super_packets(lab) - before,
                longest_bytes: longest.into_iter().max().unwrap_or_default(),
            };
            return Ok((Exchange::Answered, Some(bulk)));
        }
    };
    Ok((answer, None))
}

fn super_packets(lab: &Lab) -> u64 {
    lab.outbound().super_packets + lab.inbound().super_packets
}
