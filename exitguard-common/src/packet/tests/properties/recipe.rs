//! Random sound packets, and what the parser should make of them, both told from the same recipe.

use crate::abi::{Addr, LinkLayer};
use crate::packet::{FRAGMENT_MORE, Packet, ParseError, Transport, protocol};
use etherparse::{
    IpAuthHeader, IpHeaders, Ipv4Extensions, Ipv4Header, Ipv6Extensions, Ipv6FragmentHeader,
    Ipv6Header, Ipv6RawExtHeader, Ipv6RoutingExtensions, PacketBuilder, TcpHeader, VlanId,
};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// VLAN tags, or `None` for raw IP.
    tags: Option<u8>,
    ip: IpHeaders,
    upper: Upper,
    payload: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Upper {
    Tcp(TcpHeader),
    Udp(u16, u16),
    Echo { request: bool, id: u16 },
    Other(u8),
}

impl Recipe {
    pub(super) fn link(&self) -> LinkLayer {
        match self.tags {
            None => LinkLayer::RawIp,
            Some(_) => LinkLayer::Ethernet,
        }
    }

    /// The frame, put together by etherparse.
    pub(super) fn frame(&self) -> Vec<u8> {
        let ethernet = || PacketBuilder::ethernet2([2; 6], [3; 6]);
        let vlan = |id| VlanId::try_new(id).unwrap();
        let ip = self.ip.clone();
        let start = match self.tags {
            None => PacketBuilder::ip(ip),
            Some(0) => ethernet().ip(ip),
            Some(1) => ethernet().single_vlan(vlan(7)).ip(ip),
            Some(_) => ethernet().double_vlan(vlan(7), vlan(8)).ip(ip),
        };
        let is_v6 = matches!(self.ip, IpHeaders::Ipv6(..));
        let mut frame = Vec::new();
        let written = match self.upper.clone() {
            Upper::Tcp(header) => start.tcp_header(header).write(&mut frame, &self.payload),
            Upper::Udp(from, to) => start.udp(from, to).write(&mut frame, &self.payload),
            Upper::Echo { request, id } => match (is_v6, request) {
                (false, true) => start
                    .icmpv4_echo_request(id, 1)
                    .write(&mut frame, &self.payload),
                (false, false) => start
                    .icmpv4_echo_reply(id, 1)
                    .write(&mut frame, &self.payload),
                (true, true) => start
                    .icmpv6_echo_request(id, 1)
                    .write(&mut frame, &self.payload),
                (true, false) => start
                    .icmpv6_echo_reply(id, 1)
                    .write(&mut frame, &self.payload),
            },
            Upper::Other(protocol) => start.write(&mut frame, protocol.into(), &self.payload),
        };
        written.unwrap();
        frame
    }

    /// What the parser should make of it.
    pub(super) fn expected(&self) -> Result<Packet, ParseError> {
        let (is_v6, (offset, more, fragment_id)) = match &self.ip {
            IpHeaders::Ipv4(header, _) => (false, fragment_v4(header)),
            IpHeaders::Ipv6(_, extensions) => (true, fragment_v6(extensions)),
        };
        let (protocol, upper_bytes) = match &self.upper {
            Upper::Tcp(header) => (protocol::TCP, header.header_len()),
            Upper::Udp(..) => (protocol::UDP, 8),
            Upper::Echo { .. } if is_v6 => (protocol::ICMPV6, 8),
            Upper::Echo { .. } => (protocol::ICMP, 8),
            Upper::Other(protocol) => (*protocol, 0),
        };
        if !is_v6 && protocol == protocol::TCP && (offset == 8 || offset == 16) {
            return Err(ParseError::TinyFragment);
        }
        let (source, destination) = self.addresses();
        let later = Packet {
            source,
            destination,
            ip_offset: self.tags.map_or(0, |tags| 14 + 4 * u32::from(tags)),
            ip_bytes: (self.ip.header_len() + upper_bytes + self.payload.len()) as u32,
            ip_header_bytes: self.ip.header_len() as u32,
            protocol,
            fragment_id,
            fragment_field: offset | if more { FRAGMENT_MORE } else { 0 },
            transport_number: Transport::LaterFragment as u8,
            ..Packet::EMPTY
        };
        if offset != 0 {
            return Ok(later);
        }
        let packet = Packet {
            transport_header_bytes: upper_bytes as u32,
            ..later
        };
        Ok(match &self.upper {
            Upper::Tcp(header) => Packet {
                transport_number: Transport::Tcp as u8,
                source_port: header.source_port,
                destination_port: header.destination_port,
                tcp_flags: header.to_bytes()[13],
                ..packet
            },
            Upper::Udp(from, to) => Packet {
                transport_number: Transport::Udp as u8,
                source_port: *from,
                destination_port: *to,
                ..packet
            },
            Upper::Echo { request, id } => Packet {
                transport_number: Transport::Echo as u8,
                echo_id: *id,
                icmp_type: match (is_v6, request) {
                    (false, true) => 8,
                    (false, false) => 0,
                    (true, true) => 128,
                    (true, false) => 129,
                },
                ..packet
            },
            Upper::Other(_) => Packet {
                transport_number: Transport::Other as u8,
                ..packet
            },
        })
    }

    fn addresses(&self) -> (Addr, Addr) {
        match &self.ip {
            IpHeaders::Ipv4(header, _) => (
                Ipv4Addr::from(header.source).into(),
                Ipv4Addr::from(header.destination).into(),
            ),
            IpHeaders::Ipv6(header, _) => (
                Ipv6Addr::from(header.source).into(),
                Ipv6Addr::from(header.destination).into(),
            ),
        }
    }
}

