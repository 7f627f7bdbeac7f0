//! exitguard takes a list: as its daemon does, from the files to programs on a TUN.

use super::job::Guarded;
use super::meters::{cpu_ms, peak_rss};
use crate::loading::{self, Memory, ms};
use crate::packets::{SMALL, Way, frame};
use crate::prefixes::{public_v4, public_v6};
use crate::statistics::{Summary, summarise};
use anyhow::{Context, Result, ensure};
use exitguard::config::Attach;
use exitguard::daemon::{Overrides, PolicyFiles};
use exitguard::datapath::{self, Guard, Hook, TestFrame};
use exitguard::lab::{Lab, LabOptions, SERVER_V4, TUN, Tun};
use exitguard::policy::{Compiled, Network, compile};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A list that was taken.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Configuration and lists, read and judged.
    pub(super) read_ms: f64,
    /// To tables.
    pub(super) compile_ms: f64,
    /// Into the kernel, verified and attached.
    pub(super) enforce_ms: f64,
    pub(super) total_ms: f64,
    /// Processor time of all threads, kernel included.
    pub(super) cpu_ms: f64,
    pub(super) peak_rss_bytes: u64,
    pub(super) tables_bytes: u64,
    pub(super) ranges: usize,
    /// A new flow, each to another random address.
    pub(super) new_flow_ns: Summary,
    /// Replacing the policy by the same one.
    pub(super) publish_ms: Summary,
    pub(super) swap: Swap,
}

/// Packets while policies replace each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Swap {
    pub(super) sent: u64,
    /// Passed though denied by all of the policies, or denied though allowed by all.
    pub(super) misjudged: u64,
    /// Longest time that handing over a packet took.
    pub(super) longest_ms: f64,
    /// The same while nothing was replaced.
    pub(super) longest_quiet_ms: f64,
}

pub(super) fn load(job: &Guarded) -> Result<Load> {
    let lab = Lab::build(&LabOptions {
        relay: false,
        masquerade: false,
        ..LabOptions::default()
    })?;
    let files = PolicyFiles {
        config: job.config.clone(),
        overrides: Overrides::default(),
    };
    let setup = |flow_table| loading::setup(&lab, Attach::Tc, flow_table);
    let before = Memory::maps()?;
    let (start, start_cpu) = (Instant::now(), cpu_ms()?);
    let desired = files.read()?;
    let read = start.elapsed();
    let (policy, labels) = compile(&desired.config, desired.lists.clone(), &Network::default())?;
    let compiled = start.elapsed();
    let setup = setup(desired.config.flow_table)?;
    let (mut guard, _events) = lab.exit().enter(|| Guard::start(setup, &policy))??;
    let total = start.elapsed();
    let cpu_ms = cpu_ms()? - start_cpu;
    let peak_rss_bytes = peak_rss()?;
    let tables_bytes = Memory::since(&before)?.tables;
    drop(labels);

    let mut publish = Vec::new();
    let swap = swap(&lab, &mut guard, &policy, job, &mut publish)?;
    let new_flow_ns = new_flows(&mut guard, job.is_v4)?;
    let index = guard.setup().index;
    drop(guard);
    lab.exit().enter(|| datapath::off(TUN, Some(index)))??;
    Ok(Load {
        read_ms: ms(read),
        compile_ms: ms(compiled - read),
        enforce_ms: ms(total - compiled),
        total_ms: ms(total),
        cpu_ms,
        peak_rss_bytes,
        tables_bytes,
        ranges: policy.v4.bounds().len() + policy.v6.bounds().len(),
        new_flow_ns,
        publish_ms: summarise(publish).context("nothing was published")?,
        swap,
    })
}

/// Each packet once, and each to another address.
fn new_flows(guard: &mut Guard, is_v4: bool) -> Result<Summary> {
    const FLOWS: u16 = 4_000;
    const FIRST_PORT: u16 = 1_024;
    let mut random = Rng::with_seed(9);
    let mut values = Vec::new();
    for client_port in (FIRST_PORT..).take(FLOWS.into()) {
        let remote: IpAddr = if is_v4 {
            public_v4(&mut random).into()
        } else {
            public_v6(&mut random).into()
        };
        let way = Way {
            client_port,
            remote,
            remote_port: 443,
        };
        let packet = way.tcp(false, SMALL)?;
        let frame = TestFrame {
            bytes: &packet,
            gso_size: 0,
            repeat: 1,
        };
        let outcome = guard.loaded().test_run(Hook::TcOutbound, &frame)?;
        values.push(outcome.duration.as_nanos() as f64);
    }
    summarise(values).context("nothing was run")
}

/// Replaces the policy while packets are sent that every one of them allows, or denies.
fn swap(
    lab: &Lab,
    guard: &mut Guard,
    policy: &Compiled,
    job: &Guarded,
    publish: &mut Vec<f64>,
) -> Result<Swap> {
    const QUIET: Duration = Duration::from_millis(300);
    let way = |remote, remote_port| Way {
        client_port: 40_000,
        remote,
        remote_port,
    };
    let denied = match job.listed {
        Some(listed) => way(listed, 443),
        None => way(SERVER_V4, 25),
    };
    let frames = [
        frame(&way(SERVER_V4, 443).udp(SMALL)?),
        frame(&denied.udp(SMALL)?),
    ];
    let tun = lab.exit_tun()?;
    let before = guard.loaded().stats()?.outbound;
    let (is_quiet, is_over) = (AtomicBool::new(true), AtomicBool::new(false));
    let sent = thread::scope(|scope| -> Result<Sent> {
        let sender = scope.spawn(|| send(tun, &frames, &is_quiet, &is_over));
        thread::sleep(QUIET);
        is_quiet.store(false, Ordering::Relaxed);
        for _ in 0..job.swaps {
            let start = Instant::now();
            // The pins are where the exit node sees them.
            let published = lab.exit().enter(|| guard.publish(policy));
            publish.push(ms(start.elapsed()));
            if !matches!(published, Ok(Ok(_))) {
                is_over.store(true, Ordering::Relaxed);
            }
            published??;
        }
        is_over.store(true, Ordering::Relaxed);
        sender.join().ok().context("the sender ended early")?
    })?;
    let after = guard.loaded().stats()?.outbound;
    let passed = after.passed.pkts - before.passed.pkts;
    let denied = after.denied.pkts - before.denied.pkts;
    ensure!(sent.each > 0, "nothing was sent");
    Ok(Swap {
        sent: 2 * sent.each,
        misjudged: passed.abs_diff(sent.each) + denied.abs_diff(sent.each),
        longest_ms: ms(sent.longest),
        longest_quiet_ms: ms(sent.longest_quiet),
    })
}

struct Sent {
    each: u64,
    longest: Duration,
    longest_quiet: Duration,
}

fn send(
    tun: &Tun,
    frames: &[Vec<u8>; 2],
    is_quiet: &AtomicBool,
    is_over: &AtomicBool,
) -> Result<Sent> {
    let mut sent = Sent {
        each: 0,
        longest: Duration::ZERO,
        longest_quiet: Duration::ZERO,
    };
    while !is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        for frame in frames {
            tun.send(frame)?;
        }
        let taken = start.elapsed();
        let longest = if is_quiet.load(Ordering::Relaxed) {
            &mut sent.longest_quiet
        } else {
            &mut sent.longest
        };
        *longest = taken.max(*longest);
        sent.each += 1;
    }
    Ok(sent)
}
