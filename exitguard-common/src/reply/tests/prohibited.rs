//! ICMP "administratively prohibited".

use super::{Answer, CLIENT_PORT, Kind, REMOTE_PORT, answer, check, udp, v4, v6};
use etherparse::{
    Icmpv4Type, Icmpv6Type, IpHeaders, LaxSlicedPacket, TransportSlice, icmpv4, icmpv6,
};
use proptest::prelude::*;

/// Checks the reply to a datagram, and what it quotes.
fn prohibit(rejected: &[u8]) -> Answer {
    let answer = answer(rejected).unwrap();
    let quoted = match check(rejected, &answer) {
        TransportSlice::Icmpv4(message) => {
            assert_eq!(answer.kind, Kind::ProhibitedV4);
            let prohibited = icmpv4::DestUnreachableHeader::FilterProhibited;
            let expected = Icmpv4Type::DestinationUnreachable(prohibited);
            assert_eq!(message.icmp_type(), expected);
            let expected = expected.calc_checksum(message.payload());
            assert_eq!(message.checksum(), expected);
            assert_eq!(message.bytes5to8(), [0; 4]);
            assert_eq!(message.payload(), &rejected[..28]);
            message.payload()
        }
        TransportSlice::Icmpv6(message) => {
            assert_eq!(answer.kind, Kind::ProhibitedV6);
            let prohibited = icmpv6::DestUnreachableCode::Prohibited;
            let expected = Icmpv6Type::DestinationUnreachable(prohibited);
            assert_eq!(message.icmp_type(), expected);
            assert_eq!(message.bytes5to8(), [0; 4]);
            assert_eq!(message.payload(), &rejected[..48]);
            message.payload()
        }
        other => panic!("{other:?}"),
    };
    // What the client's kernel looks the socket up by.
    let transport = LaxSlicedPacket::from_ip(quoted).unwrap().transport;
    let Some(TransportSlice::Udp(quoted)) = transport else {
        panic!("{transport:?}");
    };
    let ports = (quoted.source_port(), quoted.destination_port());
    assert_eq!(ports, (CLIENT_PORT, REMOTE_PORT));
    answer
}

#[test]
fn a_datagram_of_any_length_is_answered_with_its_first_bytes() {
    // Empty, odd, ordinary, and a super-packet of 20 datagrams.
    for payload_bytes in [0, 1, 7, 8, 1200, 20 * 1200] {
        assert_eq!(prohibit(&udp(v4(), payload_bytes)).bytes.len(), 56);
        assert_eq!(prohibit(&udp(v6(), payload_bytes)).bytes.len(), 96);
    }
}

#[test]
fn what_finishes_the_checksum_touches_only_unused_bytes() {
    for (ip, header_bytes) in [(v4(), 20), (v6(), 40)] {
        let answer = prohibit(&udp(ip, 100));
        let unused = header_bytes + 6..header_bytes + 8;
        let [by_reader, by_kernel] = answer.finished();
        assert_eq!(by_reader[unused.clone()], [0, 0]);
        assert_eq!(by_kernel[unused.clone()], [0xff, 0xff]);
        for mut finished in [by_reader, by_kernel] {
            finished[unused.clone()].copy_from_slice(&[0, 0]);
            assert_eq!(finished, answer.bytes);
        }
    }
}

proptest! {
    #[test]
    fn any_datagram_is_answered_with_valid_checksums(
        addresses in any::<[u8; 32]>(),
        is_v6 in any::<bool>(),
        payload_bytes in 0usize..100,
        checksum in any::<[u8; 2]>(),
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
        let mut rejected = udp(ip, payload_bytes);
        // A datagram whose checksum is still to be finished carries any value there.
        let at = if is_v6 { 46 } else { 26 };
        rejected[at..at + 2].copy_from_slice(&checksum);
        prohibit(&rejected);
    }
}
