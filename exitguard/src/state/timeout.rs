//! How long a flow may be silent before it counts as over.

use exitguard_common::abi::{FlowKey, FlowState};
use exitguard_common::packet::protocol;
use std::time::Duration;

/// Idle timeouts. A flow that goes on afterwards is reported as a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// TCP that was answered.
    pub tcp_established: Duration,
    /// TCP that was not.
    pub tcp_new: Duration,
    /// UDP and SCTP with packets both ways: as conntrack's stream timeout.
    pub udp_answered: Duration,
    /// UDP and SCTP with packets one way.
    pub udp_new: Duration,
    /// Everything else.
    pub other: Duration,
    /// Flows that are denied.
    pub denied: Duration,
}

impl Default for Idle {
    fn default() -> Self {
        Self {
            tcp_established: Duration::from_secs(3600),
            tcp_new: Duration::from_secs(60),
            udp_answered: Duration::from_secs(180),
            udp_new: Duration::from_secs(30),
            other: Duration::from_secs(30),
            denied: Duration::from_secs(30),
        }
    }
}

/// The timeout of a flow, nanoseconds.
pub fn idle_timeout_ns(idle: &Idle, key: &FlowKey, state: &FlowState) -> u64 {
    let answered = state.outbound.pkts > 0 && state.inbound.pkts > 0;
    let timeout = if !state.cached.passes() {
        idle.denied
    } else {
        match (key.protocol(), answered) {
            (protocol::TCP, true) => idle.tcp_established,
            (protocol::TCP, false) => idle.tcp_new,
            (protocol::UDP | protocol::SCTP, true) => idle.udp_answered,
            (protocol::UDP | protocol::SCTP, false) => idle.udp_new,
            _ => idle.other,
        }
    };
    u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
}
