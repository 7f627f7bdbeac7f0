//! What a flow remembers: its decision, until a new policy; its counters; whether it ended.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Counters, Direction, EventKind, Reason, RuleId, Stats, Verdict};
use exitguard_common::packet::tcp_flags::{ACK, FIN, RST, SYN};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::tc;

use crate::places::Places;
use crate::world::{Setting, again, allow, check, deny, each_judge, in_namespace, note, see};

const EGRESS: RuleId = RuleId::EGRESS;
const IN: Hook = Hook::TcInbound;
const OUT: Hook = Hook::TcOutbound;

fn sum(frames: &[&Frame]) -> Counters {
    frames.iter().fold(Counters::default(), |sum, frame| {
        let wire = frame.wire().unwrap();
        Counters {
            pkts: sum.pkts + wire.pkts,
            bytes: sum.bytes + wire.bytes,
        }
    })
}

#[test]
#[ignore = "needs root"]
fn an_allowed_flow_is_counted_both_ways_and_told_once() {
    let decision = allow(Reason::Port, EGRESS);
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let first = Frame::udp(client, world, (40_001, 53)).payload(30);
            let more = first.clone().payload(31);
            let back = first.clone().answer().payload(400);
            check(judge, setting.outbound, &first, decision, "first");
            again(judge, setting.outbound, &more, decision, &[]);
            again(judge, IN, &back, decision, &[]);
            let state = again(judge, IN, &back, decision, &[]);
            assert_eq!(state.outbound, sum(&[&first, &more]));
            assert_eq!(state.inbound, sum(&[&back, &back]));
            assert_eq!(state.denied_pkts, 0);
            assert!(state.last_seen_ns >= state.first_seen_ns);
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_denied_flow_is_counted_each_time_and_told_once() {
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let first = Frame::udp(client, world, (40_002, 54)).payload(30);
            let back = first.clone().answer();
            let decision = setting.decision(deny(Reason::Port, EGRESS));
            check(judge, setting.outbound, &first, decision, "first");
            again(judge, setting.outbound, &first, decision, &[]);
            let state = again(judge, IN, &back, decision, &[]);
            let (denied, outbound) = if setting.observe {
                (0, sum(&[&first, &first]))
            } else {
                (3, Counters::default())
            };
            assert_eq!((state.denied_pkts, state.outbound), (denied, outbound));
        }
    });
}

#[test]
#[ignore = "needs root"]
fn what_a_list_only_observes_is_counted_each_time_and_told_once() {
    let decision = note(Reason::Blocklist, EGRESS);
    each_judge(Setting::all(), |judge, setting| {
        for Places {
            client, watched, ..
        } in Places::families()
        {
            let frame = Frame::udp(client, watched, (40_003, 53));
            check(judge, setting.outbound, &frame, decision, "first");
            again(judge, setting.outbound, &frame, decision, &[]);
            let state = again(judge, IN, &frame.clone().answer(), decision, &[]);
            assert_eq!((state.outbound.pkts, state.inbound.pkts), (2, 1));
        }
    });
}

/// It ends what is denied already, and so may our own answer on its way out of the interface.
#[test]
#[ignore = "needs root"]
fn a_reset_from_the_far_side_passes_on_a_denied_flow() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for Places { client, world, .. } in Places::families() {
            let syn = Frame::tcp(client, world, (40_004, 25));
            let decision = deny(Reason::Port, EGRESS);
            check(&mut judge, OUT, &syn, decision, "syn");
            let reset = syn.clone().answer().flags(RST | ACK);
            let seen = see(&mut judge, IN, &reset);
            assert_eq!((seen.code, seen.events.len()), (tc::PASS, 0));
            let mut stats = Stats::default();
            stats.inbound.passed = reset.wire().unwrap();
            assert_eq!(seen.stats, stats);
            let state = judge.flow(&syn.key(Direction::Outbound)).unwrap().unwrap();
            assert_eq!((state.denied_pkts, state.closed), (1, 0));
            again(
                &mut judge,
                IN,
                &syn.clone().answer().flags(SYN | ACK),
                decision,
                &[],
            );
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_new_policy_judges_the_flows_that_there_are_anew() {
    in_namespace(|| {
        let setting = Setting::TUN;
        let mut judge = setting.judge();
        let flows: Vec<_> = Places::families()
            .into_iter()
            .flat_map(|Places { client, world, .. }| {
                let open = Frame::tcp(client, world, (40_005, 80));
                let closed = Frame::udp(client, world, (40_005, 9));
                [(open, true), (closed, false)]
            })
            .collect();
        let by_port = |is_allowed| match is_allowed {
            true => allow(Reason::Port, EGRESS),
            false => deny(Reason::Port, EGRESS),
        };
        for (frame, is_allowed) in &flows {
            check(&mut judge, OUT, frame, by_port(*is_allowed), "old policy");
        }
        // The one that was allowed is denied now, and the other way round.
        let old = "tcp = [80, \"6000-6010\"]\nudp = [53, \"33434-65535\"]";
        judge
            .replace(setting.policy_but(old, "tcp = [81]\nudp = [9]"))
            .unwrap();
        for (frame, was_allowed) in &flows {
            let told: &'static [_] = match was_allowed {
                true => &[EventKind::Deny],
                false => &[EventKind::Start],
            };
            let decision = by_port(!was_allowed);
            let frame = frame.clone().flags(ACK);
            again(&mut judge, OUT, &frame, decision, told);
            let state = again(&mut judge, OUT, &frame, decision, &[]);
            let expected = if *was_allowed { (1, 2) } else { (2, 1) };
            assert_eq!((state.outbound.pkts, state.denied_pkts), expected);
        }
        // And back, seen from the other side first.
        judge.replace(setting.policy()).unwrap();
        for (frame, is_allowed) in &flows {
            let told: &'static [_] = match is_allowed {
                true => &[EventKind::Start],
                false => &[EventKind::Deny],
            };
            let back = frame.clone().answer().flags(ACK);
            again(&mut judge, IN, &back, by_port(*is_allowed), told);
            again(
                &mut judge,
                OUT,
                &frame.clone().flags(ACK),
                by_port(*is_allowed),
                &[],
            );
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_new_policy_that_changes_nothing_is_not_told() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        let Places { client, world, .. } = Places::v4();
        let open = Frame::tcp(client, world, (40_006, 80));
        let closed = Frame::tcp(client, world, (40_006, 25));
        let (yes, no) = (allow(Reason::Port, EGRESS), deny(Reason::Port, EGRESS));
        check(&mut judge, OUT, &open, yes, "open");
        check(&mut judge, OUT, &closed, no, "closed");
        judge.replace(Setting::TUN.policy()).unwrap();
        let state = again(&mut judge, OUT, &open.clone().flags(ACK), yes, &[]);
        assert_eq!(state.cached.generation(), 2);
        again(&mut judge, OUT, &closed, no, &[]);
    });
}

