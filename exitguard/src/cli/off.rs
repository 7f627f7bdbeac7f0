//! `exitguard off`.

use super::{OffArgs, print};
use exitguard::daemon::DaemonError;
use exitguard::datapath::{self, PinDir};
use exitguard::exit_code::Exit;
use exitguard::host::{Device, HostError, Inspector};

pub(super) fn off(args: &OffArgs) -> anyhow::Result<Exit> {
    let interfaces = match &args.interface {
        Some(name) => vec![name.clone()],
        None => guarded().map_err(DaemonError::from)?,
    };
    let devices = devices().map_err(DaemonError::from)?;
    let mut lines = String::new();
    for interface in interfaces {
        let index = devices
            .iter()
            .find(|device| device.name == interface)
            .map(|device| device.index);
        let was_on = datapath::off(&interface, index).map_err(DaemonError::from)?;
        lines += &if was_on {
            format!("{interface}: the guard is off; traffic passes unjudged\n")
        } else {
            format!("{interface}: there was no guard\n")
        };
    }
    if lines.is_empty() {
        lines = "there is no guard on any interface\n".to_owned();
    }
    print::text(&lines)
}

fn guarded() -> Result<Vec<String>, datapath::DatapathError> {
    Ok(PinDir::existing()?
        .iter()
        .map(|pins| pins.interface().to_owned())
        .collect())
}

fn devices() -> Result<Vec<Device>, HostError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async { Inspector::new()?.devices().await })
}
