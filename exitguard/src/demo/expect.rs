//! What is to become of a probe, and what became of it.

use super::hear::Wanted;
use super::send::{Bulk, Traffic};
use crate::lab::Exchange;
use crate::output::FlowReport;
use crate::state::RecordKind;
use exitguard_common::abi::{Reason, Verdict};
use std::net::IpAddr;

/// What is to become of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What its sender experiences.
    pub answer: Exchange,
    /// What is reported.
    pub facts: Facts,
}

/// What a report says about a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What became of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Name of the rule.
    pub rule: String,
    /// The list, when one holds the destination.
    pub list: Option<String>,
}

impl Facts {
    /// As a report has them.
    pub fn of(report: &FlowReport) -> Self {
        Self {
            verdict: report.decision.verdict,
            reason: report.decision.reason,
            rule: report.rule.clone(),
            list: report.list.clone(),
        }
    }

    /// Whether the flow may pass.
    pub fn passes(&self) -> bool {
        self.verdict != Verdict::Deny
    }
}

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What its sender experienced; or what is wrong with the socket itself.
    pub answer: Result<Exchange, String>,
    /// Whether a server heard of it; `None` where there is no server.
    pub reached: Option<bool>,
    /// What was reported; `None` if nothing was in time.
    pub facts: Option<Facts>,
    /// Of a transfer: how it travelled.
    pub bulk: Option<Bulk>,
}

impl Seen {
    /// Whether everything is as it was to be.
    pub fn is(&self, expected: &Expected) -> bool {
        let heard = self.facts.as_ref() == Some(&expected.facts);
        let answered = self.answer == Ok(expected.answer);
        let reached = self
            .reached
            .is_none_or(|reached| reached == expected.facts.passes());
        // A bulk transfer is there to show that super-packets are judged whole.
        let whole = self.bulk.is_none_or(|bulk| bulk.super_packets > 0);
        heard && answered && reached && whole
    }
}

impl Wanted {
    /// The first report about a flow of this probe.
    pub(super) fn new(from: IpAddr, to: IpAddr, traffic: Traffic) -> Self {
        Self {
            from,
            to,
            port: traffic.port(),
            protocol: traffic.protocol(to),
        }
    }

    /// Whether a report is about it: about its beginning, because a flow that goes on or ends says nothing new.
    pub(super) fn is(&self, report: &FlowReport) -> bool {
        let begins = matches!(report.kind, RecordKind::Start | RecordKind::Deny { .. });
        begins
            && report.source == Some(self.from)
            && report.destination == Some(self.to)
            && report.destination_port == self.port
            && report.protocol == self.protocol
    }
}
