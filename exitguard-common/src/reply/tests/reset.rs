//! TCP resets.

use super::{CLIENT_PORT, Kind, REMOTE_PORT, addresses, answer, check, sum, tcp, v4, v6};
use crate::reply::{reset_v4, reset_v6};
use etherparse::{IpHeaders, TcpHeader, TcpSlice, TransportSlice};
use proptest::prelude::*;

fn segment(sequence: u32, change: impl FnOnce(&mut TcpHeader)) -> TcpHeader {
    let mut header = TcpHeader::new(CLIENT_PORT, REMOTE_PORT, sequence, 1024);
    change(&mut header);
    header
}

/// The header of the reset that answers a segment.
fn reset(ip: IpHeaders, header: TcpHeader, payload_bytes: usize) -> TcpHeader {
    let kind = match ip {
        IpHeaders::Ipv4(..) => Kind::ResetV4,
        IpHeaders::Ipv6(..) => Kind::ResetV6,
    };
    let rejected = tcp(ip, header, payload_bytes);
    let answer = answer(&rejected).unwrap();
    assert_eq!(answer.kind, kind);
    let TransportSlice::Tcp(reset) = check(&rejected, &answer) else {
        panic!("{answer:?}");
    };
    assert_eq!(reset.payload(), []);
    assert_eq!(reset.checksum(), checksum(&answer.bytes, &reset));
    let header = reset.to_header();
    assert_eq!(header.source_port, REMOTE_PORT);
    assert_eq!(header.destination_port, CLIENT_PORT);
    header
}

/// The checksum that etherparse would write.
fn checksum(ip: &[u8], tcp: &TcpSlice<'_>) -> u16 {
    match addresses(ip) {
        (from, to) if from.len() == 4 => {
            tcp.calc_checksum_ipv4(from.try_into().unwrap(), to.try_into().unwrap())
        }
        (from, to) => tcp.calc_checksum_ipv6(from.try_into().unwrap(), to.try_into().unwrap()),
    }
    .unwrap()
}

/// A reset as etherparse would write it, its checksum aside.
fn expected(sequence: u32, acknowledgment: Option<u32>, checksum: u16) -> TcpHeader {
    let mut header = TcpHeader::new(REMOTE_PORT, CLIENT_PORT, sequence, 0);
    header.rst = true;
    header.ack = acknowledgment.is_some();
    header.acknowledgment_number = acknowledgment.unwrap_or(0);
    header.checksum = checksum;
    header
}

#[test]
fn what_acknowledges_nothing_is_acknowledged_to_its_last_byte() {
    const MAX: u32 = u32::MAX;
    for (sequence, syn, fin, payload_bytes, acknowledgment) in [
        (1000, true, false, 0, 1001),
        (1000, false, true, 0, 1001),
        (1000, true, true, 0, 1002),
        (1000, false, false, 0, 1000),
        (1000, false, false, 7, 1007),
        // TCP Fast Open sends data with its SYN.
        (1000, true, false, 7, 1008),
        (1000, true, true, 7, 1009),
        (0, true, false, 0, 1),
        (MAX, true, false, 0, 0),
        (MAX, true, true, 0, 1),
        (MAX - 1, true, false, 0, MAX),
        (MAX - 4, false, false, 5, 0),
        (MAX - 4, true, true, 5, 2),
        // A super-packet counts whole.
        (1000, false, false, 60_000, 61_000),
        (MAX, true, true, 60_000, 60_001),
    ] {
        for ip in [v4(), v6()] {
            let header = segment(sequence, |header| (header.syn, header.fin) = (syn, fin));
            let reset = reset(ip, header, payload_bytes);
            let expected = expected(0, Some(acknowledgment), reset.checksum);
            assert_eq!(reset, expected, "{sequence} {syn} {fin} {payload_bytes}");
        }
    }
}

