//! Packets, and what is wrong with each.

use std::net::IpAddr;

use exitguard_common::abi::LinkLayer;
use exitguard_common::packet::{ParseError, protocol};
use exitguard_tests::frame::Frame;

use crate::places::{Places, at};
use crate::world::{DESTINATION, FRAGMENT, HOP_BY_HOP, PADDING, ROUTING};

pub(super) type Case = (&'static str, Vec<u8>, ParseError);

/// An IP packet with some of its bytes changed.
fn changed(frame: &Frame, changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = frame.bytes(LinkLayer::RawIp).unwrap();
    for (at, byte) in changes {
        bytes[*at] = *byte;
    }
    bytes
}

/// IPv4 packets.
pub(super) fn v4() -> Vec<Case> {
    let Places { client, world, .. } = Places::v4();
    let tcp = Frame::tcp(client, world, (40_000, 80)).payload(4);
    let with = |options: &[u8]| changed(&tcp.clone().options(options), &[]);
    let short = |number, bytes| changed(&Frame::other(client, world, number).payload(bytes), &[]);
    vec![
        (
            "version 5",
            changed(&tcp, &[(0, 0x55)]),
            ParseError::Version,
        ),
        (
            "version 0",
            changed(&tcp, &[(0, 0x05)]),
            ParseError::Version,
        ),
        (
            "a header of four words",
            changed(&tcp, &[(0, 0x44)]),
            ParseError::IpHeader,
        ),
        (
            "a header of no words",
            changed(&tcp, &[(0, 0x40)]),
            ParseError::IpHeader,
        ),
        (
            "a header longer than the packet",
            changed(&tcp, &[(0, 0x4f)]),
            ParseError::TotalLength,
        ),
        (
            "no length",
            changed(&tcp, &[(2, 0), (3, 0)]),
            ParseError::TotalLength,
        ),
        (
            "a length below the header",
            changed(&tcp, &[(3, 19)]),
            ParseError::TotalLength,
        ),
        (
            "a length beyond the frame",
            changed(&tcp, &[(3, 45)]),
            ParseError::TotalLength,
        ),
        (
            "the longest length",
            changed(&tcp, &[(2, 255), (3, 255)]),
            ParseError::TotalLength,
        ),
        (
            "an option of no bytes",
            with(&[7, 0, 0, 0]),
            ParseError::Options,
        ),
        (
            "an option of one byte",
            with(&[7, 1, 0, 0]),
            ParseError::Options,
        ),
        (
            "an option beyond the header",
            with(&[7, 5, 0, 0]),
            ParseError::Options,
        ),
        (
            "loose source route",
            with(&[131, 7, 4, 1, 2, 3, 4, 0]),
            ParseError::SourceRoute,
        ),
        (
            "strict source route",
            with(&[1, 137, 7, 4, 1, 2, 3, 4]),
            ParseError::SourceRoute,
        ),
        (
            "tcp, 19 bytes",
            short(protocol::TCP, 19),
            ParseError::TransportHeader,
        ),
        (
            "tcp, none",
            short(protocol::TCP, 0),
            ParseError::TransportHeader,
        ),
        (
            "udp, 7 bytes",
            short(protocol::UDP, 7),
            ParseError::TransportHeader,
        ),
        (
            "sctp, 11 bytes",
            short(protocol::SCTP, 11),
            ParseError::TransportHeader,
        ),
        (
            "icmp, 7 bytes",
            short(protocol::ICMP, 7),
            ParseError::TransportHeader,
        ),
        (
            "a first fragment without all of tcp",
            changed(
                &Frame::other(client, world, protocol::TCP)
                    .payload(16)
                    .first_fragment(1),
                &[],
            ),
            ParseError::TransportHeader,
        ),
        (
            "a tcp header of four words",
            changed(&tcp, &[(32, 0x40)]),
            ParseError::DataOffset,
        ),
        (
            "a tcp header beyond the packet",
            changed(&tcp, &[(32, 0x70)]),
            ParseError::DataOffset,
        ),
        (
            "a fragment that would rewrite tcp's flags",
            changed(&tcp.clone().later_fragment(2, 8), &[]),
            ParseError::TinyFragment,
        ),
    ]
}

/// IPv6 packets.
pub(super) fn v6() -> Vec<Case> {
    let Places { client, world, .. } = Places::v6();
    let tcp = Frame::tcp(client, world, (40_000, 80)).payload(4);
    let with = |number, rest: &[u8]| changed(&tcp.clone().extension(number, rest), &[]);
    let short = |number, bytes| changed(&Frame::other(client, world, number).payload(bytes), &[]);
    let mapped = |from: IpAddr, to: IpAddr| changed(&Frame::tcp(from, to, (1, 80)), &[]);
    let mut chain = tcp.clone();
    for _ in 0..9 {
        chain = chain.extension(DESTINATION, &PADDING);
    }
    vec![
        (
            "a length beyond the frame",
            changed(&tcp, &[(5, 25)]),
            ParseError::TotalLength,
        ),
        (
            "the longest length",
            changed(&tcp, &[(4, 255), (5, 255)]),
            ParseError::TotalLength,
        ),
        (
            "jumbogram",
            changed(&tcp, &[(4, 0), (5, 0), (6, HOP_BY_HOP)]),
            ParseError::Jumbogram,
        ),
        (
            "routing header",
            with(ROUTING, &[0, 0, 1, 0, 0, 0, 0]),
            ParseError::SourceRoute,
        ),
        (
            "nine extensions",
            changed(&chain, &[]),
            ParseError::ExtensionHeaders,
        ),
        (
            "an extension beyond the packet",
            with(DESTINATION, &[9, 1, 4, 0, 0, 0, 0]),
            ParseError::ExtensionHeaders,
        ),
        (
            "a packet that ends within its extension",
            short(DESTINATION, 1),
            ParseError::ExtensionHeaders,
        ),
        (
            "two fragment headers",
            changed(
                &tcp.clone()
                    .extension(FRAGMENT, &[0, 0, 1, 0, 0, 0, 1])
                    .first_fragment(1),
                &[],
            ),
            ParseError::ExtensionHeaders,
        ),
        (
            "a mapped source",
            mapped(at("::ffff:192.0.2.1"), world),
            ParseError::MappedAddress,
        ),
        (
            "a mapped destination",
            mapped(client, at("::ffff:192.0.2.1")),
            ParseError::MappedAddress,
        ),
        (
            "tcp, 19 bytes",
            short(protocol::TCP, 19),
            ParseError::TransportHeader,
        ),
        (
            "udp, 7 bytes",
            short(protocol::UDP, 7),
            ParseError::TransportHeader,
        ),
        (
            "sctp, 11 bytes",
            short(protocol::SCTP, 11),
            ParseError::TransportHeader,
        ),
        (
            "icmp, 7 bytes",
            short(protocol::ICMPV6, 7),
            ParseError::TransportHeader,
        ),
        (
            "a tcp header of four words",
            changed(&tcp, &[(52, 0x40)]),
            ParseError::DataOffset,
        ),
        (
            "a tcp header beyond the packet",
            changed(&tcp, &[(52, 0x70)]),
            ParseError::DataOffset,
        ),
    ]
}
