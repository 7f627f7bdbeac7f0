//! The reducer.

use super::timeout::{Idle, idle_timeout_ns};
use exitguard_common::abi::{Event, EventKind, FlowKey, FlowState};
use exitguard_common::packet::ParseError;
use std::collections::HashMap;
use std::time::Duration;

/// Something to tell about a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What.
    pub kind: RecordKind,
    /// The flow.
    pub key: FlowKey,
    /// Its state at that time.
    pub state: FlowState,
    /// When, nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
}

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// It began.
    Start,
    /// It goes on.
    Update,
    /// It is over.
    End(EndReason),
    /// It was denied, for the first time or again after having been allowed.
    Deny {
        /// IP bytes of the packet.
        packet_bytes: u32,
        /// Its TCP flags, or 0.
        tcp_flags: u8,
        /// It came from the far side.
        inbound: bool,
        /// Why it could not be read, when that is the reason.
        parse_error: Option<ParseError>,
        /// It belongs to a flow; a malformed packet does not, and neither does a stray fragment.
        has_flow: bool,
    },
}

/// Why a flow is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// TCP said so.
    TcpClose,
    /// It was silent for too long.
    Timeout,
    /// The flow table was full, and it was the least recently used.
    Evicted,
    /// The daemon stops. The flow itself may go on.
    Shutdown,
}

impl EndReason {
    /// The name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcpClose => "tcp_close",
            Self::Timeout => "timeout",
            Self::Evicted => "evicted",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What the caller has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell this.
    Tell(Record),
    /// Remove this flow from the kernel's table.
    Forget(FlowKey),
}

#[derive(Clone, Copy, Debug)]
struct Tracked {
    state: FlowState,
    reported_ns: u64,
    /// When TCP ended. Its last packets may still be on their way.
    closed_ns: Option<u64>,
    /// The last snapshot that it was in, or that came before its event.
    seen_in: Round,
}

/// Number of a snapshot, which begins anew some day: only the last one counts.
type Round = u32;

impl Tracked {
    /// Why the kernel does not have it any more.
    const fn reason_gone(&self) -> EndReason {
        match self.closed_ns {
            Some(_) => EndReason::TcpClose,
            None => EndReason::Evicted,
        }
    }
}

/// After TCP ended, its last acknowledgments still belong to it.
const LINGER_NS: u64 = 1_000_000_000;

/// All flows that were told about and are not over.
#[derive(Debug)]
pub struct Tracker {
    flows: HashMap<FlowKey, Tracked>,
    idle: Idle,
    update_ns: u64,
    round: Round,
}

impl Tracker {
    /// Knows no flow yet. Flows that go on are told about again every `update`.
    pub fn new(idle: Idle, update: Duration) -> Self {
        Self {
            flows: HashMap::new(),
            idle,
            update_ns: nanoseconds(update),
            round: 0,
        }
    }

    /// Flows that are not over.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// What there is to tell about all flows that are not over.
    pub fn open(&self, now_ns: u64) -> impl Iterator<Item = Record> {
        self.flows.iter().map(move |(key, tracked)| Record {
            kind: RecordKind::Update,
            key: *key,
            state: tracked.state,
            time_ns: now_ns,
        })
    }

    /// Changes how often flows that go on are told about.
    pub fn set_update(&mut self, update: Duration) {
        self.update_ns = nanoseconds(update);
    }

    /// Takes in an event. What to do about it is pushed to `outputs`.
    pub fn event(&mut self, event: &Event, outputs: &mut Vec<Output>) {
        let record = |kind| Record {
            kind,
            key: event.key,
            state: event.flow,
            time_ns: event.time_ns,
        };
        match EventKind::from_number(event.kind) {
            Some(EventKind::Start) => self.start(&record(RecordKind::Start), outputs),
            Some(EventKind::Close) => {
                self.replace_older(&record(RecordKind::Start), outputs);
                let tracked = self.flows.entry(event.key).or_insert_with(|| {
                    // Its start was lost; its end tells everything about it.
                    Tracked {
                        state: event.flow,
                        reported_ns: event.time_ns,
                        closed_ns: None,
                        seen_in: self.round,
                    }
                });
                tracked.state = event.flow;
                tracked.closed_ns = Some(event.time_ns);
            }
            Some(kind @ (EventKind::Deny | EventKind::DenyPacket)) => {
                let has_flow = kind == EventKind::Deny;
                if let Some(tracked) = self.flows.get_mut(&event.key).filter(|_| has_flow)
                    && tracked.state.first_seen_ns == event.flow.first_seen_ns
                {
                    tracked.state = event.flow;
                }
                outputs.push(Output::Tell(record(RecordKind::Deny {
                    packet_bytes: event.packet_bytes,
                    tcp_flags: event.tcp_flags,
                    inbound: event.inbound != 0,
                    parse_error: ParseError::from_number(event.parse_error),
                    has_flow,
                })));
            }
            None => {}
        }
    }

