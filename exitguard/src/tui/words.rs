//! Decisions, in words.

use crate::config::protocol_name;
use crate::control::{ChangeKind, Decided, Flow, FlowState};
use crate::diagnostic::printable;
use std::net::IpAddr;

/// In the tables.
pub(crate) const fn verdict(decided: Decided) -> &'static str {
    match decided {
        Decided::Allow => "allow",
        Decided::Deny => "DENY",
        Decided::WouldDeny => "would",
    }
}

/// In the detail pane.
pub(crate) const fn decided(decided: Decided) -> &'static str {
    match decided {
        Decided::Allow => "allowed",
        Decided::Deny => "DENIED",
        Decided::WouldDeny => {
            "would be denied, and passes because the mode or the list only observes"
        }
    }
}

/// Why, as a sentence.
pub(crate) fn reason(flow: &Flow) -> String {
    let is_allowed = flow.decision == Decided::Allow;
    let pick = |allowed: &str, denied: &str| (if is_allowed { allowed } else { denied }).to_owned();
    match flow.reason.as_str() {
        "malformed" => "the packet could not be read".to_owned(),
        "lockdown" => pick(
            "established connections to this host go on in a lockdown",
            "the client is locked down",
        ),
        "exempt" => {
            "ICMP errors, neighbour discovery, multicast and MagicDNS are never filtered".to_owned()
        }
        "host" => pick(
            "the destination is this host or in the tailnet, and [host] allows it",
            "the destination is this host or in the tailnet, and [host] does not allow it",
        ),
        "reply" => "it answers a connection that the host or the far side opened".to_owned(),
        "runtime" => pick(
            "an operator allowed the destination at run time",
            "an operator blocked the destination at run time",
        ),
        "blocklist" => pick(
            "no blocklist holds the destination",
            "the destination is on a blocklist",
        ),
        "lan" => pick(
            "the rule permits private networks",
            "the destination is in a private network or one of this host's, and the rule has no lan = true",
        ),
        "port" => pick("the rule lists the port", "the rule does not list the port"),
        "icmp" => pick("the rule permits ICMP", "the rule has icmp = false"),
        "protocol" => pick(
            "the rule lists the protocol",
            "the rule does not list the protocol",
        ),
        "fragment" => {
            "a later fragment whose first one was not seen, so its ports are not known".to_owned()
        }
        "internal" => "the tables contradict themselves; denied rather than guessed".to_owned(),
        other => format!("reason {}", printable(other)),
    }
}

/// How far a flow is.
pub(crate) const fn state(flow: &Flow) -> &'static str {
    match flow.state {
        FlowState::New => "new",
        FlowState::Established => "established",
        FlowState::Closed => "closed",
    }
}

/// An IP protocol.
pub(crate) fn protocol(number: u8) -> String {
    protocol_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

/// An address, perhaps with a port.
pub(crate) fn endpoint(address: IpAddr, port: Option<u16>) -> String {
    match (address, port) {
        (address, None) => address.to_string(),
        (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
        (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
    }
}

/// A client by its name, if it has one, and its address.
pub(crate) fn client(flow: &Flow) -> String {
    match &flow.client_name {
        Some(name) => format!("{} {}", printable(name), flow.client),
        None => flow.client.to_string(),
    }
}

/// What a change did, for people.
pub(crate) const fn done(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Block => "blocked",
        ChangeKind::Allow => "allowed",
        ChangeKind::Lockdown => "locked down",
    }
}
