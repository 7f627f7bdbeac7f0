//! What changes: the policy's files, the device, the host's addresses.

use super::Supervisor;
use super::lists::{keep, summary};
use crate::changes::Book;
use crate::config::{Config, Fail};
use crate::daemon::desired::Desired;
use crate::daemon::error::DaemonError;
use crate::daemon::sight::BLIND;
use crate::daemon::systemd;
use crate::datapath::Hook;
use crate::host::Device;
use crate::output::StateEvent;
use crate::policy::{Labels, Network};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// After the programs could not be put on an interface, until that is tried again.
const RETRY: Duration = Duration::from_millis(200);
/// How long an interface that came back gets for its addresses: mostly they are those that it had, and no policy has to
/// be made for that, which would keep the daemon from seeing that the interface went again.
const SETTLING: Duration = Duration::from_secs(1);

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

    /// Looks at the network: is the device still there, the same, and are the host's addresses?
    pub(super) async fn look(&mut self) {
        self.look_at = None;
        let Ok((devices, addresses)) = self.search.look().await else {
            return;
        };
        let interface = self.guard.setup().interface.clone();
        let device = devices.iter().find(|device| device.name == interface);
        // First what makes packets pass unjudged.
        let is_guarded = match device {
            None => {
                self.lost();
                systemd::alive();
                true
            }
            Some(device)
                if device.index != self.guard.setup().index || !self.guard.is_attached() =>
            {
                self.attach_again(device)
            }
            Some(device) => self.check(device).await,
        };
        if self.desired.config.fail == Fail::Closed {
            self.keep_gate(true).await;
        }
        if !is_guarded {
            // To make a policy takes time, in which nothing would be put on the interface.
            self.look_at = Some((Instant::now() + RETRY).into());
            return;
        }
        if device.is_none() {
            // Its addresses are gone with it. A policy without them would be of no use, and make the interface
            // wait when it comes back.
            return;
        }
        let network = self.search.network(&devices, &addresses, &interface);
        let Ok(network) = network.await else {
            return;
        };
        if network == self.network {
            return;
        }
        match self.settled {
            Some(at) if at > Instant::now().into() => self.look_at = Some(at),
            _ => self.use_network(network),
        }
    }

    /// The interface is gone. A policy that was published meanwhile may have found out before.
    fn lost(&mut self) {
        self.guard.detached();
        // It may have been back for a moment, without its programs.
        self.exposure.ends(Instant::now());
        if self.has_told_loss {
            return;
        }
        self.has_told_loss = true;
        self.reporter.state(
            StateEvent::InterfaceLost,
            "the interface is gone; waiting for it to come back",
        );
    }

    /// Sees to it that the gate is as the configuration says.
    pub(super) async fn keep_gate(&mut self, was_kept: bool) {
        let fail = self.desired.config.fail;
        let interface = self.guard.setup().interface.clone();
        match self.search.keep_gate(fail, &interface).await {
            Ok(had_to_be_closed) => {
                self.is_gate_closed = fail == Fail::Closed;
                if was_kept && had_to_be_closed {
                    let message = "somebody removed the routing rule of the gate; it is back";
                    self.reporter.state(StateEvent::GateRestored, message);
                }
            }
            Err(error) => {
                // Told once, not with each look.
                if fail == Fail::Closed && (self.is_gate_closed || !was_kept) {
                    self.reporter.state(StateEvent::NoGate, error.to_string());
                }
                self.is_gate_closed = false;
            }
        }
    }

    /// The programs are missing on the interface, and nothing else stops what they would.
    fn is_exposed(&mut self) {
        if !self.is_gate_closed {
            self.exposure.begins(Instant::now());
        }
    }

    /// Puts back what somebody took off the device. False if something could not be put back.
    async fn check(&mut self, device: &Device) -> bool {
        // When the kernel does not tell, the next look asks again.
        let Ok(missing) = self.missing(device).await else {
            return true;
        };
        if missing.is_empty() {
            if self.are_packets_seen(device) {
                systemd::alive();
            }
            return true;
        }
        self.is_exposed();
        self.reporter
            .state(StateEvent::Unprotected, not_there(&missing, &device.name));
        self.attach_again(device)
    }

    /// Whether the counters of the programs move when those of the device do.
    fn are_packets_seen(&mut self, device: &Device) -> bool {
        let Ok(stats) = self.guard.loaded().stats() else {
            return true;
        };
        let was_blind = self.sight.is_blind();
        self.sight.look(device, &stats);
        match (was_blind, self.sight.is_blind()) {
            (false, true) => {
                self.is_exposed();
                self.reporter.state(StateEvent::Unprotected, BLIND);
            }
            (true, false) => {
                self.exposure.ends(Instant::now());
                let message = "packets are seen again";
                self.reporter.state(StateEvent::InterfaceBack, message);
            }
            _ => {}
        }
        !self.sight.is_blind()
    }

    /// Puts the programs on a device. False if that failed.
    fn attach_again(&mut self, device: &Device) -> bool {
        self.is_exposed();
        match self.guard.reattach(device.index) {
            Ok(()) => {
                self.exposure.ends(Instant::now());
                self.has_told_loss = false;
                self.trouble = None;
                self.settled = Some((Instant::now() + SETTLING).into());
                let message = format!("guarded again, as device {}", device.index);
                self.reporter.state(StateEvent::InterfaceBack, message);
                true
            }
            Err(error) => {
                // It may be gone again already. Told once, not with each try.
                let why = error.to_string();
                if self.trouble.as_ref() != Some(&why) {
                    self.reporter.state(StateEvent::Unprotected, why.as_str());
                    self.trouble = Some(why);
                }
                false
            }
        }
    }

    /// The host's addresses or networks changed: they are part of the policy.
    fn use_network(&mut self, network: Network) {
        let compiled = self.desired.compile(&network, &self.book);
        let published = compiled
            .map_err(DaemonError::from)
            .and_then(|(policy, labels)| Ok((self.guard.publish(&policy)?, labels)));
        match published {
            Ok((generation, labels)) => {
                let mut collisions = self.desired.collisions(&network);
                let known = self.desired.collisions(&self.network);
                collisions.retain(|collision| !known.contains(collision));
                (self.settings.warn)(&collisions);
                self.network = network;
                self.policy_since = Timestamp::now();
                let mode = self.desired.config.mode.name();
                self.reporter.use_policy(generation, labels, mode);
                let message = "the addresses of this host changed";
                self.reporter.state(StateEvent::Reloaded, message);
            }
            Err(error) => self
                .reporter
                .state(StateEvent::ReloadFailed, one_line(&error)),
        }
    }
}

/// What somebody took away.
pub(super) fn not_there(missing: &[Hook], interface: &str) -> String {
    let hooks: Vec<&str> = missing.iter().map(|hook| hook.name()).collect();
    let hooks = hooks.join(" and at ");
    format!("somebody took the program at {hooks} off {interface}; it is put back")
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
