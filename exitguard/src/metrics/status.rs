//! What a status says, as metrics.

use super::encoder::{Encoder, Family};
use crate::control::{ListStatus, Protection, Status, Traffic};
use crate::lists::Standing;
use exitguard_common::abi::Reason;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// All metrics, as text.
pub fn text(status: &Status) -> String {
    let mut encoder = Encoder::default();
    guard(status, &mut encoder);
    traffic(status, &mut encoder);
    lists(&status.lists, &mut encoder);
    lost(status, &mut encoder);
    encoder.finish()
}

fn guard(status: &Status, encoder: &mut Encoder) {
    encoder
        .gauge("exitguard_build_info", "Version of the daemon.")
        .with(&[("version", &status.version)], 1);
    encoder
        .gauge(
            "exitguard_start_time_seconds",
            "When the daemon started, in seconds since 1970.",
        )
        .is(seconds(status.started));
    encoder
        .gauge("exitguard_guard_info", "What is guarded, and how.")
        .with(
            &[
                ("interface", &status.interface),
                (
                    "attached_by",
                    status.attached_by.as_deref().unwrap_or_default(),
                ),
                ("mode", &status.mode),
                ("fail", &status.fail),
            ],
            1,
        );
    encoder
        .gauge(
            "exitguard_protection",
            "How far traffic is under control, as the kernel says: 1 for the state that is.",
        )
        .states(
            &[],
            status.protection.name(),
            Protection::ALL.map(Protection::name),
        );
    encoder
        .gauge(
            "exitguard_gate_wanted",
            "Whether nothing may be forwarded without the programs (fail = \"closed\").",
        )
        .is(u8::from(status.fail == "closed"));
    encoder
        .gauge(
            "exitguard_gate_closed",
            "Whether nothing is forwarded without the programs.",
        )
        .is(u8::from(status.gate_closed));
    encoder
        .gauge(
            "exitguard_policy_generation",
            "Number of the policy in force; 0 for none.",
        )
        .is(status.generation);
    if let Some(since) = status.policy_since {
        encoder
            .gauge(
                "exitguard_policy_start_time_seconds",
                "When the policy was put in force, in seconds since 1970.",
            )
            .is(seconds(since));
    }
    encoder
        .gauge(
            "exitguard_reload_failed",
            "Whether the last reload failed, so that the policy before it is in force.",
        )
        .is(u8::from(status.reload_error.is_some()));
    encoder
        .gauge("exitguard_client_rules", "Clients with rules of their own.")
        .is(status.clients);
    encoder
        .gauge(
            "exitguard_runtime_changes",
            "Changes in force that were made while the daemon ran.",
        )
        .is(status.changes);
    encoder
        .counter(
            "exitguard_unprotected_seconds_total",
            "For how long packets could pass unjudged since the daemon started.",
        )
        .is(status.unprotected_seconds);
}

fn traffic(status: &Status, encoder: &mut Encoder) {
    let directions = [("outbound", status.outbound), ("inbound", status.inbound)];
    let by_direction =
        |mut family: Family<'_>, passed: fn(&Traffic) -> u64, denied: fn(&Traffic) -> u64| {
            for (direction, traffic) in &directions {
                for (verdict, count) in [("passed", passed(traffic)), ("denied", denied(traffic))] {
                    family.with(&[("direction", direction), ("verdict", verdict)], count);
                }
            }
        };
    by_direction(
        encoder.counter(
            "exitguard_packets_total",
            "Packets since the kernel's state was made, which a restart does not reset.",
        ),
        |traffic| traffic.pkts,
        |traffic| traffic.denied_pkts,
    );
    by_direction(
        encoder.counter("exitguard_bytes_total", "Bytes of these packets."),
        |traffic| traffic.bytes,
        |traffic| traffic.denied_bytes,
    );
    by_reason(
        encoder.counter(
            "exitguard_denied_packets_total",
            "Denied packets, by the step that decided.",
        ),
        &status.denied_pkts,
    );
    by_reason(
        encoder.counter(
            "exitguard_would_deny_packets_total",
            "Packets that passed only because mode or list observe, by the step that decided.",
        ),
        &status.would_deny_pkts,
    );
    encoder
        .gauge("exitguard_flows", "Flows that are known and not over.")
        .is(status.flows);
    encoder
        .gauge(
            "exitguard_flows_limit",
            "Flows that the kernel remembers; the least recently used one makes room.",
        )
        .is(status.flow_table);
}

/// All reasons, so that a rate of the first of its kind is seen.
fn by_reason(mut family: Family<'_>, counts: &BTreeMap<String, u64>) {
    for reason in Reason::ALL.map(Reason::name) {
        let count = counts.get(reason).copied().unwrap_or_default();
        family.with(&[("reason", reason)], count);
    }
}

fn lists(lists: &[ListStatus], encoder: &mut Encoder) {
    let each = |mut family: Family<'_>, write: fn(&mut Family<'_>, &ListStatus)| {
        for list in lists {
            write(&mut family, list);
        }
    };
    each(
        encoder.gauge(
            "exitguard_list_info",
            "A list, and what a hit does: deny or observe.",
        ),
        |family, list| family.with(&[("list", &list.name), ("action", &list.action)], 1),
    );
    each(
        encoder.gauge(
            "exitguard_list_state",
            "Whether what is in force of a list is what should be: 1 for the state that is.",
        ),
        |family, list| {
            let states = Standing::ALL.map(Standing::name);
            family.states(&[("list", &list.name)], &list.state, states);
        },
    );
    each(
        encoder.gauge(
            "exitguard_list_entries",
            "Prefixes of a list that are in force.",
        ),
        |family, list| family.with(&[("list", &list.name)], list.entries),
    );
    each(
        encoder.gauge(
            "exitguard_list_age_seconds",
            "Time since the version in force of a list was accepted; of none that never was.",
        ),
        |family, list| {
            if let Some(age) = list.age {
                family.with(&[("list", &list.name)], age);
            }
        },
    );
    each(
        encoder.counter(
            "exitguard_list_hits_total",
            "Flows that a list denied, or would have.",
        ),
        |family, list| family.with(&[("list", &list.name)], list.hits),
    );
}

fn lost(status: &Status, encoder: &mut Encoder) {
    let mut lost = encoder.counter(
        "exitguard_lost_events_total",
        "Events that are missing: the kernel had no room, the reader of the output was too slow, the file was not written.",
    );
    for (at, count) in [
        ("kernel", status.lost_kernel),
        ("output", status.lost_output),
        ("file", status.lost_file),
    ] {
        lost.with(&[("at", at)], count);
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1_000.0
}
