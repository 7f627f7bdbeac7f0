//! The process of the daemon, and what it tells.

use crate::site::Site;
use crate::wait::until;
use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A running daemon; it is killed with this value.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    told: Arc<Told>,
}

/// What it told.
#[derive(Debug, Default)]
struct Told {
    states: Mutex<Vec<String>>,
    /// The last of them, for people.
    history: Mutex<VecDeque<String>>,
    /// The reader does not read.
    is_paused: Mutex<bool>,
    goes_on: Condvar,
    lines: AtomicU64,
    bad_lines: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is written of panics and warnings.
pub(crate) const STDERR: &str = "stderr.log";

impl Daemon {
    /// Starts one; its policy is in force when this returns.
    pub(crate) fn start(site: &Site) -> Result<Self> {
        let mut daemon = Self::launch(site, None)?;
        daemon.wait_for("started")?;
        Ok(daemon)
    }

    /// Starts one, perhaps with so little memory, and does not wait.
    pub(crate) fn launch(site: &Site, memory_kib: Option<u64>) -> Result<Self> {
        // What a program says that finds no memory is of no interest.
        let name = memory_kib.map_or(STDERR, |_| "short-of-memory.log");
        let log = site.folder().join(name);
        let log = File::options().create(true).append(true).open(log)?;
        let mut run = site.command(memory_kib);
        run.args(["run", "--wait", "--output", "json", "--config"])
            .arg(site.config())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = site.exit().enter(|| run.spawn())??;
        let told = Arc::<Told>::default();
        let stdout = child.stdout.take().context("no pipe")?;
        let teller = Arc::clone(&told);
        thread::Builder::new()
            .name("soak-reader".to_owned())
            .spawn(move || read(stdout, &teller))?;
        Ok(Self { child, told })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(self.id().try_into()?), signal)?)
    }

    /// Until a state of the guard is told that was not asked for yet; fails when the daemon ends before.
    pub(crate) fn wait_for(&mut self, state: &str) -> Result<()> {
        self.wait_for_one_of(&[state]).map(|_| ())
    }

    /// The same of several, and which came.
    pub(crate) fn wait_for_one_of(&mut self, states: &[&str]) -> Result<String> {
        until(&format!("the daemon's word {states:?}"), || {
            let mut told = locked(&self.told.states);
            let place = told
                .iter()
                .position(|event| states.contains(&event.as_str()));
            if let Some(place) = place {
                return Ok(told.drain(..=place).next_back());
            }
            drop(told);
            match self.child.try_wait()? {
                Some(status) => bail!("the daemon ended with {status} before it said {states:?}"),
                None => Ok(None),
            }
        })
    }

    /// What it told before is asked for by nobody.
    pub(crate) fn forget(&self) {
        locked(&self.told.states).clear();
    }

    /// Has it read its files again, and says whether they are in force.
    pub(crate) fn reload(&mut self) -> Result<bool> {
        self.forget();
        self.signal(Signal::SIGHUP)?;
        let told = self.wait_for_one_of(&["reloaded", "reload_failed"])?;
        Ok(told == "reloaded")
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Until it has ended by itself.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        until("the end of the daemon", || Ok(self.child.try_wait()?))
    }

    /// Ends it as systemd does.
    pub(crate) fn stop(self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.wait()?;
        ensure!(
            status.success(),
            "told to end, the daemon ended with {status}"
        );
        Ok(())
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// What it said about the guard since this was asked last, as far as that is remembered.
    pub(crate) fn said(&self) -> Vec<String> {
        locked(&self.told.history).drain(..).collect()
    }

    /// Whether anybody reads what it tells.
    pub(crate) fn read(&self, reads: bool) {
        *locked(&self.told.is_paused) = !reads;
        self.told.goes_on.notify_all();
    }

    /// Lines that it told, and those that were none.
    pub(crate) fn lines(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.told.lines), read(&self.told.bad_lines))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Most have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.read(true);
    }
}

/// What is remembered of it.
const HISTORY: usize = 30;

fn read(stdout: ChildStdout, told: &Told) {
    // The last line of one that was killed may lack its end.
    let mut is_last_bad = false;
    for line in BufReader::new(stdout).lines() {
        let paused = locked(&told.is_paused);
        drop(told.goes_on.wait_while(paused, |paused| *paused));
        let Ok(line) = line else {
            return;
        };
        if is_last_bad {
            told.bad_lines.fetch_add(1, Ordering::Relaxed);
        }
        is_last_bad = false;
        let number = told.lines.fetch_add(1, Ordering::Relaxed);
        // Of flows there are many, and all alike.
        let is_state = line.contains("\"event_type\":\"state\"");
        if !is_state && !number.is_multiple_of(64) {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(&line) else {
            is_last_bad = true;
            continue;
        };
        if is_state && let Some(guard) = value.get("exitguard") {
            let text = |value: Option<&Value>| {
                let text = value.and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let event = text(guard.get("event"));
            let (time, message) = (text(value.get("timestamp")), text(guard.get("message")));
            let is_of_addresses = message.starts_with("the addresses of this host changed");
            let mut history = locked(&told.history);
            history.push_back(format!("{time} {event}: {message}"));
            if history.len() > HISTORY {
                history.pop_front();
            }
            // A policy for other addresses of the host is not the one that was asked for.
            if !is_of_addresses {
                locked(&told.states).push(event);
            }
        }
    }
}
