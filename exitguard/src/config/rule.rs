//! What `[egress]`, `[host]` and `[[client]]` have in common: what may be sent.

use super::model::{Attach, List, Mode, OnDeny, Protocols, RuleSpec};
use super::ports::ports;
use super::protocols::protocols;
use super::report::{Problem, Report};
use super::section::Section;
use super::suggest::closest;
use super::value::Value;
use crate::policy::PortSet;
use exitguard_common::abi::MAX_LISTS;

/// What holds for all rules of a file.
pub(super) struct Surroundings<'a> {
    pub(super) lists: &'a [List],
    pub(super) mode: Mode,
    pub(super) attach: Attach,
}

impl RuleSpec {
    /// Where `[host]` starts from: whoever guards an exit node over the tailnet must not be locked out of it
    /// by default.
    pub(super) fn everything() -> Self {
        Self {
            tcp: PortSet::any(),
            udp: PortSet::any(),
            sctp: PortSet::any(),
            icmp: true,
            protocols: Protocols::ANY,
            lan: true,
            on_deny: OnDeny::Drop,
            lists: 0,
            lockdown: false,
        }
    }

    /// Where `[egress]` starts from.
    pub(super) fn nothing_but_ping(lists: &[List]) -> Self {
        Self {
            tcp: PortSet::none(),
            udp: PortSet::none(),
            sctp: PortSet::none(),
            icmp: true,
            protocols: Protocols::default(),
            lan: false,
            on_deny: OnDeny::Drop,
            lists: (0..lists.len()).fold(0, |bits, position| bits | bit(position)),
            lockdown: false,
        }
    }
}

/// A list beyond the last bit is an error elsewhere.
const fn bit(position: usize) -> u64 {
    if position < MAX_LISTS {
        1 << position
    } else {
        0
    }
}

/// Reads the keys of `[egress]` and `[[client]]`. What is left out is as in `base`.
pub(super) fn client_rule(
    section: &mut Section<'_>,
    base: &RuleSpec,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> RuleSpec {
    let rule = host_rule(section, base, surroundings, report);
    let lan = section
        .get("lan")
        .and_then(|value| report.read(&value, Value::boolean));
    let lists = section
        .get("lists")
        .map(|value| list_bits(&value, surroundings.lists, report));
    let lockdown = section
        .get("lockdown")
        .and_then(|value| lockdown(&value, surroundings.mode, report));
    RuleSpec {
        lan: lan.unwrap_or(base.lan),
        lists: lists.unwrap_or(base.lists),
        lockdown: lockdown.unwrap_or(base.lockdown),
        ..rule
    }
}

/// Reads the keys of `[host]`, which all rules have.
pub(super) fn host_rule(
    section: &mut Section<'_>,
    base: &RuleSpec,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> RuleSpec {
    let mut port_set = |key, base: &PortSet| match section.get(key) {
        Some(value) => ports(&value, report),
        None => base.clone(),
    };
    let (tcp, udp, sctp) = (
        port_set("tcp", &base.tcp),
        port_set("udp", &base.udp),
        port_set("sctp", &base.sctp),
    );
    let icmp = section
        .get("icmp")
        .and_then(|value| report.read(&value, Value::boolean));
    let protocols = section
        .get("protocols")
        .map(|value| protocols(&value, report));
    let on_deny = section
        .get("on_deny")
        .and_then(|value| report.read(&value, |value| on_deny(value, surroundings.attach)));
    RuleSpec {
        tcp,
        udp,
        sctp,
        icmp: icmp.unwrap_or(base.icmp),
        protocols: protocols.unwrap_or(base.protocols),
        on_deny: on_deny.unwrap_or(base.on_deny),
        ..*base
    }
}

fn on_deny(value: &Value<'_>, attach: Attach) -> Result<OnDeny, Problem> {
    let chosen = value.choice([("drop", OnDeny::Drop), ("reject", OnDeny::Reject)])?;
    if chosen == OnDeny::Reject && attach == Attach::Xdp {
        let message = "on_deny = \"reject\" does not work with attach = \"xdp\"";
        let hint = "answers are sent from TC: use attach = \"tc\", or on_deny = \"drop\"";
        return Err(Problem::new(message, hint));
    }
    Ok(chosen)
}

fn list_bits(value: &Value<'_>, lists: &[List], report: &mut Report<'_>) -> u64 {
    let named = |item: &Value<'_>| {
        let name = item.string()?;
        let position = lists.iter().position(|list| list.name == name);
        position.map(bit).ok_or_else(|| unknown_list(name, lists))
    };
    let items = report.read(value, Value::items).into_iter().flatten();
    items
        .filter_map(|item| report.read(&item, named))
        .fold(0, |bits, bit| bits | bit)
}

fn unknown_list(name: &str, lists: &[List]) -> Problem {
    let names = lists.iter().map(|list| list.name.as_str());
    let hint = match closest(name, names) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "define it with [[list]], or leave `lists` out to apply all of them".to_owned(),
    };
    Problem::new(format!("there is no list with the name \"{name}\""), hint)
}

fn lockdown(value: &Value<'_>, mode: Mode, report: &mut Report<'_>) -> Option<bool> {
    let lockdown = report.read(value, Value::boolean)?;
    if lockdown && mode == Mode::Observe {
        let message = "lockdown is only reported while the mode is observe";
        let hint = "set mode = \"enforce\" for it to deny anything";
        report.warn(value.span(), Problem::new(message, hint));
    }
    Some(lockdown)
}
