//! A row of what is counted.

use crate::control::{Amount, ObservedDestination};
use crate::output::FlowReport;
use exitguard_common::abi::Reason;
use exitguard_common::packet::protocol;
use jiff::Timestamp;

/// Destinations of a row.
pub const MAX_DESTINATIONS: usize = 16;
/// Destinations of all rows.
const MAX_ALL_DESTINATIONS: usize = 20_000;

/// Flows of a client to a port that were decided in the same way.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) flows: u64,
    pub(super) answered: u64,
    pub(super) sent: Amount,
    pub(super) received: Amount,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) destinations: Vec<ObservedDestination>,
    pub(super) others: u64,
}

impl Tally {
    /// Of nothing, at the time of a flow.
    pub(super) const fn new(report: &FlowReport) -> Self {
        const NOTHING: Amount = Amount { pkts: 0, bytes: 0 };
        Self {
            flows: 0,
            answered: 0,
            sent: NOTHING,
            received: NOTHING,
            first: report.start,
            last: report.last,
            destinations: Vec::new(),
            others: 0,
        }
    }

    /// Adds a flow, where all rows have so many destinations. Returns how many more they have now.
    pub(super) fn add(&mut self, report: &FlowReport, all_destinations: usize) -> usize {
        self.flows += 1;
        self.answered += u64::from(is_answered(report));
        for (amount, counters) in [
            (&mut self.sent, report.to_server),
            (&mut self.received, report.to_client),
        ] {
            amount.pkts = amount.pkts.saturating_add(counters.pkts);
            amount.bytes = amount.bytes.saturating_add(counters.bytes);
        }
        self.first = self.first.min(report.start);
        self.last = self.last.max(report.last);
        let (Reason::Lan | Reason::Blocklist, Some(address)) =
            (report.decision.reason, report.destination)
        else {
            return 0;
        };
        let mut known = self.destinations.iter_mut();
        if let Some(known) =
            known.find(|known| known.address == address && known.list == report.list)
        {
            known.flows += 1;
            known.last = known.last.max(report.last);
            return 0;
        }
        if self.destinations.len() == MAX_DESTINATIONS || all_destinations >= MAX_ALL_DESTINATIONS {
            self.others += 1;
            return 0;
        }
        if self.destinations.is_empty() {
            // Most rows have one: a vector that grows begins with four.
            self.destinations.reserve_exact(1);
        }
        self.destinations.push(ObservedDestination {
            address,
            list: report.list.clone(),
            flows: 1,
            last: report.last,
        });
        1
    }

    /// A flow that a former daemon counted goes on. How much it had counted of it by then is not known.
    pub(super) fn meet_again(&mut self, report: &FlowReport) {
        self.last = self.last.max(report.last);
        if is_answered(report) {
            self.answered = self.answered.max(1);
        }
    }
}

/// Whether there was somebody who wanted it. A single packet of TCP is what a refusal is.
const fn is_answered(report: &FlowReport) -> bool {
    match report.protocol {
        protocol::TCP => report.to_client.pkts > 1,
        _ => report.to_client.pkts > 0,
    }
}
