//! Every step of the precedence, with the step right before it and the step right after it.
//!
//! The policy that is asked is [`World`], which looks everything up in the plainest way. Each question is
//! asked for IPv4 and for IPv6, and the answers have to be the same.

mod allowlist;
mod ask;
mod contradictions;
mod exempt;
mod observe;
mod precedence;
mod properties;
mod world;

use ask::{Ask, End};
use world::World;

use super::{Facts, INTERNAL, Settings, Tables, decide, evaluate, is_exempt};
use crate::abi::{Decision, Reason, RuleId, Verdict};

/// The rule of [`End::Client`].
const CLIENT_RULE: RuleId = RuleId(2);

/// Allowed by the client's rule.
const fn allow(reason: Reason) -> Decision {
    Decision::allow(reason, CLIENT_RULE)
}

/// Denied by the client's rule.
const fn deny(reason: Reason) -> Decision {
    Decision::drop(reason, CLIENT_RULE)
}

/// Allowed, but only because somebody observes.
const fn would_deny(reason: Reason) -> Decision {
    Decision {
        verdict: Verdict::WouldDeny,
        ..deny(reason)
    }
}
