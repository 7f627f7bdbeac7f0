//! Who runs the demo, and looks whether anything is left of it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::SOON;

/// The binary, with a directory for temporary files that nobody else uses.
pub(crate) struct Newcomer {
    pub(crate) tmp: TempDir,
    before: Machine,
}

impl Newcomer {
    pub(crate) fn new() -> Self {
        Self {
            tmp: tempfile::tempdir().unwrap(),
            before: Machine::now(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exitguard"));
        command
            .arg("demo")
            .args(args)
            .env("TMPDIR", self.tmp.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Starts it, and returns when it has put its policy in force.
    pub(crate) fn start(&self, args: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut child = self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(first["exitguard"]["event"], "started", "{first}");
        (child, lines)
    }

    /// The demo is over: the machine is as it was.
    pub(crate) fn assert_nothing_is_left(&self) {
        let left: Vec<PathBuf> = entries(self.tmp.path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
        let after = Machine::now();
        assert_eq!(after.names, self.before.names);
        // Other programs may come and go, and the kernel takes its time to free one.
        let mut new = &after.programs - &self.before.programs;
        let deadline = Instant::now() + SOON;
        while !new.is_empty() {
            assert!(
                Instant::now() < deadline,
                "programs {new:?} are still there"
            );
            thread::yield_now();
            new = &new & &Machine::now().programs;
        }
    }
}

/// What a demo could leave behind.
struct Machine {
    /// Links, pins and mounts.
    names: [BTreeSet<String>; 3],
    /// Identifiers of the BPF programs in the kernel.
    programs: BTreeSet<u32>,
}

impl Machine {
    fn now() -> Self {
        let names = |path: &str| {
            entries(Path::new(path))
                .map(|path| path.display().to_string())
                .collect()
        };
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        // A program that is freed while it is looked at is no program.
        let programs = aya::programs::loaded_programs().flatten();
        Self {
            names: [
                names("/sys/class/net"),
                names("/sys/fs/bpf"),
                mounts.lines().map(str::to_owned).collect(),
            ],
            programs: programs.map(|program| program.id()).collect(),
        }
    }
}

pub(crate) fn entries(path: &Path) -> impl Iterator<Item = PathBuf> {
    // Threads and descriptors can be gone by the time they are asked for.
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path())
}

/// The network namespaces of a process's threads.
pub(crate) fn namespaces(process: &Path) -> BTreeSet<PathBuf> {
    entries(&process.join("task"))
        .filter_map(|task| fs::read_link(task.join("ns/net")).ok())
        .collect()
}
