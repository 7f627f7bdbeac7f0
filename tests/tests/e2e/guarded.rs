//! A lab whose exit node is guarded.

use std::cell::RefCell;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use exitguard::daemon::{Overrides, PolicyFiles, Settings};
use exitguard::lab::{Forward, Lab, LabDaemon, LabOptions, Namespace};
use exitguard::output::{FlowReport, Report, StateEvent, StateReport, StatsReport};
use exitguard::state::{EndReason, RecordKind};
use tempfile::TempDir;

use crate::SOON;

/// A policy that allows some ports. `more` begins with keys of `[egress]`.
pub(crate) fn policy(tcp: &str, udp: &str, more: &str) -> String {
    format!("mode = \"enforce\"\n[egress]\ntcp = {tcp}\nudp = {udp}\n{more}\n")
}

/// A daemon, and all it told that nobody has asked for yet.
pub(crate) struct Guard {
    daemon: LabDaemon,
    reports: Receiver<Report>,
    told: RefCell<Vec<Report>>,
    folder: TempDir,
}

impl Guard {
    /// Puts a policy in force.
    pub(crate) fn start(exit: &Namespace, policy: &str) -> Self {
        let guard = Self::launch(exit, policy, false);
        guard.state(StateEvent::Started);
        guard
    }

    /// Does so when the interface is there.
    pub(crate) fn start_early(exit: &Namespace, policy: &str) -> Self {
        let guard = Self::launch(exit, policy, true);
        guard.state(StateEvent::Waiting);
        guard
    }

    fn launch(exit: &Namespace, policy: &str, wait: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("exitguard.toml");
        fs::write(&config, policy).unwrap();
        let settings = Settings {
            files: PolicyFiles {
                config,
                overrides: Overrides::default(),
            },
            wait,
            answer: false,
            warn: |warnings| assert!(warnings.is_empty(), "{warnings:?}"),
        };
        let (sender, reports) = channel();
        Self {
            daemon: LabDaemon::start(exit, settings, Forward(sender)).unwrap(),
            reports,
            told: RefCell::default(),
            folder,
        }
    }

    /// Has a policy applied, and returns its number.
    pub(crate) fn apply(&self, policy: &str) -> u32 {
        self.request(policy);
        let outcome = self.wait("a reload", |report| match report {
            Report::State(state) => {
                matches!(state.event, StateEvent::Reloaded | StateEvent::ReloadFailed)
                    .then(|| state.clone())
            }
            _ => None,
        });
        assert_eq!(outcome.event, StateEvent::Reloaded, "{outcome:?}");
        outcome.generation
    }

    /// Asks for a policy to be applied.
    pub(crate) fn request(&self, policy: &str) {
        fs::write(self.folder.path().join("exitguard.toml"), policy).unwrap();
        self.daemon.reload();
    }

    /// The first report, of those that were not asked for yet, that `pick` makes something of.
    pub(crate) fn wait<T>(&self, what: &str, pick: impl Fn(&Report) -> Option<T>) -> T {
        self.wait_within(what, SOON, pick)
    }

    fn wait_within<T>(
        &self,
        what: &str,
        within: Duration,
        pick: impl Fn(&Report) -> Option<T>,
    ) -> T {
        let mut told = self.told.borrow_mut();
        if let Some((position, found)) = told
            .iter()
            .enumerate()
            .find_map(|(position, report)| Some((position, pick(report)?)))
        {
            told.remove(position);
            return found;
        }
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(left) {
                Ok(report) => match pick(&report) {
                    Some(found) => return found,
                    None => told.push(report),
                },
                Err(error) => panic!("no report of {what}: {error}; but {told:#?}"),
            }
        }
    }

    pub(crate) fn state(&self, event: StateEvent) -> StateReport {
        self.wait(event.name(), |report| match report {
            Report::State(state) if state.event == event => Some(state.clone()),
            _ => None,
        })
    }

    pub(crate) fn flow(&self, what: &str, is_wanted: impl Fn(&FlowReport) -> bool) -> FlowReport {
        self.flow_within(what, SOON, is_wanted)
    }

    pub(crate) fn flow_within(
        &self,
        what: &str,
        within: Duration,
        is_wanted: impl Fn(&FlowReport) -> bool,
    ) -> FlowReport {
        self.wait_within(what, within, |report| match report {
            Report::Flow(flow) if is_wanted(flow) => Some((**flow).clone()),
            _ => None,
        })
    }

    /// The start of a flow to a port.
    pub(crate) fn started(&self, port: u16) -> FlowReport {
        self.flow("a start", |flow| {
            flow.kind == RecordKind::Start && flow.destination_port == Some(port)
        })
    }

    /// The denial of a flow to a port.
    pub(crate) fn denied(&self, port: u16) -> FlowReport {
        self.flow("a denial", |flow| {
            matches!(flow.kind, RecordKind::Deny { .. }) && flow.destination_port == Some(port)
        })
    }

    /// The end of a flow to a port.
    pub(crate) fn ended(&self, port: u16, reason: EndReason) -> FlowReport {
        self.flow("an end", |flow| {
            flow.kind == RecordKind::End(reason) && flow.destination_port == Some(port)
        })
    }

    /// Stops the daemon and returns everything that it told and nobody has asked for.
    pub(crate) fn stop(self) -> Vec<Report> {
        self.daemon.stop().unwrap();
        let mut told = self.told.into_inner();
        told.extend(self.reports.try_iter());
        told
    }
}

/// The counters, which come last.
pub(crate) fn last_stats(reports: &[Report]) -> StatsReport {
    let stats = reports.iter().rev().find_map(|report| match report {
        Report::Stats(stats) => Some((**stats).clone()),
        _ => None,
    });
    stats.expect("counters at the end")
}

/// A lab with the usual options, and a guard.
pub(crate) struct Guarded {
    // In the order in which they are to be dropped.
    pub(crate) guard: Guard,
    pub(crate) lab: Lab,
}

impl Guarded {
    pub(crate) fn new(policy: &str) -> Self {
        Self::with(&LabOptions::default(), policy)
    }

    pub(crate) fn with(options: &LabOptions, policy: &str) -> Self {
        let lab = Lab::build(options).unwrap();
        let guard = Guard::start(lab.exit(), policy);
        Self { guard, lab }
    }
}