/// Offset in bytes, whether more follow, identification.
fn fragment_v4(header: &Ipv4Header) -> (u16, bool, u32) {
    (
        header.fragment_offset.byte_offset(),
        header.more_fragments,
        header.identification.into(),
    )
}

fn fragment_v6(extensions: &Ipv6Extensions) -> (u16, bool, u32) {
    match &extensions.fragment {
        None => (0, false, 0),
        Some(header) => (
            header.fragment_offset.byte_offset(),
            header.more_fragments,
            header.identification,
        ),
    }
}

/// Where a fragment belongs, in units of 8 bytes: nowhere mostly, and then often where it hurts.
fn offset() -> impl Strategy<Value = u16> {
    prop_oneof![6 => Just(0), 2 => 1u16..5, 1 => 1u16..=0x1fff]
}

fn option() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![1]),
        // Record route, timestamp, router alert, unknown: all but source routes.
        (
            prop::sample::select(vec![7u8, 68, 148, 200, 255]),
            prop::collection::vec(any::<u8>(), 0..7)
        )
            .prop_map(|(kind, data)| [&[kind, 2 + data.len() as u8], &data[..]].concat()),
    ]
}

fn header_v4() -> impl Strategy<Value = IpHeaders> {
    let options = prop_oneof![
        2 => Just(vec![]),
        1 => prop::collection::vec(option(), 0..5).prop_map(|options| options.concat()),
    ];
    (
        any::<[[u8; 4]; 2]>(),
        any::<u16>(),
        offset(),
        prop::bool::weighted(0.2),
        options,
    )
        .prop_map(|([from, to], id, offset, more, mut options)| {
            let mut header = Ipv4Header::new(0, 64, 0.into(), from, to).unwrap();
            header.identification = id;
            header.fragment_offset = offset.try_into().unwrap();
            header.more_fragments = more;
            // Zero ends the options.
            options.resize(options.len().next_multiple_of(4), 0);
            header.options = options[..].try_into().unwrap();
            IpHeaders::Ipv4(header, Ipv4Extensions::default())
        })
}

fn raw_extension() -> impl Strategy<Value = Option<Ipv6RawExtHeader>> {
    prop::option::weighted(0.2, 0usize..4).prop_map(|units| {
        units.map(|units| Ipv6RawExtHeader::new_raw(0.into(), &vec![0; 6 + 8 * units]).unwrap())
    })
}

fn header_v6() -> impl Strategy<Value = IpHeaders> {
    let fragment = prop::option::weighted(0.4, (offset(), any::<bool>(), any::<u32>()));
    let authentication = prop::option::weighted(0.2, 0usize..8);
    (
        any::<[[u8; 16]; 2]>(),
        [
            raw_extension(),
            raw_extension(),
            raw_extension(),
            raw_extension(),
        ],
        fragment,
        authentication,
    )
        .prop_map(
            |([source, destination], [hop, first, routing, last], fragment, words)| {
                let fragment = fragment.map(|(offset, more, id)| {
                    Ipv6FragmentHeader::new(0.into(), offset.try_into().unwrap(), more, id)
                });
                // Behind the header of a later fragment comes the middle of something.
                let whole = fragment
                    .as_ref()
                    .is_none_or(|header| header.fragment_offset.value() == 0);
                let extensions = Ipv6Extensions {
                    hop_by_hop_options: hop,
                    destination_options: first,
                    routing: routing.map(|routing| Ipv6RoutingExtensions {
                        routing,
                        final_destination_options: last.filter(|_| whole),
                    }),
                    fragment,
                    auth: words.filter(|_| whole).map(|words| {
                        IpAuthHeader::new(0.into(), 1, 1, &vec![0xaa; words * 4]).unwrap()
                    }),
                };
                let header = Ipv6Header {
                    source,
                    destination,
                    hop_limit: 64,
                    ..Ipv6Header::default()
                };
                IpHeaders::Ipv6(header, extensions)
            },
        )
}

fn tcp() -> impl Strategy<Value = Upper> {
    (any::<[u16; 2]>(), any::<[bool; 4]>(), 0usize..=10).prop_map(
        |([from, to], [syn, ack, fin, rst], option_words)| {
            let mut header = TcpHeader::new(from, to, 1, 1024);
            (header.syn, header.ack, header.fin, header.rst) = (syn, ack, fin, rst);
            header
                .set_options_raw(&[1].repeat(option_words * 4))
                .unwrap();
            Upper::Tcp(header)
        },
    )
}

pub(super) fn recipe() -> impl Strategy<Value = Recipe> {
    let ip = prop_oneof![header_v4(), header_v6()];
    let upper = prop_oneof![
        3 => tcp(),
        2 => any::<[u16; 2]>().prop_map(|[from, to]| Upper::Udp(from, to)),
        1 => (any::<bool>(), any::<u16>()).prop_map(|(request, id)| Upper::Echo { request, id }),
        // GRE, ESP, OSPF, experiments, and the last number.
        1 => prop::sample::select(vec![47u8, 50, 89, 253, 255]).prop_map(Upper::Other),
    ];
    let tags = prop_oneof![2 => Just(None), 3 => (0u8..3).prop_map(Some)];
    // Not empty, so that hop-by-hop options never look like a jumbogram's.
    let payload = prop::collection::vec(any::<u8>(), 1..200);
    (tags, ip, upper, payload).prop_map(|(tags, ip, upper, payload)| Recipe {
        tags,
        ip,
        upper,
        payload,
    })
}
