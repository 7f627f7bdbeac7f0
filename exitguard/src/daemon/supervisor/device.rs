//! The device and what is on it: is it there, is it guarded, and by what was meant to guard it?

use super::Supervisor;
use super::changes::one_line;
use crate::config::Fail;
use crate::daemon::error::DaemonError;
use crate::daemon::sight::BLIND;
use crate::daemon::systemd;
use crate::datapath::Hook;
use crate::host::Device;
use crate::output::StateEvent;
use crate::policy::Network;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// After the programs could not be put on an interface, until that is tried again.
const RETRY: Duration = Duration::from_millis(200);
/// How long an interface that came back gets for its addresses: mostly they are those that it had, and no policy has to
/// be made for that, which would keep the daemon from seeing that the interface went again.
const SETTLING: Duration = Duration::from_secs(1);

impl Supervisor {
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
            _ => {
                let difference = self.network.difference(&network);
                let why = format!("the addresses of this host changed: {difference}");
                self.use_network(network, &why);
            }
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
            if self.are_packets_seen(device) && self.is_policy_whole() {
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

    /// Whether the tables in force decide as the policy does. If they do not, it is put in force anew.
    fn is_policy_whole(&mut self) -> bool {
        if let Some(why) = self.flaw() {
            // No gate helps: what the programs let through is marked.
            self.exposure.begins(Instant::now());
            if !std::mem::replace(&mut self.is_policy_broken, true) {
                self.reporter.state(StateEvent::Unprotected, why);
            }
            let network = self.network.clone();
            self.use_network(network, "the policy was damaged in the kernel");
            if self.flaw().is_some() {
                return false;
            }
        }
        if std::mem::replace(&mut self.is_policy_broken, false) {
            self.exposure.ends(Instant::now());
            let message = "the kernel decides as the policy does again";
            self.reporter.state(StateEvent::InterfaceBack, message);
        }
        true
    }

    /// What the kernel decides otherwise than the policy, or why it does not tell.
    pub(super) fn flaw(&mut self) -> Option<String> {
        match self.guard.loaded().disagreement() {
            Ok(None) => None,
            Ok(Some(disagreement)) => {
                Some(format!("{disagreement}: the policy is put in force anew"))
            }
            Err(error) => Some(format!(
                "the kernel cannot be asked whether it decides as the policy does: {error}"
            )),
        }
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

    /// Puts the policy in force with the host's addresses and networks, which are part of it. `why` is told.
    fn use_network(&mut self, network: Network, why: &str) {
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
                self.reporter.state(StateEvent::Reloaded, why);
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
