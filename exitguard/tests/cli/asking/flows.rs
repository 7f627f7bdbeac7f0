//! `exitguard flows`.

use super::Daemon;
use exitguard::control::{Amount, Decided, Flow, FlowState, Flows};
use jiff::Timestamp;
use serde_json::Value;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const fn amount(pkts: u64, bytes: u64) -> Amount {
    Amount { pkts, bytes }
}

/// A download, a ping that would be denied, something denied to a client with a name that is up to no good, and a
/// connection to a client.
fn flows() -> Flows {
    let download = Flow {
        id: 1,
        client: "100.64.0.9".parse().unwrap(),
        client_port: Some(40_000),
        client_name: Some("web1".to_owned()),
        remote: "198.51.100.7".parse().unwrap(),
        remote_port: Some(443),
        protocol: 6,
        inbound: false,
        state: FlowState::Established,
        sent: amount(1_200, 98_304),
        received: amount(3_400, 5_242_880),
        denied_pkts: 0,
        decision: Decided::Allow,
        reason: "port".to_owned(),
        rule: "client web1".to_owned(),
        list: None,
        entry: None,
        start: time("2026-01-02T11:58:30Z"),
        last: time("2026-01-02T11:59:59Z"),
        generation: 7,
    };
    let ping = Flow {
        id: 2,
        client: "fd7a:115c:a1e0::8".parse().unwrap(),
        client_port: None,
        client_name: None,
        remote: "2001:db8::7".parse().unwrap(),
        remote_port: None,
        protocol: 58,
        sent: amount(4, 416),
        received: amount(4, 400),
        decision: Decided::WouldDeny,
        reason: "icmp".to_owned(),
        rule: "egress".to_owned(),
        start: time("2026-01-02T11:59:56Z"),
        last: time("2026-01-02T12:00:00Z"),
        ..download.clone()
    };
    let denied = Flow {
        id: 3,
        client: "100.64.0.10".parse().unwrap(),
        client_port: Some(5_353),
        client_name: Some("evil\u{1b}[31m".to_owned()),
        remote: "203.0.113.66".parse().unwrap(),
        remote_port: Some(53),
        protocol: 17,
        state: FlowState::New,
        sent: amount(0, 0),
        received: amount(0, 0),
        denied_pkts: 3,
        decision: Decided::Deny,
        reason: "blocklist".to_owned(),
        rule: "client evil\u{1b}[31m".to_owned(),
        list: Some("feodo".to_owned()),
        entry: Some("203.0.113.0/24".to_owned()),
        start: time("2026-01-02T09:00:00Z"),
        last: time("2026-01-02T09:00:01Z"),
        ..download.clone()
    };
    let inbound = Flow {
        id: 4,
        client_port: Some(22),
        remote: "100.64.0.1".parse().unwrap(),
        remote_port: Some(50_000),
        inbound: true,
        sent: amount(10, 6_000),
        received: amount(5_000, 1_000),
        reason: "reply".to_owned(),
        rule: "host".to_owned(),
        start: time("2026-01-02T10:00:00Z"),
        last: time("2026-01-02T11:00:00Z"),
        ..download.clone()
    };
    Flows {
        time: time("2026-01-02T12:00:00Z"),
        flows: vec![ping, inbound, download, denied],
    }
}

#[test]
fn flows_are_an_aligned_table() {
    let said = Daemon::new(flows()).run(&["flows"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(said.stdout);
}

#[test]
fn only_those_that_match_are_shown_and_no_more_than_were_asked_for() {
    let daemon = Daemon::new(flows());
    for (args, last) in [
        (&["flows", "deny"][..], "1 of 4 flows"),
        (&["flows", "!deny", "client:web1"], "2 of 4 flows"),
        (&["flows", "!deny client:web1"], "2 of 4 flows"),
        (&["flows", "--limit", "1", "!deny"], "1 of 3 flows"),
        (&["flows", "--limit", "9"], "4 flows"),
        (&["flows", "port:9"], "0 of 4 flows"),
        (&["flows", "--", "-deny"], "3 of 4 flows"),
    ] {
        let said = daemon.run(args);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert_eq!(said.stdout.lines().last(), Some(last), "{args:?}");
    }
    let none = Flows {
        flows: Vec::new(),
        ..flows()
    };
    assert_eq!(Daemon::new(none).run(&["flows"]).stdout, "0 flows\n");
}

#[test]
fn they_are_sorted_as_is_asked_for() {
    let daemon = Daemon::new(flows());
    for (by, order) in [
        ("bytes", [1, 4, 2, 3]),
        ("sent", [1, 4, 2, 3]),
        ("received", [1, 4, 2, 3]),
        ("packets", [4, 1, 2, 3]),
        ("age", [3, 4, 1, 2]),
        ("last", [2, 1, 4, 3]),
        ("denied", [3, 4, 1, 2]),
        ("client", [4, 1, 3, 2]),
        ("dst", [4, 1, 3, 2]),
    ] {
        let said = daemon.run(&["flows", "--json", "--sort", by]);
        let shown: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(
            (&shown["known"], &shown["matching"]),
            (&4.into(), &4.into())
        );
        let flows = shown["flows"].as_array().unwrap();
        let ids: Vec<_> = flows
            .iter()
            .filter_map(|flow| flow["id"].as_u64())
            .collect();
        assert_eq!(ids, order, "{by}");
    }
}
