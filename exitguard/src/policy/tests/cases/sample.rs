//! What the kernel is asked about, to see that it decides as the host does.

use super::*;

/// A false alarm would be told for as long as the policy is in force. Of an IPv6 range that reaches into the mapped
/// addresses the kernel knows these as IPv4.
#[test]
fn what_is_expected_of_the_kernel_is_what_the_host_decides() {
    let entries = ["192.0.2.0/24", "::ffff:0:0/96", "2001:db8::/32"];
    let mut config = enforcing(everything(), guarded());
    config.egress.lists = 1;
    config.clients = ["100.64.0.9/32", "fd7a:115c:a1e0::9/128", "::ffff:0:0/97"]
        .map(|net| Client {
            name: net.to_owned(),
            prefixes: nets(&[net]),
            rule: everything(),
        })
        .into();
    let lists = vec![list("bad", ListAction::Deny, &entries)];
    let compiled = compiled(&config, lists, &[], &[]).0;
    let sample = compiled.sample();
    let mut reasons = std::collections::HashSet::new();
    for sampled in &sample {
        let Sampled {
            flow, transport, ..
        } = *sampled;
        let decision = evaluate(&compiled, &flow, transport, Origin::Client, false);
        assert_eq!(sampled.decision(Default::default()), decision, "{flow:?}");
        reasons.insert(decision.reason);
    }
    for reason in [Reason::Blocklist, Reason::Lan, Reason::Port, Reason::Host] {
        assert!(reasons.contains(&reason), "{reason:?} of {reasons:?}");
    }
}

/// Otherwise a client would be asked about in one way only.
#[test]
fn every_client_is_asked_about_in_every_way() {
    let mut config = enforcing(everything(), guarded());
    config.clients = (1..5)
        .map(|number| Client {
            name: number.to_string(),
            prefixes: nets(&[&format!("100.64.0.{number}")]),
            rule: everything(),
        })
        .collect();
    let sample = compiled(&config, vec![], &[], &[]).0.sample();
    let ways: std::collections::HashSet<_> = sample
        .iter()
        .filter(|sampled| IpAddr::from(sampled.flow.client) == IpAddr::from([100, 64, 0, 1]))
        .map(|sampled| (sampled.transport as u8, sampled.flow.remote_port == 443))
        .collect();
    assert!(ways.len() >= 3, "{ways:?}");
}
