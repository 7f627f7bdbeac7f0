//! Runs of a packet through a loaded program.

use super::Kind;
use super::remotes::{Family, Remotes};
use crate::arguments::Effort;
use crate::packets::{SMALL, Way};
use crate::policies::{Policies, Policy};
use crate::statistics::{Summary, median, summarise};
use anyhow::{Context, Result, ensure};
use exitguard::datapath::{EventSource, Hook, LoadSettings, Loaded, PinDir, TestFrame};
use exitguard_common::abi::LinkLayer;
use std::thread;
use std::time::{Duration, Instant};

/// A port that the policies allow, and one that they do not.
const ALLOWED_PORT: u16 = 443;
const DENIED_PORT: u16 = 25;
const CLIENT_PORT: u16 = 40_000;

/// New flows in a bit more than a second: so many that two such windows together stay within the number of
/// events a second from which on they are withheld. Each flow shall cost an event.
const NEW_FLOWS_PER_WINDOW: usize = 9_900;
const WINDOW: Duration = Duration::from_millis(1_100);

/// Repeats whose average is one value, where each repeat is a new flow.
const NEW_AGAIN: usize = 900;

/// `TC_ACT_UNSPEC`, `TC_ACT_SHOT`, `XDP_PASS`, `XDP_DROP` (linux/pkt_cls.h, linux/bpf.h).
const TC_PASS: i32 = -1;
const TC_DROP: i32 = 2;
const XDP_PASS: i32 = 2;
const XDP_DROP: i32 = 1;

/// A policy in the kernel that packets are shown to.
pub(super) struct Bench {
    loaded: Loaded,
    events: EventSource,
    repeats: u32,
    batches: usize,
    new_flows: usize,
    window: (Instant, usize),
}

impl Bench {
    pub(super) fn new(policy: &Policy, effort: &Effort) -> Result<Self> {
        Self::on(LinkLayer::RawIp, policy, effort)
    }

    fn on(link_layer: LinkLayer, policy: &Policy, effort: &Effort) -> Result<Self> {
        let pins = PinDir::of(&format!("bench{}{}", link_layer as u32, policy.listed))?;
        pins.create()?;
        let load = LoadSettings {
            link_layer,
            flow_table: policy.config.flow_table,
            mark: false,
            generation: 1,
        };
        let mut loaded = Loaded::new(&policy.compiled, load, &pins)?;
        Ok(Self {
            events: loaded.take_events()?,
            loaded,
            repeats: effort.repeats,
            batches: effort.batches,
            new_flows: effort.new_flows,
            window: (Instant::now(), 0),
        })
    }

    /// Nanoseconds a packet.
    pub(super) fn run(
        &mut self,
        hook: Hook,
        kind: Kind,
        family: Family,
        remotes: &mut Remotes<'_>,
    ) -> Result<Summary> {
        let way = Way {
            client_port: CLIENT_PORT,
            remote: remotes.unlisted(family),
            remote_port: ALLOWED_PORT,
        };
        match kind {
            Kind::Established => self.repeat(hook, kind, &way.tcp(false, SMALL)?),
            Kind::EstablishedInbound => {
                self.once(hook, kind, &way.tcp(false, SMALL)?)?;
                self.repeat(Hook::TcInbound, kind, &way.tcp(true, SMALL)?)
            }
            Kind::Denied => {
                let way = Way {
                    remote_port: DENIED_PORT,
                    ..way
                };
                self.repeat(hook, kind, &way.tcp(false, SMALL)?)
            }
            Kind::NewAgain => self.again(hook, kind, &way.tcp_again(SMALL)?),
            Kind::NewToOneServer => self.each(hook, kind, |port| {
                Ok(Way {
                    client_port: port,
                    ..way
                })
            }),
            Kind::NewToAnyServer => self.each(hook, kind, |port| {
                Ok(Way {
                    client_port: port,
                    remote: remotes.unlisted(family),
                    ..way
                })
            }),
            Kind::NewToListed => self.each(hook, kind, |port| {
                Ok(Way {
                    client_port: port,
                    remote: remotes.listed(family).context("an empty list")?,
                    ..way
                })
            }),
        }
    }

    /// The same packet again and again; the first makes its flow known.
    fn repeat(&mut self, hook: Hook, kind: Kind, packet: &[u8]) -> Result<Summary> {
        self.once(hook, kind, packet)?;
        let values = (0..self.batches)
            .map(|_| self.average(hook, kind, packet))
            .collect::<Result<_>>()?;
        summarise(values).context("nothing was run")
    }

