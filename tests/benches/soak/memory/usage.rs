//! What the kernel says about the memory of a process.

use anyhow::{Context, Result};
use serde::Serialize;
use std::fs;

/// Bytes in use.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    pub(super) anonymous: u64,
    /// Of the binary, mostly.
    pub(super) files: u64,
    /// Of maps that the kernel shares.
    pub(super) shared: u64,
    /// The most of all of it together since [`forget_peak`].
    pub(super) peak: u64,
}

impl Usage {
    pub(super) fn of(process: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let bytes = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let digits = line.and_then(|line| line.split_whitespace().next());
            let kib: u64 = digits.with_context(|| format!("no {name}"))?.parse()?;
            Ok(kib << 10)
        };
        Ok(Self {
            anonymous: bytes("RssAnon:")?,
            files: bytes("RssFile:")?,
            shared: bytes("RssShmem:")?,
            peak: bytes("VmHWM:")?,
        })
    }

    pub(super) const fn together(&self) -> u64 {
        self.anonymous + self.files + self.shared
    }
}

/// The peak is what is in use now.
pub(super) fn forget_peak(process: u32) -> Result<()> {
    /// Of proc_pid_clear_refs(5).
    const PEAK: &str = "5";
    let path = format!("/proc/{process}/clear_refs");
    fs::write(&path, PEAK).with_context(|| format!("cannot write {path}"))
}
