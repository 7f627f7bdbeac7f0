//! The command line, as people and scripts meet it: the binary itself, without privileges.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod asking;
mod check;
mod diff;
mod doctor;
mod explain;
mod generated;
mod help;
mod lists;
mod mistakes;
mod monitoring;
mod packaging;
mod refusals;
mod show;
mod terminal;
mod top;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs exitguard with pipes, in `folder`, so that the paths in what it says are the same everywhere.
fn exitguard_in<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> Said {
    said(command().current_dir(folder).args(args))
}

/// Runs exitguard with pipes.
fn exitguard<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Said {
    exitguard_in(Path::new("."), args)
}

/// exitguard, with nothing of the tester's terminal in its environment.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exitguard"));
    command
        .env_clear()
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    command
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of files, gone at the end of the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs a command on the configuration `text`, by the name `exitguard.toml`.
    fn run(&self, text: &str, args: &[&str]) -> Said {
        self.write("exitguard.toml", text);
        let config = ["--config", "exitguard.toml"];
        exitguard_in(self.path(), args.iter().chain(&config))
    }
}

/// Runs a command on a configuration.
fn with_config(text: &str, args: &[&str]) -> Said {
    Folder::new().run(text, args)
}

const MINIMAL: &str = "mode = \"enforce\"\n[egress]\ntcp = [443]\nudp = [53]\n";
