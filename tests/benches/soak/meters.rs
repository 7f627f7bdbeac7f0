//! What the kernel says about a process, and about what arrived in a namespace.

use anyhow::{Context, Result};
use exitguard::lab::Namespace;
use std::fs;

/// Memory that is in use by a process.
pub(crate) fn rss_bytes(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = digits.context("no VmRSS of the daemon")?.parse()?;
    Ok(kib << 10)
}

/// Files that a process has open.
pub(crate) fn open_files(process: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

/// Datagrams that came to a namespace, counted by its kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrived {
    /// To ports where somebody listens.
    pub(crate) heard: u64,
    /// To ports where nobody does.
    pub(crate) unheard: u64,
    /// TCP segments.
    pub(crate) segments: u64,
}

impl Arrived {
    /// IPv4 and IPv6.
    pub(crate) fn in_namespace(namespace: &Namespace) -> Result<Self> {
        let read = || {
            let table = |name| fs::read_to_string(format!("/proc/thread-self/net/{name}"));
            Ok::<_, std::io::Error>((table("snmp")?, table("snmp6")?))
        };
        let (v4, v6) = namespace.enter(read)??;
        let of_v4 = |group, name| column(&v4, group, name).with_context(|| format!("no {name}"));
        let of_v6 = |name| row(&v6, name).with_context(|| format!("no {name}"));
        Ok(Self {
            heard: of_v4("Udp:", "InDatagrams")? + of_v6("Udp6InDatagrams")?,
            unheard: of_v4("Udp:", "NoPorts")? + of_v6("Udp6NoPorts")?,
            // Of both families.
            segments: of_v4("Tcp:", "InSegs")?,
        })
    }
}

/// A line of names, then one of values.
fn column(table: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = table.lines().filter_map(|line| line.strip_prefix(group));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut pairs = names.split_whitespace().zip(values.split_whitespace());
    pairs.find(|(found, _)| *found == name)?.1.parse().ok()
}

/// A name and a value a line.
fn row(table: &str, name: &str) -> Option<u64> {
    let mut pairs = table
        .lines()
        .filter_map(|line| line.split_once(char::is_whitespace));
    pairs
        .find(|(found, _)| *found == name)?
        .1
        .trim()
        .parse()
        .ok()
}