#[test]
fn what_acknowledges_is_reset_where_it_would_read_on() {
    for acknowledged in [0, 1, 0x1234_5678, u32::MAX] {
        for (syn, fin, payload_bytes) in [
            (false, false, 0),
            (false, false, 1000),
            (true, false, 0),
            (false, true, 3),
            (false, false, 60_000),
        ] {
            for ip in [v4(), v6()] {
                let header = segment(77, |header| {
                    (header.syn, header.fin, header.ack) = (syn, fin, true);
                    header.acknowledgment_number = acknowledged;
                });
                let reset = reset(ip, header, payload_bytes);
                assert_eq!(reset, expected(acknowledged, None, reset.checksum));
            }
        }
    }
}

#[test]
fn tcp_options_are_not_counted_as_payload() {
    for ip in [v4(), v6()] {
        let header = segment(1000, |header| {
            header.syn = true;
            header.set_options_raw(&[1; 20]).unwrap();
        });
        let reset = reset(ip, header, 2);
        assert_eq!(reset.acknowledgment_number, 1003);
    }
}

#[test]
fn what_pads_the_frame_is_not_counted_as_payload() {
    for ip in [v4(), v6()] {
        let header = segment(1000, |header| header.syn = true);
        let rejected = [&tcp(ip, header, 1)[..], &[0; 20]].concat();
        let answer = answer(&rejected).unwrap();
        let TransportSlice::Tcp(reset) = check(&rejected, &answer) else {
            panic!("{answer:?}");
        };
        assert_eq!(reset.acknowledgment_number(), 1002);
    }
}

#[test]
fn a_reset_is_as_long_as_its_headers_and_carries_nothing_over() {
    // All that a reply could take over by mistake is set: TOS, identification, hop limit, flow label.
    let mut ip = [0xff; 20];
    ip[0] = 0x45;
    let reply = reset_v4(&ip, &[0xff; 20], u32::MAX);
    assert_eq!(reply.bytes[..10], [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
    // Offset, flags and window; after the checksum no urgent pointer.
    assert_eq!(reply.bytes[32..36], [0x50, 0x04, 0, 0]);
    assert_eq!(reply.bytes[38..], [0, 0]);
    let mut ip = [0xff; 40];
    ip[0] = 0x6f;
    let reply = reset_v6(&ip, &[0xff; 20], u32::MAX);
    assert_eq!(reply.bytes[..8], [0x60, 0, 0, 0, 0, 20, 6, 64]);
    assert_eq!(reply.bytes[52..56], [0x50, 0x04, 0, 0]);
    assert_eq!(reply.bytes[58..], [0, 0]);
}

#[test]
fn the_sum_of_the_tests_is_that_of_rfc_1071() {
    // The example of RFC 1071 §3, and a byte that has no pair.
    let example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    assert_eq!(sum(&[&example]), 0xddf2);
    assert_eq!(sum(&[&[0x12]]), 0x1200);
    assert_eq!(sum(&[&[0xff, 0xff]]), 0xffff);
}

proptest! {
    #[test]
    fn any_segment_is_reset_with_valid_checksums(
        addresses in any::<[u8; 32]>(),
        is_v6 in any::<bool>(),
        sequence in any::<u32>(),
        acknowledged in any::<u32>(),
        flags in any::<[bool; 3]>(),
        payload_bytes in 0usize..100,
    ) {
        let mut ip = if is_v6 { v6() } else { v4() };
        match &mut ip {
            IpHeaders::Ipv4(header, _) => {
                header.source.copy_from_slice(&addresses[..4]);
                header.destination.copy_from_slice(&addresses[4..8]);
            }
            IpHeaders::Ipv6(header, _) => {
                header.source.copy_from_slice(&addresses[..16]);
                header.destination.copy_from_slice(&addresses[16..]);
            }
        }
        let header = segment(sequence, |header| {
            [header.syn, header.fin, header.ack] = flags;
            header.acknowledgment_number = acknowledged;
        });
        let has_ack = header.ack;
        let reset = reset(ip, header, payload_bytes);
        prop_assert!(reset.rst);
        prop_assert_eq!(reset.ack, !has_ack);
    }
}
