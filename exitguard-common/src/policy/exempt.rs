//! What is never filtered, because filtering it breaks more than it protects.

use crate::abi::{Addr, Direction, FlowKey, V6Bits};
use crate::packet::Transport;

/// Tailscale's MagicDNS resolver, 100.100.100.100 and fd7a:115c:a1e0::53.
const MAGIC_DNS_V4: u32 = 0x6464_6464;
const MAGIC_DNS_V6: V6Bits = V6Bits {
    high: 0xfd7a_115c_a1e0_0000,
    low: 0x53,
};

/// Whether step 2 of the precedence lets a packet of this flow pass. Needs no table, so that the kernel can
/// ask before it looks for a flow: exempt packets are not tracked.
///
/// Only the destination makes a packet noise: what claims to come from a multicast address is none.
#[inline(always)]
pub const fn is_exempt(flow: &FlowKey, transport: Transport, direction: Direction) -> bool {
    let destination = match direction {
        Direction::Outbound => flow.remote,
        Direction::Inbound => flow.client,
    };
    matches!(
        transport,
        Transport::IcmpError | Transport::NeighbourDiscovery
    ) || is_noise(destination)
        || is_magic_dns(flow.remote)
        || is_magic_dns(flow.client)
}

/// Multicast and limited broadcast: what interfaces emit by themselves, and what no exit node routes.
#[inline(always)]
const fn is_noise(addr: Addr) -> bool {
    match addr.as_v4() {
        Some(v4) => v4 >> 28 == 0xe || v4 == u32::MAX,
        None => addr.bits().high >> 56 == 0xff,
    }
}

#[inline(always)]
const fn is_magic_dns(addr: Addr) -> bool {
    match addr.as_v4() {
        Some(v4) => v4 == MAGIC_DNS_V4,
        None => {
            let V6Bits { high, low } = addr.bits();
            high == MAGIC_DNS_V6.high && low == MAGIC_DNS_V6.low
        }
    }
}
