//! May this client reach that destination, and why? Asked of the compiled policy by the code that the kernel
//! runs.

mod destination;

pub use destination::{Destination, ParseDestinationError};

use crate::policy::{Compiled, Labels, PortSet, short};
use exitguard_common::abi::{Addr, Decision, FlowKey, Origin, Reason, Verdict};
use exitguard_common::packet::{Transport, protocol};
use exitguard_common::policy::evaluate;
use std::net::IpAddr;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The decision about the destination, or, where no port was given, about one of its ports.
    pub decision: Decision,
    /// Name of the rule that was applied.
    pub rule: String,
    /// The list that holds the destination, when that is the reason.
    pub list: Option<String>,
    /// Its entry.
    pub entry: Option<String>,
    /// Which ports may be reached, where none was asked about.
    pub ports: Option<PortSet>,
}

impl Explanation {
    /// Whether the policy allows it, or any of it.
    pub fn is_allowed(&self) -> bool {
        match &self.ports {
            Some(ports) => !ports.is_none(),
            None => self.decision.verdict == Verdict::Allow,
        }
    }
}

/// Asks a policy. An observing policy answers what it would deny.
pub fn explain(
    policy: &Compiled,
    labels: &Labels,
    client: IpAddr,
    destination: &Destination,
) -> Explanation {
    let ask = |port: u16| decide(policy, client, destination, port);
    let has_ports = matches!(
        destination.protocol,
        protocol::TCP | protocol::UDP | protocol::SCTP
    );
    let (decision, ports) = match destination.port {
        Some(port) => (ask(port), None),
        None if has_ports => {
            let is_allowed = |port: &u16| ask(*port).verdict == Verdict::Allow;
            let allowed: PortSet = (1..=u16::MAX)
                .filter(is_allowed)
                .map(|port| port..=port)
                .collect();
            // Any port answers for the destination, but one that is allowed says so best.
            let telling = allowed.ranges().first().map_or(1, |range| *range.start());
            (ask(telling), Some(allowed))
        }
        None => (ask(0), None),
    };
    let hit = (decision.reason == Reason::Blocklist)
        .then(|| labels.list_hit(decision.rule, destination.addr))
        .flatten();
    let blocked = (decision.reason == Reason::Runtime)
        .then(|| labels.overlay().blocked(client, destination.addr))
        .flatten();
    Explanation {
        decision,
        rule: labels.rule(decision.rule).to_owned(),
        list: hit.map(|hit| hit.list.to_owned()),
        entry: hit.map(|hit| hit.entry.to_string()).or(blocked.map(short)),
        ports,
    }
}

fn decide(policy: &Compiled, client: IpAddr, destination: &Destination, port: u16) -> Decision {
    let transport = match (destination.protocol, destination.addr) {
        (protocol::TCP, _) => Transport::Tcp,
        (protocol::UDP, _) => Transport::Udp,
        (protocol::SCTP, _) => Transport::Sctp,
        (protocol::ICMP, IpAddr::V4(_)) | (protocol::ICMPV6, IpAddr::V6(_)) => Transport::Echo,
        _ => Transport::Other,
    };
    let flow = FlowKey {
        client: Addr::from(client),
        remote: Addr::from(destination.addr),
        client_port: 0,
        remote_port: port,
        protocol: u32::from(destination.protocol),
    };
    evaluate(policy, &flow, transport, Origin::Client, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::diagnostic::SourceFile;
    use crate::policy::{Network, compile};

    #[test]
    fn icmp_of_the_other_family_is_a_protocol_like_others() {
        let text = "[egress]\ntcp = []\nudp = []\nicmp = true\n";
        let checked = config::parse(&SourceFile::new("exitguard.toml", text)).unwrap();
        let (policy, labels) = compile(&checked.config, vec![], &Network::default()).unwrap();
        for (client, destination, reason, is_allowed) in [
            ("100.64.0.9", "203.0.113.7/1", Reason::Icmp, true),
            ("100.64.0.9", "203.0.113.7/58", Reason::Protocol, false),
            ("fd7a:115c:a1e0::9", "2001:db8::7/58", Reason::Icmp, true),
            (
                "fd7a:115c:a1e0::9",
                "2001:db8::7/1",
                Reason::Protocol,
                false,
            ),
        ] {
            let client = client.parse().unwrap();
            let told = explain(&policy, &labels, client, &destination.parse().unwrap());
            assert_eq!(told.decision.reason, reason, "{destination}");
            let allows = told.decision.verdict != Verdict::WouldDeny;
            assert_eq!(allows, is_allowed, "{destination}");
        }
    }
}
