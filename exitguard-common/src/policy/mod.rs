//! May this packet pass? [`evaluate`] is asked once per flow and generation; the flow keeps the answer.
//!
//! # Precedence
//!
//! The first step that answers wins. It is written here and nowhere else; [`Reason`] names the steps.
//!
//! 0. **Malformed**: what the parser refuses never gets here and is denied.
//! 1. **Lockdown** of the client, by its rule or by the operator: only established flows to this host pass.
//! 2. **Exempt**: ICMP errors (path MTU!), neighbour discovery, multicast and broadcast noise, MagicDNS.
//!    Allowed, and not tracked as flows. Unicast link-local destinations are not noise: 169.254.169.254 is
//!    a cloud's metadata service, so they are left to the LAN guard.
//! 3. **Reply**: the flow was opened by this host or from behind it. Allowed.
//!    **Host**: the destination is this host or inside the tailnet; the `[host]` rule alone decides.
//! 4. **Runtime** block by the operator: denied.
//! 5. `[allow]` destinations, and those the operator allows, skip steps 6 and 7.
//! 6. **Blocklists** that apply to the client: denied, or noted when the list only observes.
//! 7. **LAN guard**: private, link-local and on-link networks are denied unless the rule has `lan`.
//! 8. **Port**, **Icmp**, **Protocol**: the allowlist of the client's rule. A later **Fragment** whose ports
//!    are unknown passes only where every port would.
//!
//! In mode `observe` the same steps are taken and a denial becomes [`Verdict::WouldDeny`].

mod exempt;
mod facts;
mod tables;

#[cfg(test)]
mod tests;

pub use exempt::is_exempt;
pub use facts::Facts;
pub use tables::{Settings, Tables};

use crate::abi::{
    AddressClass, ClassFlags, ClassId, Decision, Direction, FlowKey, Origin, PortSetId, Reason,
    Rule, RuleFlags, RuleId, RuntimeFlags, Verdict,
};
use crate::packet::{Transport, protocol};

/// Decides about a flow, by the precedence above: what becomes of what its client sends.
#[inline(always)]
pub fn evaluate<T: Tables>(
    tables: &T,
    flow: &FlowKey,
    transport: Transport,
    origin: Origin,
    established: bool,
) -> Decision {
    let exempt = is_exempt(flow, transport, Direction::Outbound);
    let facts = Facts {
        origin,
        established,
        runtime: tables.runtime(&flow.client, &flow.remote),
        ..Facts::new(flow, transport, exempt)
    };
    match (tables.class_of(&flow.client), tables.class_of(&flow.remote)) {
        (Some(client), Some(remote)) => decide(tables, client, remote, &facts),
        _ => in_mode(&tables.settings(), INTERNAL),
    }
}

/// [`evaluate`], after the addresses were looked up.
#[inline(always)]
pub fn decide<T: Tables>(tables: &T, client: ClassId, remote: ClassId, facts: &Facts) -> Decision {
    let settings = tables.settings();
    let decision = judge(tables, &settings, client, remote, facts).unwrap_or(INTERNAL);
    in_mode(&settings, decision)
}

/// What mode `observe` makes of a decision.
#[inline(always)]
pub fn in_mode(settings: &Settings, decision: Decision) -> Decision {
    if settings.observe && decision.verdict == Verdict::Deny {
        return Decision {
            verdict: Verdict::WouldDeny,
            ..decision
        };
    }
    decision
}

/// The tables contradict themselves.
pub const INTERNAL: Decision = Decision::drop(Reason::Internal, RuleId::EGRESS);

