//! Who has which address in the lab: documentation and private ranges only (RFC 5737, RFC 3849, RFC 1918,
//! RFC 4193), and Tailscale's own (RFC 6598, `fd7a:115c:a1e0::/48`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(head: [u16; 3], last: u16) -> IpAddr {
    let [a, b, c] = head;
    IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, last))
}

const fn prefix(address: IpAddr, length: u8) -> IpNet {
    IpNet::new_assert(address, length)
}

const TAILNET: [u16; 3] = [0xfd7a, 0x115c, 0xa1e0];
const SERVERS: [u16; 3] = [0x2001, 0xdb8, 1];
const WAN: [u16; 3] = [0x2001, 0xdb8, 0xffff];
const LAN: [u16; 3] = [0xfd00, 0x77, 0];

/// The first client of the exit node, `100.64.0.9`.
pub const CLIENT_V4: IpAddr = v4(100, 64, 0, 9);
/// The first client of the exit node, `fd7a:115c:a1e0::9`.
pub const CLIENT_V6: IpAddr = v6(TAILNET, 9);
/// The second client, `100.64.0.10`.
pub const CLIENT2_V4: IpAddr = v4(100, 64, 0, 10);
/// The second client, `fd7a:115c:a1e0::10`.
pub const CLIENT2_V6: IpAddr = v6(TAILNET, 0x10);

/// The exit node in the tailnet, `100.64.0.1`.
pub const EXIT_V4: IpAddr = v4(100, 64, 0, 1);
/// The exit node in the tailnet, `fd7a:115c:a1e0::1`.
pub const EXIT_V6: IpAddr = v6(TAILNET, 1);
/// The exit node as the Internet sees it, `198.51.100.253`.
pub const EXIT_WAN_V4: IpAddr = v4(198, 51, 100, 253);
/// The exit node as the Internet sees it, `2001:db8:ffff::1`.
pub const EXIT_WAN_V6: IpAddr = v6(WAN, 1);
/// The exit node as its LAN sees it, `192.168.77.1`.
pub const EXIT_LAN_V4: IpAddr = v4(192, 168, 77, 1);
/// The exit node as its LAN sees it, `fd00:77::1`.
pub const EXIT_LAN_V6: IpAddr = v6(LAN, 1);

/// The exit node's router to the Internet, `198.51.100.254`.
pub const ROUTER_V4: IpAddr = v4(198, 51, 100, 254);
/// The exit node's router to the Internet, `2001:db8:ffff::2`.
pub const ROUTER_V6: IpAddr = v6(WAN, 2);
/// A server on the Internet, `203.0.113.7`.
pub const SERVER_V4: IpAddr = v4(203, 0, 113, 7);
/// A server on the Internet, `2001:db8:1::7`.
pub const SERVER_V6: IpAddr = v6(SERVERS, 7);
/// A server for blocklists to name, `203.0.113.66`.
pub const LISTED_V4: IpAddr = v4(203, 0, 113, 66);
/// A server for blocklists to name, `2001:db8:1::66`.
pub const LISTED_V6: IpAddr = v6(SERVERS, 0x66);
/// A server in another prefix, `192.0.2.10`.
pub const SERVER2_V4: IpAddr = v4(192, 0, 2, 10);

/// The host in the exit node's LAN, `192.168.77.10`.
pub const LAN_HOST_V4: IpAddr = v4(192, 168, 77, 10);
/// The host in the exit node's LAN, `fd00:77::10`.
pub const LAN_HOST_V6: IpAddr = v6(LAN, 0x10);

/// All addresses of the tailnet, IPv4 and IPv6.
pub const TAILNET_PREFIXES: [IpNet; 2] =
    [prefix(v4(100, 64, 0, 0), 10), prefix(v6(TAILNET, 0), 48)];

/// Everywhere, IPv4 and IPv6.
pub(super) const EVERYWHERE: [IpNet; 2] = [
    prefix(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    prefix(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
];

pub(super) const CLIENTS: [IpAddr; 4] = [CLIENT_V4, CLIENT2_V4, CLIENT_V6, CLIENT2_V6];
pub(super) const INTERNET: [IpAddr; 5] = [SERVER_V4, LISTED_V4, SERVER2_V4, SERVER_V6, LISTED_V6];

pub(super) const WAN_EXIT: [IpNet; 2] = [prefix(EXIT_WAN_V4, 30), prefix(EXIT_WAN_V6, 64)];
pub(super) const WAN_ROUTER: [IpNet; 2] = [prefix(ROUTER_V4, 30), prefix(ROUTER_V6, 64)];
pub(super) const LAN_EXIT: [IpNet; 2] = [prefix(EXIT_LAN_V4, 24), prefix(EXIT_LAN_V6, 64)];
pub(super) const LAN_HOST: [IpNet; 2] = [prefix(LAN_HOST_V4, 24), prefix(LAN_HOST_V6, 64)];
