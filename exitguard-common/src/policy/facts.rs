//! What a decision depends on, besides the policy and the classes of the two addresses.

use crate::abi::{FlowKey, Origin, RuntimeFlags};
use crate::packet::Transport;

/// Facts about a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What could be read of it. [`Transport::LaterFragment`]: the port is unknown.
    pub transport: Transport,
    /// IP protocol number.
    pub protocol: u8,
    /// Port of the other side, where the protocol has ports.
    pub remote_port: u16,
    /// Who opened the flow.
    pub origin: Origin,
    /// The flow was allowed before.
    pub established: bool,
    /// [`super::is_exempt`].
    pub exempt: bool,
    /// What operators said at run time.
    pub runtime: RuntimeFlags,
}

const RUNTIME_SHIFT: u32 = 35;

impl Facts {
    /// The facts about a flow that was not seen before and that the client opened.
    #[inline(always)]
    pub const fn new(flow: &FlowKey, transport: Transport, exempt: bool) -> Self {
        Self {
            transport,
            protocol: flow.protocol(),
            remote_port: flow.remote_port,
            origin: Origin::Client,
            established: false,
            exempt,
            runtime: RuntimeFlags(0),
        }
    }

    /// All of them in one word: what a global function of a kernel program can be given.
    #[inline(always)]
    pub const fn pack(&self) -> u64 {
        self.remote_port as u64
            | (self.protocol as u64) << 16
            | (self.transport as u64) << 24
            | (self.origin as u64) << 32
            | (self.established as u64) << 33
            | (self.exempt as u64) << 34
            | (self.runtime.0 as u64) << RUNTIME_SHIFT
    }

    /// The facts from their word.
    #[inline(always)]
    pub const fn unpack(word: u64) -> Self {
        Self {
            remote_port: word as u16,
            protocol: (word >> 16) as u8,
            transport: Transport::from_number((word >> 24) as u8),
            origin: if word >> 32 & 1 != 0 {
                Origin::Remote
            } else {
                Origin::Client
            },
            established: word >> 33 & 1 != 0,
            exempt: word >> 34 & 1 != 0,
            runtime: RuntimeFlags((word >> RUNTIME_SHIFT) as u32 & ((1 << RuntimeFlags::BITS) - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn survive_packing(
            transport in 0u8..9, protocol in any::<u8>(), remote_port in any::<u16>(),
            remote in any::<bool>(), established in any::<bool>(), exempt in any::<bool>(),
            runtime in 0..1u32 << RuntimeFlags::BITS,
        ) {
            let facts = Facts {
                transport: Transport::from_number(transport),
                protocol,
                remote_port,
                origin: if remote { Origin::Remote } else { Origin::Client },
                established,
                exempt,
                runtime: RuntimeFlags(runtime),
            };
            prop_assert_eq!(facts.transport as u8, transport);
            prop_assert_eq!(Facts::unpack(facts.pack()), facts);
        }
    }
}
