//! Flows as they are, not as events.

use exitguard_common::abi::{Counters, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The flows that the kernel knew at one moment, denied ones among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flows<L = Vec<Flow>> {
    /// When.
    pub time: Timestamp,
    /// In no order.
    pub flows: L,
}

/// A flow at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// `flow_id` of its events.
    pub id: u64,
    /// The client of the exit node.
    pub client: IpAddr,
    /// Where the protocol has ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_port: Option<u16>,
    /// What the client is called, if it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The other side.
    pub remote: IpAddr,
    /// Where the protocol has ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_port: Option<u16>,
    /// IP protocol number.
    pub protocol: u8,
    /// The other side opened it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inbound: bool,
    /// How far TCP is, or whether anything came back.
    pub state: FlowState,
    /// What the client sent and was let through.
    pub sent: Amount,
    /// What came for it.
    pub received: Amount,
    /// Packets that were denied.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub denied_pkts: u64,
    /// The decision in force.
    pub decision: Decided,
    /// Why, as in events.
    pub reason: String,
    /// The rule that decided.
    pub rule: String,
    /// The list that holds the destination, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The entry of the list, or the destination of the change at run time, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// First packet.
    pub start: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Number of the policy that decided.
    pub generation: u32,
}

/// What was decided about a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It passes.
    Allow,
    /// It is dropped, or answered.
    Deny,
    /// It passes because mode or list observe.
    WouldDeny,
}

impl Decided {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Deny, Self::WouldDeny];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::WouldDeny => "would_deny",
        }
    }
}

impl From<Verdict> for Decided {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allow,
            Verdict::Deny => Self::Deny,
            Verdict::WouldDeny => Self::WouldDeny,
        }
    }
}

/// How far a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// Nothing came back yet.
    New,
    /// Both sides spoke.
    Established,
    /// TCP ended.
    Closed,
}

impl FlowState {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::New, Self::Established, Self::Closed];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Established => "established",
            Self::Closed => "closed",
        }
    }
}

/// Packets and IP bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// IP packets.
    pub pkts: u64,
    /// IP bytes.
    pub bytes: u64,
}

impl From<Counters> for Amount {
    fn from(Counters { pkts, bytes }: Counters) -> Self {
        Self { pkts, bytes }
    }
}

const fn is_false(value: &bool) -> bool {
    !*value
}

const fn is_zero(value: &u64) -> bool {
    *value == 0
}
