//! What has to be seen about a frame whose flow, if it has one, is new: return code, every counter, every
//! event and the entry in the flow table. All of it follows from the decision and a few facts of the frame.

use std::fmt::Debug;

use anyhow::{Result, bail};
use exitguard::datapath::Hook;
use exitguard_common::abi::{
    Cached, Counters, Decision, Direction, Event, EventKind, FlowKey, FlowState, Origin, Reason,
    RuleId, Stats, Verdict,
};
use exitguard_common::flow;
use exitguard_common::packet::ParseError;
use exitguard_common::policy::in_mode;

use crate::frame::Frame;
use crate::judge::{Judge, Seen, tc, xdp};

/// How a frame is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is not looked at: ARP.
    Ignored,
    /// It cannot be read.
    Malformed(ParseError),
    /// It belongs to no flow: exempt, or a fragment of nothing known.
    Alone,
    /// It is the first of its flow.
    Flow(Origin),
    /// It is another one of its flow, and so many events tell of that.
    Known(&'static [EventKind]),
}

/// Whether the sender of a denied packet is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing of the kind.
    None,
    /// The packet became its answer.
    Sent,
    /// It would be, but for its shape, the link layer or the rate bound.
    Withheld,
}

/// What should become of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How it is handled.
    pub way: Way,
    /// What is decided.
    pub decision: Decision,
    /// Its flow, or whatever of one could be read.
    pub key: FlowKey,
    /// What it counts as.
    pub wire: Counters,
    /// The bytes an event tells of.
    pub packet_bytes: u32,
    /// Its TCP flags.
    pub tcp_flags: u8,
    /// Whether the sender is told.
    pub reply: Reply,
}

/// The direction that a hook sees.
pub fn direction(hook: Hook) -> Direction {
    match hook {
        Hook::TcInbound => Direction::Inbound,
        Hook::TcOutbound | Hook::XdpOutbound => Direction::Outbound,
    }
}

/// The decision about what cannot be read, before the mode.
pub const MALFORMED: Decision = Decision::drop(Reason::Malformed, RuleId::EGRESS);

impl Expected {
    /// The first frame of a flow, opened by the client.
    ///
    /// # Errors
    /// When the frame cannot be written.
    pub fn first(hook: Hook, frame: &Frame, decision: Decision) -> Result<Self> {
        let wire = frame.wire()?;
        Ok(Self {
            way: Way::Flow(Origin::Client),
            decision,
            key: frame.key(direction(hook)),
            wire,
            packet_bytes: wire.bytes as u32,
            tcp_flags: frame.tcp_flags(),
            reply: Reply::None,
        })
    }

    /// A frame that belongs to no flow.
    ///
    /// # Errors
    /// When the frame cannot be written.
    pub fn alone(hook: Hook, frame: &Frame, decision: Decision) -> Result<Self> {
        Ok(Self {
            way: Way::Alone,
            ..Self::first(hook, frame, decision)?
        })
    }

    /// A frame that cannot be read.
    pub fn malformed(judge: &Judge, error: ParseError, frame: &[u8]) -> Self {
        let bytes = frame.len() as u64;
        Self {
            way: Way::Malformed(error),
            decision: in_mode(&judge.policy().compiled.settings, MALFORMED),
            key: FlowKey::NONE,
            wire: Counters { pkts: 1, bytes },
            packet_bytes: bytes as u32,
            tcp_flags: 0,
            reply: Reply::None,
        }
    }

    /// Compares with what was seen, and with the flow table.
    ///
    /// # Errors
    /// Says the first thing that is not as expected.
    pub fn check(&self, judge: &Judge, hook: Hook, seen: &Seen) -> Result<()> {
        same("return code", &seen.code, &self.code(hook))?;
        same("counters", &seen.stats, &self.stats(hook))?;
        if let Some(hits) = self.hits(judge) {
            same("list hits", &seen.hits, &hits)?;
        }
        let cached = Cached::new(judge.generation(), self.decision);
        let told: Vec<_> = seen.events.iter().map(Told::from).collect();
        same("events", &told, &self.told(hook, cached))?;
        if !matches!(self.way, Way::Flow(_) | Way::Known(_)) {
            return Ok(());
        }
        let Some(state) = judge.flow(&self.key)? else {
            bail!("flow: {:?} is not in the table", self.key);
        };
        for event in &seen.events {
            same("flow of the event", &event.flow, &state)?;
        }
        same("decision of the flow", &state.cached, &cached)?;
        let Way::Flow(origin) = self.way else {
            return Ok(());
        };
        if state.first_seen_ns == 0 {
            bail!("flow: first seen at no time");
        }
        let expected = self.state(hook, cached, origin, &state);
        same("flow", &state, &expected)
    }

    fn code(&self, hook: Hook) -> i32 {
        match (hook, self.passes(), self.reply) {
            (Hook::XdpOutbound, true, _) => xdp::PASS,
            (Hook::XdpOutbound, false, _) => xdp::DROP,
            (_, true, _) => tc::PASS,
            (_, false, Reply::Sent) => tc::REDIRECT,
            (_, false, _) => tc::DROP,
        }
    }

