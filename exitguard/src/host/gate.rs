//! The gate: a routing rule that stops what the programs did not mark.
//!
//! `iif tailscale0 fwmark 0/0x1000000 blackhole`, for IPv4 and IPv6, before Tailscale's own rules (from 5210). It
//! stops only what is forwarded: packets for this host are found by the rule of the table `local` before it. It names
//! the interface, not the device, so that it is there before a new device carries its first packet.

use super::inspect::read_error;
use super::{HostError, Inspector};
use exitguard_common::abi::PASS_MARK;
use futures_util::TryStreamExt;
use rtnetlink::IpVersion;
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use std::path::Path;

/// Before Tailscale's, the first of which has 5210.
const PRIORITY: u32 = 5_200;
/// `RT_TABLE_LOCAL` of linux/rtnetlink.h.
const LOCAL_TABLE: u8 = 255;

/// How it is with the gate of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// What is not marked is not forwarded.
    Closed,
    /// There is no such rule, or not for both families.
    Open,
}

/// What comes before the gate of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeGate {
    /// The rule of the table `local` does: packets for this host do not meet the gate.
    pub is_host_safe: bool,
    /// Priorities of other rules that do: what they find a route for does not meet it, either.
    pub rules: Vec<u32>,
}

impl Inspector {
    /// How it is with the gate of an interface.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn gate(&self, interface: &str) -> Result<Gate, HostError> {
        for version in families() {
            let rules = self.rules(version.clone()).await?;
            if !rules.iter().any(|rule| is_gate_of(rule, interface)) {
                return Ok(Gate::Open);
            }
        }
        Ok(Gate::Closed)
    }

    /// Closes the gate of an interface, which need not be there.
    ///
    /// # Errors
    /// When packets for this host would be stopped, too, or the kernel refuses. What was added before stays, so
    /// that the next try finds less to do.
    pub async fn close_gate(&self, interface: &str) -> Result<(), HostError> {
        for version in families() {
            let rules = self.rules(version.clone()).await?;
            if rules.iter().any(|rule| is_gate_of(rule, interface)) {
                continue;
            }
            if !rules.iter().any(is_local_first) {
                return Err(HostError::GateBeforeLocal);
            }
            self.add_gate(version, interface).await?;
        }
        Ok(())
    }

    async fn add_gate(&self, version: IpVersion, interface: &str) -> Result<(), HostError> {
        let rule = self
            .handle
            .rule()
            .add()
            .input_interface(interface)
            .priority(PRIORITY)
            .action(RuleAction::Blackhole);
        let marks = [RuleAttribute::FwMark(0), RuleAttribute::FwMask(PASS_MARK)];
        let added = match version {
            IpVersion::V4 => {
                let mut rule = rule.v4();
                rule.message_mut().header.table = 0;
                rule.message_mut().attributes.extend(marks);
                rule.execute().await
            }
            IpVersion::V6 => {
                let mut rule = rule.v6();
                rule.message_mut().header.table = 0;
                rule.message_mut().attributes.extend(marks);
                rule.execute().await
            }
        };
        added.map_err(|error| HostError::Gate {
            action: "close",
            error: Box::new(error),
        })
    }

    /// The interfaces that have a gate, or half of one.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn gates(&self) -> Result<Vec<String>, HostError> {
        let mut interfaces = Vec::new();
        for version in families() {
            let rules = self.rules(version).await?;
            interfaces.extend(rules.iter().filter_map(gate_of).map(str::to_owned));
        }
        interfaces.sort_unstable();
        interfaces.dedup();
        Ok(interfaces)
    }

    /// What else decides where packets from an interface go before its gate is asked.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn before_gate(&self, interface: &str) -> Result<BeforeGate, HostError> {
        let mut before = BeforeGate {
            is_host_safe: true,
            rules: Vec::new(),
        };
        for version in families() {
            let rules = self.rules(version).await?;
            before.is_host_safe &= rules.iter().any(is_local_first);
            let ahead = rules.iter().filter_map(|rule| ahead_of(rule, interface));
            before.rules.extend(ahead);
        }
        before.rules.sort_unstable();
        before.rules.dedup();
        Ok(before)
    }

    /// Removes the gate of an interface. True when there was one.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub async fn open_gate(&self, interface: &str) -> Result<bool, HostError> {
        let mut was_there = false;
        for version in families() {
            let rules = self.rules(version).await?;
            for rule in rules {
                if !is_gate_of(&rule, interface) {
                    continue;
                }
                was_there = true;
                let removed = self.handle.rule().del(rule).execute().await;
                removed.map_err(|error| HostError::Gate {
                    action: "open",
                    error: Box::new(error),
                })?;
            }
        }
        Ok(was_there)
    }

    async fn rules(&self, version: IpVersion) -> Result<Vec<RuleMessage>, HostError> {
        let rules = self.handle.rule().get(version).execute();
        rules.try_collect().await.map_err(read_error("rules"))
    }
}

/// Those that this kernel speaks.
fn families() -> impl Iterator<Item = IpVersion> {
    let has_v6 = Path::new("/proc/sys/net/ipv6").exists();
    [Some(IpVersion::V4), has_v6.then_some(IpVersion::V6)]
        .into_iter()
        .flatten()
}

fn is_gate_of(rule: &RuleMessage, interface: &str) -> bool {
    gate_of(rule) == Some(interface)
}

/// The interface, if the rule is a gate of ours.
fn gate_of(rule: &RuleMessage) -> Option<&str> {
    let has = |wanted: &RuleAttribute| rule.attributes.contains(wanted);
    // A mark of 0 is left out when the kernel tells of a rule.
    let is_gate = rule.header.action == RuleAction::Blackhole
        && has(&RuleAttribute::Priority(PRIORITY))
        && has(&RuleAttribute::FwMask(PASS_MARK));
    let name = rule
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            RuleAttribute::Iifname(name) => Some(name.as_str()),
            _ => None,
        });
    name.filter(|_| is_gate)
}

/// The priority of a rule that may forward packets from an interface past its gate.
fn ahead_of(rule: &RuleMessage, interface: &str) -> Option<u32> {
    let priority = rule
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            RuleAttribute::Priority(priority) => Some(*priority),
            _ => None,
        });
    let priority = priority.unwrap_or_default();
    let is_elsewhere = rule.attributes.iter().any(|attribute| match attribute {
        RuleAttribute::Iifname(name) => name != interface,
        // Packets that this host sends itself, and no others, are known by where they go out.
        RuleAttribute::Oifname(_) => true,
        _ => false,
    });
    let forwards = rule.header.action == RuleAction::ToTable && rule.header.table != LOCAL_TABLE;
    (forwards && priority < PRIORITY && !is_elsewhere).then_some(priority)
}

/// Whether a rule finds the addresses of this host before the gate does. A priority of 0 is left out.
fn is_local_first(rule: &RuleMessage) -> bool {
    let is_plain = rule.attributes.iter().all(|attribute| {
        matches!(
            attribute,
            RuleAttribute::Table(_)
                | RuleAttribute::Priority(..PRIORITY)
                | RuleAttribute::SuppressPrefixLen(u32::MAX)
                | RuleAttribute::Protocol(_)
        )
    });
    let is_unconditional = rule.header.src_len == 0 && rule.header.dst_len == 0;
    rule.header.table == LOCAL_TABLE
        && rule.header.action == RuleAction::ToTable
        && is_plain
        && is_unconditional
}
