//! The daemon ends, or cannot begin.

use super::World;
use crate::daemon::Daemon;
use crate::policies;
use crate::site::{LIST, LONG_LIST};
use crate::wait::until;
use anyhow::{Result, ensure};
use std::fs;

/// As when memory is short.
pub(super) fn kill(world: &mut World) -> Result<()> {
    world.take_daemon()?.kill()?;
    world.start()
}

/// As `systemctl restart`.
pub(super) fn stop(world: &mut World) -> Result<()> {
    world.take_daemon()?.stop()?;
    world.start()
}

/// A daemon that may not have the memory it needs starts or does not; then a list is too long for it, or not. What
/// was in force stays.
pub(super) fn little_memory(world: &mut World) -> Result<()> {
    const KIB: std::ops::Range<u64> = 20_000..300_000;
    world.take_daemon()?.kill()?;
    let mut daemon = Daemon::launch(&world.site, Some(world.random.u64(KIB)))?;
    if daemon.wait_for("started").is_ok() {
        fs::write(world.site.list(), policies::list(LONG_LIST))?;
        // It ends, or says what became of it.
        let _ = daemon.reload();
    } else {
        until("the end of a daemon that did not start", || daemon.ended())?;
    }
    drop(daemon);
    world.site.wait_until_allowed()?;
    fs::write(world.site.list(), policies::list(LIST))?;
    world.start()
}

/// Another one, while the first guards, gives up.
pub(super) fn second(world: &mut World) -> Result<()> {
    let second = Daemon::launch(&world.site, None)?;
    let status = second.wait()?;
    ensure!(!status.success(), "there were two daemons at once");
    Ok(())
}
