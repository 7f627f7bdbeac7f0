//! What becomes of a packet.

use exitguard_common::reply::Kind;

/// Pass, drop, or drop and tell the sender. In one word, because that is what a function can return.
#[derive(Clone, Copy)]
pub(crate) struct Outcome(u64);

const KIND_MASK: u64 = 0xff;
const PASS: u64 = 4;
const DROP: u64 = 5;

/// [`Outcome`], to be matched.
pub(crate) enum Verdict {
    Pass,
    Drop,
    Reply {
        kind: Kind,
        /// Of the packet that is answered.
        payload_bytes: u32,
    },
}

impl Outcome {
    pub(crate) const PASS: Self = Self(PASS);
    pub(crate) const DROP: Self = Self(DROP);

    #[inline(always)]
    pub(crate) fn reply(kind: Kind, payload_bytes: u32) -> Self {
        Self(kind as u64 | u64::from(payload_bytes) << 32)
    }

    #[inline(always)]
    pub(crate) fn pass_if(passes: bool) -> Self {
        if passes { Self::PASS } else { Self::DROP }
    }

    #[inline(always)]
    pub(crate) fn verdict(self) -> Verdict {
        let kind = match self.0 & KIND_MASK {
            PASS => return Verdict::Pass,
            0 => Kind::ResetV4,
            1 => Kind::ResetV6,
            2 => Kind::ProhibitedV4,
            3 => Kind::ProhibitedV6,
            _ => return Verdict::Drop,
        };
        Verdict::Reply {
            kind,
            payload_bytes: (self.0 >> 32) as u32,
        }
    }
}
