//! Where the flows go.

use crate::policies::{Policies, Policy};
use crate::prefixes;
use exitguard_common::abi::RuleId;
use fastrand::Rng;
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Family {
    #[serde(rename = "IPv4")]
    V4,
    #[serde(rename = "IPv6")]
    V6,
}

const SEED: u64 = 7;

/// Servers all over the Internet, the same ones in every run.
pub(crate) struct Remotes<'a> {
    random: Rng,
    prefixes: &'a [IpNet],
    policy: &'a Policy,
}

impl<'a> Remotes<'a> {
    pub(crate) fn new(policies: &'a Policies, policy: &'a Policy) -> Self {
        Self {
            random: Rng::with_seed(SEED),
            prefixes: &policies.prefixes,
            policy,
        }
    }

    /// One that no list holds.
    pub(crate) fn unlisted(&mut self, family: Family) -> IpAddr {
        loop {
            let address = match family {
                Family::V4 => prefixes::public_v4(&mut self.random).into(),
                Family::V6 => prefixes::public_v6(&mut self.random).into(),
            };
            let hit = self.policy.labels.list_hit(RuleId::EGRESS, address);
            if hit.is_none() {
                return address;
            }
        }
    }

    /// One that the list holds: the first address of any of its prefixes.
    pub(crate) fn listed(&mut self, family: Family) -> Option<IpAddr> {
        let of_family = |prefix: &&IpNet| match family {
            Family::V4 => prefix.addr().is_ipv4(),
            Family::V6 => prefix.addr().is_ipv6(),
        };
        let start = self.random.usize(..self.prefixes.len().max(1));
        self.prefixes
            .get(start..)?
            .iter()
            .find(of_family)
            .or_else(|| self.prefixes.iter().find(of_family))
            .map(IpNet::addr)
    }
}
