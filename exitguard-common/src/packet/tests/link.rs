//! What stands in front of the IP header.

use super::build::{ethernet, plain_v4, tcp, udp, v4, v6, with_ports, with_tcp};
use super::{read, read_frame};
use crate::abi::LinkLayer::{Ethernet, RawIp};
use crate::packet::{Packet, ParseError, Transport, protocol};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
const VLAN: u16 = 0x8100;
const QINQ: u16 = 0x88a8;

#[test]
fn finds_the_ip_header_behind_up_to_two_tags() {
    let ip = v4(protocol::TCP, &tcp(3));
    let expected = with_tcp(plain_v4(protocol::TCP, 23));
    for (tags, ip_offset) in [
        (&[][..], 14),
        (&[VLAN], 18),
        (&[QINQ], 18),
        (&[QINQ, VLAN], 22),
        (&[VLAN, VLAN], 22),
    ] {
        let frame = ethernet(IPV4, tags, &ip);
        let expected = Packet {
            ip_offset,
            ..expected
        };
        assert_eq!(
            read_frame(&frame, Ethernet),
            Ok(Some(expected)),
            "{tags:x?}"
        );
    }
    assert_eq!(read_frame(&ip, RawIp), Ok(Some(expected)));
}

#[test]
fn refuses_a_third_tag() {
    let ip = v4(protocol::TCP, &tcp(0));
    for tags in [[VLAN; 3], [QINQ, QINQ, VLAN], [QINQ, VLAN, VLAN]] {
        let frame = ethernet(IPV4, &tags, &ip);
        assert_eq!(read_frame(&frame, Ethernet), Err(ParseError::Link));
    }
}

#[test]
fn tells_arp_from_packets_however_it_is_tagged() {
    for tags in [&[][..], &[VLAN], &[QINQ, VLAN]] {
        let frame = ethernet(ARP, tags, &[0; 28]);
        assert_eq!(read_frame(&frame, Ethernet), Ok(None), "{tags:x?}");
    }
}

#[test]
fn refuses_what_is_neither_ip_nor_arp() {
    let ip = v4(protocol::TCP, &tcp(0));
    // IEEE 802.3 lengths, PPPoE, MPLS, MACsec, the pre-standard tag of some switches, and edges.
    for ethertype in [
        0x0000, 0x0040, 0x05dc, 0x07ff, 0x0801, 0x0805, 0x0807, 0x80ff, 0x8101, 0x86dc, 0x86de,
        0x8847, 0x8863, 0x8864, 0x88a7, 0x88a9, 0x88e5, 0x9100, 0xffff,
    ] {
        for tags in [&[][..], &[VLAN]] {
            let frame = ethernet(ethertype, tags, &ip);
            let answer = read_frame(&frame, Ethernet);
            assert_eq!(answer, Err(ParseError::NotIp), "{ethertype:04x}");
        }
    }
}

#[test]
fn refuses_an_ip_version_that_ethernet_did_not_promise() {
    for (ethertype, ip) in [
        (IPV6, v4(protocol::TCP, &tcp(20))),
        (IPV4, v6(protocol::TCP, &tcp(0))),
    ] {
        assert!(read(&ip).is_ok());
        for tags in [&[][..], &[VLAN], &[QINQ, VLAN]] {
            let frame = ethernet(ethertype, tags, &ip);
            assert_eq!(read_frame(&frame, Ethernet), Err(ParseError::Version));
        }
    }
}

#[test]
fn refuses_versions_other_than_4_and_6() {
    for version in (0..16).filter(|version| ![4, 6].contains(version)) {
        let mut ip = v4(protocol::TCP, &tcp(20));
        ip[0] = version << 4 | 5;
        assert_eq!(read(&ip), Err(ParseError::Version), "{version}");
        let frame = ethernet(IPV4, &[], &ip);
        assert_eq!(read_frame(&frame, Ethernet), Err(ParseError::Version));
    }
}

#[test]
fn refuses_a_frame_without_a_byte_of_ip() {
    assert_eq!(read(&[]), Err(ParseError::Empty));
}

#[test]
fn refuses_one_to_nineteen_bytes_of_ip() {
    for ip in [v4(protocol::TCP, &tcp(0)), v6(protocol::TCP, &tcp(0))] {
        for bytes in 1..20 {
            assert_eq!(read(&ip[..bytes]), Err(ParseError::IpHeader), "{bytes}");
        }
    }
}

#[test]
fn refuses_a_link_header_that_is_cut_short() {
    for (tags, header_bytes) in [(&[][..], 14), (&[VLAN], 18), (&[QINQ, VLAN], 22)] {
        let frame = ethernet(IPV4, tags, &[]);
        assert_eq!(frame.len(), header_bytes);
        for bytes in 0..header_bytes {
            let answer = read_frame(&frame[..bytes], Ethernet);
            assert_eq!(answer, Err(ParseError::Link), "{tags:x?} cut at {bytes}");
        }
    }
}

#[test]
fn does_not_look_for_ethernet_on_raw_ip() {
    let ip = v4(protocol::UDP, &udp(0));
    let frame = ethernet(IPV4, &[], &ip);
    assert_eq!(read_frame(&frame, RawIp), Err(ParseError::Version));
    // MAC addresses may look like anything: 45:00:… is not an IPv4 header.
    let mut disguised = ethernet(IPV4, &[], &ip);
    disguised[..12].copy_from_slice(&ip[..12]);
    let expected = Packet {
        ip_offset: 14,
        ..with_ports(plain_v4(protocol::UDP, 8), Transport::Udp, 8)
    };
    assert_eq!(read_frame(&disguised, Ethernet), Ok(Some(expected)));
}
