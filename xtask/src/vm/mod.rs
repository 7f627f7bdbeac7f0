//! The tests with a kernel, on other kernels: each in a virtual machine with nothing in it but them.
//!
//! No processor has to help (QEMU emulates one), no image is needed: the tests are in the file system that the kernel
//! starts with. Only what every guest reports over a port of its own counts.

mod archive;
mod groups;
mod guest;
mod initramfs;
mod kernel;
mod modules;
mod newc;
mod protocol;
mod qemu;
mod report;
mod table;
mod tools;
mod versions;

pub use groups::Group;
pub use guest::main as guest;
pub use versions::Version;

use crate::root;
use anyhow::{Context, Result, bail};
use clap::Args;
use groups::Programs;
use initramfs::Contents;
use kernel::{Kernel, Source, Store};
use qemu::Machine;
use report::{Row, Tested};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// What to run.
#[derive(Args, Debug)]
pub struct Options {
    /// Series of kernels such as 6.12, or "newest"; 5.10, 6.1, 6.12 and the newest if none is named
    #[arg(value_name = "VERSION")]
    versions: Vec<Version>,
    /// Every series that the archive has
    #[arg(long, conflicts_with = "versions")]
    all: bool,
    /// Only these tests; may be repeated
    #[arg(long = "group", value_name = "NAME", value_enum)]
    groups: Vec<Group>,
    /// So many machines side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    jobs: u8,
    /// Only kernels that were fetched before
    #[arg(long, conflicts_with = "fetch")]
    offline: bool,
    /// Fetch also what was fetched before, in its newest version
    #[arg(long)]
    fetch: bool,
}

impl Options {
    fn versions(&self) -> Vec<Version> {
        if self.all {
            Version::list(&versions::ALL)
        } else if self.versions.is_empty() {
            Version::list(&versions::DEFAULT)
        } else {
            self.versions.clone()
        }
    }

    fn groups(&self) -> Vec<Group> {
        let is_wanted = |group: &Group| self.groups.is_empty() || self.groups.contains(group);
        Group::all().into_iter().filter(is_wanted).collect()
    }

    fn source(&self) -> Source {
        match (self.offline, self.fetch) {
            (true, _) => Source::Store,
            (_, true) => Source::Archive,
            _ => Source::Missing,
        }
    }
}

/// Runs tests on kernels and prints what came of it.
///
/// # Errors
/// When a test fails, or cannot be asked, or a kernel that has to be there is not.
pub fn run(options: &Options) -> Result<()> {
    tools::check_to_run()?;
    let (versions, groups) = (options.versions(), options.groups());
    let kernels = Store::of_this_user()?.get(&versions, options.source())?;
    let contents = Contents::gather(&Programs::build()?, &groups)?;
    let rows = Mutex::new(Vec::new());
    let waiting = Mutex::new(versions.iter().zip(kernels).enumerate());
    thread::scope(|scope| {
        let work = || {
            // The lock is held no longer than it takes to get the next one.
            while let Some((place, (version, kernel))) = next(&waiting) {
                let row = test(version, kernel, &contents, &groups);
                if let Ok(mut rows) = rows.lock() {
                    rows.push((place, row));
                }
            }
        };
        for _ in 0..options.jobs {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().context("a machine was lost")?;
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    println!("\n{}", table::render(&rows, &groups));
    conclude(&rows, versions.len())
}

fn next<T>(waiting: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    waiting.lock().ok()?.next()
}

fn conclude(rows: &[Row], asked: usize) -> Result<()> {
    let failed = rows.iter().filter(|row| row.is_failure()).count();
    let missing = asked - rows.len();
    if failed > 0 || missing > 0 {
        bail!(
            "{} of {asked} kernels failed; logs are in {}",
            failed + missing,
            logs().display()
        );
    }
    if !rows.iter().any(Row::has_run) {
        bail!("none of the kernels was there: nothing was tested");
    }
    Ok(())
}

/// Runs a kernel, if there is one.
fn test(version: &Version, kernel: Result<Kernel>, contents: &Contents, groups: &[Group]) -> Row {
    let row = kernel.map(|kernel| boot(version, &kernel, contents, groups));
    match row {
        Ok(Ok(row)) => row,
        Ok(Err(error)) => not_there(version, &error, true),
        Err(error) => not_there(version, &error, version.is_maintained()),
    }
}

fn not_there(version: &Version, error: &anyhow::Error, is_failure: bool) -> Row {
    Row {
        version: version.to_string(),
        result: Tested::NotThere {
            why: format!("{error:#}"),
            is_failure,
        },
    }
}

fn boot(version: &Version, kernel: &Kernel, contents: &Contents, groups: &[Group]) -> Result<Row> {
    let release = kernel.release()?;
    println!("{release}: started");
    let logs = logs().join(version.to_string());
    fs::create_dir_all(&logs)?;
    let initramfs = tempfile::NamedTempFile::new_in(&logs)?;
    fs::write(initramfs.path(), contents.archive(kernel)?)?;
    let machine = Machine {
        kernel: &kernel.image(),
        initramfs: initramfs.path(),
        logs,
        limit: groups
            .iter()
            .map(|group| Duration::from_secs(group.seconds()))
            .sum(),
    };
    let row = Row::new(version.to_string(), release, groups, machine.run()?);
    println!("{}", table::render(std::slice::from_ref(&row), groups));
    Ok(row)
}

/// Where the logs of the last run of each kernel are.
fn logs() -> PathBuf {
    root().join("target/vm/logs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(is_failure: bool) -> Row {
        let version: Version = "6.1".parse().unwrap();
        not_there(&version, &anyhow::anyhow!("no answer"), is_failure)
    }

    #[test]
    fn a_run_without_any_kernel_is_no_success() {
        assert!(conclude(&[row(false)], 1).is_err());
        assert!(conclude(&[row(true)], 1).is_err());
        assert!(conclude(&[], 1).is_err());
    }
}
