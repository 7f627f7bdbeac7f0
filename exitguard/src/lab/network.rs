//! The kernel's side of a lab: settings, links, addresses and routes.

use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::{
    EVERYWHERE, EXIT_LAN_V4, EXIT_LAN_V6, EXIT_WAN_V4, EXIT_WAN_V6, INTERNET, LAN_EXIT, LAN_HOST,
    ROUTER_V4, ROUTER_V6, TAILNET_PREFIXES, WAN_EXIT, WAN_ROUTER,
};
use super::error::LabError;
use super::links::{Links, Via};
use super::namespace::Namespace;

/// The TUN device's name, in the client as on the exit node.
pub const TUN: &str = "tailscale0";
/// The exit node's link to the Internet.
pub const WAN_LINK: &str = "wan0";
/// The exit node's link to its LAN.
pub const LAN_LINK: &str = "lan0";

/// IPv4 settings of a new namespace come from the machine's (`net.core.devconf_inherit_init_net`), so those
/// that matter are written, before there are links to inherit them.
pub(super) const EVERY_NAMESPACE: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "0"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv6.conf.all.disable_ipv6", "0"),
    ("net.ipv6.conf.default.disable_ipv6", "0"),
    ("net.ipv6.conf.all.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.all.router_solicitations", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
    // ICMP errors are answers here, and answers must not depend on how many there were before.
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.ipv6.icmp.ratelimit", "0"),
    ("net.ipv4.ping_group_range", "0 2147483647"),
    // A closed socket with unacknowledged bytes keeps its namespace alive; by default for minutes.
    ("net.ipv4.tcp_orphan_retries", "1"),
];

pub(super) const ROUTER: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv6.conf.all.forwarding", "1"),
];

/// Plugs the exit node into the Internet and into its LAN.
pub(super) fn connect(
    exit: &Namespace,
    internet: &Namespace,
    lan: &Namespace,
    more_servers: &[IpAddr],
) -> Result<(), LabError> {
    let [mut at_exit, mut at_internet, mut at_lan] =
        [Links::of(exit)?, Links::of(internet)?, Links::of(lan)?];

    at_exit.add_veth(WAN_LINK, "wan1", internet)?;
    at_exit.add_veth(LAN_LINK, "lan1", lan)?;
    at_exit.set_up(WAN_LINK)?;
    at_exit.set_up(LAN_LINK)?;
    at_internet.set_up("wan1")?;
    at_lan.set_up("lan1")?;
    plug_in(&mut at_exit, WAN_LINK, WAN_EXIT)?;
    plug_in(&mut at_exit, LAN_LINK, LAN_EXIT)?;
    plug_in(&mut at_internet, "wan1", WAN_ROUTER)?;
    plug_in(&mut at_lan, "lan1", LAN_HOST)?;
    for &address in INTERNET.iter().chain(more_servers) {
        at_internet.add_address("lo", address.into())?;
    }

    // The ways back to the clients serve a lab without masquerading.
    let routes = [
        (&at_exit, WAN_LINK, EVERYWHERE, [ROUTER_V4, ROUTER_V6]),
        (
            &at_internet,
            "wan1",
            TAILNET_PREFIXES,
            [EXIT_WAN_V4, EXIT_WAN_V6],
        ),
        (
            &at_lan,
            "lan1",
            TAILNET_PREFIXES,
            [EXIT_LAN_V4, EXIT_LAN_V6],
        ),
    ];
    for (links, link, prefixes, routers) in routes {
        for (prefix, router) in prefixes.into_iter().zip(routers) {
            links.add_route(link, prefix, Via::Router(router))?;
        }
    }
    Ok(())
}

fn plug_in(links: &mut Links, link: &str, addresses: [IpNet; 2]) -> Result<(), LabError> {
    links.wait_up(link)?;
    addresses
        .into_iter()
        .try_for_each(|address| links.add_address(link, address))
}

/// Brings the TUN device up. It has a carrier as soon as it is open.
pub(super) fn configure_tun(
    namespace: &Namespace,
    mtu: u32,
    addresses: &[IpNet],
    routes: [IpNet; 2],
) -> Result<(), LabError> {
    let mut links = Links::of(namespace)?;
    links.set_mtu(TUN, mtu)?;
    links.set_up(TUN)?;
    addresses
        .iter()
        .try_for_each(|&address| links.add_address(TUN, address))?;
    routes
        .into_iter()
        .try_for_each(|prefix| links.add_route(TUN, prefix, Via::Link))
}
