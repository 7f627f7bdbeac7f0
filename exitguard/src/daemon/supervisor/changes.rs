//! What changes: the policy's files, the device, the host's addresses.

use super::Supervisor;
use super::lists::{keep, summary};
use crate::changes::Book;
use crate::config::Config;
use crate::daemon::desired::Desired;
use crate::daemon::error::DaemonError;
use crate::daemon::systemd;
use crate::output::StateEvent;
use crate::policy::Labels;
use jiff::Timestamp;

/// What the kernel judges by.
pub(super) struct Published {
    generation: u32,
    labels: Labels,
    book: Book,
}

impl Supervisor {
    /// Reads the files again and puts what they say in force, or says why not.
    pub(super) fn reload(&mut self) {
        self.reporter.reopen();
        let before = self.guard.generation();
        let result = self.settings.files.read_again(&self.desired);
        let result = result.and_then(|desired| {
            if let Some(why) = needs_restart(&self.desired.config, &desired.config) {
                return Ok(Err(why));
            }
            self.put_policy(desired)?;
            Ok(Ok(()))
        });
        match result {
            Ok(Ok(())) => {
                let message = summary(&self.desired, self.guard.method());
                self.reporter.state(StateEvent::Reloaded, message);
                let after = self.guard.generation();
                let entry = self.settings.reload().before(before).after(after);
                self.reporter.audit(&entry);
                self.tell_lists(true);
            }
            Ok(Err(why)) => self.reload_failed(why),
            Err(error) => self.reload_failed(one_line(&error)),
        }
    }

    /// Puts a policy in force, and returns the one that was.
    pub(super) fn put_policy(&mut self, desired: Desired) -> Result<Desired, DaemonError> {
        let published = self.publish(&desired)?;
        Ok(self.adopt(desired, published))
    }

    /// Has the kernel judge by a policy.
    pub(super) fn publish(&mut self, desired: &Desired) -> Result<Published, DaemonError> {
        (self.settings.warn)(&desired.warnings);
        (self.settings.warn)(&desired.collisions(&self.network));
        let mut book = self.book.clone();
        book.look_up(&desired.config);
        let (policy, labels) = desired.compile(&self.network, &book)?;
        let generation = self.guard.publish(&policy)?;
        Ok(Published {
            generation,
            labels,
            book,
        })
    }

    /// From now on it is the policy that is in force. Returns the one that was.
    pub(super) fn adopt(&mut self, desired: Desired, published: Published) -> Desired {
        let Published {
            generation,
            labels,
            book,
        } = published;
        self.keep_book(book);
        self.tracker.set_update(desired.config.events.update);
        let before = self.in_force(desired, generation, labels);
        keep(&mut self.desired, self.settings.warn);
        systemd::status(&summary(&self.desired, self.guard.method()));
        before
    }

    fn reload_failed(&mut self, why: String) {
        self.reload_error = Some(why.clone());
        let entry = self.settings.reload().failed(why.as_str());
        self.reporter.state(StateEvent::ReloadFailed, why);
        self.reporter.audit(&entry.before(self.guard.generation()));
    }

    fn in_force(&mut self, desired: Desired, generation: u32, labels: Labels) -> Desired {
        self.reporter
            .use_policy(generation, labels, desired.config.mode.name());
        self.policy_since = Timestamp::now();
        self.reload_error = None;
        std::mem::replace(&mut self.desired, desired)
    }
}

/// Why a running daemon cannot follow a change, if it cannot.
pub(in crate::daemon) fn needs_restart(old: &Config, new: &Config) -> Option<String> {
    let key = if old.interface != new.interface {
        "interface"
    } else if old.attach != new.attach {
        "attach"
    } else if old.flow_table != new.flow_table {
        "limits.flows"
    } else if old.fail != new.fail {
        "fail"
    } else if old.socket != new.socket {
        "control.socket"
    } else if old.audit != new.audit {
        "control.audit"
    } else if old.changes != new.changes {
        "control.changes"
    } else if old.events.file != new.events.file {
        "events.file"
    } else if old.metrics != new.metrics {
        "metrics.listen"
    } else {
        return None;
    };
    Some(format!(
        "`{key}` cannot change while exitguard runs; restart it"
    ))
}

/// An error with everything it says, for one line of output.
pub(in crate::daemon) fn one_line(error: &DaemonError) -> String {
    let mut lines = vec![error.to_string()];
    lines.extend(error.diagnostics().iter().map(ToString::to_string));
    lines.join("; ")
}
