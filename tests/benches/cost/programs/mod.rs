//! Packets through the programs alone (`BPF_PROG_TEST_RUN`): no device, no stack.

mod bench;
mod remotes;

use crate::arguments::Effort;
use crate::policies::{Policies, Policy};
use crate::progress;
use crate::statistics::Summary;
use anyhow::Result;
use bench::{Bench, Overhead};
use exitguard::datapath::Hook;
use exitguard::lab::Namespace;
use serde::Serialize;

pub(crate) use remotes::{Family, Remotes};

const ESTABLISHED_BUDGET_NS: f64 = 120.0;
const NEW_FLOW_BUDGET_NS: f64 = 600.0;

/// A kind of packet on a hook, and what it costs.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) hook: &'static str,
    pub(crate) packet: Kind,
    pub(crate) family: Family,
    /// Prefixes of the list in force.
    pub(crate) prefixes: usize,
    /// Nanoseconds a packet, as the kernel tells: the average of many repeats of a packet, or one run of each.
    pub(crate) raw_ns: Summary,
    /// Of one run alone: what reading the clock and a cold start add; `None` for an average of many.
    pub(crate) overhead_ns: Option<f64>,
    /// The median less the overhead.
    pub(crate) net_ns: f64,
    pub(crate) budget_ns: Option<f64>,
    pub(crate) met: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Outbound, of a flow that is known and allowed.
    Established,
    /// Inbound, of a flow that is known and allowed.
    EstablishedInbound,
    /// Of a flow that is known and denied.
    Denied,
    /// First of a flow in the place of one that ended.
    NewAgain,
    /// First of a flow to one server; what the decision reads is warm.
    NewToOneServer,
    /// First of a flow, each to another server anywhere; what the decision reads is cold.
    NewToAnyServer,
    /// First of a flow, each to another listed server.
    NewToListed,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Established,
        Self::EstablishedInbound,
        Self::Denied,
        Self::NewAgain,
        Self::NewToOneServer,
        Self::NewToAnyServer,
        Self::NewToListed,
    ];

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::EstablishedInbound => "established, inbound",
            Self::Denied => "denied, known flow",
            Self::NewAgain => "new, same ports (again)",
            Self::NewToOneServer => "new, one server (warm)",
            Self::NewToAnyServer => "new, any server (cold)",
            Self::NewToListed => "new, any listed (cold)",
        }
    }

    /// Each packet runs once.
    pub(crate) const fn runs_alone(self) -> bool {
        matches!(
            self,
            Self::NewToOneServer | Self::NewToAnyServer | Self::NewToListed
        )
    }

    const fn passes(self) -> bool {
        !matches!(self, Self::Denied | Self::NewToListed)
    }

    fn is_on(self, hook: Hook, policy: &Policy) -> bool {
        match self {
            // Inbound packets are always seen at TC.
            Self::EstablishedInbound => hook == Hook::TcOutbound,
            Self::NewToListed => policy.listed > 0,
            _ => true,
        }
    }

    fn budget_ns(self, policy: &Policy) -> Option<f64> {
        match self {
            Self::Established | Self::EstablishedInbound => Some(ESTABLISHED_BUDGET_NS),
            Self::NewAgain | Self::NewToOneServer | Self::NewToAnyServer | Self::NewToListed
                if policy.listed > 0 =>
            {
                Some(NEW_FLOW_BUDGET_NS)
            }
            _ => None,
        }
    }
}

/// Every kind of packet, on either hook, with either policy.
pub(crate) fn measure(policies: &Policies, effort: &Effort) -> Result<Vec<Cost>> {
    // Pins go into a BPF file system that nobody else sees.
    Namespace::with_private_bpffs("bench")?.enter(|| {
        let overhead = bench::overhead(policies, effort)?;
        let mut costs = Vec::new();
        for policy in policies.both() {
            let mut bench = Bench::new(policy, effort)?;
            let mut remotes = Remotes::new(policies, policy);
            for hook in [Hook::TcOutbound, Hook::XdpOutbound] {
                for family in [Family::V4, Family::V6] {
                    for kind in Kind::ALL {
                        if kind.is_on(hook, policy) {
                            progress::tell(&format!(
                                "{} {}, {family:?}, {} prefixes",
                                hook_name(hook),
                                kind.name(),
                                policy.listed
                            ));
                            let raw_ns = bench.run(hook, kind, family, &mut remotes)?;
                            costs.push(cost(hook, kind, family, policy, raw_ns, &overhead));
                        }
                    }
                }
            }
        }
        Ok(costs)
    })?
}

fn cost(
    hook: Hook,
    packet: Kind,
    family: Family,
    policy: &Policy,
    raw_ns: Summary,
    overhead: &Overhead,
) -> Cost {
    let overhead_ns = packet.runs_alone().then(|| overhead.of(hook));
    let net_ns = raw_ns.median - overhead_ns.unwrap_or_default();
    let budget_ns = packet.budget_ns(policy);
    Cost {
        hook: hook_name(hook),
        packet,
        family,
        prefixes: policy.listed,
        raw_ns,
        overhead_ns,
        net_ns,
        budget_ns,
        met: budget_ns.map(|budget| net_ns <= budget),
    }
}

const fn hook_name(hook: Hook) -> &'static str {
    match hook {
        Hook::TcOutbound | Hook::TcInbound => "TC",
        Hook::XdpOutbound => "XDP",
    }
}
