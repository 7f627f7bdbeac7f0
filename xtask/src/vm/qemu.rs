//! A virtual machine, from its start to its end.

use super::protocol::{End, Report};
use super::tools::{self, QEMU};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The verdict tests' largest policies, and the file system that all of it is in.
const MEMORY: &str = "1500M";
/// To come up and to go down.
const OVERHEAD: Duration = Duration::from_secs(300);
/// Between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// What a machine runs, and where its logs go.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    /// The kernel.
    pub(super) kernel: &'a Path,
    /// Its first file system.
    pub(super) initramfs: &'a Path,
    /// A folder for `console.log`, `tests.log` and `reports.log`.
    pub(super) logs: PathBuf,
    /// All that its tests may take.
    pub(super) limit: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What the guest reported.
    pub(super) reports: Vec<Report>,
    /// What its tests printed.
    pub(super) output: String,
    /// Why none of this can be trusted, if so.
    pub(super) trouble: Option<String>,
}

impl Machine<'_> {
    /// Runs it. One that never came as far as its first process gets a second chance: then no test was asked, and what
    /// is to blame is the machine that emulates it.
    ///
    /// # Errors
    /// When it cannot start.
    pub(super) fn run(&self) -> Result<Outcome> {
        let outcome = self.run_once()?;
        if outcome.reports.is_empty() {
            println!("{}: did not come up, once more", self.logs.display());
            return self.run_once();
        }
        Ok(outcome)
    }

    fn run_once(&self) -> Result<Outcome> {
        fs::create_dir_all(&self.logs)?;
        for log in ["console.log", "reports.log", "tests.log"] {
            fs::write(self.logs.join(log), "")?;
        }
        let mut child = self.command()?.spawn().context("cannot start QEMU")?;
        let ended = wait(&mut child, self.limit + OVERHEAD)?;
        let reports = Report::read(&self.log("reports.log")?);
        Ok(Outcome {
            trouble: trouble(ended, &reports),
            reports,
            output: self.log("tests.log")?.replace('\r', ""),
        })
    }

    fn command(&self) -> Result<Command> {
        let accelerator = if tools::has_kvm() { "kvm" } else { "tcg" };
        let cpu = if tools::has_kvm() { "host" } else { "max" };
        let mut command = Command::new(QEMU);
        command
            .args(["-nodefaults", "-no-user-config", "-display", "none"])
            .args(["-monitor", "none", "-no-reboot", "-machine", "q35"])
            .args(["-accel", accelerator, "-cpu", cpu])
            .args(["-smp", "1", "-m", MEMORY])
            .arg("-kernel")
            .arg(self.kernel)
            .arg("-initrd")
            .arg(self.initramfs)
            // A panic is an end. What is behind the dashes are arguments of the first process.
            .args([
                "-append",
                "console=ttyS0 quiet loglevel=4 panic=-1 -- vm-guest",
            ]);
        // The first port is the kernel's, see `protocol` for the others.
        for log in ["console.log", "reports.log", "tests.log"] {
            let port = format!("file:{}", self.logs.join(log).display());
            command.arg("-serial").arg(port);
        }
        let errors = File::create(self.logs.join("qemu.log"))?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors);
        Ok(command)
    }

    fn log(&self, name: &str) -> Result<String> {
        let bytes = fs::read(self.logs.join(name))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Waits for the end; `None` when it took too long, and was killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

/// Why the reports of a machine that ended so are not worth anything. Both have to be right: that it ended by itself,
/// and its last word.
fn trouble(ended: Option<ExitStatus>, reports: &[Report]) -> Option<String> {
    let Some(status) = ended else {
        return Some("it took too long and was killed".into());
    };
    if !status.success() {
        return Some(format!("QEMU ended with {status}"));
    }
    let is_passed =
        |report: &&Report| matches!(report, Report::Ended { end, .. } if *end == End::Exit(0));
    let counted = reports.iter().filter(is_passed).count();
    match reports.last() {
        None => Some("it did not come up".into()),
        Some(Report::Trouble { what }) => Some(what.clone()),
        Some(Report::Done { passed }) if *passed == counted => None,
        Some(Report::Done { .. }) => Some("its reports are not complete".into()),
        Some(_) => Some("it ended in the middle of its work, perhaps with a panic".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn status(raw: i32) -> Option<ExitStatus> {
        Some(ExitStatus::from_raw(raw))
    }

    fn ended(end: End) -> Report {
        Report::Ended {
            group: "demo".into(),
            end,
            seconds: 1.0,
        }
    }

    #[test]
    fn a_machine_is_believed_when_it_ended_by_itself_with_its_last_word() {
        let reports = [
            ended(End::Exit(0)),
            ended(End::Late),
            Report::Done { passed: 1 },
        ];
        assert_eq!(trouble(status(0), &reports), None);
        assert!(trouble(None, &reports).is_some());
        assert!(trouble(status(9), &reports).is_some());
    }

    #[test]
    fn a_machine_without_its_last_word_is_not_believed() {
        let booted = Report::Booted {
            kernel: "6.1".into(),
        };
        let trouble_itself = Report::Trouble {
            what: "no module".into(),
        };
        for reports in [
            vec![],
            vec![booted.clone()],
            vec![booted, ended(End::Exit(0))],
            vec![trouble_itself],
            vec![Report::Done { passed: 1 }],
        ] {
            assert!(trouble(status(0), &reports).is_some(), "{reports:?}");
        }
    }
}
