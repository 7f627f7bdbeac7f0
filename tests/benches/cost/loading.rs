//! A policy on its way from text into force, and the memory it takes there.

use crate::arguments::Effort;
use crate::policies::{Policies, Policy};
use crate::progress;
use crate::statistics::{Summary, summarise};
use anyhow::{Context, Result, ensure};
use exitguard::config::Attach;
use exitguard::datapath::{self, Guard, Setup};
use exitguard::lab::{CLIENT_V4, Lab, LabOptions, Links, SERVER_V4, TUN};
use exitguard_common::abi::LinkLayer;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::packets::{self, SMALL, Way};

const EMPTY_BUDGET_MS: f64 = 300.0;
const MILLION_BUDGET_MS: f64 = 400.0;
const MILLION: usize = 1_000_000;

/// What it takes to put the policies in force.
#[derive(Debug, Serialize)]
pub(crate) struct Loading {
    pub(crate) starts: Vec<Start>,
}

/// Starts of a guard with one policy.
#[derive(Debug, Serialize)]
pub(crate) struct Start {
    pub(crate) prefixes: usize,
    pub(crate) list_bytes: usize,
    /// Configuration and list to what they mean.
    pub(crate) parse_ms: Summary,
    /// What they mean to tables.
    pub(crate) compile_ms: Summary,
    /// Tables to the kernel, programs verified and attached: packets are judged from then on.
    pub(crate) enforce_ms: Summary,
    pub(crate) total_ms: Summary,
    pub(crate) budget_ms: Option<f64>,
    pub(crate) met: Option<bool>,
    /// Kernel memory of the tables of the policy.
    pub(crate) tables_bytes: u64,
    /// Kernel memory of flows, counters and events.
    pub(crate) state_bytes: u64,
}

pub(crate) fn measure(policies: &Policies, effort: &Effort) -> Result<Loading> {
    let lab = Lab::build(&LabOptions {
        relay: false,
        masquerade: false,
        ..LabOptions::default()
    })?;
    let starts = policies
        .both()
        .into_iter()
        .map(|policy| start(&lab, policy, effort))
        .collect::<Result<_>>()?;
    Ok(Loading { starts })
}

fn start(lab: &Lab, policy: &Policy, effort: &Effort) -> Result<Start> {
    let mut parse = Vec::new();
    let mut compile = Vec::new();
    let mut enforce = Vec::new();
    let mut total = Vec::new();
    let mut memory = Memory::default();
    for round in 0..effort.starts {
        progress::tell(&format!(
            "start {} with {} prefixes",
            round + 1,
            policy.listed
        ));
        let begin = Instant::now();
        let (compiled, making) = policy.remake()?;
        let before = Memory::maps()?;
        let attaching = Instant::now();
        let setup = setup(lab, Attach::Tc, policy.config.flow_table)?;
        let (mut guard, _events) = lab.exit().enter(|| Guard::start(setup, &compiled))??;
        let attached = attaching.elapsed();
        let whole = begin.elapsed();
        memory = Memory::since(&before)?;
        judges(lab, &mut guard)?;
        let index = guard.setup().index;
        drop(guard);
        lab.exit().enter(|| datapath::off(TUN, Some(index)))??;

        parse.push(ms(making.parse));
        compile.push(ms(making.compile));
        enforce.push(ms(attached));
        total.push(ms(whole));
    }
    let summary = |values| summarise(values).context("nothing was started");
    let total_ms = summary(total)?;
    let budget_ms = match policy.listed {
        0 => Some(EMPTY_BUDGET_MS),
        MILLION => Some(MILLION_BUDGET_MS),
        _ => None,
    };
    Ok(Start {
        prefixes: policy.listed,
        list_bytes: policy.list_bytes(),
        parse_ms: summary(parse)?,
        compile_ms: summary(compile)?,
        enforce_ms: summary(enforce)?,
        total_ms,
        budget_ms,
        met: budget_ms.map(|budget| total_ms.median <= budget),
        tables_bytes: memory.tables,
        state_bytes: memory.state,
    })
}

/// The guard of a lab's exit node.
pub(crate) fn setup(lab: &Lab, attach: Attach, flow_table: u32) -> Result<Setup> {
    let index = Links::of(lab.exit())?.index(TUN)?;
    Ok(Setup {
        interface: TUN.to_owned(),
        index: index.context("the exit node has no TUN")?,
        link_layer: LinkLayer::RawIp,
        attach,
        flow_table,
        mark: false,
    })
}

/// In force means: a packet that is not allowed is denied, from the first one on.
fn judges(lab: &Lab, guard: &mut Guard) -> Result<()> {
    const DENIED_PORT: u16 = 25;
    let way = Way {
        client_port: 40_000,
        remote: SERVER_V4,
        remote_port: DENIED_PORT,
    };
    let packet = way.tcp(false, SMALL)?;
    lab.exit_tun()?.send(&packets::frame(&packet))?;
    let denied = guard.loaded().stats()?.outbound.denied.pkts;
    ensure!(
        denied == 1,
        "a packet from {CLIENT_V4} passed after the guard had started"
    );
    Ok(())
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Kernel memory of maps that this process holds, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) tables: u64,
    pub(crate) state: u64,
}

/// A map as its descriptor tells (linux: `bpf_map_show_fdinfo`).
pub(crate) struct MapInfo {
    kind: u64,
    value_bytes: u64,
    entries: u64,
    memory: u64,
}

impl Memory {
    /// All maps, by number.
    pub(crate) fn maps() -> Result<BTreeMap<u64, MapInfo>> {
        let mut maps = BTreeMap::new();
        for entry in fs::read_dir("/proc/self/fdinfo")? {
            // The descriptor of this very folder is gone by the time it is read.
            let Ok(text) = fs::read_to_string(entry?.path()) else {
                continue;
            };
            let field = |name: &str| -> Option<u64> {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                line.strip_prefix(':')?.trim().parse().ok()
            };
            if let (Some(id), Some(kind), Some(value_bytes), Some(entries), Some(memory)) = (
                field("map_id"),
                field("map_type"),
                field("value_size"),
                field("max_entries"),
                field("memlock"),
            ) {
                let info = MapInfo {
                    kind,
                    value_bytes,
                    entries,
                    memory,
                };
                maps.insert(id, info);
            }
        }
        Ok(maps)
    }

    /// Of the maps that came since.
    pub(crate) fn since(before: &BTreeMap<u64, MapInfo>) -> Result<Self> {
        const ARRAY: u64 = 2;
        let mut memory = Self::default();
        for (id, map) in Self::maps()? {
            if before.contains_key(&id) {
                continue;
            }
            // All tables are arrays; the one array among the state is a single word.
            let is_table = map.kind == ARRAY && map.value_bytes * map.entries > 4;
            if is_table {
                memory.tables += map.memory;
            } else {
                memory.state += map.memory;
            }
        }
        Ok(memory)
    }
}
