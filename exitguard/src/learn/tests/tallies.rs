//! What is counted, and how often.

use super::*;
use exitguard_common::abi::Reason;
use std::time::Instant;

fn counted(reports: &[FlowReport]) -> Observed {
    let mut tallies = Tallies::new(at(0));
    for report in reports {
        tallies.take_in(report);
    }
    tallies.observed(at(100))
}

fn flows(observed: &Observed) -> u64 {
    observed.rows.iter().map(|row| row.flows).sum()
}

#[test]
fn a_flow_counts_once_when_it_is_over() {
    let over = report("100.64.0.9", 443);
    let start = FlowReport {
        kind: RecordKind::Start,
        ..over.clone()
    };
    let update = FlowReport {
        kind: RecordKind::Update,
        ..over.clone()
    };
    let observed = counted(&[start, update, over]);
    let expected = ObservedRow {
        flows: 1,
        answered: 1,
        sent: traffic(3).into(),
        received: traffic(2).into(),
        decision: Decided::Allow,
        ..row("100.64.0.9", 6, Some(443))
    };
    assert_eq!(observed.rows, [expected]);
}

#[test]
fn a_denied_flow_counts_when_it_is_denied_and_a_cut_one_when_it_is_over() {
    let denied = denied("100.64.0.9", 25, Reason::Port);
    let cut = FlowReport {
        to_server: traffic(3),
        ..denied.clone()
    };
    let over = FlowReport {
        kind: RecordKind::End(EndReason::Timeout),
        ..cut.clone()
    };
    let observed = counted(&[denied, cut, over]);
    assert_eq!(flows(&observed), 2);
    let decisions: Vec<_> = observed.rows.iter().map(|row| row.decision).collect();
    assert_eq!(decisions, [Decided::Deny]);
}

#[test]
fn only_what_clients_send_to_the_internet_counts() {
    let other_side = FlowReport {
        source: Some("203.0.113.7".parse().unwrap()),
        destination: Some("100.64.0.9".parse().unwrap()),
        ..report("100.64.0.9", 22)
    };
    let unreadable = FlowReport {
        source: None,
        destination: None,
        ..denied("100.64.0.9", 22, Reason::Port)
    };
    let mut fragment = denied("100.64.0.9", 22, Reason::Port);
    if let RecordKind::Deny { has_flow, .. } = &mut fragment.kind {
        *has_flow = false;
    }
    let of_the_host = FlowReport {
        decision: Decision::drop(Reason::Port, RuleId::HOST),
        ..denied("100.64.0.9", 22, Reason::Port)
    };
    let mut reports = vec![other_side, unreadable, fragment, of_the_host];
    for reason in [
        Reason::Host,
        Reason::Reply,
        Reason::Exempt,
        Reason::Malformed,
    ] {
        reports.push(denied("100.64.0.9", 22, reason));
    }
    for report in reports {
        assert_eq!(
            counted(std::slice::from_ref(&report)).rows,
            [],
            "{report:?}"
        );
    }
}

#[test]
fn flows_are_told_apart_by_client_port_and_decision() {
    let observed = counted(&[
        report("100.64.0.9", 443),
        report("100.64.0.9", 443),
        report("100.64.0.8", 443),
        report("100.64.0.9", 80),
        denied("100.64.0.9", 443, Reason::Lockdown),
        FlowReport {
            protocol: 17,
            ..report("100.64.0.9", 443)
        },
        FlowReport {
            decision: Decision {
                verdict: Verdict::WouldDeny,
                ..Decision::drop(Reason::Port, RuleId::EGRESS)
            },
            ..report("100.64.0.9", 443)
        },
    ]);
    let mut counts: Vec<_> = observed.rows.iter().map(|row| row.flows).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 1, 1, 2]);
}

#[test]
fn a_refusal_is_no_answer() {
    let back = |protocol, pkts| FlowReport {
        protocol,
        to_client: traffic(pkts),
        ..report("100.64.0.9", 443)
    };
    for (protocol, pkts, answered) in [(6, 0, 0), (6, 1, 0), (6, 2, 1), (17, 0, 0), (17, 1, 1)] {
        let observed = counted(&[back(protocol, pkts)]);
        assert_eq!(observed.rows[0].answered, answered, "{protocol} {pkts}");
    }
}

#[test]
fn open_flows_are_in_the_answer_and_count_once() {
    let over = report("100.64.0.9", 443);
    let open = FlowReport {
        kind: RecordKind::Update,
        ..over.clone()
    };
    let mut tallies = Tallies::new(at(0));
    for _ in 0..2 {
        let observed = tallies.with_open([open.clone()]).observed(at(100));
        assert_eq!(flows(&observed), 1);
    }
    tallies.take_in(&over);
    assert_eq!(flows(&tallies.observed(at(100))), 1);
}

