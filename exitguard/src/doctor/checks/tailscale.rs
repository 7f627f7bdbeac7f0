//! Tailscale: whether this is an exit node, and how it treats what it forwards.

use crate::doctor::Finding;
use crate::doctor::facts::{Facts, Node, Prefs, Tailscale};
use ipnet::IpNet;

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    const NAME: &str = "tailscale";
    let tailscale = match &facts.tailscale {
        Ok(tailscale) => tailscale,
        Err(why) => {
            let remedy = "start tailscaled, or name its socket with --tailscaled; as another user, run this as root";
            return vec![Finding::unknown(NAME, why, remedy)];
        }
    };
    let state = tailscale.status.backend_state.as_deref();
    let mut findings = vec![match state {
        Some("Running") => Finding::ok(NAME, "running"),
        Some(state) => Finding::problem(NAME, format!("its state is {state}"), "tailscale up"),
        None => Finding::unknown(
            NAME,
            "it does not say its state",
            "look with `tailscale status`",
        ),
    }];
    findings.extend(userspace(tailscale));
    if state == Some("Running") {
        findings.push(exit_node(tailscale));
        findings.extend(interface(facts, tailscale));
    }
    if let Some(prefs) = &tailscale.prefs {
        findings.extend(of_prefs(prefs));
        findings.extend(subnets(facts, prefs));
    }
    findings.extend(udp_gro(tailscale));
    findings
}

fn userspace(tailscale: &Tailscale) -> Option<Finding> {
    (tailscale.status.tun == Some(false)).then(|| {
        Finding::problem(
            "userspace",
            "tailscaled runs with userspace networking: there is no interface to guard, and nothing is judged",
            "start tailscaled without --tun=userspace-networking (in its container: TS_USERSPACE=false, with /dev/net/tun and CAP_NET_ADMIN)",
        )
    })
}

const DEFAULT_ROUTES: [&str; 2] = ["0.0.0.0/0", "::/0"];

fn exit_node(tailscale: &Tailscale) -> Finding {
    const NAME: &str = "exit node";
    let offered = tailscale
        .prefs
        .as_ref()
        .map(|prefs| prefs.advertise_routes.clone().unwrap_or_default());
    let Some(offered) = offered else {
        let remedy = "look with `tailscale debug prefs`";
        return Finding::unknown(NAME, "tailscaled does not say what it offers", remedy);
    };
    let is_offered = |route: &str| offered.iter().any(|offer| offer == route);
    match DEFAULT_ROUTES.map(is_offered) {
        [true, true] => approved(tailscale.status.node.as_ref()),
        [false, false] => Finding::advice(
            NAME,
            "this node does not offer to be one: nobody sends it what is for the Internet",
            "tailscale set --advertise-exit-node",
        ),
        _ => Finding::problem(
            NAME,
            "this node offers only one of 0.0.0.0/0 and ::/0, and Tailscale wants both",
            "tailscale set --advertise-exit-node",
        ),
    }
}

fn approved(node: Option<&Node>) -> Finding {
    const NAME: &str = "exit node";
    let Some(node) = node else {
        let remedy = "look into Tailscale's admin console";
        return Finding::unknown(NAME, "offered; tailscaled does not say if approved", remedy);
    };
    let allowed = node.allowed.iter().flatten();
    let by_routes = allowed.filter(|route| DEFAULT_ROUTES.contains(&route.as_str()));
    if node.exit_node_option == Some(true) || by_routes.count() > 0 {
        Finding::ok(NAME, "offered and approved")
    } else {
        Finding::problem(
            NAME,
            "offered, but not approved: nobody can choose it",
            "approve it in Tailscale's admin console (Machines, Edit route settings), or by autoApprovers in the policy",
        )
    }
}

/// Whether what is guarded is Tailscale's.
fn interface(facts: &Facts, tailscale: &Tailscale) -> Option<Finding> {
    let guarded = facts.network.as_ref().ok()?.guarded.as_ref().ok()?;
    let addresses = tailscale.status.addresses.as_ref()?;
    let is_there = addresses
        .iter()
        .any(|addr| guarded.addresses.contains(addr));
    (!is_there && !addresses.is_empty()).then(|| {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let found = format!(
            "{} does not hold the address of this node ({})",
            guarded.name,
            addresses.join(", ")
        );
        let remedy = "set `interface` in the configuration to the one that does, or to \"auto\"";
        Finding::problem("node address", found, remedy)
    })
}

fn of_prefs(prefs: &Prefs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |name, found: &str, remedy| findings.push(Finding::advice(name, found, remedy));
    if let Some(mode) = prefs.netfilter_mode.filter(|mode| *mode != 2) {
        let mode = if mode == 0 { "off" } else { "nodivert" };
        let found = format!("netfilter mode {mode}: Tailscale masquerades nothing");
        let remedy = "masquerade yourself, or tailscale set --netfilter-mode=on";
        note("masquerade", &found, remedy);
    } else if prefs.no_snat == Some(true) {
        let found = "off for subnet routes (--snat-subnet-routes=false): answers find the way back only if routers know it";
        let remedy = "tailscale set --snat-subnet-routes=true, unless that is meant";
        note("masquerade", found, remedy);
    }
    if prefs.run_ssh == Some(true) {
        let found = "tailscaled answers ssh itself: `[host]` and events do not see it";
        let remedy = "restrict it in the tailnet's policy (\"ssh\")";
        note("tailscale ssh", found, remedy);
    }
    if prefs.shields_up == Some(true) {
        let found = "shields are up: tailscaled lets in nothing that others begin";
        let remedy = "tailscale set --shields-up=false, unless that is meant";
        note("shields", found, remedy);
    }
    findings
}

/// Private networks that are offered to the tailnet and denied here.
fn subnets(facts: &Facts, prefs: &Prefs) -> Option<Finding> {
    let egress = &facts.policy.config.as_ref()?.egress;
    let offered = prefs.advertise_routes.iter().flatten();
    let private: Vec<&str> = offered
        .filter(|route| {
            let route: Option<IpNet> = route.parse().ok();
            route.is_some_and(|route| {
                route.prefix_len() != 0 && crate::lists::is_special(route.addr())
            })
        })
        .map(String::as_str)
        .collect();
    (!private.is_empty() && !egress.lan).then(|| {
        Finding::advice(
            "subnets",
            format!(
                "offered to the tailnet, and denied by the LAN guard (in mode enforce): {}",
                private.join(", ")
            ),
            "add them to `[allow] destinations`, or set `lan = true`, for the clients that need them",
        )
    })
}

fn udp_gro(tailscale: &Tailscale) -> Option<Finding> {
    let warning = tailscale.udp_gro.as_ref()?;
    (!warning.is_empty()).then(|| {
        Finding::advice(
            "network card",
            format!("tailscaled says: {warning}"),
            "ethtool -K DEVICE rx-udp-gro-forwarding on rx-gro-list off, for the device of the default route",
        )
    })
}
