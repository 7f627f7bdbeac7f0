//! Addresses by role.

use std::net::IpAddr;

pub(crate) fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Addresses by role, in one family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// A client under `[egress]`.
    pub(crate) client: IpAddr,
    pub(crate) quiet: IpAddr,
    pub(crate) locked: IpAddr,
    /// Of which the policy says nothing.
    pub(crate) world: IpAddr,
    pub(crate) listed: IpAddr,
    pub(crate) watched: IpAddr,
    /// On the denying list and in `[allow]`.
    pub(crate) excepted: IpAddr,
    pub(crate) lan: IpAddr,
    /// In a private network and in `[allow]`.
    pub(crate) excepted_lan: IpAddr,
    pub(crate) host: IpAddr,
    /// Another node of the tailnet.
    pub(crate) peer: IpAddr,
    pub(crate) magic_dns: IpAddr,
    pub(crate) multicast: IpAddr,
}

impl Places {
    pub(crate) fn families() -> [Self; 2] {
        [Self::v4(), Self::v6()]
    }

    pub(crate) fn v4() -> Self {
        Self {
            client: at("100.64.0.7"),
            quiet: at("100.64.0.9"),
            locked: at("100.64.0.66"),
            world: at("203.0.113.7"),
            listed: at("192.0.2.70"),
            watched: at("198.51.100.9"),
            excepted: at("192.0.2.100"),
            lan: at("10.0.0.7"),
            excepted_lan: at("10.9.0.7"),
            host: at("192.168.1.2"),
            peer: at("100.64.0.200"),
            magic_dns: at("100.100.100.100"),
            multicast: at("224.0.0.251"),
        }
    }

    pub(crate) fn v6() -> Self {
        Self {
            client: at("fd7a:115c:a1e0::7"),
            quiet: at("fd7a:115c:a1e0::9"),
            locked: at("fd7a:115c:a1e0::66"),
            world: at("2001:db8:1::7"),
            listed: at("2001:db8:2::70"),
            watched: at("2001:db8:3::9"),
            excepted: at("2001:db8:2::100"),
            lan: at("fd02::7"),
            excepted_lan: at("fd09::7"),
            host: at("fd01::2"),
            peer: at("fd7a:115c:a1e0::200"),
            magic_dns: at("fd7a:115c:a1e0::53"),
            multicast: at("ff02::fb"),
        }
    }
}
