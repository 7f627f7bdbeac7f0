//! Looking at the network, and for the device in it.

use crate::config::Fail;
use crate::host::{Address, Device, Gate, HostError, Inspector, Watch};
use crate::policy::Network;

/// The network of this host, and word of its changes.
pub(super) struct Search {
    inspector: Inspector,
    watch: Watch,
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
}
