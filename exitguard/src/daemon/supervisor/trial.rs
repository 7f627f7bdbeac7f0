//! Another configuration, on trial: in force for a while, and gone by itself unless somebody confirms it.

use super::Supervisor;
use super::changes::{needs_restart, one_line};
use crate::audit::{Action, Entry, Via};
use crate::control::{Applied, Apply, Peer, Refusal, RefusalKind};
use crate::daemon::desired::Desired;
use crate::output::StateEvent;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// A trial lasts no longer: an hour.
const LONGEST: Duration = Duration::from_hours(1);

/// After the kernel refused to take back what was in force before.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// What is needed to undo it.
#[derive(Debug)]
pub(super) struct Trial {
    /// What was in force.
    before: Desired,
    /// The configuration that a reload is of again.
    installed: PathBuf,
    ends: Instant,
    /// The same, by the clock.
    until: Timestamp,
}

impl Supervisor {
    /// When the trial is over; for ever, without one.
    pub(super) fn trial_ends(&self) -> impl Future<Output = ()> + use<> {
        let ends = self.trial.as_ref().map(|trial| trial.ends);
        async move {
            match ends {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Until when a configuration is on trial.
    pub(super) fn trial_until(&self) -> Option<Timestamp> {
        self.trial.as_ref().map(|trial| trial.until)
    }

    /// Puts another configuration in force.
    pub(super) fn apply(&mut self, apply: &Apply, peer: &Peer) -> Result<Applied, Refusal> {
        let entry = Entry::by(peer, Action::Apply).what(apply);
        let entry = entry.before(self.guard.generation());
        let result = self.begin_trial(apply);
        match &result {
            Ok(applied) => {
                self.reporter.audit(&entry.after(applied.generation));
                let (who, until) = (&peer.name, applied.until);
                let config = apply.config.display();
                let message =
                    format!("{who} tries {config} until {until:.0}, unless it is confirmed");
                self.tell(StateEvent::Applied, message);
            }
            Err(refusal) => self.reporter.audit(&entry.failed(refusal.message.as_str())),
        }
        result
    }

    fn begin_trial(&mut self, apply: &Apply) -> Result<Applied, Refusal> {
        let senseless = |message: String| Refusal {
            kind: RefusalKind::BadRequest,
            message,
        };
        if self.trial.is_some() {
            let why = "a configuration is on trial already; confirm it or roll it back first";
            return Err(senseless(why.to_owned()));
        }
        let lasting = Duration::from_secs(apply.seconds);
        if !(Duration::from_secs(1)..=LONGEST).contains(&lasting) {
            let why = "a trial lasts for a second to an hour";
            return Err(senseless(why.to_owned()));
        }
        let installed = self.settings.files.config.clone();
        check_place(&apply.config, &installed).map_err(senseless)?;
        let mut files = self.settings.files.clone();
        files.config.clone_from(&apply.config);
        let desired = files.read_again(&self.desired);
        let desired = desired.map_err(|error| senseless(one_line(&error)))?;
        if let Some(why) = needs_restart(&self.desired.config, &desired.config) {
            return Err(senseless(why));
        }
        let before = self.put_policy(desired).map_err(|error| Refusal {
            kind: RefusalKind::Failed,
            message: one_line(&error),
        })?;
        self.settings.files = files;
        let until = Timestamp::now()
            .checked_add(SignedDuration::try_from(lasting).unwrap_or_default())
            .unwrap_or(Timestamp::MAX);
        self.trial = Some(Trial {
            before,
            installed,
            ends: Instant::now() + lasting,
            until,
        });
        Ok(Applied {
            generation: self.guard.generation(),
            until,
        })
    }

    /// What is on trial stays. Its text is where the configuration belongs by now: that is the affair of who asks.
    pub(super) fn confirm(&mut self, peer: &Peer) -> Result<Applied, Refusal> {
        let Some(trial) = self.trial.take() else {
            return Err(nothing_on_trial());
        };
        self.settings.files.config = trial.installed;
        let generation = self.guard.generation();
        let entry = Entry::by(peer, Action::Confirm).after(generation);
        self.reporter.audit(&entry);
        let message = format!("{} confirmed what was on trial", peer.name);
        self.tell(StateEvent::Confirmed, message);
        let until = trial.until;
        Ok(Applied { generation, until })
    }

    /// What was in force before the trial is again.
    pub(super) fn roll_back(&mut self, peer: Option<&Peer>) -> Result<Applied, Refusal> {
        let Some(mut trial) = self.trial.take() else {
            return Err(nothing_on_trial());
        };
        let entry = match peer {
            Some(peer) => Entry::by(peer, Action::RollBack),
            None => Entry::own(Via::Expiry, Action::RollBack),
        };
        let entry = entry.before(self.guard.generation());
        match self.publish(&trial.before) {
            Ok(published) => {
                self.settings.files.config = trial.installed;
                self.adopt(trial.before, published);
                let generation = self.guard.generation();
                self.reporter.audit(&entry.after(generation));
                let message = match peer {
                    Some(peer) => format!("{} took back what was on trial", peer.name),
                    None => "nobody confirmed what was on trial".to_owned(),
                };
                self.tell(StateEvent::RolledBack, message);
                let until = trial.until;
                Ok(Applied { generation, until })
            }
            Err(error) => {
                // What nobody confirmed must not stay: it is tried until it is gone.
                trial.ends = Instant::now() + TRY_AGAIN;
                self.trial = Some(trial);
                let message = format!("cannot roll back, and tries again: {}", one_line(&error));
                self.reporter.audit(&entry.failed(message.as_str()));
                self.tell(StateEvent::ReloadFailed, message.clone());
                let kind = RefusalKind::Failed;
                Err(Refusal { kind, message })
            }
        }
    }
}

/// Beside the one that is installed, whose place it is to take: what it names by relative paths is found there.
fn check_place(config: &Path, installed: &Path) -> Result<(), String> {
    let whole = |path: &Path| path.canonicalize().ok();
    if whole(config) == whole(installed) {
        return Err(format!(
            "{} is the configuration itself; write the new one beside it",
            config.display()
        ));
    }
    let folder = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
    if config.is_absolute() && folder(config) == folder(installed) {
        return Ok(());
    }
    Err(format!(
        "{} has to be in the folder of {}, whose place it is to take",
        config.display(),
        installed.display()
    ))
}

fn nothing_on_trial() -> Refusal {
    Refusal {
        kind: RefusalKind::NotFound,
        message: "no configuration is on trial".to_owned(),
    }
}
