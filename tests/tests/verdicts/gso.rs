//! A super-packet counts as the packets that it becomes, each with its own headers.
//!
//! TC only: where XDP runs, there are none yet.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Counters, LinkLayer, Reason, RuleId};
use exitguard_common::packet::tcp_flags;
use exitguard_tests::expect::{Expected, Way};
use exitguard_tests::frame::Frame;

use crate::places::Places;
use crate::world::{Setting, allow, deny, each_judge};

const EGRESS: RuleId = RuleId::EGRESS;

/// Payload of the super-packet and of its segments, and how many these are.
const SPLITS: [(usize, u32, u64); 8] = [
    (1_000, 0, 1),
    (1_000, 1_001, 1),
    (1_000, 1_000, 1),
    (1_001, 1_000, 2),
    (1_000, 500, 2),
    (1_400, 100, 14),
    (1_400, 99, 15),
    (7, 1, 7),
];

#[test]
#[ignore = "needs root"]
fn a_super_packet_counts_as_its_segments() {
    let tun = |setting: &Setting| setting.outbound == Hook::TcOutbound;
    each_judge(Setting::all().filter(tun), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let ip_header = if client.is_ipv4() { 20 } else { 40 };
            let tcp = |port| Frame::tcp(client, world, (40_000, port)).flags(tcp_flags::ACK);
            let udp = |port| Frame::udp(client, world, (40_000, port));
            for (frame, transport_header, decision) in [
                (tcp(80), 20, allow(Reason::Port, EGRESS)),
                (tcp(25), 20, deny(Reason::Port, EGRESS)),
                (udp(53), 8, allow(Reason::Port, EGRESS)),
                (udp(54), 8, deny(Reason::Port, EGRESS)),
            ] {
                for (payload, gso_size, segments) in SPLITS {
                    let frame = frame.clone().payload(payload);
                    let bytes = segments * (ip_header + transport_header) + payload as u64;
                    let expected = Expected {
                        wire: Counters {
                            pkts: segments,
                            bytes,
                        },
                        ..Expected::first(Hook::TcOutbound, &frame, setting.decision(decision))
                            .unwrap()
                    };
                    let what = format!("{frame:?}, {gso_size}, {setting:?}");
                    judge.forget(&expected.key).unwrap();
                    let frame = frame.bytes(setting.link).unwrap();
                    let seen = judge.see(Hook::TcOutbound, &frame, gso_size).unwrap();
                    let first = expected.check(judge, Hook::TcOutbound, &seen);
                    first.unwrap_or_else(|error| panic!("{what}: {error}"));

                    // And once more, now that the flow is known.
                    let known = Expected {
                        way: Way::Known(&[]),
                        ..expected
                    };
                    let seen = judge.see(Hook::TcOutbound, &frame, gso_size).unwrap();
                    let second = known.check(judge, Hook::TcOutbound, &seen);
                    second.unwrap_or_else(|error| panic!("{what}, again: {error}"));
                    let state = judge.flow(&expected.key).unwrap().unwrap();
                    let passed = (2 * segments, 2 * bytes, 0);
                    let denied = (0, 0, 2 * segments);
                    assert_eq!(
                        (state.outbound.pkts, state.outbound.bytes, state.denied_pkts),
                        if expected.decision.passes() {
                            passed
                        } else {
                            denied
                        },
                        "{what}"
                    );
                }
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_super_packet_from_the_world_counts_as_its_segments_too() {
    let tun = |setting: &Setting| setting.outbound == Hook::TcOutbound;
    each_judge(Setting::all().filter(tun), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let headers = if client.is_ipv4() { 40 } else { 60 };
            let frame = Frame::tcp(world, client, (80, 40_000))
                .flags(tcp_flags::ACK)
                .payload(1_300);
            let expected = Expected {
                wire: Counters {
                    pkts: 13,
                    bytes: 13 * headers + 1_300,
                },
                ..Expected::first(Hook::TcInbound, &frame, allow(Reason::Port, EGRESS)).unwrap()
            };
            judge.forget(&expected.key).unwrap();
            let bytes = frame.bytes(setting.link).unwrap();
            let seen = judge.see(Hook::TcInbound, &bytes, 100).unwrap();
            expected.check(judge, Hook::TcInbound, &seen).unwrap();
        }
    });
}

/// IPv4 options are repeated in each segment as well.
#[test]
#[ignore = "needs root"]
fn headers_count_with_their_options() {
    each_judge([Setting::TUN].into_iter(), |judge, _| {
        let Places { client, world, .. } = Places::v4();
        let frame = Frame::tcp(client, world, (40_000, 80))
            .options(&[1; 8])
            .payload(300);
        let expected = Expected {
            wire: Counters {
                pkts: 3,
                bytes: 3 * (28 + 20) + 300,
            },
            ..Expected::first(Hook::TcOutbound, &frame, allow(Reason::Port, EGRESS)).unwrap()
        };
        judge.forget(&expected.key).unwrap();
        let bytes = frame.bytes(LinkLayer::RawIp).unwrap();
        let seen = judge.see(Hook::TcOutbound, &bytes, 100).unwrap();
        expected.check(judge, Hook::TcOutbound, &seen).unwrap();
    });
}
