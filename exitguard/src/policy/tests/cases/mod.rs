//! One case a sentence.

mod lists;
mod networks;
mod never_block;
mod rules;
mod sample;

use super::*;
use exitguard_common::abi::{
    AddressClass, ClassFlags, PORT_LINES_PER_SET, PortSetId, Reason, RuleId, Verdict,
};
use exitguard_common::policy::Tables;
use std::net::Ipv4Addr;

const CLIENT_V4: &str = "100.64.0.9";
const CLIENT_V6: &str = "fd7a:115c:a1e0::9";

fn compiled(
    config: &Config,
    lists: Vec<LoadedList>,
    addresses: &[&str],
    on_link: &[&str],
) -> (Compiled, Labels) {
    let network = Network {
        addresses: addresses.iter().map(|addr| addr.parse().unwrap()).collect(),
        on_link: nets(on_link),
        ..Network::default()
    };
    compile(config, lists, &network).unwrap()
}

/// What becomes of TCP to port 443 of an address.
fn https(compiled: &Compiled, remote: &str) -> (Verdict, Reason) {
    let client = if remote.contains(':') {
        CLIENT_V6
    } else {
        CLIENT_V4
    };
    let decision = Probe::new(client, remote, Transport::Tcp, 443).ask(compiled);
    (decision.verdict, decision.reason)
}

const ALLOWED: (Verdict, Reason) = (Verdict::Allow, Reason::Port);
const HOST: (Verdict, Reason) = (Verdict::Allow, Reason::Host);
const LAN: (Verdict, Reason) = (Verdict::Deny, Reason::Lan);
const LISTED: (Verdict, Reason) = (Verdict::Deny, Reason::Blocklist);

fn guarded() -> RuleSpec {
    RuleSpec {
        lan: false,
        ..everything()
    }
}

#[test]
fn an_empty_list_and_no_network_are_a_policy_too() {
    let lists = vec![list("empty", ListAction::Deny, &[])];
    let egress = RuleSpec {
        lists: 1,
        ..everything()
    };
    let (compiled, _) = compiled(&enforcing(everything(), egress), lists, &[], &[]);
    assert_eq!(https(&compiled, "8.8.8.8"), ALLOWED);
    assert_eq!(https(&compiled, "255.255.255.254"), ALLOWED);
}