/// `None` when the tables contradict themselves.
#[inline(always)]
fn judge<T: Tables>(
    tables: &T,
    settings: &Settings,
    client: ClassId,
    remote: ClassId,
    facts: &Facts,
) -> Option<Decision> {
    let rule_id = tables.class(client)?.rule;
    let rule = tables.rule(rule_id)?;
    let remote = tables.class(remote)?;
    let deny = |reason| Decision {
        verdict: Verdict::Deny,
        reason,
        rule: rule_id,
        reject: rule.flags.has(RuleFlags::REJECT),
    };

    if rule.flags.has(RuleFlags::LOCKDOWN) || facts.runtime.has(RuntimeFlags::LOCKDOWN) {
        let keeps_host = facts.established && remote.flags.has(ClassFlags::HOST);
        return Some(if keeps_host {
            Decision::allow(Reason::Host, RuleId::HOST)
        } else {
            Decision::drop(Reason::Lockdown, rule_id)
        });
    }
    if facts.exempt {
        return Some(Decision::allow(Reason::Exempt, rule_id));
    }
    if facts.origin == Origin::Remote {
        return Some(Decision::allow(Reason::Reply, rule_id));
    }
    if remote.flags.has(ClassFlags::HOST.with(ClassFlags::TAILNET)) {
        let host = tables.rule(RuleId::HOST)?;
        return Some(match allowlist(tables, host, facts)? {
            (true, _) => Decision::allow(Reason::Host, RuleId::HOST),
            (false, reason) => Decision {
                verdict: Verdict::Deny,
                reason,
                rule: RuleId::HOST,
                reject: host.flags.has(RuleFlags::REJECT),
            },
        });
    }
    if facts.runtime.has(RuntimeFlags::BLOCK) {
        return Some(deny(Reason::Runtime));
    }
    let mut observed = false;
    if !remote.flags.has(ClassFlags::ALLOW) && !facts.runtime.has(RuntimeFlags::ALLOW) {
        match blocklists(rule, remote, settings) {
            Listing::Deny => return Some(deny(Reason::Blocklist)),
            Listing::Observe => observed = true,
            Listing::None => {}
        }
        if remote.flags.has(ClassFlags::LAN) && !rule.flags.has(RuleFlags::LAN) {
            return Some(deny(Reason::Lan));
        }
    }
    Some(match allowlist(tables, rule, facts)? {
        (false, reason) => deny(reason),
        (true, _) if observed => Decision {
            verdict: Verdict::WouldDeny,
            ..deny(Reason::Blocklist)
        },
        (true, reason) => Decision::allow(reason, rule_id),
    })
}

enum Listing {
    None,
    Observe,
    Deny,
}

#[inline(always)]
fn blocklists(rule: &Rule, remote: &AddressClass, settings: &Settings) -> Listing {
    let hits = rule.lists & remote.lists;
    if hits & !settings.observe_lists != 0 {
        Listing::Deny
    } else if hits != 0 {
        Listing::Observe
    } else {
        Listing::None
    }
}

/// The bit of the list that a denial by a list is laid to: the first that denies, else the first that observes.
/// `None` when no list of the rule holds the address.
#[inline(always)]
pub fn named_list(rule: &Rule, remote: &AddressClass, settings: &Settings) -> Option<u32> {
    let hits = rule.lists & remote.lists;
    let denying = hits & !settings.observe_lists;
    let mut rest = if denying != 0 { denying } else { hits };
    if rest == 0 {
        return None;
    }
    // By halves: the instruction set of BPF cannot count zeros.
    let mut bit = 0;
    let mut half = u64::BITS / 2;
    while half > 0 {
        if rest & ((1 << half) - 1) == 0 {
            rest >>= half;
            bit += half;
        }
        half /= 2;
    }
    Some(bit)
}

/// Step 8: whether the rule lists it, and the reason under which it answers.
#[inline(always)]
fn allowlist<T: Tables>(tables: &T, rule: &Rule, facts: &Facts) -> Option<(bool, Reason)> {
    let ports = match (facts.transport, facts.protocol) {
        (Transport::Tcp, _) | (Transport::LaterFragment, protocol::TCP) => rule.tcp,
        (Transport::Udp, _) | (Transport::LaterFragment, protocol::UDP) => rule.udp,
        (Transport::Sctp, _) | (Transport::LaterFragment, protocol::SCTP) => rule.sctp,
        (
            Transport::Echo
            | Transport::IcmpError
            | Transport::NeighbourDiscovery
            | Transport::IcmpOther,
            _,
        )
        | (Transport::LaterFragment, protocol::ICMP | protocol::ICMPV6) => {
            return Some((rule.flags.has(RuleFlags::ICMP), Reason::Icmp));
        }
        (Transport::Other | Transport::LaterFragment, _) => {
            return Some((rule.names_protocol(facts.protocol), Reason::Protocol));
        }
    };
    if ports == PortSetId::ANY {
        return Some((true, Reason::Port));
    }
    if facts.transport == Transport::LaterFragment {
        return Some((false, Reason::Fragment));
    }
    Some((tables.port_in_set(ports, facts.remote_port)?, Reason::Port))
}
