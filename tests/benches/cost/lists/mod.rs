//! Lists of any length, from their files into force: time, memory, look-ups and what a change costs, next to
//! nftables, ipset and the kernel's LPM trie with the same prefixes.
//!
//! Every value is taken in a process of its own, which loads one list, once: so its peak of memory is that of the
//! load.

mod child;
mod files;
mod guarded;
mod job;
mod meters;
mod peers;
mod text;
mod trie;

use crate::arguments::Arguments;
use crate::progress;
use crate::report::Machine;
use anyhow::{Context, Result, bail};
use files::Case;
use guarded::Load;
use job::{Job, Peer};
use peers::PeerLoad;
use serde::Serialize;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

pub(crate) use child::run as run_child;

/// Prefixes that a peer is still asked to take: with ten times as many, nft needs more memory than most exit
/// nodes have, and an LPM trie keeps a CPU busy for seconds when it is freed.
const PEERS_MOST: usize = 1_500_000;
/// Above this, a load is repeated less often.
const LONG: usize = 2_000_000;

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    quick: bool,
    lists: Vec<List>,
}

/// One list, and everybody who took it.
#[derive(Debug, Serialize)]
struct List {
    name: String,
    prefixes: usize,
    text_bytes: u64,
    budget: Option<Budget>,
    /// One of each process.
    loads: Vec<Load>,
    peers: Vec<(Peer, Result<Vec<PeerLoad>, String>)>,
}

/// What a list may cost.
#[derive(Clone, Copy, Debug, Serialize)]
struct Budget {
    total_ms: f64,
    peak_rss_bytes: u64,
    tables_bytes: u64,
}

pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut lists = Vec::new();
    for size in files::sizes(arguments.quick) {
        progress::tell(&format!("make {}", size.name()));
        let case = size.make(folder.path())?;
        lists.push(list(&case, folder.path(), arguments.quick)?);
        case.remove()?;
    }
    if let Some(real) = &arguments.lists {
        let case = files::real(real, folder.path())?;
        lists.push(list(&case, folder.path(), arguments.quick)?);
    }
    let report = Report {
        machine: Machine::this(),
        quick: arguments.quick,
        lists,
    };
    let mut out = stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", text::of(&report))?;
    }
    Ok(())
}

fn list(case: &Case, folder: &Path, quick: bool) -> Result<List> {
    let rounds = match (quick, case.prefixes > LONG) {
        (true, _) => 1,
        (false, true) => 3,
        (false, false) => 7,
    };
    let mut loads = Vec::new();
    let mut peers: Vec<_> = Peer::ALL.map(|peer| (peer, Ok(Vec::new()))).into();
    for round in 0..rounds {
        progress::tell(&format!("{}, round {} of {rounds}", case.name, round + 1));
        loads.push(child(&Job::Guard(case.guard()), folder)?.map_err(anyhow::Error::msg)?);
        // Peers take seconds, and always the same: fewer rounds will do, but between the others.
        if round % 3 != 0 {
            continue;
        }
        for (peer, loads) in &mut peers {
            if case.prefixes > PEERS_MOST {
                *loads = Err("not asked to take so many".to_owned());
            }
            let Ok(so_far) = loads else { continue };
            progress::tell(&format!("{}, {}", case.name, peer.name()));
            match child(&Job::Peer(*peer, case.peer_files(*peer, folder)?), folder)? {
                Ok(load) => so_far.push(load),
                Err(why) => *loads = Err(why),
            }
        }
    }
    Ok(List {
        name: case.name.clone(),
        prefixes: case.prefixes,
        text_bytes: case.text_bytes()?,
        budget: case.budget,
        loads,
        peers,
    })
}

/// Does a job in a process of its own. It may say why it cannot be done here.
fn child<T: serde::de::DeserializeOwned>(job: &Job, folder: &Path) -> Result<Result<T, String>> {
    let path = folder.join("job.json");
    std::fs::write(&path, serde_json::to_vec(job)?)?;
    let output = Command::new(std::env::current_exe()?)
        .arg("--child")
        .arg(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start another process")?;
    ensure_done(output.status)?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn ensure_done(status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("the process that was to load a list ended with {status}");
    }
    Ok(())
}
