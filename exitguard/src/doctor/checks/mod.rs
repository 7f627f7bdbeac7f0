//! From facts to findings, in the order in which a host becomes an exit node that is guarded.

mod gate;
mod guard;
mod lists;
mod machine;
mod network;
mod policy;
mod tailscale;

use super::facts::Facts;
use super::finding::Finding;

/// What to do about what is hidden.
const AS_ROOT: &str = "run `exitguard doctor` as root";

/// Judges a host.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = machine::check(&facts.machine);
    findings.extend(tailscale::check(facts));
    findings.extend(network::check(facts));
    findings.extend(policy::check(&facts.policy));
    findings.extend(lists::check(facts));
    findings.extend(guard::check(facts));
    findings.extend(gate::check(facts));
    findings
}
