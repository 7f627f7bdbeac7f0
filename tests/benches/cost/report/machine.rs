//! Where it was measured.

use serde::Serialize;
use std::fs;
use std::thread;

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) exitguard: &'static str,
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    pub(crate) cpus: usize,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let model = read("/proc/cpuinfo").lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name").then(|| value.trim().to_owned())
        });
        Self {
            exitguard: env!("CARGO_PKG_VERSION"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: model.unwrap_or_else(|| "unknown".to_owned()),
            cpus: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
