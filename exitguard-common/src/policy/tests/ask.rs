//! How the tests ask.

use crate::abi::{FlowKey, Origin};
use crate::packet::{Transport, protocol};
use std::net::IpAddr;

/// Who talks to whom: an IPv4 and an IPv6 address each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A client with a rule of its own.
    Client,
    /// A client without.
    Stranger,
    /// The exit node.
    Host,
    /// Another node of the tailnet.
    Peer,
    /// Somewhere in the Internet.
    Remote,
    /// Tailscale's resolver.
    MagicDns,
    /// Where clouds keep their metadata.
    Metadata,
    Multicast,
}

impl End {
    pub(super) fn addresses(self) -> [IpAddr; 2] {
        let (v4, v6) = match self {
            Self::Client => ("100.64.0.9", "fd7a:115c:a1e0::9"),
            Self::Stranger => ("100.64.0.10", "fd7a:115c:a1e0::10"),
            Self::Host => ("100.64.0.1", "fd7a:115c:a1e0::1"),
            Self::Peer => ("100.64.0.77", "fd7a:115c:a1e0::77"),
            Self::Remote => ("203.0.113.7", "2001:db8::7"),
            Self::MagicDns => ("100.100.100.100", "fd7a:115c:a1e0::53"),
            Self::Metadata => ("169.254.169.254", "fe80::a9fe:a9fe"),
            Self::Multicast => ("224.0.0.251", "ff02::fb"),
        };
        [v4, v6].map(|text| text.parse().unwrap())
    }
}

/// A question to the policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) transport: Transport,
    /// For IPv4 and IPv6.
    pub(super) protocols: [u8; 2],
    pub(super) port: u16,
    pub(super) origin: Origin,
    pub(super) established: bool,
}

impl Ask {
    const fn new(transport: Transport, protocols: [u8; 2], port: u16) -> Self {
        Self {
            from: End::Client,
            to: End::Remote,
            transport,
            protocols,
            port,
            origin: Origin::Client,
            established: false,
        }
    }

    pub(super) const fn tcp(port: u16) -> Self {
        Self::new(Transport::Tcp, [protocol::TCP; 2], port)
    }

    pub(super) const fn udp(port: u16) -> Self {
        Self::new(Transport::Udp, [protocol::UDP; 2], port)
    }

    pub(super) const fn sctp(port: u16) -> Self {
        Self::new(Transport::Sctp, [protocol::SCTP; 2], port)
    }

    pub(super) const fn icmp(transport: Transport) -> Self {
        Self::new(transport, [protocol::ICMP, protocol::ICMPV6], 0x0800)
    }

    pub(super) const fn other(protocol: u8) -> Self {
        Self::new(Transport::Other, [protocol; 2], 0)
    }

    /// A later fragment whose first one is not known.
    pub(super) const fn fragment(protocol: u8) -> Self {
        Self::new(Transport::LaterFragment, [protocol; 2], 0)
    }

    pub(super) const fn to(self, to: End) -> Self {
        Self { to, ..self }
    }

    pub(super) const fn from(self, from: End) -> Self {
        Self { from, ..self }
    }

    pub(super) const fn reply(self) -> Self {
        Self {
            origin: Origin::Remote,
            ..self
        }
    }

    pub(super) const fn established(self) -> Self {
        Self {
            established: true,
            ..self
        }
    }

    pub(super) fn flow(&self, family: usize) -> FlowKey {
        FlowKey {
            client: self.from.addresses()[family].into(),
            remote: self.to.addresses()[family].into(),
            client_port: 40_000,
            remote_port: self.port,
            protocol: self.protocols[family].into(),
        }
    }
}
