//! A record with every name looked up.

use super::clock::WallClock;
use crate::control::FlowState;
use crate::policy::{Labels, short};
use crate::state::{Record, RecordKind};
use exitguard_common::abi::{Counters, Decision, FlowKey, Origin, Reason, Verdict};
use exitguard_common::packet::protocol;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// Everything there is to say about a flow at one moment. Source is always the side that opened it.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowReport {
    /// When.
    pub time: Timestamp,
    /// The guarded interface.
    pub interface: String,
    /// What happened.
    pub kind: RecordKind,
    /// Identifies the flow: the same in all of its reports. 51 bits, so that every JSON reader keeps it.
    pub flow_id: u64,
    /// The client of the exit node.
    pub client: IpAddr,
    /// What it is called, if it has a rule of its own.
    pub client_name: Option<Arc<str>>,
    /// Who opened the flow; `None` for a packet that could not be read.
    pub source: Option<IpAddr>,
    /// The other side.
    pub destination: Option<IpAddr>,
    /// Where the protocol has ports.
    pub source_port: Option<u16>,
    /// Where the protocol has ports.
    pub destination_port: Option<u16>,
    /// Of an ICMP flow: type and code of the request.
    pub icmp: Option<(u8, u8)>,
    /// IP protocol number.
    pub protocol: u8,
    /// From source to destination.
    pub to_server: Counters,
    /// Back.
    pub to_client: Counters,
    /// Packets denied so far.
    pub denied_pkts: u64,
    /// First packet.
    pub start: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// The decision in force.
    pub decision: Decision,
    /// Name of the rule.
    pub rule: String,
    /// The list that holds the destination, when that is the reason.
    pub list: Option<String>,
    /// Its entry; or what was blocked at run time.
    pub entry: Option<String>,
    /// Number of the policy that decided.
    pub generation: u32,
}

/// What a denial was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropReport {
    /// IP bytes.
    pub bytes: u32,
    /// TCP flags.
    pub tcp_flags: u8,
}

/// Where names come from.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// The guarded interface.
    pub interface: &'a str,
    /// Rules and lists, of the policy that decided.
    pub labels: &'a Labels,
    /// Kernel time to time of day.
    pub clock: &'a WallClock,
}

impl FlowReport {
    /// Looks up everything about a record.
    pub fn new(record: &Record, naming: &Naming<'_>) -> Self {
        let Record {
            kind,
            key,
            state,
            time_ns,
        } = *record;
        let decision = state.cached.decision();
        let client = IpAddr::from(key.client);
        let remote = IpAddr::from(key.remote);
        let is_readable = key != FlowKey::NONE;
        let from_client = state.origin() == Origin::Client;
        let in_order = |client: IpAddr, remote: IpAddr| {
            if from_client {
                (client, remote)
            } else {
                (remote, client)
            }
        };
        let (source, destination) = in_order(client, remote);
        let ports = ports(&key).map(|(client, remote)| {
            if from_client {
                (client, remote)
            } else {
                (remote, client)
            }
        });
        let (to_server, to_client) = if from_client {
            (state.outbound, state.inbound)
        } else {
            (state.inbound, state.outbound)
        };
        let hit = (decision.reason == Reason::Blocklist)
            .then(|| naming.labels.list_hit(decision.rule, remote))
            .flatten();
        let blocked = || {
            let block = (decision.reason == Reason::Runtime)
                .then(|| naming.labels.overlay().blocked(client, remote));
            block.flatten().map(short)
        };
        let has_state = state.first_seen_ns != 0;
        let time = naming.clock.wall_of(time_ns);
        Self {
            time,
            interface: naming.interface.to_owned(),
            kind,
            flow_id: flow_id(&key, state.first_seen_ns),
            client,
            client_name: naming.labels.client(client).cloned(),
            source: is_readable.then_some(source),
            destination: is_readable.then_some(destination),
            source_port: ports.map(|(source, _)| source),
            destination_port: ports.map(|(_, destination)| destination),
            icmp: icmp(&key),
            protocol: key.protocol(),
            to_server,
            to_client,
            denied_pkts: state.denied_pkts,
            start: if has_state {
                naming.clock.wall_of(state.first_seen_ns)
            } else {
                time
            },
            last: if has_state {
                naming.clock.wall_of(state.last_seen_ns)
            } else {
                time
            },
            decision,
            rule: naming.labels.rule(decision.rule).to_owned(),
            list: hit.map(|hit| hit.list.to_owned()),
            entry: hit.map(|hit| hit.entry.to_string()).or_else(blocked),
            generation: state.cached.generation(),
        }
    }

    /// The denied packet, where one is reported.
    pub fn denied_packet(&self) -> Option<DropReport> {
        match self.kind {
            RecordKind::Deny {
                packet_bytes,
                tcp_flags,
                ..
            } => Some(DropReport {
                bytes: packet_bytes,
                tcp_flags,
            }),
            RecordKind::Start | RecordKind::Update | RecordKind::End(_) => None,
        }
    }

    /// The side that is not the client, and its port; nothing of a packet that could not be read.
    pub fn remote(&self) -> (Option<IpAddr>, Option<u16>) {
        if self.source == Some(self.client) {
            (self.destination, self.destination_port)
        } else {
            (self.source, self.source_port)
        }
    }

    /// How far the flow is.
    pub const fn state(&self) -> FlowState {
        match self.kind {
            RecordKind::End(_) => FlowState::Closed,
            _ if self.to_client.pkts > 0 => FlowState::Established,
            _ => FlowState::New,
        }
    }

    /// `pass`, `drop` or `reject`.
    pub const fn action(&self) -> &'static str {
        match (self.decision.verdict, self.decision.reject) {
            (Verdict::Allow | Verdict::WouldDeny, _) => "pass",
            (Verdict::Deny, true) => "reject",
            (Verdict::Deny, false) => "drop",
        }
    }

    /// `allow`, `deny` or `would_deny`.
    pub const fn decision_name(&self) -> &'static str {
        match self.decision.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::WouldDeny => "would_deny",
        }
    }

    /// `start`, `update`, `end` or `deny`.
    pub const fn event_name(&self) -> &'static str {
        match self.kind {
            RecordKind::Start => "start",
            RecordKind::Update => "update",
            RecordKind::End(_) => "end",
            RecordKind::Deny { .. } => "deny",
        }
    }
}

/// Ports of client and remote, where the protocol has them.
const fn ports(key: &FlowKey) -> Option<(u16, u16)> {
    match key.protocol() {
        protocol::TCP | protocol::UDP | protocol::SCTP => Some((key.client_port, key.remote_port)),
        _ => None,
    }
}

/// Type and code of an ICMP flow, which its key keeps in the place of the remote's port.
const fn icmp(key: &FlowKey) -> Option<(u8, u8)> {
    match key.protocol() {
        protocol::ICMP | protocol::ICMPV6 => {
            Some(((key.remote_port >> 8) as u8, key.remote_port as u8))
        }
        _ => None,
    }
}

/// FNV-1a over the key and the time of the first packet: the same for every report about the flow, and for
/// whoever looks at it after a restart.
fn flow_id(key: &FlowKey, first_seen_ns: u64) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    const BITS: u64 = (1 << 51) - 1;
    let ports = [key.client_port.to_be_bytes(), key.remote_port.to_be_bytes()];
    let bytes = key
        .client
        .octets()
        .into_iter()
        .chain(key.remote.octets())
        .chain(ports.into_iter().flatten())
        .chain([key.protocol()])
        .chain(first_seen_ns.to_be_bytes());
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    (hash ^ (hash >> 51)) & BITS
}
