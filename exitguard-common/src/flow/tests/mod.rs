//! Keys of flows and fragments, who opened a flow, and when it is over.
//!
//! Packets here are what the parser makes of bytes; that it does is tested with the parser.

mod fragments;
mod keys;
mod lifetime;
mod origin;

use crate::abi::Addr;
use crate::packet::{Packet, Transport, protocol};
use std::net::IpAddr;

/// Client and remote, of either family.
const ENDS: [[&str; 2]; 2] = [
    ["100.64.0.9", "203.0.113.7"],
    ["fd7a:115c:a1e0::9", "2001:db8::7"],
];
const CLIENT_PORT: u16 = 40_000;
const REMOTE_PORT: u16 = 443;

fn addr(text: &str) -> Addr {
    text.parse::<IpAddr>().unwrap().into()
}

/// A packet from the client to the remote.
fn packet([client, remote]: [&str; 2], transport: Transport, number: u8) -> Packet {
    Packet {
        source: addr(client),
        destination: addr(remote),
        protocol: number,
        transport_number: transport as u8,
        ..Packet::EMPTY
    }
}

fn with_ports(ends: [&str; 2], transport: Transport, number: u8) -> Packet {
    Packet {
        source_port: CLIENT_PORT,
        destination_port: REMOTE_PORT,
        ..packet(ends, transport, number)
    }
}

fn tcp(ends: [&str; 2], flags: u8) -> Packet {
    Packet {
        tcp_flags: flags,
        ..with_ports(ends, Transport::Tcp, protocol::TCP)
    }
}

fn echo(ends: [&str; 2], is_request: bool, id: u16) -> Packet {
    let (number, icmp_type) = match (addr(ends[0]).as_v4(), is_request) {
        (Some(_), true) => (protocol::ICMP, 8),
        (Some(_), false) => (protocol::ICMP, 0),
        (None, true) => (protocol::ICMPV6, 128),
        (None, false) => (protocol::ICMPV6, 129),
    };
    Packet {
        echo_id: id,
        icmp_type,
        ..packet(ends, Transport::Echo, number)
    }
}

/// The packet that the other side sends.
fn back(packet: &Packet) -> Packet {
    Packet {
        source: packet.destination,
        destination: packet.source,
        source_port: packet.destination_port,
        destination_port: packet.source_port,
        ..*packet
    }
}
