//! What the daemon has in use when there is a lot to know: `cargo xtask soak --memory`.

mod crowd;
mod usage;

use crate::daemon::Daemon;
use crate::policies::{list, open_policy};
use crate::site::{LIST, LONG_LIST, Site};
use crate::wait::until;
use anyhow::{Result, ensure};
use crowd::FLOWS;
use exitguard::control::{Client, Watch};
use exitguard::exit_code::Exit;
use serde::Serialize;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use usage::Usage;

/// What the daemon may have in use with all of it, but for moments.
const BUDGET: u64 = 64 << 20;
/// Reads of the flow table within it.
const SEVERAL_LOOKS: Duration = Duration::from_secs(7);

/// What was in use, one moment after the other.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Memory {
    flows: usize,
    rows: usize,
    moments: Vec<Moment>,
}

#[derive(Debug, Serialize)]
struct Moment {
    name: &'static str,
    usage: Usage,
}

/// Fills everything that the daemon remembers.
pub(crate) fn measure() -> Result<Memory> {
    let site = Site::build()?;
    site.write_policy(&open_policy(FLOWS + FLOWS / 4))?;
    let mut daemon = Daemon::start(&site)?;
    let mut memory = Memory::default();
    let process = daemon.id();
    memory.note(process, "started")?;

    crowd::come_and_go(&site)?;
    until("the end of all flows", || {
        Ok((site.ask(Client::status)?.flows == 0).then_some(()))
    })?;
    memory.note(process, "tallies full")?;

    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let tun = site.lab.exit_tun()?;
        let crowd = scope.spawn(|| crowd::stay(tun, || !ends.load(Ordering::Relaxed)));
        let outcome = with_crowd(&site, &mut daemon, &mut memory);
        ends.store(true, Ordering::Relaxed);
        match crowd.join() {
            Ok(crowd) => outcome.and(crowd),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    daemon.stop()?;
    Ok(memory)
}

fn with_crowd(site: &Site, daemon: &mut Daemon, memory: &mut Memory) -> Result<()> {
    let process = daemon.id();
    until("all flows", || {
        let flows = site.ask(Client::status)?.flows;
        memory.flows = flows;
        Ok((flows >= FLOWS).then_some(()))
    })?;
    usage::forget_peak(process)?;
    pause(SEVERAL_LOOKS);
    memory.note(process, "100,000 flows")?;

    let watching = site.client()?.watch(Watch::default())?;
    let unwatch = watching.unwatch()?;
    let watcher = thread::spawn(move || watching.count());
    pause(SEVERAL_LOOKS);
    memory.note(process, "watched")?;

    for name in ["flows asked for", "flows asked for again"] {
        let asked = site.ask(Client::flows)?.flows.len();
        ensure!(asked >= FLOWS, "only {asked} flows were told");
        memory.note(process, name)?;
    }
    for name in ["tallies asked for", "tallies asked for again"] {
        memory.rows = site.ask(Client::observed)?.rows.len();
        memory.note(process, name)?;
    }
    fs::write(site.list(), list(LONG_LIST))?;
    ensure!(daemon.reload()?, "not reloaded");
    memory.note(process, "reloaded, 300,000 prefixes")?;
    fs::write(site.list(), list(LIST))?;
    ensure!(daemon.reload()?, "not reloaded");
    pause(SEVERAL_LOOKS);
    memory.note(process, "reloaded, 160,000 prefixes")?;
    unwatch.end();
    ensure!(watcher.join().is_ok(), "the watcher panicked");
    Ok(())
}

fn pause(length: Duration) {
    let start = Instant::now();
    while let Some(left) = length.checked_sub(start.elapsed()) {
        thread::park_timeout(left);
    }
}

impl Memory {
    fn note(&mut self, process: u32, name: &'static str) -> Result<()> {
        let usage = Usage::of(process)?;
        usage::forget_peak(process)?;
        self.moments.push(Moment { name, usage });
        Ok(())
    }

    /// Prints all of it.
    pub(crate) fn print(&self, json: bool) -> Result<Exit> {
        let all = self.moments.iter().map(|moment| moment.usage.together());
        let exit = match all.max() {
            Some(most) if most <= BUDGET => Exit::Ok,
            _ => Exit::Negative,
        };
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(exit);
        }
        let (flows, rows) = (self.flows, self.rows);
        println!("Memory of the daemon in MiB, with {flows} flows and {rows} rows counted");
        println!(
            "{:<30}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "", "anonymous", "files", "shared", "together", "peak"
        );
        for Moment { name, usage } in &self.moments {
            let all = [
                usage.anonymous,
                usage.files,
                usage.shared,
                usage.together(),
                usage.peak,
            ];
            let columns = all.map(|bytes| format!("{:>10.1}", bytes as f64 / f64::from(1 << 20)));
            println!("{name:<30}{}", columns.concat());
        }
        Ok(exit)
    }
}
