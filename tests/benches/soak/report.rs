//! What came of it, as text or JSON.

use crate::account::Counted;
use crate::arguments::Arguments;
use crate::faults::World;
use anyhow::Result;
use exitguard::exit_code::Exit;
use serde::Serialize;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Everything that was counted.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    seed: u64,
    seconds: u64,
    faults: Vec<Row>,
    traffic: Sent,
    pub(crate) memory: Memory,
    /// Files that the first daemon had open.
    pub(crate) files: usize,
    starts: u64,
}

/// A kind of fault.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    times: u64,
    /// The longest time in which nothing that is allowed was answered.
    longest_outage_ms: u64,
    /// Packets that met no program, and so the gate.
    unjudged: u64,
}

/// Sends of the clients, and packets at the exit node: a send may be many of them, or none.
#[derive(Debug, Default, Serialize)]
struct Sent {
    allowed: u64,
    forbidden: u64,
    answered: u64,
    put_in: u64,
    passed: u64,
    denied: u64,
    unjudged: u64,
    arrived: u64,
    leaked: u64,
    events_lost: u64,
    reports_lost: u64,
}

/// What the daemon that lived longest has in use.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Memory {
    #[serde(skip)]
    process: u32,
    looks: usize,
    #[serde(skip)]
    highest: u64,
    /// The most until it had lived through everything once; not known before.
    pub(crate) begin: Option<u64>,
    pub(crate) end: u64,
}

impl Memory {
    pub(crate) fn note(&mut self, process: u32, bytes: u64) {
        /// As many faults as there are that leave the daemon alone, once or twice.
        const WARM: usize = 30;
        if self.process != process {
            *self = Self {
                process,
                ..Self::default()
            };
        }
        self.looks += 1;
        self.highest = self.highest.max(bytes);
        self.end = bytes;
        if self.looks == WARM {
            self.begin = Some(self.highest);
        }
    }
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            seed: arguments.seed,
            seconds: arguments.length().as_secs(),
            faults: Vec::new(),
            traffic: Sent::default(),
            memory: Memory::default(),
            files: 0,
            starts: 0,
        }
    }

    pub(crate) fn note(&mut self, name: &'static str, outage: Duration, unjudged: u64) {
        let outage = u64::try_from(outage.as_millis()).unwrap_or(u64::MAX);
        match self.faults.iter_mut().find(|row| row.name == name) {
            Some(row) => {
                row.times += 1;
                row.longest_outage_ms = row.longest_outage_ms.max(outage);
                row.unjudged += unjudged;
            }
            None => self.faults.push(Row {
                name,
                times: 1,
                longest_outage_ms: outage,
                unjudged,
            }),
        }
    }

    /// How many faults there were.
    pub(crate) fn happened(&self) -> u64 {
        self.faults.iter().map(|row| row.times).sum()
    }

    pub(crate) fn finish(&mut self, world: &World) -> Result<()> {
        let shared = &world.traffic.shared;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counted { passed, denied } = world.account.counted();
        let status = world.account.last();
        self.starts = world.starts;
        self.traffic = Sent {
            allowed: read(&shared.allowed),
            forbidden: read(&shared.forbidden),
            answered: read(&shared.answered),
            put_in: passed + denied + world.account.unjudged,
            passed,
            denied,
            unjudged: world.account.unjudged,
            arrived: world.site.arrived()?,
            leaked: 0,
            events_lost: status.map(|status| status.lost_kernel).unwrap_or_default(),
            reports_lost: status.map(|status| status.lost_output).unwrap_or_default(),
        };
        Ok(())
    }

    /// Prints all of it.
    pub(crate) fn print(&self, json: bool) -> Result<Exit> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            println!("{self}");
        }
        Ok(Exit::Ok)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<30}{:>6}{:>16}{:>12}",
            "fault", "times", "longest outage", "unjudged"
        )?;
        for row in &self.faults {
            let outage = format!("{} ms", row.longest_outage_ms);
            writeln!(
                f,
                "{:<30}{:>6}{outage:>16}{:>12}",
                row.name, row.times, row.unjudged
            )?;
        }
        let Sent {
            allowed,
            forbidden,
            answered,
            put_in,
            passed,
            denied,
            unjudged,
            arrived,
            leaked,
            events_lost,
            reports_lost,
        } = self.traffic;
        writeln!(f)?;
        let mut line = |label: &str, value: String| writeln!(f, "{label:<12}{value}");
        let (seed, seconds) = (self.seed, self.seconds);
        line(
            "seed",
            format!("{seed}, {seconds} s, {} starts of the daemon", self.starts),
        )?;
        line(
            "clients",
            format!(
                "sent {allowed} times what is allowed, {forbidden} times what is not; {answered} answers"
            ),
        )?;
        line(
            "exit node",
            format!(
                "{put_in} packets: {passed} passed, {denied} denied, {unjudged} met the gate or no device"
            ),
        )?;
        line(
            "servers",
            format!("{arrived} datagrams where they may; {leaked} packets leaked"),
        )?;
        line(
            "lost",
            format!("{events_lost} events in the kernel, {reports_lost} reports to a slow reader"),
        )?;
        let memory = match (self.memory.begin, self.memory.end >> 10) {
            (Some(begin), end) => format!("{} KiB when warm, {end} KiB at the end", begin >> 10),
            (None, end) => format!("{end} KiB at the end; too short to say whether it grows"),
        };
        line("memory", memory)?;
        write!(
            f,
            "{:<12}{} open at first, never more than 4 more",
            "files", self.files
        )
    }
}
