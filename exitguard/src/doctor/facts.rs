//! What is known of a host before anything is judged. An `Err` says why something is not known.

use crate::config::Config;
use crate::control::Status;
use crate::datapath::Machine;
use crate::host::{BeforeGate, DeviceKind};
use jiff::SignedDuration;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// Everything.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Kernel and process.
    pub machine: Machine,
    /// Configuration and lists.
    pub policy: Policy,
    /// Lists that are downloaded.
    pub lists: Vec<ListFacts>,
    /// The folder of those, and why it cannot be written to, if so.
    pub cache: (PathBuf, Option<String>),
    /// Devices, addresses, forwarding.
    pub network: Result<NetworkFacts, String>,
    /// The daemon.
    pub daemon: Daemon,
    /// What tailscaled says of itself.
    pub tailscale: Result<Tailscale, String>,
}

/// Configuration and lists, as `run` would read them.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The file.
    pub path: PathBuf,
    /// What is meant, as far as that is known.
    pub config: Option<Config>,
    /// Why it would not be put in force.
    pub error: Option<String>,
    /// It could not be read because this user may not.
    pub is_hidden: bool,
    /// What `check` warns of.
    pub warnings: usize,
}

/// A list that is downloaded.
#[derive(Clone, Debug)]
pub struct ListFacts {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: ListState,
    /// Whether there is a version in force.
    pub is_in_force: bool,
    /// Since its publisher was asked.
    pub age: Option<SignedDuration>,
}

/// How it is with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListState {
    /// As its publisher has it.
    Fine,
    /// A newer version waits for a person.
    Held(String),
    /// It could not be had.
    Failed(String),
    /// Nobody asked for it yet.
    Never,
    /// This user may not know.
    Hidden,
}

/// Of the network of this host.
#[derive(Clone, Debug)]
pub struct NetworkFacts {
    /// The interface to guard.
    pub guarded: Result<Guarded, String>,
    /// Addresses of other interfaces that the Internet routes.
    pub public: Vec<IpAddr>,
    /// `net.ipv4.ip_forward`.
    pub forwards_v4: Option<bool>,
    /// `net.ipv6.conf.all.forwarding`; `None` without IPv6.
    pub forwards_v6: Option<bool>,
    /// The stricter one of `all` and the interface.
    pub rp_filter: Option<u8>,
    /// Other interfaces that have a gate.
    pub other_gates: Vec<String>,
}

/// The interface to guard.
#[derive(Clone, Debug)]
pub struct Guarded {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// What packets of clients meet, in this order; and what answers meet.
    pub programs: Result<[Vec<Program>; 2], String>,
    /// Whether there is a gate.
    pub is_gate_closed: bool,
    /// What comes before it.
    pub before_gate: BeforeGate,
}

/// A program or filter on an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where.
    pub place: &'static str,
    /// What it is called.
    pub name: String,
    /// Whether it is one of an exitguard.
    pub is_ours: bool,
}

/// The daemon.
#[derive(Clone, Debug)]
pub enum Daemon {
    /// It answers.
    Running(Box<Status>),
    /// Nobody listens there.
    Absent(PathBuf),
    /// This user may not ask.
    NotPermitted(PathBuf),
    /// Something is there, but gives no answer.
    Silent(String),
}

/// What tailscaled says of itself. Everything may be missing.
#[derive(Clone, Debug, Default)]
pub struct Tailscale {
    /// `status`.
    pub status: TailscaleStatus,
    /// `prefs`.
    pub prefs: Option<Prefs>,
    /// Its warning about forwarding.
    pub forwarding: Option<String>,
    /// Its warning about the network card.
    pub udp_gro: Option<String>,
}

/// Of `status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TailscaleStatus {
    /// `Running`, `Stopped`, `NeedsLogin`…
    pub backend_state: Option<String>,
    /// Whether there is an interface.
    #[serde(rename = "TUN")]
    pub tun: Option<bool>,
    /// Of this node.
    #[serde(rename = "TailscaleIPs")]
    pub addresses: Option<Vec<IpAddr>>,
    /// This node.
    #[serde(rename = "Self")]
    pub node: Option<Node>,
}

/// This node, as the tailnet has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Node {
    /// What it may speak for.
    #[serde(rename = "AllowedIPs")]
    pub allowed: Option<Vec<String>>,
    /// Whether others may use it as an exit node.
    pub exit_node_option: Option<bool>,
}

/// Of `prefs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Prefs {
    /// What it offers to speak for.
    pub advertise_routes: Option<Vec<String>>,
    /// 2 on, 1 chains without jumps to them, 0 off.
    pub netfilter_mode: Option<u8>,
    /// Nothing is masqueraded.
    #[serde(rename = "NoSNAT")]
    pub no_snat: Option<bool>,
    /// tailscaled takes ssh itself.
    #[serde(rename = "RunSSH")]
    pub run_ssh: Option<bool>,
    /// Nothing comes in.
    pub shields_up: Option<bool>,
}
