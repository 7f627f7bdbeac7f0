//! What clients do, counted for `exitguard learn`.

#[cfg(test)]
mod tests;

use super::Supervisor;
use crate::config::Config;
use crate::control::{Answer, RefusalKind, Reply};
use crate::daemon::start::Settings;
use crate::kept_file::{self, FileError};
use crate::learn::{self, Tallies};
use crate::output::{FlowReport, StateEvent, WallClock};
use jiff::Timestamp;
use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};

/// How often it is written down: what a crash may cost.
pub(super) const KEEP_PERIOD: Duration = Duration::from_secs(300);

/// What is counted, and where it is kept.
pub(super) struct Observing {
    tallies: Tallies,
    path: PathBuf,
    /// It is being written down.
    writing: Option<JoinHandle<Result<(), FileError>>>,
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
            writing: None,
            has_told: false,
        };
        (Some(observing), trouble)
    }
}

impl Observing {
    fn write(&mut self, tallies: Tallies, now: Timestamp) {
        let path = self.path.clone();
        let write = move || kept_file::save(&path, &tallies.to_write(now));
        self.writing = Some(spawn_blocking(write));
    }
}

/// Until what was begun to be written down is, or cannot be; for ever, if nothing was begun.
pub(super) async fn written(observing: Option<&mut Observing>) -> Result<(), FileError> {
    let Some(Observing { writing, path, .. }) = observing else {
        return pending().await;
    };
    let Some(handle) = writing else {
        return pending().await;
    };
    let result = handle.await;
    *writing = None;
    result.unwrap_or_else(|error| {
        // A panic, which the runtime has reported already.
        let path = path.clone();
        let error = error.into();
        Err(FileError::Write { path, error })
    })
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

    pub(super) fn answer_observed(&self) -> Answer {
        let Some((tallies, now)) = self.tallies() else {
            return not_counted().into();
        };
        let config = self.desired.config.clone();
        Answer::later(move || {
            let mut observed = tallies.observed(now);
            observed.name(&config);
            observed
        })
    }

    /// Everything that was counted, with the flows that are not over.
    fn tallies(&self) -> Option<(Tallies, Timestamp)> {
        let observing = self.observing.as_ref()?;
        let clock = WallClock::now();
        let open = self.tracker.open(clock.monotonic_ns());
        let open = open.filter_map(|record| self.reporter.names().named(&record, &clock));
        Some((observing.tallies.with_open(open), clock.wall()))
    }

    /// Begins to write it down for the next daemon. A disk may take its time: nobody waits for it here.
    pub(super) fn keep_observed(&mut self) {
        let is_writing = |observing: &Observing| observing.writing.is_some();
        if self.observing.as_ref().is_some_and(is_writing) {
            return;
        }
        if let (Some((tallies, now)), Some(observing)) = (self.tallies(), &mut self.observing) {
            observing.write(tallies, now);
        }
    }

    /// It is written down, or not.
    pub(super) fn kept_observed(&mut self, result: Result<(), FileError>) {
        let Some(observing) = &mut self.observing else {
            return;
        };
        match result {
            Ok(()) => observing.has_told = false,
            Err(_) if observing.has_told => {}
            Err(error) => {
                observing.has_told = true;
                self.cannot_keep(&error);
            }
        }
    }

    /// Writes down what is there in the end, after what was begun before.
    pub(super) async fn keep_last_observed(&mut self) {
        self.wait_for_kept().await;
        self.keep_observed();
        self.wait_for_kept().await;
    }

    async fn wait_for_kept(&mut self) {
        let observing = self.observing.as_mut();
        if let Some(observing) = observing.filter(|observing| observing.writing.is_some()) {
            let result = written(Some(observing)).await;
            self.kept_observed(result);
        }
    }

    fn cannot_keep(&mut self, error: &FileError) {
        let message = format!("{error}; what is observed is lost when exitguard ends");
        self.tell(StateEvent::NoObserved, message);
    }
}
