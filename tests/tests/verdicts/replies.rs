//! Denied and told so: a TCP reset, or ICMP "administratively prohibited", as etherparse reads them.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use etherparse::{
    Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, IpNumber, NetSlice, SlicedPacket, TcpSlice,
    TransportSlice, icmpv4, icmpv6,
};
use exitguard::datapath::Hook;
use exitguard_common::abi::{Decision, LinkLayer, Reason, RuleId};
use exitguard_common::packet::tcp_flags::{ACK, FIN, PSH, RST, SYN};
use exitguard_common::reply::REPLIES_PER_SECOND;
use exitguard_tests::expect::{Expected, Reply, Way};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::{Judge, Seen, tc};

use crate::places::Places;
use crate::world::{Setting, check_as, deny, each_judge, in_namespace, see};

const EGRESS: RuleId = RuleId::EGRESS;
const OUT: Hook = Hook::TcOutbound;
const REJECT: Setting = Setting {
    reject: true,
    ..Setting::TUN
};

fn refused(reason: Reason, rule: RuleId) -> Decision {
    Decision {
        reject: true,
        ..deny(reason, rule)
    }
}

/// Shows a frame that is denied, new or known, and gives back what it became.
fn refuse(judge: &mut Judge, frame: &Frame, decision: Decision, way: Way, reply: Reply) -> Vec<u8> {
    let expected = Expected {
        way,
        reply,
        ..Expected::first(OUT, frame, decision).unwrap()
    };
    if way != Way::Known(&[]) {
        judge.forget(&expected.key).unwrap();
    }
    let seen = see(judge, OUT, frame);
    let result = expected.check(judge, OUT, &seen);
    result.unwrap_or_else(|error| panic!("{frame:?}: {error}"));
    seen.bytes
}

const NEW: Way = Way::Flow(exitguard_common::abi::Origin::Client);

/// What an answer's IP header says, and what it carries. Its length, hop limit and header checksum are checked here.
fn read(bytes: &[u8], from: IpAddr, to: IpAddr) -> TransportSlice<'_> {
    let packet = SlicedPacket::from_ip(bytes).unwrap();
    match packet.net.unwrap() {
        NetSlice::Ipv4(ip) => {
            let header = ip.header().to_header();
            assert_eq!(IpAddr::from(header.source), from);
            assert_eq!(IpAddr::from(header.destination), to);
            assert_eq!(usize::from(header.total_len), bytes.len());
            assert_eq!(header.header_checksum, header.calc_header_checksum());
            assert_eq!(header.time_to_live, 64);
            assert!(!header.more_fragments);
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header().to_header();
            assert_eq!(IpAddr::from(header.source), from);
            assert_eq!(IpAddr::from(header.destination), to);
            assert_eq!(usize::from(header.payload_length) + 40, bytes.len());
            assert_eq!(header.hop_limit, 64);
            assert!(matches!(
                header.next_header,
                IpNumber::TCP | IpNumber::IPV6_ICMP
            ));
        }
        NetSlice::Arp(arp) => panic!("{arp:?}"),
    }
    packet.transport.unwrap()
}

fn tcp_checksum(tcp: &TcpSlice<'_>, from: IpAddr, to: IpAddr) -> u16 {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => tcp.calc_checksum_ipv4(from.octets(), to.octets()),
        (IpAddr::V6(from), IpAddr::V6(to)) => tcp.calc_checksum_ipv6(from.octets(), to.octets()),
        _ => panic!("{from} {to}"),
    }
    .unwrap()
}

