//! The process that loads one list, once.

use super::job::Job;
use super::{guarded, peers};
use anyhow::Result;
use nix::sys::resource::{Resource, setrlimit};
use serde::Serialize;
use std::fs;
use std::io::stdout;
use std::path::Path;

/// Nothing here takes longer, or more; what does has gone wrong. Programs that are started inherit both.
const CPU_SECONDS: u64 = 120;
const MEMORY_BYTES: u64 = 8 << 30;

/// Does the job in a file and prints what came of it.
pub(crate) fn run(path: &Path) -> Result<()> {
    setrlimit(Resource::RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS)?;
    setrlimit(Resource::RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES)?;
    match serde_json::from_slice(&fs::read(path)?)? {
        Job::Guard(job) => print(&Ok::<_, String>(guarded::load(&job)?)),
        Job::Peer(peer, files) => print(&peers::load(peer, &files)?),
    }
}

fn print<T: Serialize>(answer: &Result<T, String>) -> Result<()> {
    Ok(serde_json::to_writer(stdout().lock(), answer)?)
}
