//! What this host's network looks like: devices and addresses, by rtnetlink, in the network namespace of the
//! thread that asks. Reading needs no privileges.

mod device;
mod gate;
mod inspect;
pub mod local_api;
mod programs;
mod relays;
mod resolvers;
mod routes;
mod watch;

pub use device::{Address, Device, DeviceKind, select};
pub use gate::{BeforeGate, Gate};
pub use inspect::{Inspector, network};
pub use local_api::TAILSCALED;
pub use programs::{Filter, Place};
#[cfg(test)]
pub(crate) use relays::tests::tailscaled;
pub use relays::{relays, relays_in};
pub use resolvers::{RESOLV_CONF, resolvers};
pub use watch::Watch;

use std::io;

/// Why the host cannot be looked at, or has no device to guard.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// No netlink socket.
    #[error("cannot open a netlink socket: {0}")]
    Socket(#[from] io::Error),
    /// The kernel did not answer.
    #[error("cannot read {what} from the kernel: {error}")]
    Read {
        /// Links or addresses.
        what: &'static str,
        /// What rtnetlink said.
        error: Box<rtnetlink::Error>,
    },
    /// A rule that stops what is not marked would stop what is for this host, too.
    #[error(
        "no rule of the table `local` comes before the gate: it would cut this host off; add `ip rule add pref 0 lookup local`, and the same with `ip -6`, or set fail = \"open\""
    )]
    GateBeforeLocal,
    /// The gate stays as it is.
    #[error("cannot {action} the gate: {error}")]
    Gate {
        /// What was tried.
        action: &'static str,
        /// What rtnetlink said.
        error: Box<rtnetlink::Error>,
    },
    /// There is no such interface.
    #[error(
        "there is no interface {name} (there are: {existing}); is tailscaled running? `--wait` waits for it"
    )]
    Absent {
        /// The one that is wanted.
        name: String,
        /// Those there are.
        existing: String,
    },
    /// `auto` found nothing.
    #[error(
        "no TUN holds a Tailscale address (interfaces: {existing}); is tailscaled running? `--wait` waits for it"
    )]
    NoTailscale {
        /// Those there are.
        existing: String,
    },
    /// `auto` found too much.
    #[error("several TUNs hold a Tailscale address ({names}); name one of them as `interface`")]
    Ambiguous {
        /// Which.
        names: String,
    },
    /// The interface is of another kind than tailscaled makes.
    #[error(
        "{name} is {kind}, not a TUN as tailscaled makes one; name the right interface, or set attach = \"xdp\" if it is an Ethernet device that you want to guard"
    )]
    NotTun {
        /// The interface.
        name: String,
        /// What it is.
        kind: DeviceKind,
    },
    /// Packets of the interface begin with something that is not known here.
    #[error(
        "{name} is {kind}, whose packets exitguard cannot read; only TUN and Ethernet devices can be guarded"
    )]
    UnknownLinkLayer {
        /// The interface.
        name: String,
        /// What it is.
        kind: DeviceKind,
    },
}

impl HostError {
    /// Whether waiting can help.
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::NoTailscale { .. })
    }
}
