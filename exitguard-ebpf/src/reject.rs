//! Answers a denied packet out of the interface it came from.

use aya_ebpf::bindings::TC_ACT_SHOT;
use exitguard_common::abi::{Addr, Budget, LinkLayer};
use exitguard_common::packet::Packet;
use exitguard_common::reply::{self, Kind, Reply};

use crate::maps::REPLIES;
use crate::outcome::Outcome;
use crate::skb::Skb;
use crate::{clock, settings, stats};

/// Whether a denied packet is answered, and how.
///
/// Only on raw IP: on Ethernet the reply would need the addresses of the link layer, and `reject` is refused
/// there when the configuration is read.
#[inline(never)]
pub(crate) fn consider(packet: &Packet) -> Outcome {
    match reply::kind(packet) {
        Some(kind)
            if settings::link_layer() == LinkLayer::RawIp && within_budget(&packet.source) =>
        {
            Outcome::reply(kind, packet.payload_bytes())
        }
        _ => {
            stats::count_reply(false);
            Outcome::DROP
        }
    }
}

/// Turns the packet into its reply and sends it back; drops it where that fails. The return code of the
/// program.
#[inline(always)]
pub(crate) fn answer(skb: Skb, kind: Kind, payload_bytes: u32) -> i32 {
    let code = match kind {
        Kind::ResetV4 => reset_v4(skb, payload_bytes),
        Kind::ResetV6 => reset_v6(skb, payload_bytes),
        Kind::ProhibitedV4 => prohibit_v4(skb),
        Kind::ProhibitedV6 => prohibit_v6(skb),
    };
    stats::count_reply(code != NO_REPLY);
    if code == NO_REPLY { TC_ACT_SHOT } else { code }
}

/// No return code of a program.
const NO_REPLY: i32 = i32::MIN;

// One function each: together their buffers are more than the stack holds.

#[inline(never)]
fn reset_v4(skb: Skb, payload_bytes: u32) -> i32 {
    let build = || {
        let ip = skb.copy::<{ reply::IPV4_HEADER }>(0)?;
        let tcp = skb.copy::<{ reply::TCP_HEADER }>(reply::IPV4_HEADER as u32)?;
        send(skb, &reply::reset_v4(&ip, &tcp, payload_bytes))
    };
    build().unwrap_or(NO_REPLY)
}

#[inline(never)]
fn reset_v6(skb: Skb, payload_bytes: u32) -> i32 {
    let build = || {
        let ip = skb.copy::<{ reply::IPV6_HEADER }>(0)?;
        let tcp = skb.copy::<{ reply::TCP_HEADER }>(reply::IPV6_HEADER as u32)?;
        send(skb, &reply::reset_v6(&ip, &tcp, payload_bytes))
    };
    build().unwrap_or(NO_REPLY)
}

#[inline(never)]
fn prohibit_v4(skb: Skb) -> i32 {
    let build = || {
        let quote = skb.copy::<{ reply::IPV4_HEADER + reply::QUOTED }>(0)?;
        send(skb, &reply::prohibited_v4(&quote))
    };
    build().unwrap_or(NO_REPLY)
}

#[inline(never)]
fn prohibit_v6(skb: Skb) -> i32 {
    let build = || {
        let quote = skb.copy::<{ reply::IPV6_HEADER + reply::QUOTED }>(0)?;
        send(skb, &reply::prohibited_v6(&quote))
    };
    build().unwrap_or(NO_REPLY)
}

#[inline(always)]
fn send<const N: usize>(skb: Skb, reply: &Reply<N>) -> Option<i32> {
    skb.resize(N as u32)?;
    let is_partial = skb.is_checksum_partial(reply.checksum_at)?;
    skb.write(0, &reply.bytes)?;
    if is_partial {
        skb.write(reply.checksum_at, &reply.partial_checksum)?;
    }
    Some(skb.send_back())
}

#[inline(always)]
fn within_budget(client: &Addr) -> bool {
    let now_ns = clock::now_ns();
    if let Some(budget) = REPLIES.get_ptr_mut(client) {
        // SAFETY: map values stay valid until the program ends. Two CPUs may both take the last reply of a
        // second, which is no harm.
        return unsafe { (*budget).take(now_ns, reply::REPLIES_PER_SECOND) };
    }
    let mut budget = Budget::default();
    budget.take(now_ns, reply::REPLIES_PER_SECOND) && REPLIES.insert(client, budget, 0).is_ok()
}
