//! The routing rule of `fail = "closed"`.

use crate::config::Fail;
use crate::doctor::Finding;
use crate::doctor::facts::{Facts, Guarded};

const NAME: &str = "gate";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let Ok(network) = &facts.network else {
        return Vec::new();
    };
    let wanted = facts.policy.config.as_ref().map(|config| config.fail);
    let mut findings = Vec::new();
    if let (Ok(guarded), Some(wanted)) = (&network.guarded, wanted) {
        findings.extend(state(guarded, wanted));
    }
    // Of an interface that is not there, the gate may well be: see `interface`.
    let others = network.other_gates.iter();
    let others = others.filter(|_| network.guarded.is_ok());
    findings.extend(others.map(|interface| {
        Finding::advice(
            NAME,
            format!("{interface}, which the configuration does not name, has a gate: what comes from there is not forwarded unmarked"),
            &format!("exitguard off --interface {interface}, if nothing guards it"),
        )
    }));
    findings
}

fn state(guarded: &Guarded, wanted: Fail) -> Vec<Finding> {
    let name = &guarded.name;
    let before = &guarded.before_gate;
    match (wanted, guarded.is_gate_closed) {
        (Fail::Open, false) => Vec::new(),
        (Fail::Open, true) => vec![Finding::problem(
            NAME,
            format!(
                "closed for {name}, though fail = \"open\": what is not marked is not forwarded"
            ),
            "start or restart exitguard, which opens it; or `exitguard off`",
        )],
        (Fail::Closed, _) if !before.is_host_safe => vec![Finding::problem(
            NAME,
            "no rule of the table `local` comes before it: it would cut this host off, and stays open",
            "ip rule add pref 0 lookup local, and the same with `ip -6`; or fail = \"open\"",
        )],
        (Fail::Closed, false) => vec![Finding::problem(
            NAME,
            format!(
                "open for {name}, though fail = \"closed\": without the programs, packets pass unjudged"
            ),
            "start exitguard, which closes it; if it runs, its events (`no_gate`) say why it cannot",
        )],
        (Fail::Closed, true) => vec![closed(before.rules.as_slice())],
    }
}

fn closed(ahead: &[u32]) -> Finding {
    if ahead.is_empty() {
        return Finding::ok(NAME, "closed: without the programs nothing is forwarded");
    }
    let ahead: Vec<String> = ahead.iter().map(ToString::to_string).collect();
    Finding::advice(
        NAME,
        format!(
            "closed, but rules of other priorities come before it ({}): what they find a route for does not meet it",
            ahead.join(", ")
        ),
        "look with `ip rule`; give them priorities above 5200, or the `iif` that they are meant for",
    )
}
