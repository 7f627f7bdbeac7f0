//! Made-up flows, clients and answers.

use crate::control::{
    Amount, Change, ChangeKind, Decided, Flow, FlowState, Flows, ListStatus, Protection, Status,
    Traffic,
};
use crate::tui::model::Event;
use jiff::{SignedDuration, Timestamp};

/// The moment at which everything happens.
pub(crate) fn noon() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

/// So many seconds later.
pub(crate) fn at(seconds: f64) -> Timestamp {
    noon() + SignedDuration::from_secs_f64(seconds)
}

/// An allowed flow from one client to one server.
pub(crate) fn flow(id: u64) -> Flow {
    Flow {
        id,
        client: "100.64.0.9".parse().unwrap(),
        client_port: Some(40_000),
        client_name: Some("web1".to_owned()),
        remote: "203.0.113.7".parse().unwrap(),
        remote_port: Some(443),
        protocol: 6,
        inbound: false,
        state: FlowState::Established,
        sent: Amount::default(),
        received: Amount::default(),
        denied_pkts: 0,
        decision: Decided::Allow,
        reason: "port".to_owned(),
        rule: "client web1".to_owned(),
        list: None,
        entry: None,
        start: noon(),
        last: noon(),
        generation: 7,
    }
}

/// A daemon that enforces, with two lists.
pub(crate) fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 812,
        started: at(-3_600.0),
        interface: "tailscale0".into(),
        device: Some(4),
        attached_by: Some("tcx".into()),
        protection: Protection::Enforcing,
        reason: None,
        mode: "enforce".into(),
        fail: "open".into(),
        gate_closed: false,
        generation: 7,
        policy_since: Some(at(-3_600.0)),
        reload_error: None,
        trial_until: None,
        changes: 0,
        flow_table: 131_072,
        lost_file: 0,
        unprotected_seconds: 0.0,
        clients: 2,
        lists: vec![
            list("feodo", "deny", "current", 1_204, 17),
            ListStatus {
                reason: Some("line 3 is wrong".into()),
                ..list("ours", "observe", "last_good", 12, 0)
            },
        ],
        flows: 5,
        outbound: Traffic::default(),
        inbound: Traffic::default(),
        denied_pkts: [("port".to_owned(), 3)].into(),
        would_deny_pkts: Default::default(),
        lost_kernel: 0,
        lost_output: 0,
    }
}

fn list(name: &str, action: &str, state: &str, entries: usize, hits: u64) -> ListStatus {
    ListStatus {
        name: name.into(),
        action: action.into(),
        state: state.into(),
        reason: None,
        entries,
        age: Some(3_600),
        hits,
    }
}

/// The same after some seconds of traffic.
pub(crate) fn status_after(seconds: u64) -> Status {
    let mut status = status();
    status.outbound = Traffic {
        pkts: seconds * 100,
        // It swells and ebbs.
        bytes: (1..=seconds).map(|second| (second % 8) * 12_400).sum(),
        denied_pkts: seconds * 3,
        denied_bytes: seconds * 180,
    };
    status.inbound = Traffic {
        pkts: seconds * 200,
        bytes: seconds * 1_250_000,
        ..Traffic::default()
    };
    status
}

/// Two clients, an allowed download, a query, mail that is denied and something on a list.
pub(crate) fn busy(second: u64) -> Flows {
    let amount = |pkts, bytes| Amount { pkts, bytes };
    let since = |seconds: u64| at(-(seconds as f64));
    let now = at(second as f64);
    let web = Flow {
        sent: amount(1_200 + second * 10, 98_300 + second * 4_000),
        received: amount(3_400 + second * 800, 5_200_000 + second * 1_200_000),
        start: since(90),
        last: now,
        ..flow(1)
    };
    let dns = Flow {
        client: "fd7a:115c:a1e0::1234".parse().unwrap(),
        client_name: None,
        remote: "2001:db8::53".parse().unwrap(),
        remote_port: Some(53),
        protocol: 17,
        rule: "egress".to_owned(),
        sent: amount(2 + second, 140 + second * 70),
        received: amount(2 + second, 400 + second * 200),
        start: since(20),
        last: at(second as f64 - 2.0),
        ..flow(2)
    };
    let mail = Flow {
        remote: "198.51.100.25".parse().unwrap(),
        remote_port: Some(25),
        state: FlowState::New,
        denied_pkts: 3 + second,
        decision: Decided::Deny,
        start: since(30),
        last: now,
        ..flow(3)
    };
    let listed = Flow {
        client: "100.64.0.10".parse().unwrap(),
        client_name: Some("db1".to_owned()),
        remote: "203.0.113.66".parse().unwrap(),
        state: FlowState::New,
        denied_pkts: 1 + second * 2,
        decision: Decided::Deny,
        reason: "blocklist".to_owned(),
        list: Some("feodo".to_owned()),
        entry: Some("203.0.113.64/26".to_owned()),
        rule: "client db1".to_owned(),
        start: since(600),
        last: now,
        ..flow(4)
    };
    let ssh = Flow {
        inbound: true,
        client_port: Some(22),
        remote: "192.0.2.80".parse().unwrap(),
        remote_port: Some(50_022),
        decision: Decided::WouldDeny,
        reason: "lan".to_owned(),
        sent: amount(40, 5_000),
        received: amount(50, 6_000),
        start: since(4_000),
        last: since(70),
        ..flow(5)
    };
    Flows {
        time: now,
        flows: vec![web, dns, mail, listed, ssh],
    }
}

/// Something that was changed at run time.
pub(crate) fn change(id: u32, kind: ChangeKind) -> Change {
    let is_lockdown = kind == ChangeKind::Lockdown;
    let destination = "203.0.113.7/32".parse().unwrap();
    Change {
        id,
        kind,
        destination: Some(destination).filter(|_| !is_lockdown),
        client: Some("db1".to_owned()).filter(|_| is_lockdown),
        clients: Vec::new(),
        since: at(-60.0),
        until: Some(at(3_540.0)).filter(|_| !is_lockdown),
        by: "root".to_owned(),
        comment: String::new(),
    }
}

/// Something that happened.
pub(crate) fn event(second: u32, is_denied: bool) -> Event {
    let text = if is_denied {
        "DENY tcp 100.64.0.9:40001 -> 203.0.113.66:443 blocklist feodo 203.0.113.64/26 [client web1] 60 B"
    } else {
        "start tcp 100.64.0.9:40000 -> 203.0.113.7:443 port [client web1]"
    };
    Event {
        time: at(second.into()),
        text: text.to_owned(),
        is_denied,
    }
}