#[test]
#[ignore = "needs root"]
fn tcp_ends_by_fin_from_both_sides_or_by_a_reset_and_may_begin_again() {
    let decision = allow(Reason::Port, EGRESS);
    const CLOSE: &[EventKind] = &[EventKind::Close];
    each_judge(Setting::all(), |judge, setting| {
        let out = setting.outbound;
        for Places { client, world, .. } in Places::families() {
            let syn = Frame::tcp(client, world, (40_010, 80));
            let from = |flags| syn.clone().flags(flags);
            let to = |flags| syn.clone().answer().flags(flags);

            check(judge, out, &syn, decision, "syn");
            again(judge, IN, &to(SYN | ACK), decision, &[]);
            let state = again(judge, out, &from(FIN | ACK), decision, &[]);
            assert_eq!(state.closed, 0, "half closed");
            let state = again(judge, IN, &to(FIN | ACK), decision, CLOSE);
            assert_eq!(state.closed, 1);
            assert_eq!(state.tcp_flags_outbound, SYN | FIN | ACK);
            assert_eq!(state.tcp_flags_inbound, SYN | FIN | ACK);
            let state = again(judge, out, &from(ACK), decision, &[]);
            assert_eq!(
                state.outbound.pkts, 3,
                "the last acknowledgment is of the old flow"
            );

            // The same ports again: a new flow, of which nothing was counted.
            let state = again(judge, out, &syn, decision, &[EventKind::Start]);
            assert_eq!((state.closed, state.outbound.pkts), (0, 1));
            assert_eq!(state.inbound, Counters::default());
            let state = again(judge, IN, &to(RST), decision, CLOSE);
            assert_eq!(state.closed, 1);
            again(judge, IN, &to(RST), decision, &[]);

            let state = again(judge, out, &syn, decision, &[EventKind::Start]);
            assert_eq!(state.closed, 0);
            again(judge, out, &from(RST | ACK), decision, CLOSE);

            // A stray reset is over with its only packet, which is told as a start.
            check(judge, out, &from(RST), decision, "stray reset");
        }
    });
}

/// Source and destination, ports and protocol each make another flow.
#[test]
#[ignore = "needs root"]
fn each_part_of_the_five_tuple_makes_another_flow() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        let mut count = 0;
        for places in Places::families() {
            let (client, quiet, world) = (places.client, places.quiet, places.world);
            for frame in [
                Frame::tcp(client, world, (1_000, 80)),
                Frame::tcp(client, world, (1_001, 80)),
                Frame::tcp(client, world, (1_000, 81)),
                Frame::tcp(client, places.listed, (1_000, 80)),
                Frame::tcp(quiet, world, (1_000, 80)),
                Frame::udp(client, world, (1_000, 80)),
                Frame::sctp(client, world, (1_000, 80)),
                Frame::ping(client, world, 1),
                Frame::ping(client, world, 2),
                Frame::other(client, world, 47),
                Frame::other(client, world, 50),
            ] {
                let seen = see(&mut judge, OUT, &frame);
                assert_eq!(seen.events.len(), 1, "{frame:?}");
                count += 1;
                assert_eq!(judge.flow_count().unwrap(), count, "{frame:?}");
                let state = judge.flow(&frame.key(Direction::Outbound)).unwrap();
                assert!(
                    state
                        .is_some_and(|state| state.cached.decision().verdict != Verdict::WouldDeny)
                );
            }
        }
    });
}