#[test]
#[ignore = "needs root"]
fn denied_tcp_is_answered_by_a_reset_that_its_sender_believes() {
    in_namespace(|| {
        let mut judge = REJECT.judge();
        for Places { client, world, .. } in Places::families() {
            // Frames acknowledge 2,000 and begin at 1,000.
            for (flags, payload, sequence, acknowledgment) in [
                (SYN, 0, 0, Some(1_001)),
                (SYN, 7, 0, Some(1_008)),
                (SYN | FIN, 0, 0, Some(1_002)),
                (FIN, 5, 0, Some(1_006)),
                (0, 100, 0, Some(1_100)),
                (ACK, 0, 2_000, None),
                (ACK | PSH, 1_200, 2_000, None),
                (ACK | FIN, 0, 2_000, None),
                (SYN | ACK, 0, 2_000, None),
            ] {
                let frame = Frame::tcp(client, world, (40_020, 25))
                    .flags(flags)
                    .payload(payload);
                for way in [NEW, Way::Known(&[])] {
                    let decision = refused(Reason::Port, EGRESS);
                    let bytes = refuse(&mut judge, &frame, decision, way, Reply::Sent);
                    let TransportSlice::Tcp(reset) = read(&bytes, world, client) else {
                        panic!("{bytes:x?}");
                    };
                    assert_eq!(
                        (reset.source_port(), reset.destination_port()),
                        (25, 40_020)
                    );
                    assert_eq!(reset.sequence_number(), sequence, "{frame:?}");
                    assert!(reset.rst() && !reset.syn() && !reset.fin() && !reset.psh());
                    assert_eq!(reset.ack(), acknowledgment.is_some());
                    assert_eq!(reset.acknowledgment_number(), acknowledgment.unwrap_or(0));
                    assert!(reset.payload().is_empty());
                    assert_eq!(reset.checksum(), tcp_checksum(&reset, world, client));
                }
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn denied_udp_is_answered_by_administratively_prohibited() {
    in_namespace(|| {
        let mut judge = REJECT.judge();
        for Places { client, world, .. } in Places::families() {
            for payload in [0, 1, 30, 1_400] {
                let frame = Frame::udp(client, world, (40_021, 54)).payload(payload);
                let sent = frame.bytes(LinkLayer::RawIp).unwrap();
                for way in [NEW, Way::Known(&[])] {
                    let decision = refused(Reason::Port, EGRESS);
                    let bytes = refuse(&mut judge, &frame, decision, way, Reply::Sent);
                    match read(&bytes, world, client) {
                        TransportSlice::Icmpv4(answer) => {
                            check_v4(&answer);
                            assert_eq!(answer.payload(), &sent[..28]);
                        }
                        TransportSlice::Icmpv6(answer) => {
                            check_v6(&answer, world, client);
                            assert_eq!(answer.payload(), &sent[..48]);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    });
}

fn check_v4(answer: &Icmpv4Slice<'_>) {
    let expected = icmpv4::DestUnreachableHeader::FilterProhibited;
    assert_eq!(
        answer.icmp_type(),
        Icmpv4Type::DestinationUnreachable(expected)
    );
    let sum = answer.icmp_type().calc_checksum(answer.payload());
    assert_eq!(answer.checksum(), sum);
}

fn check_v6(answer: &Icmpv6Slice<'_>, from: IpAddr, to: IpAddr) {
    let expected = icmpv6::DestUnreachableCode::Prohibited;
    assert_eq!(
        answer.icmp_type(),
        Icmpv6Type::DestinationUnreachable(expected)
    );
    let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else {
        panic!("{from} {to}");
    };
    assert!(answer.is_checksum_valid(from.octets(), to.octets()));
}

#[test]
#[ignore = "needs root"]
fn every_reason_of_a_rejecting_rule_is_answered() {
    in_namespace(|| {
        let mut judge = REJECT.judge();
        for places in Places::families() {
            for (remote, port, reason, rule) in [
                (places.world, 25, Reason::Port, EGRESS),
                (places.listed, 80, Reason::Blocklist, EGRESS),
                (places.lan, 80, Reason::Lan, EGRESS),
                (places.host, 80, Reason::Port, RuleId::HOST),
            ] {
                let frame = Frame::tcp(places.client, remote, (40_022, port));
                refuse(&mut judge, &frame, refused(reason, rule), NEW, Reply::Sent);
            }
            // Lockdown is silent.
            let frame = Frame::tcp(places.locked, places.world, (40_022, 80));
            let decision = deny(Reason::Lockdown, crate::world::LOCKED);
            refuse(&mut judge, &frame, decision, NEW, Reply::None);
        }
    });
}

/// No reset for a reset, no error about an error, and nothing that the answer could not stand in for.
#[test]
#[ignore = "needs root"]
fn what_may_not_be_answered_is_dropped_and_counted_as_withheld() {
    in_namespace(|| {
        let mut judge = REJECT.judge();
        for Places { client, world, .. } in Places::families() {
            let tcp = Frame::tcp(client, world, (40_023, 25));
            let udp = Frame::udp(client, world, (40_023, 54));
            let mut cases = vec![
                (tcp.clone().flags(RST), Reason::Port),
                (tcp.clone().flags(RST | ACK), Reason::Port),
                (Frame::sctp(client, world, (40_023, 1)), Reason::Port),
                (
                    Frame::other(client, world, 50).payload(30),
                    Reason::Protocol,
                ),
                (udp.clone().payload(64).first_fragment(61), Reason::Port),
            ];
            if client.is_ipv4() {
                cases.push((tcp.options(&[1; 4]), Reason::Port));
            } else {
                cases.push((udp.extension(60, &[0, 1, 4, 0, 0, 0, 0]), Reason::Port));
            }
            for (frame, reason) in cases {
                let decision = refused(reason, EGRESS);
                refuse(&mut judge, &frame, decision, NEW, Reply::Withheld);
            }
        }
    });
}

/// Only who sent something is told about it.
#[test]
#[ignore = "needs root"]
fn what_comes_in_is_not_answered() {
    in_namespace(|| {
        let mut judge = REJECT.judge();
        for Places { client, world, .. } in Places::families() {
            let frame = Frame::tcp(world, client, (25, 40_024)).flags(SYN | ACK);
            let decision = refused(Reason::Port, EGRESS);
            let expected = Expected::first(Hook::TcInbound, &frame, decision).unwrap();
            check_as(&mut judge, Hook::TcInbound, &frame, &expected, "inbound");
        }
    });
}

/// There the answer would need the addresses of the link layer.
#[test]
#[ignore = "needs root"]
fn nothing_is_answered_on_ethernet_nor_while_observing() {
    let rejecting = Setting::all().map(|setting| Setting {
        reject: true,
        ..setting
    });
    let quiet = rejecting.filter(|setting| setting.on_ethernet() || setting.observe);
    each_judge(quiet, |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let frame = Frame::tcp(client, world, (40_025, 25));
            let before = frame.bytes(setting.link).unwrap();
            let decision = setting.decision(deny(Reason::Port, EGRESS));
            let withheld = match setting.observe {
                true => Reply::None,
                false => Reply::Withheld,
            };
            let expected = Expected {
                reply: withheld,
                ..Expected::first(setting.outbound, &frame, decision).unwrap()
            };
            judge.forget(&expected.key).unwrap();
            let seen = see(judge, setting.outbound, &frame);
            expected.check(judge, setting.outbound, &seen).unwrap();
            assert_eq!(seen.bytes, before, "the frame is untouched");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_client_is_answered_so_many_times_a_second_and_others_do_not_pay_for_it() {
    /// Until a burst happens to fit into one second, on a machine that is busy with other things.
    const PATIENCE: Duration = Duration::from_secs(60);
    let burst = |judge: &mut Judge, client: IpAddr, world: IpAddr| {
        let frame = Frame::udp(client, world, (40_026, 54));
        let show = |_| see(judge, OUT, &frame);
        let (sent, dropped): (Vec<Seen>, Vec<Seen>) = (0..2 * REPLIES_PER_SECOND)
            .map(show)
            .partition(|seen| seen.code == tc::REDIRECT);
        for seen in &dropped {
            assert_eq!(seen.code, tc::DROP);
            assert_eq!(seen.stats.replies_withheld, 1);
        }
        sent.len() as u64
    };
    in_namespace(|| {
        let mut judge = REJECT.judge();
        let places = Places::v4();
        // Each burst from a client that was never answered: its second begins with the first answer.
        let start = Instant::now();
        let mut clients = (1..).map(|last| IpAddr::from([100, 64, 1, last]));
        let sent = loop {
            let begin = Instant::now();
            let sent = burst(&mut judge, clients.next().unwrap(), places.world);
            if begin.elapsed() < Duration::from_secs(1) {
                break sent;
            }
            assert!(start.elapsed() < PATIENCE, "no burst within a second");
        };
        assert_eq!(sent, REPLIES_PER_SECOND);
        let frame = Frame::udp(places.quiet, places.host, (40_026, 54));
        let seen = see(&mut judge, OUT, &frame);
        assert_eq!(seen.code, tc::REDIRECT, "another client");
    });
}
