//! What a GSO super-packet counts as, against cutting it up.

use super::build::{
    DESTINATION, options, tcp, tcp_options, udp, v4, v4_fragment, v4_options, v6, v6_chain,
};
use super::read;
use crate::abi::Counters;
use crate::packet::protocol;
use proptest::prelude::*;

/// Cuts a packet as the kernel does: every segment gets a copy of all headers and up to `gso_size` bytes of
/// payload. Counts what comes out.
fn cut(ip: &[u8], gso_size: usize) -> Counters {
    let packet = read(ip).unwrap();
    let header_bytes = (packet.ip_header_bytes + packet.transport_header_bytes) as usize;
    let (headers, payload) = ip.split_at(header_bytes);
    let segments: Vec<Vec<u8>> = payload
        .chunks(gso_size)
        .map(|chunk| [headers, chunk].concat())
        .collect();
    Counters {
        pkts: segments.len() as u64,
        bytes: segments.iter().map(|segment| segment.len() as u64).sum(),
    }
}

fn wire(ip: &[u8], gso_size: u32) -> Counters {
    read(ip).unwrap().wire(gso_size)
}

#[test]
fn counts_the_segments_and_bytes_of_a_tcp_super_packet() {
    // 60,052 bytes, of which 52 are headers with the usual timestamps: 48 segments are full, one is not.
    let ip = v4(protocol::TCP, &tcp_options(&[1; 12], 60_000));
    assert_eq!(ip.len(), 60_052);
    let expected = Counters {
        pkts: 49,
        bytes: 60_052 + 48 * 52,
    };
    assert_eq!(wire(&ip, 1228), expected);
    assert_eq!(cut(&ip, 1228), expected);
}

#[test]
fn counts_the_segments_and_bytes_of_a_udp_super_packet() {
    for (ip, header_bytes) in [
        (v4(protocol::UDP, &udp(20 * 1252)), 28),
        (v6(protocol::UDP, &udp(20 * 1252)), 48),
    ] {
        let expected = Counters {
            pkts: 20,
            bytes: 20 * (1252 + header_bytes),
        };
        assert_eq!(wire(&ip, 1252), expected);
        assert_eq!(cut(&ip, 1252), expected);
    }
}

#[test]
fn counts_options_and_extension_headers_once_a_segment() {
    for (ip, header_bytes) in [
        (v4_options(&[1; 8], protocol::TCP, &tcp(2001)), 48),
        (
            v6_chain(&[options(DESTINATION, 2)], protocol::TCP, &tcp(2001)),
            76,
        ),
    ] {
        let expected = Counters {
            pkts: 3,
            bytes: 2001 + 3 * header_bytes,
        };
        assert_eq!(wire(&ip, 1000), expected);
        assert_eq!(cut(&ip, 1000), expected);
    }
}

#[test]
fn an_ordinary_packet_counts_as_itself() {
    for ip in [
        v4(protocol::TCP, &tcp(0)),
        v4(protocol::TCP, &tcp(1400)),
        v6(protocol::UDP, &udp(1400)),
        v4(253, &[0; 100]),
        v4_fragment(1480, false, protocol::UDP, &[0; 100]),
    ] {
        let itself = Counters {
            pkts: 1,
            bytes: ip.len() as u64,
        };
        assert_eq!(wire(&ip, 0), itself);
        // A gso_size that no packet reaches, up to the last number.
        assert_eq!(wire(&ip, 1400), itself);
        assert_eq!(wire(&ip, u32::MAX), itself);
    }
}

#[test]
fn a_payload_of_one_segment_is_one_packet_and_one_byte_more_is_two() {
    let exact = v4(protocol::TCP, &tcp(1228));
    let one = Counters {
        pkts: 1,
        bytes: 1268,
    };
    assert_eq!(wire(&exact, 1228), one);
    let over = v4(protocol::TCP, &tcp(1229));
    let two = Counters {
        pkts: 2,
        bytes: 1269 + 40,
    };
    assert_eq!(wire(&over, 1228), two);
    assert_eq!(cut(&over, 1228), two);
}

#[test]
fn does_not_overflow_for_the_longest_packet_cut_into_bytes() {
    let ip = v6_chain(&[options(DESTINATION, 255)], protocol::UDP, &udp(63_487));
    assert_eq!(ip.len(), 40 + 65_535);
    let expected = Counters {
        pkts: 63_487,
        bytes: 63_487 * (40 + 2040 + 8 + 1),
    };
    assert_eq!(wire(&ip, 1), expected);
}

proptest! {
    #[test]
    fn counts_what_cutting_counts(
        payload_bytes in 1usize..9000,
        gso_size in 1u32..3000,
        option_words in 0usize..=10,
        is_v6 in any::<bool>(),
    ) {
        let segment = tcp_options(&[1].repeat(option_words * 4), payload_bytes);
        let ip = if is_v6 { v6(protocol::TCP, &segment) } else { v4(protocol::TCP, &segment) };
        prop_assert_eq!(wire(&ip, gso_size), cut(&ip, gso_size as usize));
    }
}
