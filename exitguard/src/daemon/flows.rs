//! The kernel's flow table, for whoever asks.

use super::reporter::Names;
use crate::control::{Flow, FlowState, Flows};
use crate::datapath::ReadFlows;
use crate::output::{FlowReport, WallClock};
use crate::state::{Record, RecordKind};
use exitguard_common::abi::{self, Origin};
use serde::ser::{Error, Serialize, SerializeSeq, Serializer};
use std::cell::RefCell;

/// All flows, read and named while they are told.
pub(super) struct Table<I> {
    pub(super) flows: RefCell<I>,
    pub(super) names: Names,
    pub(super) clock: WallClock,
}

impl<I: ReadFlows> Table<I> {
    /// As somebody gets them who asks.
    pub(super) fn told(self) -> Flows<Self> {
        Flows {
            time: self.clock.wall(),
            flows: self,
        }
    }
}

impl<I: ReadFlows> Serialize for Table<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_seq(None)?;
        for read in self.flows.borrow_mut().by_ref() {
            let (key, state) = read.map_err(S::Error::custom)?;
            let record = Record {
                kind: RecordKind::Update,
                key,
                state,
                time_ns: self.clock.monotonic_ns(),
            };
            if let Some(report) = self.names.named(&record, &self.clock) {
                told.serialize_element(&flow(report, &state))?;
            }
        }
        told.end()
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
