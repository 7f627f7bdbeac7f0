//! Looking at the network, and for the device in it.

use super::Command;
use super::reporter::Reporter;
use super::status::Inquiries;
use super::supervisor::LOOK_PERIOD;
use super::systemd;
use crate::config::{Config, Fail, Interface};
use crate::control::{Reply, Request};
use crate::host::{self, Address, Device, Gate, HostError, Inspector, Watch};
use crate::output::StateEvent;
use crate::policy::Network;
use tokio::sync::mpsc::Receiver;

/// The network of this host, and word of its changes.
pub(super) struct Search {
    inspector: Inspector,
    watch: Watch,
}

/// Whom to listen to while waiting for the device.
pub(super) struct Asked<'a> {
    pub(super) commands: &'a mut Receiver<Command>,
    pub(super) inquiries: &'a mut Inquiries,
    /// Answers, given why there is no device.
    pub(super) answer: &'a dyn Fn(Request, String) -> Reply,
}

impl Search {
    /// Listens for changes of the network from here on.
    pub(super) fn new() -> Result<Self, HostError> {
        // In this order: what changes between the two is heard of.
        let watch = Watch::new()?;
        let inspector = Inspector::new()?;
        Ok(Self { inspector, watch })
    }

    /// Until something of the network may have changed.
    pub(super) async fn changed(&mut self) {
        self.watch.changed().await;
    }

    /// What is there now.
    pub(super) async fn look(&self) -> Result<(Vec<Device>, Vec<Address>), HostError> {
        Ok((
            self.inspector.devices().await?,
            self.inspector.addresses().await?,
        ))
    }

    /// The programs on a device, but for those of tcx links.
    pub(super) async fn programs(&self, index: u32) -> Result<Vec<u32>, HostError> {
        self.inspector.programs(index).await
    }

    /// Sees to it that the gate of the interface is as the configuration says. True if it was open and had to be
    /// closed.
    pub(super) async fn keep_gate(&self, fail: Fail, interface: &str) -> Result<bool, HostError> {
        match (fail, self.inspector.gate(interface).await?) {
            (Fail::Closed, Gate::Closed) => Ok(false),
            (Fail::Closed, Gate::Open) => {
                self.inspector.close_gate(interface).await?;
                Ok(true)
            }
            // What a former configuration left.
            (Fail::Open, _) => self.inspector.open_gate(interface).await.map(|_| false),
        }
    }

    /// Whether the gate of the interface is closed.
    pub(super) async fn is_gate_closed(&self, interface: &str) -> Result<bool, HostError> {
        Ok(self.inspector.gate(interface).await? == Gate::Closed)
    }

    /// What the policy has to know of it.
    pub(super) async fn network(
        &self,
        devices: &[Device],
        addresses: &[Address],
        guarded: &str,
    ) -> Result<Network, HostError> {
        self.inspector.network(devices, addresses, guarded).await
    }

    /// The device to guard; `None` when told to stop while waiting for it.
    pub(super) async fn device(
        &mut self,
        config: &Config,
        wait: bool,
        reporter: &mut Reporter,
        asked: Asked<'_>,
    ) -> Result<Option<Device>, HostError> {
        let mut has_told = false;
        loop {
            let (devices, addresses) = self.look().await?;
            let why = match host::select(&devices, &addresses, &config.interface, config.attach) {
                Ok(device) => return Ok(Some(device)),
                Err(error) if wait && error.is_absence() => error.to_string(),
                Err(error) => return Err(error),
            };
            if !has_told {
                reporter.state(StateEvent::Waiting, why.as_str());
                systemd::ready(&format!("waiting: {why}"));
                has_told = true;
                // Closed before the interface is there, so that nothing passes before the programs are.
                if let (Fail::Closed, Interface::Named(name)) = (config.fail, &config.interface)
                    && let Err(error) = self.keep_gate(config.fail, name).await
                {
                    reporter.state(StateEvent::NoGate, error.to_string());
                }
            }
            systemd::alive();
            tokio::select! {
                () = self.watch.changed() => {}
                () = tokio::time::sleep(LOOK_PERIOD) => {}
                command = asked.commands.recv() => {
                    if command != Some(Command::Reload) {
                        return Ok(None);
                    }
                }
                inquiry = asked.inquiries.next() => {
                    let reply = (asked.answer)(inquiry.request, why);
                    // Whoever asked may have gone meanwhile.
                    let _ = inquiry.reply.send(reply);
                }
            }
        }
    }
}
