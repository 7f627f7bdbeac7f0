//! Entry points. The only place where an outcome becomes a return code.
//!
//! | outcome | TC | XDP |
//! |---|---|---|
//! | pass | `TC_ACT_UNSPEC`: the next program or the stack decides | `XDP_PASS` |
//! | drop | `TC_ACT_SHOT` | `XDP_DROP` |
//! | reject | the reply goes back out of the same interface, `TC_ACT_REDIRECT` | `XDP_DROP` |

use aya_ebpf::{
    bindings::{TC_ACT_SHOT, TC_ACT_UNSPEC, xdp_action},
    macros::{classifier, xdp},
    programs::{TcContext, XdpContext},
};

use crate::ask;
use crate::guard;
use crate::outcome::Verdict;
use crate::reject;
use crate::settings;
use crate::skb::Skb;
use crate::xdp::XdpFrame;

/// Client to world.
#[classifier]
pub(crate) fn eg_outbound(ctx: TcContext) -> i32 {
    judge_skb::<false>(Skb::new(&ctx))
}

/// World to client.
#[classifier]
pub(crate) fn eg_inbound(ctx: TcContext) -> i32 {
    judge_skb::<true>(Skb::new(&ctx))
}

#[inline(always)]
fn judge_skb<const INBOUND: bool>(skb: Skb) -> i32 {
    match guard::judge::<INBOUND, _>(skb, skb.gso_size()).verdict() {
        Verdict::Pass => {
            let bits = settings::pass_mark();
            if !INBOUND && bits != 0 {
                skb.mark(bits);
            }
            TC_ACT_UNSPEC
        }
        Verdict::Drop => TC_ACT_SHOT,
        Verdict::Reply {
            kind,
            payload_bytes,
        } => reject::answer(skb, kind, payload_bytes),
    }
}

/// Client to world, on an Ethernet device with native XDP. There are no GSO packets yet where XDP runs.
#[xdp]
pub(crate) fn eg_xdp_outbound(ctx: XdpContext) -> u32 {
    match guard::judge::<false, _>(XdpFrame::new(&ctx), 0).verdict() {
        Verdict::Pass => xdp_action::XDP_PASS,
        Verdict::Drop | Verdict::Reply { .. } => xdp_action::XDP_DROP,
    }
}

/// Lets everything pass.
#[classifier]
pub(crate) fn eg_nothing(_: TcContext) -> i32 {
    TC_ACT_UNSPEC
}

/// Tells userspace what the tables in force decide.
#[classifier]
pub(crate) fn eg_ask(ctx: TcContext) -> i32 {
    ask::answer(Skb::new(&ctx)) as i32
}
