//! The fuzz targets of `fuzz/`, for a while each.

use crate::command::output;
use crate::root;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

/// Runs one target, or all of them one after the other. What is found newly is kept below `target/`; a crash, next
/// to those that `cargo test` replays.
///
/// # Errors
/// When a tool is missing, or a target found something.
pub fn run(only: Option<&str>, seconds: u32) -> Result<()> {
    let targets = targets()?;
    if let Some(target) = only.filter(|target| !targets.iter().any(|known| known == target)) {
        bail!(
            "there is no target {target}; there are {}",
            targets.join(", ")
        );
    }
    let missing = missing_tools();
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    let wanted = targets
        .iter()
        .filter(|target| only.is_none_or(|only| only == *target));
    for target in wanted {
        println!("\n=== {target}");
        one(target, seconds)?;
    }
    Ok(())
}

fn one(target: &str, seconds: u32) -> Result<()> {
    let fuzz = root().join("fuzz");
    let (corpus, crashes) = (fuzz.join("corpus"), fuzz.join("crashes").join(target));
    let found = root().join("target/fuzz-corpus").join(target);
    for folder in [&crashes, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let run = Command::new("cargo")
        .args(["+nightly", "fuzz", "run", target])
        .arg(&found)
        .arg(corpus.join(target))
        .arg("--")
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .current_dir(root())
        // The toolchain that runs this job must not choose the one that builds the targets.
        .env_remove("RUSTUP_TOOLCHAIN")
        .status()
        .context("cannot start cargo")?;
    // Without a crash, nothing is to be committed.
    let _ = fs::remove_dir(&crashes);
    if !run.success() {
        bail!("{target} found something: see {}", crashes.display());
    }
    Ok(())
}

/// The targets there are, by name.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut targets = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into()));
    }
    targets.sort();
    Ok(targets)
}

fn missing_tools() -> Vec<&'static str> {
    let needed: [(&[&str], &str); 2] = [
        (
            &["+nightly", "--version"],
            "a nightly toolchain is missing: `rustup toolchain install nightly`",
        ),
        (
            &["fuzz", "--version"],
            "cargo-fuzz is missing: `cargo install --locked cargo-fuzz`, which needs a C++ compiler",
        ),
    ];
    let is_missing = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).env_remove("RUSTUP_TOOLCHAIN");
        output(&mut command).is_none()
    };
    needed
        .iter()
        .filter(|(arguments, _)| is_missing(arguments))
        .map(|(_, what)| *what)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_not_there_is_told_with_those_that_are() {
        let error = run(Some("nothing"), 1).unwrap_err().to_string();
        assert!(error.starts_with("there is no target nothing"), "{error}");
        assert!(error.contains("packet_l3"), "{error}");
    }
}
