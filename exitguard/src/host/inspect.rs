//! Asking the kernel.

use super::device::{Address, Device, DeviceKind};
use super::{HostError, watch};
use crate::policy::Network;
use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::Handle;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{
    InfoKind, LinkAttribute, LinkInfo, LinkLayerType, LinkMessage,
};
use std::net::IpAddr;

/// Asks about devices and addresses.
#[derive(Clone, Debug)]
pub struct Inspector {
    pub(super) handle: Handle,
}

impl Inspector {
    /// Opens a netlink socket in the namespace of this thread. Has to be called on a tokio runtime.
    ///
    /// # Errors
    /// When there can be no socket.
    pub fn new() -> Result<Self, HostError> {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        watch::run(connection);
        Ok(Self { handle })
    }

    /// All devices.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn devices(&self) -> Result<Vec<Device>, HostError> {
        let links: Vec<LinkMessage> = self
            .handle
            .link()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(read_error("links"))?;
        Ok(links.iter().filter_map(device).collect())
    }

    /// All addresses.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn addresses(&self) -> Result<Vec<Address>, HostError> {
        let addresses: Vec<AddressMessage> = self
            .handle
            .address()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(read_error("addresses"))?;
        Ok(addresses.iter().filter_map(address).collect())
    }
}

pub(super) fn read_error(what: &'static str) -> impl Fn(rtnetlink::Error) -> HostError {
    move |error| HostError::Read {
        what,
        error: Box::new(error),
    }
}

/// Of what the policy has to know, that which devices and addresses tell: all addresses, and the networks of every device
/// but the guarded one.
pub fn network(devices: &[Device], addresses: &[Address], guarded: &str) -> Network {
    let is_elsewhere = |address: &&Address| {
        let device = devices.iter().find(|device| device.index == address.index);
        device.is_some_and(|device| device.name != guarded && device.kind != DeviceKind::Loopback)
    };
    let mut on_link: Vec<IpNet> = addresses
        .iter()
        .filter(is_elsewhere)
        .map(|address| address.network)
        // A host route is no network, and nobody is attached to the whole Internet.
        .filter(|network| {
            network.prefix_len() != 0 && network.prefix_len() != network.max_prefix_len()
        })
        .collect();
    on_link.sort_unstable();
    on_link.dedup();
    // A TUN makes itself another one each time it is created (RFC 7217), and nobody can ask for it there: link-local
    // addresses are not routed.
    let is_of_the_moment = |address: &Address| {
        let device = devices.iter().find(|device| device.index == address.index);
        let is_tun = |device: &Device| device.name == guarded && device.kind == DeviceKind::Tun;
        let is_link_local = match address.addr {
            IpAddr::V4(_) => false,
            IpAddr::V6(addr) => addr.is_unicast_link_local(),
        };
        is_link_local && device.is_some_and(is_tun)
    };
    let own = addresses
        .iter()
        .filter(|address| !is_of_the_moment(address));
    let mut own: Vec<_> = own.map(|address| address.addr).collect();
    own.sort_unstable();
    own.dedup();
    Network {
        addresses: own,
        on_link,
        ..Network::default()
    }
}

fn device(link: &LinkMessage) -> Option<Device> {
    let name = link
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::IfName(name) => Some(name.clone()),
            _ => None,
        })?;
    let info = link
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::LinkInfo(info) => info.iter().find_map(|info| match info {
                LinkInfo::Kind(kind) => Some(kind.clone()),
                _ => None,
            }),
            _ => None,
        });
    let kind = match (link.header.link_layer_type, info) {
        (LinkLayerType::Loopback, _) => DeviceKind::Loopback,
        (LinkLayerType::None, Some(InfoKind::Tun)) => DeviceKind::Tun,
        (LinkLayerType::Ether, Some(InfoKind::Tun)) => DeviceKind::Tap,
        (LinkLayerType::Ether, _) => DeviceKind::Ethernet,
        (_, Some(kind)) => DeviceKind::Other(kind.to_string()),
        (layer, None) => DeviceKind::Other(layer.to_string()),
    };
    Some(Device {
        name,
        index: link.header.index,
        kind,
        received: received(link),
    })
}

fn received(link: &LinkMessage) -> u64 {
    let stats = link
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::Stats64(stats) => Some(stats.rx_packets),
            _ => None,
        });
    stats.unwrap_or_default()
}

/// `IFA_LOCAL` is the address of a point-to-point device, whose `IFA_ADDRESS` is its peer's; others may have
/// only the latter.
fn address(message: &AddressMessage) -> Option<Address> {
    let find = |wanted: fn(&AddressAttribute) -> Option<IpAddr>| {
        message.attributes.iter().find_map(wanted)
    };
    let local = find(|attribute| match attribute {
        AddressAttribute::Local(addr) => Some(*addr),
        _ => None,
    });
    let peer = find(|attribute| match attribute {
        AddressAttribute::Address(addr) => Some(*addr),
        _ => None,
    });
    let addr = local.or(peer)?;
    let network = IpNet::new(peer.unwrap_or(addr), message.header.prefix_len)
        .ok()?
        .trunc();
    Some(Address {
        index: message.header.index,
        addr,
        network,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_link_networks_are_those_of_the_other_devices() {
        let device = |name: &str, index, kind| Device {
            name: name.into(),
            index,
            kind,
            received: 0,
        };
        let devices = [
            device("lo", 1, DeviceKind::Loopback),
            device("eth0", 2, DeviceKind::Ethernet),
            device("tailscale0", 3, DeviceKind::Tun),
        ];
        let address = |index, text: &str| {
            let network: IpNet = text.parse().unwrap();
            Address {
                index,
                addr: network.addr(),
                network: network.trunc(),
            }
        };
        let addresses = [
            address(1, "127.0.0.1/8"),
            address(2, "192.0.2.7/24"),
            address(2, "192.0.2.8/24"),
            address(2, "203.0.113.1/32"),
            address(2, "2001:db8::7/64"),
            address(2, "fe80::7/64"),
            address(3, "100.64.0.1/10"),
            // Another one each time.
            address(3, "fe80::a052:a2ee:4b62:c835/64"),
        ];
        let network = network(&devices, &addresses, "tailscale0");
        let nets = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse().unwrap())
                .collect::<Vec<IpNet>>()
        };
        assert_eq!(
            network.on_link,
            nets(&["192.0.2.0/24", "2001:db8::/64", "fe80::/64"])
        );
        assert_eq!(network.addresses.len(), 7);
        assert!(network.addresses.contains(&"fe80::7".parse().unwrap()));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn sees_the_loopback_device_of_this_machine() {
        let inspector = Inspector::new().unwrap();
        let devices = inspector.devices().await.unwrap();
        assert!(
            devices
                .iter()
                .any(|device| device.name == "lo" && device.kind == DeviceKind::Loopback)
        );
        inspector.addresses().await.unwrap();
    }
}
