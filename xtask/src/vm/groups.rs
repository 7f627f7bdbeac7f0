//! The tests that run in virtual machines, built as `cargo xtask test` builds them.

use super::protocol::Work;
use crate::command::cargo;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;

/// The test program of a package that asks for a kernel, each named as its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// How much the kernel's verifier has to look at
    Verifier,
    /// The demo, as a newcomer runs it
    Demo,
    /// One frame at a time through the kernel programs
    Verdicts,
    /// Kernel against host, on random frames
    Differential,
    /// The binary on the exit node of a lab
    Run,
    /// Clients, servers and the daemon, with real packets
    E2e,
}

impl Group {
    /// All of them, the quick ones first.
    pub(super) fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }

    /// On the command line, and of its test program.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// It is killed after that: several times what it takes on an idle machine without virtualization.
    pub(super) fn seconds(self) -> u64 {
        match self {
            Self::Verifier | Self::Demo => 600,
            Self::Verdicts | Self::Differential => 1_200,
            Self::Run | Self::E2e => 1_800,
        }
    }
}

/// The built programs.
#[derive(Debug)]
pub(super) struct Programs {
    tests: HashMap<String, Artifact>,
    /// The binary that some of them start, by the path that was compiled into them.
    pub(super) binary: PathBuf,
}

/// What cargo says about a program.
#[derive(Debug, Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Programs {
    /// Has cargo build them. The flags are those of `cargo xtask test`, so that what is built for one is built for
    /// both.
    ///
    /// # Errors
    /// When the build fails.
    pub(super) fn build() -> Result<Self> {
        let output = cargo()
            .args(["test", "--locked", "--workspace", "--no-run"])
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the tests do not build");
        }
        Self::parse(&String::from_utf8_lossy(&output.stdout))
    }

    fn parse(messages: &str) -> Result<Self> {
        let mut tests = HashMap::new();
        let mut binary = None;
        // Messages about other things are not like these.
        for artifact in messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        {
            let is = |kind: &str| artifact.target.kind.iter().any(|this| this == kind);
            if artifact.executable.is_none() {
                continue;
            }
            if is("test") {
                tests.insert(artifact.target.name.clone(), artifact);
            } else if is("bin") && artifact.target.name == "exitguard" {
                // Its unit tests are a program as well, but not by this name.
                let path = artifact.executable.unwrap_or_default();
                if path.ends_with("exitguard") {
                    binary = Some(path);
                }
            }
        }
        Ok(Self {
            tests,
            binary: binary.context("cargo built no exitguard")?,
        })
    }

    /// The program of a group.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn of(&self, group: Group) -> Result<PathBuf> {
        let path = self.artifact(group)?.executable.clone();
        path.context("cargo built no program")
    }

    /// What a guest has to do for a group.
    ///
    /// # Errors
    /// When it has no program.
    pub(super) fn work(&self, group: Group) -> Result<Work> {
        let artifact = self.artifact(group)?;
        let folder = artifact.manifest_path.parent().context("no folder")?;
        let program = self.of(group)?.display().to_string();
        let mut command = vec![program, "--ignored".into(), "--test-threads=1".into()];
        if group == Group::Verifier {
            // Its numbers are wanted when it passes, too.
            command.push("--nocapture".into());
        }
        Ok(Work {
            name: group.name(),
            command,
            folder: folder.display().to_string(),
            seconds: group.seconds(),
        })
    }

    fn artifact(&self, group: Group) -> Result<&Artifact> {
        let name = group.name();
        self.tests
            .get(&name)
            .with_context(|| format!("there is no test {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: &str = r#"
{"reason":"build-script-executed","package_id":"x","linked_libs":[]}
{"reason":"compiler-artifact","manifest_path":"/r/exitguard/Cargo.toml","target":{"kind":["lib"],"name":"exitguard"},"executable":"/r/t/deps/exitguard-1"}
{"reason":"compiler-artifact","manifest_path":"/r/exitguard/Cargo.toml","target":{"kind":["bin"],"name":"exitguard"},"executable":"/r/t/exitguard"}
{"reason":"compiler-artifact","manifest_path":"/r/exitguard/Cargo.toml","target":{"kind":["bin"],"name":"exitguard"},"executable":"/r/t/deps/exitguard-2"}
{"reason":"compiler-artifact","manifest_path":"/r/tests/Cargo.toml","target":{"kind":["test"],"name":"verdicts"},"executable":"/r/t/deps/verdicts-3"}
{"reason":"compiler-artifact","manifest_path":"/r/tests/Cargo.toml","target":{"kind":["lib"],"name":"clap"},"executable":null}
"#;

    #[test]
    fn the_binary_is_not_mistaken_for_its_unit_tests() {
        let programs = Programs::parse(BUILT).unwrap();
        assert_eq!(programs.binary, PathBuf::from("/r/t/exitguard"));
        assert_eq!(
            programs.of(Group::Verdicts).unwrap(),
            PathBuf::from("/r/t/deps/verdicts-3")
        );
        let error = programs.of(Group::Demo).unwrap_err();
        assert_eq!(error.to_string(), "there is no test demo");
    }

    #[test]
    fn a_group_runs_in_the_folder_of_its_package() {
        let work = Programs::parse(BUILT).unwrap().work(Group::Verdicts);
        let work = work.unwrap();
        assert_eq!(work.folder, "/r/tests");
        assert_eq!(
            work.command,
            ["/r/t/deps/verdicts-3", "--ignored", "--test-threads=1"]
        );
    }
}
