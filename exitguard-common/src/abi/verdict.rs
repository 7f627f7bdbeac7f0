//! What was decided about a packet, and why.

use super::RuleId;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// It passes.
    Allow = 0,
    /// It is dropped, or answered when the decision says `reject`.
    Deny = 1,
    /// It passes, because the mode (or the list) is `observe`; enforcing would deny it.
    WouldDeny = 2,
}

/// Why: the step of the precedence ([`crate::policy`]) that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// The packet could not be parsed; the parse error says more.
    Malformed = 0,
    /// Lockdown, of everything or of this client.
    Lockdown = 1,
    /// Never filtered: ICMP errors, neighbour discovery, multicast, MagicDNS.
    Exempt = 2,
    /// The destination is this host or inside the tailnet, and `[host]` allows it.
    Host = 3,
    /// It answers a connection that the host or the far side opened.
    Reply = 4,
    /// Blocked at run time by the operator.
    Runtime = 5,
    /// On a blocklist that applies to this client.
    Blocklist = 6,
    /// The destination is a private or on-link network and `lan` is not set.
    Lan = 7,
    /// The port allowlist: it allowed, or held no such port.
    Port = 8,
    /// `icmp` of the rule: it allowed, or is false.
    Icmp = 9,
    /// The list of other IP protocols: it allowed, or does not name this one.
    Protocol = 10,
    /// A later fragment whose first fragment was not seen, so that its ports are unknown.
    Fragment = 11,
    /// The tables contradict themselves. Never expected; denied rather than guessed.
    Internal = 12,
}

impl Reason {
    /// How many reasons there are, with room to grow: the size of per-reason counters.
    pub const SLOTS: usize = 16;

    /// Every reason, in the order of its number.
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::Lockdown,
        Self::Exempt,
        Self::Host,
        Self::Reply,
        Self::Runtime,
        Self::Blocklist,
        Self::Lan,
        Self::Port,
        Self::Icmp,
        Self::Protocol,
        Self::Fragment,
        Self::Internal,
    ];

    /// The name in events and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Lockdown => "lockdown",
            Self::Exempt => "exempt",
            Self::Host => "host",
            Self::Reply => "reply",
            Self::Runtime => "runtime",
            Self::Blocklist => "blocklist",
            Self::Lan => "lan",
            Self::Port => "port",
            Self::Icmp => "icmp",
            Self::Protocol => "protocol",
            Self::Fragment => "fragment",
            Self::Internal => "internal",
        }
    }

    const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Malformed,
            1 => Self::Lockdown,
            2 => Self::Exempt,
            3 => Self::Host,
            4 => Self::Reply,
            5 => Self::Runtime,
            6 => Self::Blocklist,
            7 => Self::Lan,
            8 => Self::Port,
            9 => Self::Icmp,
            10 => Self::Protocol,
            11 => Self::Fragment,
            _ => Self::Internal,
        }
    }
}

/// A verdict with its reason and the rule that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// What becomes of the packet.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The rule that was consulted, or would have been.
    pub rule: RuleId,
    /// Answer a denied packet instead of dropping it silently.
    pub reject: bool,
}

const VERDICT_MASK: u32 = 0b11;
const REJECT_BIT: u32 = 1 << 2;
const REASON_SHIFT: u32 = 8;
const RULE_SHIFT: u32 = 16;

impl Decision {
    /// Allows, with a reason.
    #[inline(always)]
    pub const fn allow(reason: Reason, rule: RuleId) -> Self {
        Self {
            verdict: Verdict::Allow,
            reason,
            rule,
            reject: false,
        }
    }

    /// Denies by dropping.
    #[inline(always)]
    pub const fn drop(reason: Reason, rule: RuleId) -> Self {
        Self {
            verdict: Verdict::Deny,
            reason,
            rule,
            reject: false,
        }
    }

    /// The packet goes on its way (it is allowed, or only observed).
    #[inline(always)]
    pub const fn passes(self) -> bool {
        !matches!(self.verdict, Verdict::Deny)
    }

    /// Packs the decision for a flow or an event.
    #[inline(always)]
    pub const fn to_bits(self) -> u32 {
        let reject = if self.reject { REJECT_BIT } else { 0 };
        self.verdict as u32
            | reject
            | ((self.reason as u32) << REASON_SHIFT)
            | ((self.rule.0 as u32) << RULE_SHIFT)
    }

    /// Unpacks. Numbers that mean nothing become a denial for [`Reason::Internal`].
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> Self {
        let verdict = match bits & VERDICT_MASK {
            0 => Verdict::Allow,
            2 => Verdict::WouldDeny,
            _ => Verdict::Deny,
        };
        Self {
            verdict,
            reason: Reason::from_number((bits >> REASON_SHIFT) as u8),
            rule: RuleId((bits >> RULE_SHIFT) as u16),
            reject: bits & REJECT_BIT != 0,
        }
    }

    /// Whether the verdict is [`Verdict::Allow`], without unpacking the rest.
    #[inline(always)]
    pub(super) const fn bits_allow(bits: u32) -> bool {
        bits & VERDICT_MASK == Verdict::Allow as u32
    }

    /// [`Self::passes`] without unpacking the rest.
    #[inline(always)]
    pub(super) const fn bits_pass(bits: u32) -> bool {
        matches!(bits & VERDICT_MASK, 0 | 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_packing_for_every_verdict_reason_and_rule() {
        for verdict in [Verdict::Allow, Verdict::Deny, Verdict::WouldDeny] {
            for reason in Reason::ALL {
                for rule in [RuleId(0), RuleId(1), RuleId(u16::MAX)] {
                    for reject in [false, true] {
                        let decision = Decision {
                            verdict,
                            reason,
                            rule,
                            reject,
                        };
                        assert_eq!(Decision::from_bits(decision.to_bits()), decision);
                        assert_eq!(Decision::bits_pass(decision.to_bits()), decision.passes());
                        assert_eq!(
                            Decision::bits_allow(decision.to_bits()),
                            verdict == Verdict::Allow
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn reads_an_unknown_verdict_as_a_denial() {
        assert!(!Decision::from_bits(3).passes());
        assert!(!Decision::bits_pass(3));
    }

    #[test]
    fn numbers_reasons_by_their_place() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
        }
        const { assert!(Reason::ALL.len() <= Reason::SLOTS) };
    }
}
