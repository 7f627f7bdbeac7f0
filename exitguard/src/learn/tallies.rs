//! Counting flows, in bounded memory.

use super::tally::Tally;
use crate::control::{Decided, Observed, ObservedRow};
use crate::output::FlowReport;
use crate::state::RecordKind;
use exitguard_common::abi::{Reason, RuleId};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::net::IpAddr;

/// Rows at once: some ports of some thousand clients. What is beyond is mostly a scan.
pub const MAX_ROWS: usize = 20_000;
/// Dropped at once when there are too many, so that looking for them is not done for every flow.
const DROPPED_AT_ONCE: usize = MAX_ROWS / 8;
/// Counts flows by client, destination port and decision.
#[derive(Clone, Debug)]
pub struct Tallies {
    since: Timestamp,
    /// What began before is in already: a former daemon counted it, as far as it was by then.
    counted_until: Option<Timestamp>,
    rows: HashMap<Key, Tally>,
    /// In all rows.
    destinations: usize,
    dropped_flows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    client: IpAddr,
    protocol: u8,
    port: Option<u16>,
    decision: Decided,
    reason: Reason,
}

impl Tallies {
    /// Nothing was seen yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            counted_until: None,
            rows: HashMap::new(),
            destinations: 0,
            dropped_flows: 0,
        }
    }

    /// Goes on counting where a former daemon ended.
    pub fn resume(observed: Observed, now: Timestamp) -> Self {
        let mut tallies = Self {
            since: observed.since.min(now),
            // The clock may have been wrong.
            counted_until: Some(observed.time.min(now)),
            dropped_flows: observed.dropped_flows,
            ..Self::new(now)
        };
        for row in observed.rows {
            let reason = Reason::ALL.into_iter().find(|it| it.name() == row.reason);
            let Some(reason) = reason else {
                // Of a version that knew others.
                tallies.dropped_flows += row.flows;
                continue;
            };
            let key = Key {
                client: row.client,
                protocol: row.protocol,
                port: row.port,
                decision: row.decision,
                reason,
            };
            tallies.make_room(&key);
            tallies.destinations += row.destinations.len();
            let tally = Tally {
                flows: row.flows,
                answered: row.answered,
                sent: row.sent,
                received: row.received,
                first: row.first,
                last: row.last,
                destinations: row.destinations,
                others: row.others,
            };
            if let Some(before) = tallies.rows.insert(key, tally) {
                tallies.destinations -= before.destinations.len();
            }
        }
        tallies
    }

    /// Takes in what is told about a flow. It is counted when it is over, or denied before anything of it passed: only
    /// then everything about it is known.
    pub fn take_in(&mut self, report: &FlowReport) {
        let is_told = match report.kind {
            RecordKind::End(_) => true,
            RecordKind::Deny { has_flow, .. } => {
                has_flow && report.to_server.pkts == 0 && report.to_client.pkts == 0
            }
            RecordKind::Start | RecordKind::Update => false,
        };
        if is_told {
            self.count(report);
        }
    }

    /// The same with flows that are not over.
    #[must_use]
    pub fn with_open(&self, open: impl IntoIterator<Item = FlowReport>) -> Self {
        let mut tallies = self.clone();
        for report in open {
            tallies.count(&report);
        }
        tallies
    }

    /// Everything that was counted.
    pub fn observed(&self, now: Timestamp) -> Observed {
        self.with_rows(now, |rows| rows.iter().collect())
    }

    /// The same, to be written: of its rows never more than one is made.
    pub fn to_write(&self, now: Timestamp) -> Observed<impl Serialize> {
        self.with_rows(now, |rows| rows)
    }

    fn with_rows<'a, L>(&'a self, now: Timestamp, rows: impl FnOnce(Rows<'a>) -> L) -> Observed<L> {
        Observed {
            since: self.since,
            time: now,
            rows: rows(Rows(&self.rows)),
            dropped_flows: self.dropped_flows,
            clients: Vec::new(),
        }
    }

    fn count(&mut self, report: &FlowReport) {
        let Some(key) = key(report) else {
            return;
        };
        let is_known = self
            .counted_until
            .is_some_and(|until| report.start <= until);
        match self.rows.get_mut(&key) {
            Some(tally) if is_known => tally.meet_again(report),
            Some(tally) => self.destinations += tally.add(report, self.destinations),
            None => {
                self.make_room(&key);
                let mut tally = Tally::new(report);
                self.destinations += tally.add(report, self.destinations);
                self.rows.insert(key, tally);
            }
        }
    }

    /// For one more row: those with the fewest flows go, of these the ones that were not seen for longest.
    fn make_room(&mut self, key: &Key) {
        if self.rows.len() < MAX_ROWS || self.rows.contains_key(key) {
            return;
        }
        let rows = self.rows.iter();
        let mut least: Vec<_> = rows
            .map(|(key, tally)| (tally.flows, tally.last, *key))
            .collect();
        least.select_nth_unstable_by_key(DROPPED_AT_ONCE, |(flows, last, _)| (*flows, *last));
        for (flows, _, key) in least.into_iter().take(DROPPED_AT_ONCE) {
            self.dropped_flows += flows;
            if let Some(tally) = self.rows.remove(&key) {
                self.destinations -= tally.destinations.len();
            }
        }
    }
}

/// The rows, as they are told.
struct Rows<'a>(&'a HashMap<Key, Tally>);

impl Rows<'_> {
    fn iter(&self) -> impl Iterator<Item = ObservedRow> {
        self.0.iter().map(|(key, tally)| ObservedRow {
            client: key.client,
            protocol: key.protocol,
            port: key.port,
            decision: key.decision,
            reason: key.reason.name().to_owned(),
            client_name: None,
            flows: tally.flows,
            answered: tally.answered,
            sent: tally.sent,
            received: tally.received,
            first: tally.first,
            last: tally.last,
            destinations: tally.destinations.clone(),
            others: tally.others,
        })
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Where a flow counts; nowhere if it says nothing about what clients want of the Internet.
fn key(report: &FlowReport) -> Option<Key> {
    let is_outbound = report.source == Some(report.client) && report.destination.is_some();
    let reason = report.decision.reason;
    let is_egress = match reason {
        Reason::Malformed
        | Reason::Exempt
        | Reason::Host
        | Reason::Reply
        | Reason::Fragment
        | Reason::Internal => false,
        Reason::Lockdown
        | Reason::Runtime
        | Reason::Blocklist
        | Reason::Lan
        | Reason::Port
        | Reason::Icmp
        | Reason::Protocol => report.decision.rule != RuleId::HOST,
    };
    (is_outbound && is_egress).then_some(Key {
        client: report.client,
        protocol: report.protocol,
        port: report.destination_port,
        decision: report.decision.verdict.into(),
        reason,
    })
}
