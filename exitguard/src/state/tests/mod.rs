//! What is told of flows, out of events and tables that a kernel could have sent.

mod denials;
mod ends;
mod flows;

use super::{EndReason, Idle, Output, Record, RecordKind, Tracker};
use exitguard_common::abi::{
    Addr, Cached, Counters, Decision, Event, EventKind, FlowKey, FlowState, Origin, Reason, RuleId,
};
use exitguard_common::packet::protocol;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;
const NOON: u64 = 1_000 * SECOND;
const UPDATE: Duration = Duration::from_secs(60);

fn addr(last: u8) -> Addr {
    Addr::from(Ipv4Addr::new(192, 0, 2, last))
}

fn tcp(port: u16) -> FlowKey {
    FlowKey {
        client: addr(9),
        remote: addr(1),
        client_port: port,
        remote_port: 443,
        protocol: protocol::TCP.into(),
    }
}

fn udp(port: u16) -> FlowKey {
    FlowKey {
        protocol: protocol::UDP.into(),
        ..tcp(port)
    }
}

const fn pkts(pkts: u64) -> Counters {
    Counters {
        pkts,
        bytes: pkts * 100,
    }
}

/// A flow that began at a time, with one packet out.
fn begun(at: u64) -> FlowState {
    FlowState {
        cached: Cached::new(1, Decision::allow(Reason::Port, RuleId::EGRESS)),
        first_seen_ns: at,
        last_seen_ns: at,
        outbound: pkts(1),
        inbound: pkts(0),
        denied_pkts: 0,
        tcp_flags_outbound: 0,
        tcp_flags_inbound: 0,
        origin: Origin::Client as u8,
        closed: 0,
        tick: 0,
    }
}

fn denied(state: FlowState) -> FlowState {
    FlowState {
        cached: Cached::new(2, Decision::drop(Reason::Port, RuleId::EGRESS)),
        denied_pkts: 1,
        ..state
    }
}

/// The flow after traffic both ways until a time.
fn answered(state: FlowState, until: u64) -> FlowState {
    FlowState {
        last_seen_ns: until,
        outbound: pkts(state.outbound.pkts + 10),
        inbound: pkts(state.inbound.pkts + 20),
        ..state
    }
}

fn event(kind: EventKind, key: FlowKey, flow: FlowState, time_ns: u64) -> Event {
    Event {
        time_ns,
        key,
        flow,
        packet_bytes: 60,
        kind: kind as u8,
        parse_error: 0,
        tcp_flags: 2,
        inbound: 0,
    }
}

/// A tracker and everything it said.
struct Told {
    tracker: Tracker,
    outputs: Vec<Output>,
}

impl Told {
    fn new() -> Self {
        Self {
            tracker: Tracker::new(Idle::default(), UPDATE),
            outputs: Vec::new(),
        }
    }

    fn event(&mut self, kind: EventKind, key: FlowKey, flow: FlowState, at: u64) -> Vec<Output> {
        let event = event(kind, key, flow, at);
        self.tracker.event(&event, &mut self.outputs);
        std::mem::take(&mut self.outputs)
    }

    fn table(&mut self, table: &[(FlowKey, FlowState)], at: u64) -> Vec<Output> {
        let table = table.iter().copied().map(Ok::<_, Infallible>);
        let Ok(()) = self.tracker.snapshot(table, at, &mut self.outputs);
        std::mem::take(&mut self.outputs)
    }
}

fn told(kind: RecordKind, key: FlowKey, state: FlowState, time_ns: u64) -> Output {
    Output::Tell(Record {
        kind,
        key,
        state,
        time_ns,
    })
}

fn ended(reason: EndReason, key: FlowKey, state: FlowState, time_ns: u64) -> Output {
    told(RecordKind::End(reason), key, state, time_ns)
}
