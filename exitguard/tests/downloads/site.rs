//! A folder with a configuration, and the binary in it.

use crate::server::Server;
use exitguard::{config, lists};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub(crate) const UPDATE: [&str; 2] = ["lists", "update"];

/// A configuration with a list that is downloaded, and one that is not.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With more keys for the list that is downloaded.
    pub(crate) fn with(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new();
        let url = server.url("/feed.txt");
        let config = format!(
            "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"feed\"\nsource = \"{url}\"\n\
             insecure = true\n{keys}\n[[list]]\nname = \"mine\"\nsource = \"mine.txt\"\n\
             [lists]\ncache = \"cache\"\n"
        );
        fs::write(folder.path().join("exitguard.toml"), config).unwrap();
        fs::write(folder.path().join("mine.txt"), "192.0.2.1\n").unwrap();
        Self { folder, server }
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.run_by(Command::new(env!("CARGO_BIN_EXE_exitguard")).args(args))
    }

    /// Runs it from a shell that did something before.
    pub(crate) fn run_after(&self, before: &str, args: &str) -> Said {
        let script = format!("{before}; exec \"$0\" {args} --config exitguard.toml");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_exitguard")]);
        Said::from(&self.output(&mut shell))
    }

    fn run_by(&self, command: &mut Command) -> Said {
        Said::from(&self.output(command.args(["--config", "exitguard.toml"])))
    }

    fn output(&self, command: &mut Command) -> Output {
        command
            .env_clear()
            .env("RUST_BACKTRACE", "0")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Takes a list and keeps it, as a daemon does that starts in the folder.
    pub(crate) fn take_as_daemon(&self, name: &str) {
        let config = config::load(&self.folder.path().join("exitguard.toml")).unwrap();
        let all = &config.config.lists;
        let list = all.iter().find(|list| list.name == name).unwrap();
        let cache = self.cache();
        let now = lists::now();
        let mut taken = lists::take(list, &cache, None, now, &mut Vec::new());
        taken.memory.keep(name, &cache).unwrap();
    }

    pub(crate) fn status(&self) -> (Option<i32>, serde_json::Value) {
        let said = self.run(&["lists", "status", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        (said.code, json[0].clone())
    }

    /// How many entries `check` finds in what was downloaded.
    pub(crate) fn in_force(&self) -> u64 {
        let said = self.run(&["check", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        json["lists"][0]["entries"].as_u64().unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        // Only root may look for a daemon, and these tests need no root.
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        let stderr = stderr
            .lines()
            .filter(|line| !line.contains("not permitted to look for a running daemon"))
            .map(|line| format!("{line}\n"))
            .collect();
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr,
        }
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
