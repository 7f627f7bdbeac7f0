//! What a process of its own is told to do.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// One load.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Job {
    /// By exitguard.
    Guard(Guarded),
    /// By another.
    Peer(Peer, PeerFiles),
}

/// A configuration to put in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Guarded {
    pub(super) config: PathBuf,
    /// An address that its lists hold.
    pub(super) listed: Option<IpAddr>,
    /// Packets to random destinations of this family are timed.
    pub(super) is_v4: bool,
    /// Publications while packets are sent.
    pub(super) swaps: usize,
}

/// Who can hold prefixes, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Peer {
    /// A set of nftables.
    Nft,
    /// An ipset.
    Ipset,
    /// A BPF map.
    LpmTrie,
}

impl Peer {
    pub(super) const ALL: [Self; 3] = [Self::Nft, Self::Ipset, Self::LpmTrie];

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nft => "nft -f",
            Self::Ipset => "ipset restore",
            Self::LpmTrie => "LPM trie, batches",
        }
    }
}

/// The same prefixes as a peer reads them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PeerFiles {
    pub(super) path: PathBuf,
    pub(super) prefixes: usize,
}
