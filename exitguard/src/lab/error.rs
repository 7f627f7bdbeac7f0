//! Why a lab could not be built or used.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What went wrong in the lab. Each says what was being done to what.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The process may not do this.
    #[error("not permitted to {what}; a lab needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN")]
    NotPermitted {
        /// What was tried.
        what: String,
    },
    /// A namespace could not be made or entered.
    #[error("cannot {action} the namespace {namespace}: {error}")]
    Namespace {
        /// What was tried.
        action: &'static str,
        /// Its name in the lab.
        namespace: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// A thread could not be started.
    #[error("cannot start the thread {name}: {error}")]
    Thread {
        /// Its name.
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// The kernel's routing socket could not be opened.
    #[error("cannot open a routing socket: {error}")]
    Netlink {
        /// What the system said.
        error: io::Error,
    },
    /// A link, or an address or route on it, could not be made or changed.
    #[error("cannot {action} on link {link}: {error}")]
    Link {
        /// What was tried.
        action: String,
        /// The link.
        link: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// The kernel did not finish something in time.
    #[error("{what} of link {link} is not ready after {within:?}")]
    NotReady {
        /// What was waited for.
        what: String,
        /// The link.
        link: String,
        /// How long it had.
        within: Duration,
    },
    /// A kernel setting could not be written.
    #[error("cannot set {key} to {value}: {error}")]
    Sysctl {
        /// Its name, with dots.
        key: String,
        /// What it was to become.
        value: String,
        /// What the system said.
        error: io::Error,
    },
    /// A TUN device could not be opened.
    #[error("cannot open the TUN device {name}: {error}; is the module `tun` there?")]
    Tun {
        /// Its name.
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// The kernel cannot masquerade.
    #[error(
        "this kernel cannot {what} ({error}); masquerading needs nf_tables for the family inet (Linux 5.2) with its masq expression"
    )]
    NoNat {
        /// What was tried.
        what: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// The kernel refused a part of the masquerading.
    #[error("cannot {what}: {error}")]
    Nat {
        /// What was tried.
        what: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// The relay between the TUN devices could not be started.
    #[error("cannot start the relay: {error}")]
    Relay {
        /// What the system said.
        error: io::Error,
    },
    /// The exit node has no TUN at the moment: [`super::Lab::remove_tun`] took it.
    #[error("the exit node has no TUN device")]
    NoTun,
    /// A socket in the lab failed in a way that is no answer from the network.
    #[error("cannot {action} {address}: {error}")]
    Socket {
        /// What was tried, with its preposition.
        action: &'static str,
        /// The socket's address, or the far one.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A transfer brought back other bytes than were sent.
    #[error("byte {offset} of the transfer through {address} came back changed")]
    Changed {
        /// Counted from the first byte.
        offset: u64,
        /// The far address.
        address: SocketAddr,
    },
}

/// True for the errors that mean "you may not".
pub(super) fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}
