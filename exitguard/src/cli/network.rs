//! The network of the host that a command runs on.

use super::runtime::runtime;
use exitguard::config::{Attach, Config, Interface};
use exitguard::datapath::Attached;
use exitguard::host::{self, HostError, Inspector};
use exitguard::policy::Network;

/// With the device that a configuration guards.
pub(super) fn of(config: &Config) -> Result<Network, HostError> {
    look(&config.interface, config.attach)
}

/// Without a configuration.
pub(super) fn here() -> Result<Network, HostError> {
    look(&Interface::Auto, Attach::Tc)
}

/// The interface of a configuration, and whether programs of an exitguard judge its packets: `None` if this user may
/// not know.
pub(super) fn guarded(interface: &Interface) -> Result<(Option<String>, Option<bool>), HostError> {
    runtime()?.block_on(async {
        let inspector = Inspector::new()?;
        let (devices, addresses) = (inspector.devices().await?, inspector.addresses().await?);
        let device = [Attach::Tc, Attach::Xdp]
            .into_iter()
            .find_map(|attach| host::select(&devices, &addresses, interface, attach).ok());
        let Some(device) = device else {
            return Ok((None, Some(false)));
        };
        let others = inspector.programs(device.index).await?;
        let attached = Attached::on(device.index, &others);
        let guarded = attached.and_then(|attached| attached.is_guarded()).ok();
        Ok((Some(device.name), guarded))
    })
}

fn look(interface: &Interface, attach: Attach) -> Result<Network, HostError> {
    runtime()?.block_on(async {
        let inspector = Inspector::new()?;
        let (devices, addresses) = (inspector.devices().await?, inspector.addresses().await?);
        let guarded = host::select(&devices, &addresses, interface, attach)
            .map(|device| device.name)
            .unwrap_or_default();
        inspector.network(&devices, &addresses, &guarded).await
    })
}
