//! What `exitguard off` leaves: nothing but the lists that were kept.

use crate::daemon::Daemon;
use crate::faults::pins;
use crate::site::Site;
use anyhow::{Result, ensure};
use exitguard::datapath::{Attached, PIN_ROOT};
use exitguard::host::Inspector;
use exitguard::lab::{Links, TUN};
use std::fs;

/// Takes the guard off, and looks for whatever is left of it.
pub(crate) fn check(site: &Site, daemon: Daemon) -> Result<()> {
    let mut off = site.command(None);
    off.arg("off");
    let said = site.exit().enter(|| off.output())??;
    ensure!(said.status.success(), "`exitguard off` failed: {said:?}");
    let status = daemon.wait()?;
    ensure!(
        status.success(),
        "taken off, the daemon ended with {status}"
    );
    ensure!(!fs::exists(site.socket())?, "the socket is still there");
    site.exit().enter(|| in_kernel(site))??;
    site.exit().enter(|| in_cache(site))?
}

fn in_kernel(site: &Site) -> Result<()> {
    ensure!(!fs::exists(PIN_ROOT)?, "{PIN_ROOT} is still there");
    let index = Links::of(site.exit())?.index(TUN)?.unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let inspector = Inspector::new()?;
        let gates = inspector.gates().await?;
        ensure!(gates.is_empty(), "the gate of {gates:?} is still there");
        let attached = Attached::on(index, &inspector.programs(index).await?)?;
        let none = attached == Attached::default();
        ensure!(none, "programs are still on the device: {attached:?}");
        Ok(())
    })
}

/// Of each list its state and at most two versions, and the relays.
fn in_cache(site: &Site) -> Result<()> {
    let kept = pins(&site.cache())?;
    let mut versions = 0;
    for path in &kept {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_version = name.starts_with("bad.") && name.ends_with(".list");
        versions += usize::from(is_version);
        let is_known = is_version || ["bad.json", ".relays.json"].contains(&name.as_ref());
        ensure!(is_known, "{} was left", path.display());
    }
    ensure!(
        (1..=2).contains(&versions),
        "{versions} versions were kept: {kept:?}"
    );
    Ok(())
}
