//! How it is, for whoever asks.

use super::desired::Desired;
use crate::config::{ListAction, Mode};
use crate::control::{Inquiry, ListStatus, Protection, RefusalKind, Reply, Status, Traffic};
use exitguard_common::abi::{Reason, Stats};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The questions, one after the other.
pub(super) struct Inquiries {
    sender: Sender<Inquiry>,
    receiver: Receiver<Inquiry>,
}

impl Inquiries {
    pub(super) fn new() -> Self {
        // Who asks waits: nothing has to be kept.
        let (sender, receiver) = channel(1);
        Self { sender, receiver }
    }

    pub(super) fn sender(&self) -> Sender<Inquiry> {
        self.sender.clone()
    }

    /// One that waits for its turn.
    pub(super) fn waiting(&mut self) -> Option<Inquiry> {
        self.receiver.try_recv().ok()
    }

    /// The next one; there is always somebody who could ask.
    pub(super) async fn next(&mut self) -> Inquiry {
        match self.receiver.recv().await {
            Some(inquiry) => inquiry,
            None => std::future::pending().await,
        }
    }
}

/// To watch is no question: the server of the socket sees to it.
pub(super) fn not_here() -> Reply {
    Reply::error(RefusalKind::Failed, "nobody answers that")
}

/// How it is before anything is in force, or when nothing else is known.
pub(super) fn waiting(
    desired: &Desired,
    interface: &str,
    started: Timestamp,
    reason: String,
) -> Status {
    let now = Timestamp::now();
    let lists = desired.known_lists().map(|(list, memory)| ListStatus {
        name: list.name.clone(),
        action: match list.action {
            ListAction::Deny => "deny".to_owned(),
            ListAction::Observe => "observe".to_owned(),
        },
        state: memory.condition.standing.name().to_owned(),
        reason: memory.condition.why.clone(),
        entries: list.entries.len(),
        age: memory.condition.age(now),
        hits: 0,
    });
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started,
        interface: interface.to_owned(),
        device: None,
        attached_by: None,
        protection: Protection::Waiting,
        reason: Some(reason),
        mode: desired.config.mode.name().to_owned(),
        fail: desired.config.fail.name().to_owned(),
        gate_closed: false,
        generation: 0,
        policy_since: None,
        reload_error: None,
        trial_until: None,
        unprotected_seconds: 0.0,
        clients: desired.config.clients.len(),
        changes: 0,
        lists: lists.collect(),
        flows: 0,
        flow_table: desired.config.flow_table,
        outbound: Traffic::default(),
        inbound: Traffic::default(),
        denied_pkts: BTreeMap::new(),
        would_deny_pkts: BTreeMap::new(),
        lost_kernel: 0,
        lost_output: 0,
        lost_file: 0,
    }
}

/// What the programs do when they are where they should be.
pub(super) const fn protection(mode: Mode) -> Protection {
    match mode {
        Mode::Observe => Protection::Observing,
        Mode::Enforce => Protection::Enforcing,
    }
}

/// The kernel's counters.
pub(super) fn count(status: &mut Status, kernel: &Stats) {
    let reasons = |counters: &[u64]| {
        let named = Reason::ALL.into_iter().zip(counters.iter().copied());
        named
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.name().to_owned(), count))
            .collect()
    };
    status.outbound = Traffic::from(&kernel.outbound);
    status.inbound = Traffic::from(&kernel.inbound);
    status.denied_pkts = reasons(&kernel.denied_pkts);
    status.would_deny_pkts = reasons(&kernel.would_deny_pkts);
    status.lost_kernel = kernel.events_lost;
}

/// For how long packets could pass unjudged.
#[derive(Debug, Default)]
pub(super) struct Exposure {
    past: Duration,
    since: Option<Instant>,
}

impl Exposure {
    /// The interface is there, and programs are missing on it.
    pub(super) fn begins(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// They are back, or the interface is gone.
    pub(super) fn ends(&mut self, now: Instant) {
        self.past = self.total(now);
        self.since = None;
    }

    pub(super) fn total(&self, now: Instant) -> Duration {
        let current = self.since.map(|since| now.duration_since(since));
        self.past + current.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_protection_adds_up_from_the_first_word_of_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut exposure = Exposure::default();
        exposure.ends(at(1));
        assert_eq!(exposure.total(at(2)), Duration::ZERO);
        exposure.begins(at(2));
        exposure.begins(at(3));
        assert_eq!(exposure.total(at(5)), Duration::from_secs(3));
        exposure.ends(at(6));
        exposure.ends(at(7));
        exposure.begins(at(10));
        assert_eq!(exposure.total(at(11)), Duration::from_secs(5));
    }
}
