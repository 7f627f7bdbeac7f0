//! The kernel's flow table, for whoever asks.

use super::reporter::Names;
use crate::control::{Flow, FlowState, Flows};
use crate::output::{FlowReport, WallClock};
use crate::state::{Record, RecordKind};
use exitguard_common::abi::{self, FlowKey, Origin};

/// All flows with every name looked up.
pub(super) fn named(
    table: &[(FlowKey, abi::FlowState)],
    names: &Names,
    clock: &WallClock,
) -> Flows {
    let flows = table.iter().filter_map(|(key, state)| {
        let record = Record {
            kind: RecordKind::Update,
            key: *key,
            state: *state,
            time_ns: clock.monotonic_ns(),
        };
        let report = names.named(&record, clock)?;
        Some(flow(report, state))
    });
    Flows {
        time: clock.wall(),
        flows: flows.collect(),
    }
}

fn flow(report: FlowReport, state: &abi::FlowState) -> Flow {
    let inbound = state.origin() == Origin::Remote;
    let (client_port, remote_port) = if inbound {
        (report.destination_port, report.source_port)
    } else {
        (report.source_port, report.destination_port)
    };
    let remote = if inbound {
        report.source
    } else {
        report.destination
    };
    Flow {
        id: report.flow_id,
        client: report.client,
        client_port,
        client_name: report.client_name.as_deref().map(str::to_owned),
        remote: remote.unwrap_or(report.client),
        remote_port,
        protocol: report.protocol,
        inbound,
        state: if state.closed != 0 {
            FlowState::Closed
        } else if report.to_client.pkts > 0 {
            FlowState::Established
        } else {
            FlowState::New
        },
        sent: state.outbound.into(),
        received: state.inbound.into(),
        denied_pkts: report.denied_pkts,
        decision: report.decision.verdict.into(),
        reason: report.decision.reason.name().to_owned(),
        rule: report.rule,
        list: report.list,
        entry: report.entry,
        start: report.start,
        last: report.last,
        generation: report.generation,
    }
}
