//! What userspace asks the tables in force, to see that they decide as it meant them to.

use super::FlowKey;

/// What becomes of a flow that its client opens? Asked of [`super::programs::ASK`] in the place of a packet.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The flow.
    pub flow: FlowKey,
    /// The generation that is meant to be in force.
    pub generation: u32,
    /// A [`crate::packet::Transport`] as its number.
    pub transport: u32,
}

impl Question {
    /// Where it begins: the kernel takes the first bytes for a link-layer header.
    pub const OFFSET: u32 = 16;

    /// The answer when another generation is in force. No decision is written like this one.
    pub const OTHER_GENERATION: u32 = u32::MAX;
    /// The answer to what is no question.
    pub const NOT_ASKED: u32 = u32::MAX - 1;
}
