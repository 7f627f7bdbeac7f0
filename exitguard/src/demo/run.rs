//! Building up, sending, comparing, taking down.

use super::error::DemoError;
use super::expect::{Facts, Seen};
use super::hear::{Ears, Halt, Stopper, Wanted};
use super::outcome::{End, Outcome, Row};
use super::scenario::{Probe, Scenario};
use super::send::{Servers, send};
use crate::daemon::{Overrides, PolicyFiles, Settings};
use crate::lab::{Exchange, Lab, LabDaemon, LabError, LabOptions};
use crate::output::Reader;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(10);
/// The kernel verifies the programs first, which a busy machine takes its time for.
const START: Duration = Duration::from_secs(60);
/// How long silence has to last where silence is expected. A first packet is repeated after a second, which the
/// report of the first does not wait for.
const SILENCE: Duration = Duration::from_millis(300);

/// Source ports of a round. A round that met the ports of the round before would continue its flows, which is
/// not reported.
const ROUND_PORTS: u64 = 64;
const FIRST_PORT: u64 = 1024;
const PORT_BLOCKS: u64 = (65_536 - FIRST_PORT) / ROUND_PORTS;

/// A lab with servers, ready for the daemon and for traffic. Everything is gone when the value is dropped.
#[derive(Debug)]
pub struct Demo {
    // In the order in which they are to be dropped.
    servers: Servers,
    lab: Lab,
    ears: Ears,
    files: TempDir,
    scenario: Scenario,
}

impl Demo {
    /// Builds it.
    ///
    /// # Errors
    /// [`DemoError::Lab`]: without root, or on a kernel that lacks something.
    pub fn build(scenario: Scenario) -> Result<Self, DemoError> {
        let lab = Lab::build(&LabOptions {
            servers: scenario.servers.clone(),
            ..LabOptions::default()
        })?;
        let targets = scenario
            .probes
            .iter()
            .map(|probe| (probe.to, probe.traffic));
        let servers = Servers::start(&lab, targets)?;
        Ok(Self {
            servers,
            lab,
            ears: Ears::new(),
            files: scenario.sample.write()?,
            scenario,
        })
    }

    /// The configuration, by which its daemon can be asked while it runs.
    pub fn config(&self) -> PathBuf {
        self.files.path().join(self.scenario.sample.config.name)
    }

    /// Ends it early, from another thread.
    pub fn stopper(&self) -> Stopper {
        self.ears.stopper()
    }

    /// Runs the daemon under the sample policy and sends every probe, in rounds that begin until `duration` is
    /// over; without one, in a single round. `reader` gets what the daemon reports.
    ///
    /// # Errors
    /// When the daemon cannot run. A probe that fails is no error.
    pub fn run(
        mut self,
        reader: impl Reader + 'static,
        duration: Option<Duration>,
    ) -> Result<Outcome, DemoError> {
        let settings = Settings {
            files: PolicyFiles {
                config: self.config(),
                overrides: Overrides::default(),
            },
            wait: false,
            answer: true,
            warn: |_| (),
        };
        let reader = self.ears.listen(reader);
        let daemon = LabDaemon::start(self.lab.exit(), settings, reader)?;
        let mut outcome = Outcome {
            rows: self.scenario.probes.drain(..).map(Row::new).collect(),
            rounds: 0,
            elapsed: Duration::ZERO,
            end: End::Complete,
        };
        let start = Instant::now();
        let done = self.rounds(&mut outcome, duration);
        outcome.elapsed = start.elapsed();
        daemon.stop()?;
        match done {
            Ok(()) => {}
            Err(Interruption::Halt(Halt::Stopped)) => outcome.end = End::Interrupted,
            Err(Interruption::Halt(Halt::NobodyReads)) => outcome.end = End::NobodyReads,
            Err(Interruption::Halt(Halt::DaemonEnded)) => return Err(DemoError::Silent("go on")),
            Err(Interruption::Error(error)) => return Err(error),
        }
        Ok(outcome)
    }

    fn rounds(
        &mut self,
        outcome: &mut Outcome,
        duration: Option<Duration>,
    ) -> Result<(), Interruption> {
        if !self.ears.started(START)? {
            return Err(DemoError::Silent("put the sample policy in force in time").into());
        }
        let start = Instant::now();
        loop {
            self.use_ports_of(outcome.rounds)?;
            for row in &mut outcome.rows {
                let seen = self.probe(&row.probe)?;
                row.add(seen);
            }
            outcome.rounds += 1;
            if duration.is_none_or(|duration| start.elapsed() >= duration) {
                return Ok(());
            }
        }
    }

    fn use_ports_of(&self, round: u64) -> Result<(), LabError> {
        let first = FIRST_PORT + round % PORT_BLOCKS * ROUND_PORTS;
        let range = format!("{first} {}", first + ROUND_PORTS - 1);
        let setting = ("net.ipv4.ip_local_port_range", range.as_str());
        self.lab.client().sysctls(&[setting])
    }

    fn probe(&mut self, probe: &Probe) -> Result<Seen, Halt> {
        let Probe {
            from, to, traffic, ..
        } = *probe;
        let within = match probe.expected.answer {
            Exchange::TimedOut => SILENCE,
            _ => SOON,
        };
        let before = self.servers.calls(to, traffic);
        let sent = send(&self.lab, from, to, traffic, within);
        let report = self.ears.flow(&Wanted::new(from, to, traffic), SOON)?;
        let after = self.servers.calls(to, traffic);
        let bulk = sent.as_ref().ok().and_then(|(_, bulk)| *bulk);
        Ok(Seen {
            answer: sent
                .map(|(answer, _)| answer)
                .map_err(|error| error.to_string()),
            reached: before.zip(after).map(|(before, after)| after > before),
            facts: report.as_ref().map(Facts::of),
            bulk,
        })
    }
}

/// Why the rounds ended before their time.
enum Interruption {
    Halt(Halt),
    Error(DemoError),
}

impl From<Halt> for Interruption {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<DemoError> for Interruption {
    fn from(error: DemoError) -> Self {
        Self::Error(error)
    }
}

impl From<LabError> for Interruption {
    fn from(error: LabError) -> Self {
        Self::Error(error.into())
    }
}
