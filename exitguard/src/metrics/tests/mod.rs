//! What is scraped, and who scrapes.

mod format;
mod server;

use crate::control::{ListStatus, Protection, Status, Traffic};

/// Something of everything.
fn sample() -> Status {
    let list = ListStatus {
        name: "bad".into(),
        action: "deny".into(),
        state: "current".into(),
        reason: None,
        entries: 1_204,
        age: Some(7_300),
        hits: 17,
    };
    let missing = ListStatus {
        name: "worse \"\\\n".into(),
        action: "observe".into(),
        state: "missing".into(),
        entries: 0,
        age: None,
        hits: 0,
        ..list.clone()
    };
    Status {
        version: "0.1.0".into(),
        pid: 812,
        started: "2026-01-02T09:00:00.25Z".parse().unwrap(),
        interface: "tailscale0".into(),
        device: Some(4),
        attached_by: Some("tcx".into()),
        protection: Protection::Enforcing,
        reason: None,
        mode: "enforce".into(),
        fail: "closed".into(),
        gate_closed: true,
        generation: 7,
        policy_since: Some("2026-01-02T12:00:00Z".parse().unwrap()),
        trial_until: None,
        reload_error: Some("exitguard.toml:3:8: no".into()),
        unprotected_seconds: 0.012,
        clients: 1,
        changes: 2,
        lists: vec![list, missing],
        flows: 31,
        flow_table: 131_072,
        outbound: Traffic {
            pkts: 81_233,
            bytes: 12_400_000,
            denied_pkts: 212,
            denied_bytes: 12_900,
        },
        inbound: Traffic {
            pkts: 120_417,
            bytes: u64::MAX,
            denied_pkts: 0,
            denied_bytes: 0,
        },
        denied_pkts: [("blocklist".to_owned(), 17), ("port".to_owned(), 195)].into(),
        would_deny_pkts: [("lan".to_owned(), 3)].into(),
        lost_kernel: 4,
        lost_output: 5,
        lost_file: 6,
    }
}
