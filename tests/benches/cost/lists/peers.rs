//! The same prefixes in other hands: `nft`, `ipset` and the kernel's LPM trie, each in a namespace of its own.

use super::job::{Peer, PeerFiles};
use super::meters::{kernel_memory, peak_rss_of_children};
use super::trie;
use crate::loading::{Memory, ms};
use anyhow::{Context, Result};
use exitguard::lab::Namespace;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A peer that took the prefixes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PeerLoad {
    /// From its own text to where packets could be looked up; of the trie, which has no text, from memory.
    pub(super) total_ms: f64,
    /// Most memory of its program.
    pub(super) peak_rss_bytes: Option<u64>,
    pub(super) kernel_bytes: Option<u64>,
}

/// Loads; or says why not.
pub(super) fn load(peer: Peer, files: &PeerFiles) -> Result<Result<PeerLoad, String>> {
    match peer {
        Peer::Nft => program(&["nft", "-f"], &files.path, slabs),
        Peer::Ipset => program(&["ipset", "restore", "-f"], &files.path, ipset_bytes),
        Peer::LpmTrie => trie(&files.path),
    }
}

/// What a program puts into the kernel, given what the kernel had before.
type KernelBytes = fn(u64) -> Result<Option<u64>>;

fn program(words: &[&str], path: &Path, kernel: KernelBytes) -> Result<Result<PeerLoad, String>> {
    let Some((name, arguments)) = words.split_first() else {
        return Ok(Err("no program".to_owned()));
    };
    if let Err(error) = Command::new(name).arg("--version").output() {
        return Ok(Err(format!("cannot run {name}: {error}")));
    }
    // The memory of a program that only told its version does not count: what loads takes more.
    Namespace::new("peer")?.enter(|| {
        let before = kernel_memory()?;
        let start = Instant::now();
        let output = Command::new(name).args(arguments).arg(path).output()?;
        let total_ms = ms(start.elapsed());
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            let first = message.lines().next().unwrap_or("it failed");
            return Ok(Err(format!("{name}: {}", first.escape_debug())));
        }
        Ok(Ok(PeerLoad {
            total_ms,
            peak_rss_bytes: Some(peak_rss_of_children()?),
            kernel_bytes: kernel(before)?,
        }))
    })?
}

fn slabs(before: u64) -> Result<Option<u64>> {
    Ok(Some(kernel_memory()?.saturating_sub(before)))
}

/// ipset says itself, set by set.
fn ipset_bytes(_before: u64) -> Result<Option<u64>> {
    let output = Command::new("ipset").args(["list", "-t"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let sizes = text.lines().filter_map(|line| {
        line.strip_prefix("Size in memory:")?
            .trim()
            .parse::<u64>()
            .ok()
    });
    Ok(Some(sizes.sum()))
}

fn trie(path: &Path) -> Result<Result<PeerLoad, String>> {
    let text = fs::read_to_string(path)?;
    let nets = text
        .lines()
        .map(str::parse::<IpNet>)
        .collect::<Result<Vec<_>, _>>()
        .context("the prefixes are written by this bench")?;
    let before = Memory::maps()?;
    let start = Instant::now();
    let tries = match trie::fill(&nets) {
        Ok(tries) => tries,
        Err(error) => return Ok(Err(format!("the kernel takes no trie: {error}"))),
    };
    let total_ms = ms(start.elapsed());
    let kernel_bytes = Memory::since(&before)?.state;
    drop(tries);
    Ok(Ok(PeerLoad {
        total_ms,
        peak_rss_bytes: None,
        kernel_bytes: Some(kernel_bytes),
    }))
}
