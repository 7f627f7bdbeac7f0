//! The configuration as meant.

use crate::diagnostic::Place;
use crate::lists::{Format, Limits};
use crate::policy::PortSet;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A whole configuration. Everything in it is valid and complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Report or enforce.
    pub mode: Mode,
    /// What to guard.
    pub interface: Interface,
    /// How to attach for outbound packets.
    pub attach: Attach,
    /// What happens to traffic while the programs are not there.
    pub fail: Fail,
    /// What becomes of the policy when the daemon is told to end.
    pub on_exit: OnExit,
    /// Traffic to this host and inside the tailnet.
    pub host: RuleSpec,
    /// Clients without a rule of their own.
    pub egress: RuleSpec,
    /// Clients with one.
    pub clients: Vec<Client>,
    /// Blocklists, by their bit.
    pub lists: Vec<List>,
    /// Destinations that no list and no LAN guard stops.
    pub allow: Vec<IpNet>,
    /// What is told, and where.
    pub events: EventSettings,
    /// How many flows the kernel remembers.
    pub flow_table: u32,
    /// The folder of the lists that are downloaded.
    pub list_cache: PathBuf,
    /// Where the daemon answers.
    pub socket: PathBuf,
    /// Where changes are written down.
    pub audit: PathBuf,
    /// Where changes at run time are kept.
    pub changes: PathBuf,
    /// Where metrics are scraped; `None` for nowhere.
    pub metrics: Option<Listen>,
}

impl Config {
    /// The client with a rule of its own that an address belongs to: that of the longest prefix.
    pub fn client_of(&self, addr: IpAddr) -> Option<&Client> {
        let matching = self.clients.iter().flat_map(|client| {
            let prefixes = client.prefixes.iter();
            let containing = prefixes.filter(|prefix| prefix.contains(&addr));
            containing.map(move |prefix| (prefix.prefix_len(), client))
        });
        let longest = matching.max_by_key(|(length, _)| *length);
        longest.map(|(_, client)| client)
    }
}

/// Where metrics are scraped: on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A loopback address.
    Tcp(SocketAddr),
    /// A UNIX socket.
    Unix(PathBuf),
}

/// Whether denials happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is dropped, everything is reported.
    Observe,
    /// Denied packets are dropped.
    Enforce,
}

impl Mode {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

/// The interface to guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The TUN that holds this node's Tailscale address.
    Auto,
    /// This one.
    Named(String),
}

/// The hook for outbound packets. Inbound ones are always seen at TC egress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attach {
    /// TC ingress.
    Tc,
    /// XDP ingress, for Ethernet devices.
    Xdp,
}

/// What happens to what clients send through this host while the programs are not on the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fail {
    /// It passes unjudged.
    Open,
    /// It goes nowhere: a routing rule wants the mark that only the programs give.
    Closed,
}

impl Fail {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What becomes of the policy when the daemon is told to end. A daemon that is killed leaves it in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// It stays in force.
    Keep,
    /// Everything passes.
    Open,
}

/// What happens to a denied packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDeny {
    /// It vanishes.
    Drop,
    /// Its sender is told.
    Reject,
}

/// What may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// TCP destination ports.
    pub tcp: PortSet,
    /// UDP destination ports.
    pub udp: PortSet,
    /// SCTP destination ports.
    pub sctp: PortSet,
    /// ICMP and ICMPv6 other than errors and neighbour discovery, which always pass.
    pub icmp: bool,
    /// Other IP protocols.
    pub protocols: Protocols,
    /// Private networks.
    pub lan: bool,
    /// What happens to what may not be sent.
    pub on_deny: OnDeny,
    /// Blocklists that apply, a bit each.
    pub lists: u64,
    /// Nothing but established connections to this host.
    pub lockdown: bool,
}

/// A set of IP protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocols([u64; 4]);

impl Protocols {
    /// Every protocol.
    pub const ANY: Self = Self([u64::MAX; 4]);

    /// Adds one.
    pub fn add(&mut self, protocol: u8) {
        if let Some(word) = self.0.get_mut(usize::from(protocol / 64)) {
            *word |= 1 << (protocol % 64);
        }
    }

    /// A bit each.
    pub const fn bits(self) -> [u64; 4] {
        self.0
    }

    /// The protocols in it.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |protocol| {
            let word = self.0.get(usize::from(protocol / 64));
            word.is_some_and(|word| word >> (protocol % 64) & 1 != 0)
        })
    }
}

/// A client with a rule of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it is called in events.
    pub name: String,
    /// Its addresses.
    pub prefixes: Vec<IpNet>,
    /// Its rule; what the file left out is taken from `[egress]`.
    pub rule: RuleSpec,
}

/// A blocklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What it is called in events.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Where the configuration names it.
    pub named_at: Place,
    /// How it is written; `None` to find out.
    pub format: Option<Format>,
    /// What a hit does.
    pub action: ListAction,
    /// Whether it may be empty.
    pub allow_empty: bool,
    /// How often its publisher may be asked, if that is known.
    pub interval: Option<Duration>,
    /// How much it may do.
    pub limits: Limits,
    /// How old it may become; `None` for any age.
    pub max_age: Option<Duration>,
    /// What has to be in it.
    pub must_contain: Vec<IpNet>,
}

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, read as it is.
    File(PathBuf),
    /// An address, which `exitguard lists update` downloads from.
    Url(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// What a hit on a list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListAction {
    /// Denies.
    Deny,
    /// Is reported only.
    Observe,
}

/// How often events are repeated, and where they are written beside the daemon's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSettings {
    /// Between two updates about a flow that goes on.
    pub update: Duration,
    /// Between two events with counters; `None` for never.
    pub stats: Option<Duration>,
    /// A file for them; `None` for none.
    pub file: Option<PathBuf>,
}
