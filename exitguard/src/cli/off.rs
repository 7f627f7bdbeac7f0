//! `exitguard off`.

use super::runtime::runtime;
use super::{OffArgs, print};
use exitguard::daemon::DaemonError;
use exitguard::datapath::{self, PinDir};
use exitguard::exit_code::Exit;
use exitguard::host::Inspector;

pub(super) fn off(args: &OffArgs) -> anyhow::Result<Exit> {
    let lines = runtime()?.block_on(take_off(args))?;
    if lines.is_empty() {
        return print::text("there is no guard on any interface\n");
    }
    print::text(&lines.concat())
}

async fn take_off(args: &OffArgs) -> Result<Vec<String>, DaemonError> {
    let inspector = Inspector::new()?;
    let interfaces = match &args.interface {
        Some(name) => vec![name.clone()],
        None => guarded(&inspector).await?,
    };
    let devices = inspector.devices().await?;
    let mut lines = Vec::new();
    for interface in interfaces {
        let device = devices.iter().find(|device| device.name == interface);
        let was_on = datapath::off(&interface, device.map(|device| device.index))?;
        // After the daemon, which would close it again; and when this fails, nothing passes rather than all.
        let had_gate = inspector.open_gate(&interface).await?;
        lines.push(if was_on || had_gate {
            format!("{interface}: the guard is off; traffic passes unjudged\n")
        } else {
            format!("{interface}: there was no guard\n")
        });
    }
    Ok(lines)
}

/// Every interface with anything of ours.
async fn guarded(inspector: &Inspector) -> Result<Vec<String>, DaemonError> {
    let pinned = PinDir::existing()?;
    let mut interfaces: Vec<String> = pinned
        .iter()
        .map(|pins| pins.interface().to_owned())
        .collect();
    interfaces.extend(inspector.gates().await?);
    interfaces.sort_unstable();
    interfaces.dedup();
    Ok(interfaces)
}
