//! What clients were seen to do, added up.

use super::flow::{Amount, Decided};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The flows that clients opened to what is behind the exit node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed<L = Vec<ObservedRow>> {
    /// Since when they are counted, over restarts of the daemon.
    pub since: Timestamp,
    /// Until when.
    pub time: Timestamp,
    /// In no order; at most one for each of its first five fields.
    pub rows: L,
    /// Flows that are in no row any more, because there were too many rows.
    #[serde(default)]
    pub dropped_flows: u64,
    /// Clients with a rule of their own, as far as they are in rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ObservedClient>,
}

/// Flows of a client to a port that were decided in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedRow {
    /// The client of the exit node.
    pub client: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// Destination port, where the protocol has ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The decision in force when the flows were over.
    pub decision: Decided,
    /// Why, as in events.
    pub reason: String,
    /// What the client is called, if it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// How many.
    pub flows: u64,
    /// Of how many something came back; of TCP, more than a refusal.
    pub answered: u64,
    /// What the client sent and was let through.
    pub sent: Amount,
    /// What came for it.
    pub received: Amount,
    /// First packet of all.
    pub first: Timestamp,
    /// Last packet of all.
    pub last: Timestamp,
    /// Where they went to, when that was the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<ObservedDestination>,
    /// Flows to destinations that are not among these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u64,
}

/// A destination that is on a list or in a private network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedDestination {
    /// Its address.
    pub address: IpAddr,
    /// The list that holds it, if that was the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// How many.
    pub flows: u64,
    /// Last packet.
    pub last: Timestamp,
}

/// A client with a rule of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedClient {
    /// What it is called.
    pub name: String,
    /// Its addresses.
    #[serde(rename = "match")]
    pub prefixes: Vec<IpNet>,
}

const fn is_zero(value: &u64) -> bool {
    *value == 0
}