    /// The same packet again and again, each time a new flow, with its event.
    fn again(&mut self, hook: Hook, kind: Kind, packet: &[u8]) -> Result<Summary> {
        self.once(hook, kind, packet)?;
        let mut values = Vec::with_capacity(self.batches);
        for _ in 0..self.batches {
            self.pace(NEW_AGAIN);
            self.drain();
            values.push(self.take(hook, kind.passes(), packet, NEW_AGAIN as u32)?);
            self.ensure_reported(NEW_AGAIN)?;
        }
        summarise(values).context("nothing was run")
    }

    /// Each packet once; all of other flows.
    fn each(
        &mut self,
        hook: Hook,
        kind: Kind,
        mut way: impl FnMut(u16) -> Result<Way>,
    ) -> Result<Summary> {
        const FIRST_PORT: u16 = 1_024;
        let packets = (FIRST_PORT..)
            .take(self.new_flows)
            .map(|port| way(port)?.tcp(false, SMALL))
            .collect::<Result<Vec<_>>>()?;
        self.drain();
        let mut values = Vec::with_capacity(packets.len());
        for packet in &packets {
            self.pace(1);
            values.push(self.once(hook, kind, packet)?);
        }
        self.ensure_reported(packets.len())?;
        summarise(values).context("nothing was run")
    }

    fn once(&mut self, hook: Hook, kind: Kind, packet: &[u8]) -> Result<f64> {
        self.take(hook, kind.passes(), packet, 1)
    }

    fn average(&mut self, hook: Hook, kind: Kind, packet: &[u8]) -> Result<f64> {
        self.take(hook, kind.passes(), packet, self.repeats)
    }

    /// A cost is one only of a packet that was judged as meant.
    fn take(&mut self, hook: Hook, passes: bool, packet: &[u8], repeat: u32) -> Result<f64> {
        let outcome = self.loaded.test_run(
            hook,
            &TestFrame {
                bytes: packet,
                gso_size: 0,
                repeat,
            },
        )?;
        let wanted = match (hook, passes) {
            (Hook::XdpOutbound, true) => XDP_PASS,
            (Hook::XdpOutbound, false) => XDP_DROP,
            (_, true) => TC_PASS,
            (_, false) => TC_DROP,
        };
        ensure!(
            outcome.code == wanted,
            "{hook:?} returned {} where {wanted} was due",
            outcome.code
        );
        Ok(outcome.duration.as_nanos() as f64)
    }

    /// Takes the events that are there, and says how many.
    fn drain(&mut self) -> usize {
        std::iter::from_fn(|| self.events.next_event()).count()
    }

    /// The cost of a new flow includes that of its event.
    fn ensure_reported(&mut self, flows: usize) -> Result<()> {
        let events = self.drain();
        ensure!(
            events == flows,
            "{events} of {flows} new flows were reported"
        );
        Ok(())
    }

    /// Waits until as many events may be sent.
    fn pace(&mut self, events: usize) {
        let (start, taken) = &mut self.window;
        if *taken + events > NEW_FLOWS_PER_WINDOW {
            thread::sleep(WINDOW.saturating_sub(start.elapsed()));
            *taken = 0;
        }
        if *taken == 0 {
            *start = Instant::now();
        }
        *taken += events;
    }
}

/// What a single run costs beyond a run among many: reading the clock, and coming from elsewhere.
pub(super) struct Overhead {
    tc_ns: f64,
    xdp_ns: f64,
}

impl Overhead {
    pub(super) const fn of(&self, hook: Hook) -> f64 {
        match hook {
            Hook::TcOutbound | Hook::TcInbound => self.tc_ns,
            Hook::XdpOutbound => self.xdp_ns,
        }
    }
}

/// Measured with the packet on which the programs do the least: ARP passes unread.
pub(super) fn overhead(policies: &Policies, effort: &Effort) -> Result<Overhead> {
    const ETHERTYPE_AT: usize = 12;
    const BYTES: usize = 60;
    let mut arp = [0; BYTES];
    if let Some(field) = arp.get_mut(ETHERTYPE_AT..ETHERTYPE_AT + 2) {
        field.copy_from_slice(&0x0806_u16.to_be_bytes());
    }
    let mut bench = Bench::on(LinkLayer::Ethernet, &policies.without, effort)?;
    let mut of = |hook| -> Result<f64> {
        let alone = (0..effort.new_flows)
            .map(|_| bench.take(hook, true, &arp, 1))
            .collect::<Result<Vec<_>>>()?;
        let among_many = (0..effort.batches)
            .map(|_| bench.take(hook, true, &arp, effort.repeats))
            .collect::<Result<Vec<_>>>()?;
        Ok((median(alone) - median(among_many)).max(0.0))
    };
    Ok(Overhead {
        tc_ns: of(Hook::TcOutbound)?,
        xdp_ns: of(Hook::XdpOutbound)?,
    })
}
