//! What the tables decide, told to userspace. Nothing is counted, remembered or reported.

use core::mem::transmute;
use exitguard_common::abi::{Direction, Question};
use exitguard_common::packet::Transport;
use exitguard_common::policy::{self, Facts};

use crate::skb::Skb;
use crate::tables;

/// The decision about a flow that its client opens, as its bits.
#[inline(always)]
pub(crate) fn answer(skb: Skb) -> u32 {
    let Some(bytes) = skb.copy::<{ size_of::<Question>() }>(Question::OFFSET) else {
        return Question::NOT_ASKED;
    };
    // SAFETY: integers and arrays of integers, as many bytes; every pattern of bits is a value.
    let question = unsafe { transmute::<[u8; size_of::<Question>()], Question>(bytes) };
    let transport = Transport::from_number(question.transport as u8);
    let exempt = policy::is_exempt(&question.flow, transport, Direction::Outbound);
    let cached = tables::decide(
        &question.flow,
        &Facts::new(&question.flow, transport, exempt),
    );
    if cached.generation() == question.generation {
        cached.decision().to_bits()
    } else {
        Question::OTHER_GENERATION
    }
}
