//! The counters, summed over all CPUs.

use super::error::DatapathError;
use super::object::Loaded;
use aya::maps::PerCpuArray;
use exitguard_common::abi::{Counters, DirectionStats, Stats, maps};

impl Loaded {
    /// All counters since the state maps were made.
    ///
    /// # Errors
    /// When the kernel does not hand them out.
    pub fn stats(&self) -> Result<Stats, DatapathError> {
        let map_error = |error| DatapathError::Map {
            map: maps::STATS,
            error,
        };
        let array: PerCpuArray<_, Stats> =
            PerCpuArray::try_from(self.map(maps::STATS)?).map_err(map_error)?;
        let values = array.get(&0, 0).map_err(map_error)?;
        Ok(values.iter().fold(Stats::default(), add))
    }
}

fn add(mut sum: Stats, cpu: &Stats) -> Stats {
    add_direction(&mut sum.outbound, &cpu.outbound);
    add_direction(&mut sum.inbound, &cpu.inbound);
    add_each(&mut sum.denied_pkts, &cpu.denied_pkts);
    add_each(&mut sum.would_deny_pkts, &cpu.would_deny_pkts);
    add_each(&mut sum.malformed_pkts, &cpu.malformed_pkts);
    sum.events_lost += cpu.events_lost;
    sum.flows_untracked += cpu.flows_untracked;
    sum.replies_sent += cpu.replies_sent;
    sum.replies_withheld += cpu.replies_withheld;
    sum
}

fn add_direction(sum: &mut DirectionStats, cpu: &DirectionStats) {
    add_counters(&mut sum.passed, cpu.passed);
    add_counters(&mut sum.denied, cpu.denied);
}

const fn add_counters(sum: &mut Counters, cpu: Counters) {
    sum.pkts += cpu.pkts;
    sum.bytes += cpu.bytes;
}

fn add_each(sum: &mut [u64], cpu: &[u64]) {
    for (sum, cpu) in sum.iter_mut().zip(cpu) {
        *sum += cpu;
    }
}