    fn passes(&self) -> bool {
        self.way == Way::Ignored || self.decision.passes()
    }

    fn stats(&self, hook: Hook) -> Stats {
        let mut stats = Stats::default();
        if self.way == Way::Ignored {
            return stats;
        }
        let side = match direction(hook) {
            Direction::Outbound => &mut stats.outbound,
            Direction::Inbound => &mut stats.inbound,
        };
        if self.passes() {
            side.passed = self.wire;
        } else {
            side.denied = self.wire;
        }
        let pkts = self.wire.pkts;
        let by_reason = match self.decision.verdict {
            Verdict::Allow => None,
            Verdict::Deny => stats.denied_pkts.get_mut(self.decision.reason as usize),
            Verdict::WouldDeny => stats.would_deny_pkts.get_mut(self.decision.reason as usize),
        };
        if let Some(count) = by_reason {
            *count = pkts;
        }
        if let Way::Malformed(error) = self.way
            && let Some(count) = stats.malformed_pkts.get_mut(error as usize)
        {
            *count = 1;
        }
        stats.replies_sent = u64::from(self.reply == Reply::Sent);
        stats.replies_withheld = u64::from(self.reply == Reply::Withheld);
        stats
    }

    /// The list that a decision made now is laid to. `None` where it may have been made before.
    fn hits(&self, judge: &Judge) -> Option<Vec<String>> {
        match self.way {
            Way::Known(_) => None,
            Way::Flow(_) | Way::Alone if self.decision.reason == Reason::Blocklist => {
                let (rule, remote) = (self.decision.rule, self.key.remote.into());
                let hit = judge.policy().labels.list_hit(rule, remote);
                Some(hit.iter().map(|hit| hit.list.to_owned()).collect())
            }
            _ => Some(Vec::new()),
        }
    }

    fn told(&self, hook: Hook, cached: Cached) -> Vec<Told> {
        let kinds: &[EventKind] = match self.way {
            Way::Ignored => &[],
            Way::Alone if self.decision.verdict == Verdict::Allow => &[],
            Way::Alone | Way::Malformed(_) => &[EventKind::DenyPacket],
            Way::Flow(_) if self.passes() => &[EventKind::Start],
            Way::Flow(_) => &[EventKind::Deny],
            Way::Known(kinds) => kinds,
        };
        let parse_error = match self.way {
            Way::Malformed(error) => error as u8,
            _ => 0,
        };
        let tell = |kind: &EventKind| Told {
            kind: Some(*kind),
            cached,
            decision: cached.decision(),
            key: self.key,
            packet_bytes: self.packet_bytes,
            parse_error,
            tcp_flags: self.tcp_flags,
            inbound: u8::from(direction(hook) == Direction::Inbound),
        };
        kinds.iter().map(tell).collect()
    }

    fn state(&self, hook: Hook, cached: Cached, origin: Origin, seen: &FlowState) -> FlowState {
        let first = flow::first_seen(cached, origin, seen.first_seen_ns);
        if !self.passes() {
            return FlowState {
                denied_pkts: self.wire.pkts,
                ..first
            };
        }
        let closed = u8::from(self.tcp_flags & exitguard_common::packet::tcp_flags::RST != 0);
        match direction(hook) {
            Direction::Outbound => FlowState {
                outbound: self.wire,
                tcp_flags_outbound: self.tcp_flags,
                closed,
                ..first
            },
            Direction::Inbound => FlowState {
                inbound: self.wire,
                tcp_flags_inbound: self.tcp_flags,
                closed,
                ..first
            },
        }
    }
}

/// What an event says, besides when and what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// `None` for a number that means nothing.
    pub kind: Option<EventKind>,
    /// The decision and its generation.
    pub cached: Cached,
    /// The decision, in words.
    pub decision: Decision,
    /// The flow.
    pub key: FlowKey,
    /// Bytes of the packet.
    pub packet_bytes: u32,
    /// What is wrong with the packet.
    pub parse_error: u8,
    /// Its TCP flags.
    pub tcp_flags: u8,
    /// Where it went.
    pub inbound: u8,
}

impl From<&Event> for Told {
    fn from(event: &Event) -> Self {
        Self {
            kind: EventKind::from_number(event.kind),
            cached: event.flow.cached,
            decision: event.flow.cached.decision(),
            key: event.key,
            packet_bytes: event.packet_bytes,
            parse_error: event.parse_error,
            tcp_flags: event.tcp_flags,
            inbound: event.inbound,
        }
    }
}

fn same<T: PartialEq + Debug>(what: &str, seen: &T, expected: &T) -> Result<()> {
    if seen != expected {
        bail!("{what}\n    seen: {seen:?}\nexpected: {expected:?}");
    }
    Ok(())
}
