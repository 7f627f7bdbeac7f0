//! The interface, and whether the kernel forwards.

use crate::doctor::Finding;
use crate::doctor::facts::{Facts, NetworkFacts};

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let network = match &facts.network {
        Ok(network) => network,
        Err(why) => {
            let remedy = "run `exitguard doctor` as root, in the network namespace of tailscaled";
            return vec![Finding::unknown("network", why, remedy)];
        }
    };
    let findings = [
        Some(interface(network)),
        Some(forwarding(facts, network)),
        rp_filter(network),
        exposed(facts, network),
    ];
    findings.into_iter().flatten().collect()
}

fn interface(network: &NetworkFacts) -> Finding {
    const NAME: &str = "interface";
    match &network.guarded {
        Ok(guarded) => Finding::ok(NAME, format!("{} is {}", guarded.name, guarded.kind)),
        Err(why) => Finding::problem(
            NAME,
            why,
            "start tailscaled, or name the right `interface` in the configuration",
        ),
    }
}

fn forwarding(facts: &Facts, network: &NetworkFacts) -> Finding {
    const NAME: &str = "forwarding";
    let warning = facts.tailscale.as_ref().ok();
    let warning = warning.and_then(|tailscale| tailscale.forwarding.as_deref());
    match (network.forwards_v4, network.forwards_v6) {
        (Some(false), _) => Finding::problem(
            NAME,
            "off for IPv4: clients reach nothing through this host",
            "sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1, and the same in a file of /etc/sysctl.d",
        ),
        (_, Some(false)) => Finding::advice(
            NAME,
            "off for IPv6: clients reach IPv4 only through this host",
            "sysctl -w net.ipv6.conf.all.forwarding=1, and the same in a file of /etc/sysctl.d",
        ),
        (None, _) => Finding::unknown(NAME, "/proc does not say", "sysctl net.ipv4.ip_forward"),
        (Some(true), _) if warning.is_some_and(|warning| !warning.is_empty()) => Finding::advice(
            NAME,
            format!("tailscaled says: {}", warning.unwrap_or_default()),
            "do what it says",
        ),
        (Some(true), Some(true)) => Finding::ok(NAME, "on for IPv4 and IPv6"),
        (Some(true), None) => Finding::ok(NAME, "on for IPv4; there is no IPv6"),
    }
}

fn rp_filter(network: &NetworkFacts) -> Option<Finding> {
    const STRICT: u8 = 1;
    (network.rp_filter? == STRICT).then(|| {
        Finding::advice(
            "rp_filter",
            "strict: with more than one way to the Internet, packets are dropped that come by another one than they would leave by",
            "sysctl -w net.ipv4.conf.all.rp_filter=2, if there is more than one",
        )
    })
}

/// What comes through the tunnel for an address of this host passes the firewall of its provider unseen.
fn exposed(facts: &Facts, network: &NetworkFacts) -> Option<Finding> {
    let config = facts.policy.config.as_ref()?;
    let host = &config.host;
    let first = network.public.first()?;
    (host.tcp.is_any() || host.udp.is_any()).then(|| {
        Finding::advice(
            "exposure",
            format!(
                "clients reach the services of this host on {first}, too, whatever the firewall of its provider says"
            ),
            "name in `[host]` what they need (ssh among it)",
        )
    })
}
