//! What clients do, counted for `exitguard learn`.

use super::Supervisor;
use crate::config::Config;
use crate::control::{Observed, RefusalKind, Reply};
use crate::daemon::start::Settings;
use crate::kept_file::{self, FileError};
use crate::learn::{self, Tallies};
use crate::output::{FlowReport, StateEvent, WallClock};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// How often it is written down: what a crash may cost.
pub(super) const KEEP_PERIOD: Duration = Duration::from_secs(300);

/// What is counted, and where it is kept.
pub(super) struct Observing {
    tallies: Tallies,
    path: PathBuf,
    /// It cannot be kept, and that was told.
    has_told: bool,
}

impl Observing {
    /// Goes on where the last daemon ended. Who does not answer counts nothing. Also what is to be told about it.
    pub(super) fn open(settings: &Settings, config: &Config) -> (Option<Self>, Option<String>) {
        if !settings.answer {
            return (None, None);
        }
        let path = learn::path_beside(&config.changes);
        let now = Timestamp::now();
        let (observed, trouble) = kept_file::take(&path);
        let trouble = trouble.map(|why| format!("{why}, and observing begins anew"));
        let tallies = match observed {
            Some(observed) => Tallies::resume(observed, now),
            None => Tallies::new(now),
        };
        let observing = Self {
            tallies,
            path,
            has_told: false,
        };
        (Some(observing), trouble)
    }
}

/// What former daemons saw, before anything is in force.
pub(in crate::daemon) fn observed_before(settings: &Settings, config: &Config) -> Reply {
    let now = Timestamp::now();
    match kept_file::load(&learn::path_beside(&config.changes)) {
        Ok(observed) if settings.answer => {
            let tallies = observed.map_or_else(
                || Tallies::new(now),
                |observed| Tallies::resume(observed, now),
            );
            let mut observed = tallies.observed(now);
            observed.name(config);
            Reply::ok(&observed)
        }
        Ok(_) => not_counted(),
        Err(error) => Reply::error(RefusalKind::Failed, error.to_string()),
    }
}

fn not_counted() -> Reply {
    Reply::error(RefusalKind::Failed, "nothing is counted here")
}

impl Supervisor {
    pub(super) fn observe(&mut self, report: &FlowReport) {
        if let Some(observing) = &mut self.observing {
            observing.tallies.take_in(report);
        }
    }

    pub(super) fn answer_observed(&self) -> Reply {
        match self.observed() {
            Some(mut observed) => {
                observed.name(&self.desired.config);
                Reply::ok(&observed)
            }
            None => not_counted(),
        }
    }

    /// Everything that was counted, with the flows that are not over.
    fn observed(&self) -> Option<Observed> {
        let observing = self.observing.as_ref()?;
        let clock = WallClock::now();
        let open = self.tracker.open(clock.monotonic_ns());
        let open = open.filter_map(|record| self.reporter.names().named(&record, &clock));
        Some(observing.tallies.with_open(open).observed(clock.wall()))
    }

    /// Writes it down for the next daemon.
    pub(super) fn keep_observed(&mut self) {
        let (Some(observed), Some(observing)) = (self.observed(), &mut self.observing) else {
            return;
        };
        match kept_file::save(&observing.path, &observed) {
            Ok(()) => observing.has_told = false,
            Err(_) if observing.has_told => {}
            Err(error) => {
                observing.has_told = true;
                self.cannot_keep(&error);
            }
        }
    }

    fn cannot_keep(&mut self, error: &FileError) {
        let message = format!("{error}; what is observed is lost when exitguard ends");
        self.tell(StateEvent::NoObserved, message);
    }
}
