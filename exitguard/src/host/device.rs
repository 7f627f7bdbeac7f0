//! Devices, and which of them to guard.

use super::HostError;
use crate::config::{Attach, Interface};
use crate::policy::TAILNET;
use exitguard_common::abi::LinkLayer;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name, which may change.
    pub name: String,
    /// Its index, which is never used again.
    pub index: u32,
    /// What it is.
    pub kind: DeviceKind,
    /// Packets that came in through it; 0 where the kernel does not tell. A super-packet is one.
    pub received: u64,
}

/// What a device is, as far as guarding it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A TUN: raw IP packets (`ARPHRD_NONE`).
    Tun,
    /// A TAP: a TUN with Ethernet headers.
    Tap,
    /// The loopback device.
    Loopback,
    /// Any other device with Ethernet headers.
    Ethernet,
    /// Anything else, by the kernel's name for it.
    Other(String),
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tun => f.write_str("a TUN"),
            Self::Tap => f.write_str("a TAP"),
            Self::Loopback => f.write_str("the loopback device"),
            Self::Ethernet => f.write_str("an Ethernet device"),
            Self::Other(kind) => write!(f, "a device of kind \"{}\"", kind.escape_debug()),
        }
    }
}

impl Device {
    /// What stands in front of its IP headers.
    pub const fn link_layer(&self) -> Option<LinkLayer> {
        match self.kind {
            DeviceKind::Tun => Some(LinkLayer::RawIp),
            DeviceKind::Tap | DeviceKind::Ethernet => Some(LinkLayer::Ethernet),
            DeviceKind::Loopback | DeviceKind::Other(_) => None,
        }
    }
}

/// An address of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The device.
    pub index: u32,
    /// The address itself.
    pub addr: IpAddr,
    /// The network it is in, by the length of its prefix.
    pub network: IpNet,
}

/// Picks the device to guard.
///
/// # Errors
/// When there is none, or it is not one that can be guarded this way.
pub fn select(
    devices: &[Device],
    addresses: &[Address],
    wanted: &Interface,
    attach: Attach,
) -> Result<Device, HostError> {
    let device = match wanted {
        Interface::Named(name) => devices
            .iter()
            .find(|device| device.name == *name)
            .ok_or_else(|| HostError::Absent {
                name: name.clone(),
                existing: names(devices.iter()),
            })?,
        Interface::Auto => find_tailscale(devices, addresses)?,
    };
    let (name, kind) = (device.name.clone(), device.kind.clone());
    match (attach, &device.kind) {
        (Attach::Tc, DeviceKind::Tun) | (Attach::Xdp, DeviceKind::Tun | DeviceKind::Ethernet) => {
            Ok(device.clone())
        }
        (Attach::Tc, DeviceKind::Tap | DeviceKind::Ethernet | DeviceKind::Loopback) => {
            Err(HostError::NotTun { name, kind })
        }
        _ => Err(HostError::UnknownLinkLayer { name, kind }),
    }
}

fn find_tailscale<'a>(
    devices: &'a [Device],
    addresses: &[Address],
) -> Result<&'a Device, HostError> {
    let holds_tailnet_address = |device: &&Device| {
        let mut held = addresses
            .iter()
            .filter(|address| address.index == device.index);
        held.any(|address| {
            TAILNET
                .iter()
                .any(|tailnet| tailnet.contains(&address.addr))
        })
    };
    let found: Vec<&Device> = devices
        .iter()
        .filter(|device| device.kind == DeviceKind::Tun)
        .filter(holds_tailnet_address)
        .collect();
    match found.as_slice() {
        [device] => Ok(device),
        [] => Err(HostError::NoTailscale {
            existing: names(devices.iter()),
        }),
        several => Err(HostError::Ambiguous {
            names: names(several.iter().copied()),
        }),
    }
}

fn names<'a>(devices: impl Iterator<Item = &'a Device>) -> String {
    let names: Vec<String> = devices
        .map(|device| device.name.escape_debug().to_string())
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str, index: u32, kind: DeviceKind) -> Device {
        Device {
            name: name.into(),
            index,
            kind,
            received: 0,
        }
    }

    fn address(index: u32, text: &str) -> Address {
        let network: IpNet = text.parse().unwrap();
        Address {
            index,
            addr: network.addr(),
            network: network.trunc(),
        }
    }

    fn devices() -> Vec<Device> {
        vec![
            device("lo", 1, DeviceKind::Loopback),
            device("eth0", 2, DeviceKind::Ethernet),
            device("tailscale0", 3, DeviceKind::Tun),
            device("tun9", 4, DeviceKind::Tun),
            device("wg0", 5, DeviceKind::Other("wireguard".into())),
        ]
    }

    fn named(name: &str) -> Interface {
        Interface::Named(name.into())
    }

    #[test]
    fn finds_the_named_tun() {
        let found = select(&devices(), &[], &named("tailscale0"), Attach::Tc).unwrap();
        assert_eq!(
            (found.index, found.link_layer()),
            (3, Some(LinkLayer::RawIp))
        );
    }

    #[test]
    fn says_which_interfaces_there_are_when_the_wanted_one_is_missing() {
        let error = select(&devices(), &[], &named("tailscale1"), Attach::Tc).unwrap_err();
        assert!(error.is_absence());
        insta::assert_snapshot!(error, @"there is no interface tailscale1 (there are: lo, eth0, tailscale0, tun9, wg0); is tailscaled running? `--wait` waits for it");
    }

    #[test]
    fn does_not_guard_what_is_no_tun_by_tc() {
        let error = select(&devices(), &[], &named("eth0"), Attach::Tc).unwrap_err();
        assert!(!error.is_absence());
        insta::assert_snapshot!(error, @r#"eth0 is an Ethernet device, not a TUN as tailscaled makes one; name the right interface, or set attach = "xdp" if it is an Ethernet device that you want to guard"#);
        let error = select(&devices(), &[], &named("wg0"), Attach::Tc).unwrap_err();
        insta::assert_snapshot!(error, @r#"wg0 is a device of kind "wireguard", whose packets exitguard cannot read; only TUN and Ethernet devices can be guarded"#);
    }

    #[test]
    fn guards_ethernet_devices_by_xdp() {
        let found = select(&devices(), &[], &named("eth0"), Attach::Xdp).unwrap();
        assert_eq!(found.link_layer(), Some(LinkLayer::Ethernet));
    }

    #[test]
    fn auto_is_the_tun_that_holds_a_tailscale_address() {
        let addresses = [
            address(2, "100.64.0.5/24"),
            address(4, "100.101.102.103/32"),
            address(3, "10.0.0.1/24"),
        ];
        assert_eq!(
            select(&devices(), &addresses, &Interface::Auto, Attach::Tc)
                .unwrap()
                .name,
            "tun9"
        );
        let v6 = [address(3, "fd7a:115c:a1e0::1/128")];
        assert_eq!(
            select(&devices(), &v6, &Interface::Auto, Attach::Tc)
                .unwrap()
                .name,
            "tailscale0"
        );
    }

    #[test]
    fn auto_does_not_guess() {
        let none = select(&devices(), &[], &Interface::Auto, Attach::Tc).unwrap_err();
        assert!(none.is_absence());
        let two = [address(3, "100.64.0.1/32"), address(4, "100.64.0.2/32")];
        let error = select(&devices(), &two, &Interface::Auto, Attach::Tc).unwrap_err();
        insta::assert_snapshot!(error, @"several TUNs hold a Tailscale address (tailscale0, tun9); name one of them as `interface`");
    }
}