    /// Takes in all of the kernel's flow table, which begins to be read at `now_ns`. What of it cannot be read is not
    /// over for that.
    ///
    /// All events that were sent before the table was read have to be in already.
    ///
    /// # Errors
    /// When the table cannot be read to its end.
    pub fn snapshot<E>(
        &mut self,
        table: impl IntoIterator<Item = Result<(FlowKey, FlowState), E>>,
        now_ns: u64,
        outputs: &mut Vec<Output>,
    ) -> Result<(), E> {
        self.round = self.round.wrapping_add(1);
        for flow in table {
            let (key, state) = flow?;
            self.observe(&key, &state, now_ns, outputs);
        }
        let round = self.round;
        self.flows.retain(|key, tracked| {
            let is_there = tracked.seen_in == round;
            if !is_there {
                outputs.push(end(*key, tracked.state, tracked.reason_gone(), now_ns));
            }
            is_there
        });
        Ok(())
    }

    /// Ends all flows, because nobody will tell about them any more.
    pub fn shutdown(&mut self, now_ns: u64, outputs: &mut Vec<Output>) {
        for (key, tracked) in self.flows.drain() {
            let reason = match tracked.closed_ns {
                Some(_) => EndReason::TcpClose,
                None => EndReason::Shutdown,
            };
            outputs.push(end(key, tracked.state, reason, now_ns));
        }
    }

    fn start(&mut self, record: &Record, outputs: &mut Vec<Output>) {
        self.replace_older(record, outputs);
        let closed_ns = (record.state.closed != 0).then_some(record.time_ns);
        let tracked = Tracked {
            state: record.state,
            reported_ns: record.time_ns,
            closed_ns,
            seen_in: self.round,
        };
        let kind = match self.flows.insert(record.key, tracked) {
            // It was denied meanwhile, or a snapshot was faster than the event.
            Some(before) if before.state.cached != record.state.cached => RecordKind::Update,
            Some(_) => return,
            None => RecordKind::Start,
        };
        outputs.push(Output::Tell(Record { kind, ..*record }));
    }

    /// Ends a flow whose five-tuple is used by a later one now.
    fn replace_older(&mut self, record: &Record, outputs: &mut Vec<Output>) {
        let is_older = |known: &Tracked| known.state.first_seen_ns != record.state.first_seen_ns;
        if self.flows.get(&record.key).is_some_and(is_older)
            && let Some(known) = self.flows.remove(&record.key)
        {
            outputs.push(end(
                record.key,
                known.state,
                known.reason_gone(),
                record.time_ns,
            ));
        }
    }

    fn observe(
        &mut self,
        key: &FlowKey,
        state: &FlowState,
        now_ns: u64,
        outputs: &mut Vec<Output>,
    ) {
        let record = |kind, time_ns| Record {
            kind,
            key: *key,
            state: *state,
            time_ns,
        };
        self.replace_older(&record(RecordKind::Start, now_ns), outputs);
        let idle_ns = now_ns.saturating_sub(state.last_seen_ns);
        let is_idle = idle_ns >= idle_timeout_ns(&self.idle, key, state);
        let Some(tracked) = self.flows.get_mut(key) else {
            if is_idle {
                outputs.push(Output::Forget(*key));
            } else if state.cached.passes() {
                // Older than this daemon, or its event was lost.
                self.start(&record(RecordKind::Start, state.first_seen_ns), outputs);
            }
            return;
        };
        tracked.seen_in = self.round;
        let has_changed =
            tracked.state.outbound != state.outbound || tracked.state.inbound != state.inbound;
        tracked.state = *state;
        if state.closed != 0 && tracked.closed_ns.is_none() {
            tracked.closed_ns = Some(now_ns);
        }
        let is_closed = tracked
            .closed_ns
            .is_some_and(|closed_ns| now_ns.saturating_sub(closed_ns) >= LINGER_NS);
        if is_closed || is_idle {
            let reason = if tracked.closed_ns.is_some() {
                EndReason::TcpClose
            } else {
                EndReason::Timeout
            };
            self.flows.remove(key);
            outputs.push(end(*key, *state, reason, now_ns));
            outputs.push(Output::Forget(*key));
            return;
        }
        if has_changed && now_ns.saturating_sub(tracked.reported_ns) >= self.update_ns {
            tracked.reported_ns = now_ns;
            outputs.push(Output::Tell(record(RecordKind::Update, now_ns)));
        }
    }
}

fn end(key: FlowKey, state: FlowState, reason: EndReason, time_ns: u64) -> Output {
    Output::Tell(Record {
        kind: RecordKind::End(reason),
        key,
        state,
        time_ns,
    })
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
