//! Who runs the demo, and looks whether anything is left of it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::SOON;

/// The binary, with a directory for temporary files that nobody else uses.
pub(crate) struct Newcomer {
    pub(crate) tmp: TempDir,
    before: [BTreeSet<String>; 3],
}

impl Newcomer {
    pub(crate) fn new() -> Self {
        Self {
            tmp: tempfile::tempdir().unwrap(),
            before: names(),
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
        self.start(args).finish()
    }

    /// Starts it, and returns when it has put its policy in force.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut child = self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("guarded by") {
            let length = stdout.read_line(&mut said).unwrap();
            assert!(length > 0, "{said}");
        }
        Running {
            programs: programs_of(&child),
            namespaces: &namespaces_of(&child.id().to_string()) - &namespaces_of("self"),
            child,
            stdout,
            said,
        }
    }

    /// The demo is over: the machine is as it was.
    pub(crate) fn assert_nothing_is_left(&self) {
        let left: Vec<PathBuf> = entries(self.tmp.path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
        assert_eq!(names(), self.before);
    }
}

/// A demo that puts its policy in force, or has.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
    /// Identifiers of its BPF programs.
    programs: BTreeSet<u32>,
    /// The network namespaces of its threads.
    namespaces: BTreeSet<PathBuf>,
}

impl Running {
    /// Reads it to its end.
    pub(crate) fn finish(mut self) -> Output {
        self.stdout.read_to_string(&mut self.said).unwrap();
        let mut done = self.child.wait_with_output().unwrap();
        done.stdout = self.said.into_bytes();
        done
    }

    /// Closes its output.
    pub(crate) fn hang_up(self) -> Output {
        drop(self.stdout);
        self.child.wait_with_output().unwrap()
    }

    /// What of it has to be gone when it has ended: programs and namespaces.
    pub(crate) fn possessions(&self) -> (BTreeSet<u32>, BTreeSet<PathBuf>) {
        assert!(!self.programs.is_empty());
        assert!(self.namespaces.len() >= 2, "{:?}", self.namespaces);
        (self.programs.clone(), self.namespaces.clone())
    }
}

/// The kernel takes its time to free a program.
pub(crate) fn assert_gone((programs, namespaces): (BTreeSet<u32>, BTreeSet<PathBuf>)) {
    let deadline = Instant::now() + SOON;
    // A program that is freed while it is looked at is no program.
    while let left = aya::programs::loaded_programs().flatten()
        && let Some(left) = left.map(|it| it.id()).find(|id| programs.contains(id))
    {
        assert!(Instant::now() < deadline, "program {left} is still there");
        thread::yield_now();
    }
    for process in entries(Path::new("/proc")) {
        let held = namespaces_of(&process.file_name().unwrap().to_string_lossy());
        assert!(held.is_disjoint(&namespaces), "{}", process.display());
    }
}

/// Links, pins and mounts of the machine.
fn names() -> [BTreeSet<String>; 3] {
    let names = |path: &str| {
        entries(Path::new(path))
            .map(|path| path.display().to_string())
            .collect()
    };
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    [
        names("/sys/class/net"),
        names("/sys/fs/bpf"),
        mounts.lines().map(str::to_owned).collect(),
    ]
}

pub(crate) fn entries(path: &Path) -> impl Iterator<Item = PathBuf> {
    // Threads and descriptors can be gone by the time they are asked for.
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.flatten().map(|entry| entry.path())
}

/// The BPF programs that a process has open.
fn programs_of(process: &Child) -> BTreeSet<u32> {
    entries(Path::new(&format!("/proc/{}/fdinfo", process.id())))
        .filter_map(|descriptor| fs::read_to_string(descriptor).ok())
        .flat_map(|text| {
            let ids = text
                .lines()
                .filter_map(|line| line.strip_prefix("prog_id:"));
            ids.map(|id| id.trim().parse().unwrap()).collect::<Vec<_>>()
        })
        .collect()
}

/// The network namespaces of a process's threads.
fn namespaces_of(process: &str) -> BTreeSet<PathBuf> {
    entries(&Path::new("/proc").join(process).join("task"))
        .filter_map(|task| fs::read_link(task.join("ns/net")).ok())
        .collect()
}
