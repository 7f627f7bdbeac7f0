//! Time and memory, as the kernel tells.

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use std::fs;

/// Processor time of this process, milliseconds.
pub(super) fn cpu_ms() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let ms =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
    Ok(ms(usage.user_time()) + ms(usage.system_time()))
}

/// Most memory that this process had at once, bytes.
pub(super) fn peak_rss() -> Result<u64> {
    kib_of("/proc/self/status", "VmHWM").map(|kib| kib << 10)
}

/// Most memory that any ended child of this process had at once, bytes.
pub(super) fn peak_rss_of_children() -> Result<u64> {
    let kib = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    Ok(u64::try_from(kib)? << 10)
}

/// Memory of the kernel that is nobody's cache, bytes: slabs that cannot be reclaimed, and `vmalloc`. Of the whole
/// machine, so whatever else goes on shows.
pub(super) fn kernel_memory() -> Result<u64> {
    let slabs = kib_of("/proc/meminfo", "SUnreclaim")?;
    Ok((slabs + kib_of("/proc/meminfo", "VmallocUsed")?) << 10)
}

fn kib_of(path: &str, field: &str) -> Result<u64> {
    let text = fs::read_to_string(path)?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find_map(|(name, value)| (name == field).then(|| value.trim()));
    let value = found.with_context(|| format!("no {field} in {path}"))?;
    Ok(value.trim_end_matches("kB").trim().parse()?)
}
