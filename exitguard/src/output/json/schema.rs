//! The JSON contract, field by field in the order in which it is written.
//!
//! Everything outside of `exitguard` is a field of Suricata's EVE format with its meaning there.

use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One line.
#[derive(Serialize)]
pub(super) struct Event<'a> {
    timestamp: String,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) community_id: Option<String>,
    in_iface: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dest_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dest_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proto: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip_v: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) icmp_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) icmp_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow: Option<Flow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) drop: Option<Drop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stats: Option<Stats>,
    exitguard: Ours<'a>,
}

impl<'a> Event<'a> {
    /// An event of which nothing else is known.
    pub(super) const fn new(
        timestamp: String,
        event_type: &'static str,
        in_iface: &'a str,
        exitguard: Ours<'a>,
    ) -> Self {
        Self {
            timestamp,
            event_type,
            flow_id: None,
            community_id: None,
            in_iface,
            src_ip: None,
            src_port: None,
            dest_ip: None,
            dest_port: None,
            proto: None,
            ip_v: None,
            icmp_type: None,
            icmp_code: None,
            flow: None,
            verdict: None,
            drop: None,
            stats: None,
            exitguard,
        }
    }
}

/// `flow`.
#[derive(Serialize)]
pub(super) struct Flow {
    pub(super) pkts_toserver: u64,
    pub(super) pkts_toclient: u64,
    pub(super) bytes_toserver: u64,
    pub(super) bytes_toclient: u64,
    pub(super) start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<String>,
    pub(super) age: u64,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}

/// `verdict`.
#[derive(Serialize)]
pub(super) struct Verdict {
    pub(super) action: &'static str,
}

/// `drop`.
#[derive(Serialize)]
pub(super) struct Drop {
    pub(super) len: u32,
    pub(super) reason: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) flags: Option<TcpFlags>,
}

/// The TCP flags of `drop`.
#[derive(Serialize)]
pub(super) struct TcpFlags {
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) psh: bool,
    pub(super) rst: bool,
    pub(super) urg: bool,
    pub(super) fin: bool,
}

/// `stats`.
#[derive(Serialize)]
pub(super) struct Stats {
    pub(super) uptime: u64,
}

/// `exitguard`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Ours<'a> {
    Flow(FlowDetail<'a>),
    Stats(Box<StatsDetail<'a>>),
    State(State<'a>),
    List(List<'a>),
    Lost(Lost),
}

/// `exitguard` of `flow` and `drop` events.
#[derive(Serialize)]
pub(super) struct FlowDetail<'a> {
    pub(super) v: u32,
    pub(super) event: &'static str,
    pub(super) decision: &'static str,
    pub(super) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) malformed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inbound: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) list: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<&'a str>,
    pub(super) rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Client<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) denied_pkts: Option<u64>,
    pub(super) generation: u32,
}

/// `exitguard.client`.
#[derive(Serialize)]
pub(super) struct Client<'a> {
    pub(super) ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
}

/// `exitguard` of `stats` events. Counters count since the kernel's state was made; those of reasons that
/// never occurred are left out.
#[derive(Serialize)]
pub(super) struct StatsDetail<'a> {
    pub(super) v: u32,
    pub(super) event: &'static str,
    pub(super) generation: u32,
    pub(super) flows: usize,
    pub(super) outbound: Traffic,
    pub(super) inbound: Traffic,
    pub(super) denied_pkts: BTreeMap<&'static str, u64>,
    pub(super) would_deny_pkts: BTreeMap<&'static str, u64>,
    pub(super) malformed_pkts: BTreeMap<&'static str, u64>,
    /// Flows that each list denied, or would have.
    pub(super) list_hits: BTreeMap<&'a str, u64>,
    pub(super) replies_sent: u64,
    pub(super) replies_withheld: u64,
    pub(super) flows_untracked: u64,
    pub(super) lost_kernel: u64,
    pub(super) lost_output: u64,
}

/// One direction of `exitguard` of `stats` events.
#[derive(Serialize)]
pub(super) struct Traffic {
    pub(super) pkts: u64,
    pub(super) bytes: u64,
    pub(super) denied_pkts: u64,
    pub(super) denied_bytes: u64,
}

/// `exitguard` of `state` events.
#[derive(Serialize)]
pub(super) struct State<'a> {
    pub(super) v: u32,
    pub(super) event: &'static str,
    pub(super) mode: &'static str,
    pub(super) generation: u32,
    pub(super) message: &'a str,
}

/// `exitguard` of `lists` events.
#[derive(Serialize)]
pub(super) struct List<'a> {
    pub(super) v: u32,
    pub(super) event: &'static str,
    pub(super) list: &'a str,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<&'a str>,
    pub(super) entries: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) age: Option<i64>,
}

/// `exitguard` of `lost` events.
#[derive(Serialize)]
pub(super) struct Lost {
    pub(super) v: u32,
    pub(super) event: &'static str,
    pub(super) kernel: u64,
    pub(super) output: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<u64>,
}
