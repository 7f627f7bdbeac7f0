//! The kernel programs of a policy, asked about single frames.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use exitguard::datapath::{
    Disagreement, EventSource, Hook, LoadSettings, Loaded, PinDir, TestFrame, off,
};
use exitguard::policy::Overlay;
use exitguard_common::abi::{
    Counters, DirectionStats, Event, FlowKey, FlowState, LinkLayer, Stats,
};

use crate::policy::Policy;

/// Return codes of a TC program.
pub mod tc {
    /// The next program or the stack decides (`TC_ACT_UNSPEC`).
    pub const PASS: i32 = -1;
    /// `TC_ACT_SHOT`.
    pub const DROP: i32 = 2;
    /// `TC_ACT_REDIRECT`.
    pub const REDIRECT: i32 = 7;
}

/// Return codes of an XDP program.
pub mod xdp {
    /// `XDP_DROP`.
    pub const DROP: i32 = 1;
    /// `XDP_PASS`.
    pub const PASS: i32 = 2;
}

/// Fewer bytes the kernel does not take in a test run.
pub const MIN_FRAME: usize = 14;

/// More flows than a test has.
const FLOW_TABLE: u32 = 4_096;

/// Programs and tables of a policy in the kernel, with no flow, no count and no event yet.
///
/// They are pinned while they live, so judge in a namespace with a BPF file system of its own
/// ([`exitguard::lab::Namespace::with_private_bpffs`]).
#[derive(Debug)]
pub struct Judge {
    policy: Policy,
    link: LinkLayer,
    generation: u32,
    loaded: Loaded,
    events: EventSource,
    before: Stats,
    pins: PinDir,
}

/// All that the programs did about a frame.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The return code.
    pub code: i32,
    /// The frame afterwards.
    pub bytes: Vec<u8>,
    /// What was counted.
    pub stats: Stats,
    /// What was told.
    pub events: Vec<Event>,
    /// The lists that it was laid to, once for each time.
    pub hits: Vec<String>,
}

impl Judge {
    /// Loads a policy for a device with such a link layer.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new(policy: Policy, link: LinkLayer) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pins = PinDir::of(&format!("judge{number}"))?;
        pins.create()?;
        let generation = 1;
        let mut loaded = load(&policy, link, generation, &pins)?;
        let events = loaded.take_events()?;
        Ok(Self {
            policy,
            link,
            generation,
            loaded,
            events,
            before: Stats::default(),
            pins,
        })
    }

    /// Puts another policy in force. Flows, counters and events go on.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn replace(&mut self, policy: Policy) -> Result<()> {
        self.generation += 1;
        self.loaded = load(&policy, self.link, self.generation, &self.pins)?;
        self.policy = policy;
        Ok(())
    }

    /// Changes what operators say at run time, while the programs stay where they are.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn change(&mut self, overlay: &Overlay) -> Result<()> {
        let generation = self.generation + 1;
        self.loaded.change(generation, overlay)?;
        self.generation = generation;
        self.policy = self.policy.under(overlay);
        Ok(())
    }

    /// What the kernel says otherwise than the policy, asked as a daemon does.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn disagreement(&mut self) -> Result<Option<Disagreement>> {
        Ok(self.loaded.disagreement()?)
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The number of the policy in force.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// What stands in front of the IP header.
    pub fn link(&self) -> LinkLayer {
        self.link
    }

    /// Shows a frame to the program of a hook. A `gso_size` other than 0 makes it a super-packet.
    ///
    /// # Errors
    /// When the kernel does not take the frame.
    pub fn see(&mut self, hook: Hook, frame: &[u8], gso_size: u32) -> Result<Seen> {
        let test = TestFrame {
            bytes: frame,
            gso_size,
            repeat: 1,
        };
        let hits = self.hits()?;
        let outcome = self
            .loaded
            .test_run(hook, &test)
            .with_context(|| format!("{hook:?} does not take {} bytes", frame.len()))?;
        let after = self.loaded.stats()?;
        let stats = difference(&after, &self.before);
        self.before = after;
        Ok(Seen {
            code: outcome.code,
            bytes: outcome.bytes,
            stats,
            events: std::iter::from_fn(|| self.events.next_event()).collect(),
            hits: self.named(&hits, &self.hits()?),
        })
    }

    /// How often each list of the policy was hit so far.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn hits(&self) -> Result<Vec<u64>> {
        Ok(self.loaded.list_hits(&self.policy.compiled.lists)?)
    }

    fn named(&self, before: &[u64], after: &[u64]) -> Vec<String> {
        let lists = self
            .policy
            .labels
            .lists()
            .iter()
            .zip(before.iter().zip(after));
        lists
            .flat_map(|(list, (before, after))| {
                let times = usize::try_from(after - before).unwrap_or(usize::MAX);
                std::iter::repeat_n(list.name.clone(), times)
            })
            .collect()
    }

    /// What the flow table says about a flow.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn flow(&self, key: &FlowKey) -> Result<Option<FlowState>> {
        Ok(self.loaded.flow(key)?)
    }

    /// How many flows there are.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn flow_count(&self) -> Result<usize> {
        Ok(self.loaded.flows()?.len())
    }

    /// Forgets a flow.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn forget(&mut self, key: &FlowKey) -> Result<()> {
        Ok(self.loaded.forget_flow(key)?)
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // What is left ends with the namespace.
        let _ = off(self.pins.interface(), None);
    }
}

fn load(policy: &Policy, link: LinkLayer, generation: u32, pins: &PinDir) -> Result<Loaded> {
    let settings = LoadSettings {
        link_layer: link,
        flow_table: FLOW_TABLE,
        mark: false,
        generation,
    };
    Ok(Loaded::new(&policy.compiled, settings, pins)?)
}

/// What was counted in between.
fn difference(after: &Stats, before: &Stats) -> Stats {
    let counters = |after: Counters, before: Counters| Counters {
        pkts: after.pkts - before.pkts,
        bytes: after.bytes - before.bytes,
    };
    let side = |after: &DirectionStats, before: &DirectionStats| DirectionStats {
        passed: counters(after.passed, before.passed),
        denied: counters(after.denied, before.denied),
    };
    Stats {
        outbound: side(&after.outbound, &before.outbound),
        inbound: side(&after.inbound, &before.inbound),
        denied_pkts: each(after.denied_pkts, before.denied_pkts),
        would_deny_pkts: each(after.would_deny_pkts, before.would_deny_pkts),
        malformed_pkts: each(after.malformed_pkts, before.malformed_pkts),
        events_lost: after.events_lost - before.events_lost,
        flows_untracked: after.flows_untracked - before.flows_untracked,
        replies_sent: after.replies_sent - before.replies_sent,
        replies_withheld: after.replies_withheld - before.replies_withheld,
    }
}

fn each<const N: usize>(mut after: [u64; N], before: [u64; N]) -> [u64; N] {
    for (after, before) in after.iter_mut().zip(before) {
        *after -= before;
    }
    after
}