#[test]
fn a_flow_that_goes_on_after_a_restart_counts_once() {
    let unanswered = FlowReport {
        to_client: traffic(0),
        ..report("100.64.0.9", 443)
    };
    let mut tallies = Tallies::new(at(0));
    tallies.take_in(&unanswered);
    let before = tallies.observed(at(50));
    assert_eq!(before.rows[0].answered, 0);
    let mut tallies = Tallies::resume(before, at(60));
    let goes_on = FlowReport {
        last: at(90),
        ..report("100.64.0.9", 443)
    };
    tallies.take_in(&goes_on);
    tallies.take_in(&FlowReport {
        start: at(70),
        last: at(80),
        ..goes_on
    });
    let observed = tallies.observed(at(100));
    assert_eq!((observed.since, observed.rows.len()), (at(0), 1));
    let row = &observed.rows[0];
    // The answer to the first became known, and the second was answered.
    assert_eq!((row.flows, row.answered, row.last), (2, 2, at(90)));
    assert_eq!((row.first, row.sent.pkts), (at(10), 6));
}

#[test]
fn a_clock_that_was_wrong_does_not_stop_the_counting() {
    let before = Tallies::new(at(0)).observed(at(1_000_000));
    let mut tallies = Tallies::resume(before, at(5));
    tallies.take_in(&report("100.64.0.9", 443));
    tallies.take_in(&report("100.64.0.9", 443));
    assert_eq!(flows(&tallies.observed(at(100))), 2);
}

#[test]
fn everything_is_there_again_after_a_restart() {
    let lan = FlowReport {
        destination: Some("192.168.1.20".parse().unwrap()),
        ..denied("100.64.0.9", 445, Reason::Lan)
    };
    let observed = counted(&[report("100.64.0.9", 443), lan]);
    let mut again = Tallies::resume(observed.clone(), at(101)).observed(at(100));
    again.rows.sort_by_key(|row| row.port);
    let mut rows = observed.rows.clone();
    rows.sort_by_key(|row| row.port);
    assert_eq!(again, Observed { rows, ..observed });
}

/// Also a measurement: run it with `--nocapture`.
#[test]
fn a_scan_is_bounded_and_does_not_push_out_what_is_used() {
    let mut tallies = Tallies::new(at(0));
    let used: Vec<_> = (0..100).map(|port| report("100.64.0.9", port)).collect();
    let started = Instant::now();
    for _ in 0..1_000 {
        for report in &used {
            tallies.take_in(report);
        }
    }
    eprintln!("100,000 ordinary flows: {:?}", started.elapsed());
    let mut scan = Vec::new();
    for client in ["100.64.0.7", "100.64.0.8"] {
        for port in 0..50_000 {
            scan.push(denied(client, port, Reason::Port));
        }
    }
    let started = Instant::now();
    for report in &scan {
        tallies.take_in(report);
    }
    eprintln!("100,000 flows of a scan: {:?}", started.elapsed());
    let started = Instant::now();
    let observed = tallies.observed(at(100));
    eprintln!("an answer: {:?}", started.elapsed());
    assert!(observed.rows.len() <= MAX_ROWS, "{}", observed.rows.len());
    assert!(
        observed.rows.len() > MAX_ROWS / 2,
        "{}",
        observed.rows.len()
    );
    assert_eq!(flows(&observed) + observed.dropped_flows, 200_000);
    let kept = observed.rows.iter().filter(|row| row.flows == 1_000);
    assert_eq!(kept.count(), used.len());
    let again = Tallies::resume(observed.clone(), at(101)).observed(at(101));
    assert_eq!(again.dropped_flows, observed.dropped_flows);
}

#[test]
fn destinations_are_kept_of_what_they_are_the_reason_for() {
    let to = |address: &str, reason| FlowReport {
        destination: Some(address.parse().unwrap()),
        list: (reason == Reason::Blocklist).then(|| "bad".to_owned()),
        ..denied("100.64.0.9", 443, reason)
    };
    let mut reports = vec![to("203.0.113.1", Reason::Port)];
    for host in 0..20 {
        for _ in 0..=host {
            reports.push(to(&format!("192.168.1.{host}"), Reason::Lan));
        }
    }
    reports.push(to("203.0.113.66", Reason::Blocklist));
    let observed = counted(&reports);
    let of = |reason: &str| {
        let mut rows = observed.rows.iter();
        rows.find(|row| row.reason == reason).unwrap()
    };
    assert_eq!(of("port").destinations, []);
    let lan = of("lan");
    assert_eq!(lan.destinations.len(), MAX_DESTINATIONS);
    assert_eq!(lan.destinations[15].flows, 16);
    assert_eq!((lan.flows, lan.others), (210, 17 + 18 + 19 + 20));
    let listed = &of("blocklist").destinations[0];
    assert_eq!(listed.list.as_deref(), Some("bad"));
    assert_eq!(listed.address.to_string(), "203.0.113.66");
}

#[test]
fn destinations_of_all_rows_are_bounded() {
    let mut tallies = Tallies::new(at(0));
    for port in 1..=2_000 {
        for host in 0..MAX_DESTINATIONS {
            tallies.take_in(&FlowReport {
                destination: Some(format!("192.168.1.{host}").parse().unwrap()),
                ..denied("100.64.0.9", port, Reason::Lan)
            });
        }
    }
    let observed = tallies.observed(at(100));
    let kept: usize = observed.rows.iter().map(|row| row.destinations.len()).sum();
    let others: u64 = observed.rows.iter().map(|row| row.others).sum();
    assert_eq!((kept, others), (20_000, 12_000));
}
