//! Where default routes lead to.

use super::inspect::read_error;
use super::{Address, Device, HostError, Inspector, RESOLV_CONF, network, resolvers};
use crate::policy::Network;
use futures_util::TryStreamExt;
use rtnetlink::RouteMessageBuilder;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteNextHop, RouteVia,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Inspector {
    /// Everything that the policy has to know of this host.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn network(
        &self,
        devices: &[Device],
        addresses: &[Address],
        guarded: &str,
    ) -> Result<Network, HostError> {
        Ok(Network {
            gateways: self.gateways().await?,
            resolvers: resolvers(&RESOLV_CONF),
            ..network(devices, addresses, guarded)
        })
    }

    /// The gateways of all default routes.
    async fn gateways(&self) -> Result<Vec<IpAddr>, HostError> {
        let all = [
            RouteMessageBuilder::<Ipv4Addr>::new().build(),
            RouteMessageBuilder::<Ipv6Addr>::new().build(),
        ];
        let mut gateways = Vec::new();
        for family in all {
            let mut routes = self.handle.route().get(family).execute();
            while let Some(route) = routes.try_next().await.map_err(read_error("routes"))? {
                if route.header.destination_prefix_length == 0 {
                    gateways.extend(gateways_of(&route));
                }
            }
        }
        gateways.sort_unstable();
        gateways.dedup();
        Ok(gateways)
    }
}

/// One, or one for each of several ways.
fn gateways_of(route: &RouteMessage) -> impl Iterator<Item = IpAddr> {
    let hops = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::MultiPath(hops) => hops.clone(),
        _ => Vec::new(),
    };
    let hops: Vec<RouteNextHop> = route.attributes.iter().flat_map(hops).collect();
    let of_hops = hops.into_iter().flat_map(|hop| hop.attributes);
    let attributes = route.attributes.iter().cloned().chain(of_hops);
    attributes.filter_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(addr))
        | RouteAttribute::Via(RouteVia::Inet(addr)) => Some(addr.into()),
        RouteAttribute::Gateway(RouteAddress::Inet6(addr))
        | RouteAttribute::Via(RouteVia::Inet6(addr)) => Some(addr.into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_of_a_route_with_several_ways_are_all_found() {
        let hop = |last| {
            let mut hop = RouteNextHop::default();
            let addr = Ipv4Addr::new(192, 0, 2, last);
            hop.attributes
                .push(RouteAttribute::Gateway(RouteAddress::Inet(addr)));
            hop
        };
        let near: Ipv6Addr = "fe80::1".parse().unwrap();
        let mut route = RouteMessage::default();
        route.attributes = vec![
            RouteAttribute::Destination(RouteAddress::Inet(Ipv4Addr::new(198, 51, 100, 1))),
            RouteAttribute::MultiPath(vec![hop(1), hop(2)]),
            RouteAttribute::Via(RouteVia::Inet6(near)),
        ];
        let mut found: Vec<_> = gateways_of(&route).map(|addr| addr.to_string()).collect();
        found.sort_unstable();
        assert_eq!(found, ["192.0.2.1", "192.0.2.2", "fe80::1"]);
    }
}
