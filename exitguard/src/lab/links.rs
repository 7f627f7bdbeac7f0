//! Links, addresses and routes of one namespace, over rtnetlink.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ipnet::IpNet;
use rtnetlink::packet_core::NetlinkMessage;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressHeaderFlags;
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage, State};
use rtnetlink::packet_route::route::{RouteScope, RouteType};
use rtnetlink::sys::SocketAddr;
use rtnetlink::{
    Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, MulticastGroup, RouteMessageBuilder,
    new_multicast_connection,
};
use tokio::runtime::{Builder, Runtime};

use super::error::{LabError, is_denied};
use super::namespace::Namespace;

/// How long the kernel may take to finish what it does on the side.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// A blocking view of the links of one namespace.
pub struct Links {
    runtime: Runtime,
    netlink: Handle,
    changes: Changes,
}

type Changes =
    Box<dyn Stream<Item = (NetlinkMessage<RouteNetlinkMessage>, SocketAddr)> + Send + Unpin>;

/// Where the packets of a route go.
#[derive(Debug, Clone, Copy)]
pub enum Via {
    /// Onto the link itself.
    Link,
    /// To a router that the link reaches.
    Router(IpAddr),
}

impl Links {
    /// Opens the links of `namespace`; they can be used from anywhere.
    ///
    /// # Errors
    /// [`LabError::Netlink`] if there is no routing socket to be had.
    pub fn of(namespace: &Namespace) -> Result<Self, LabError> {
        namespace.enter(Self::here)?
    }

    /// Opens the links of the calling thread's namespace.
    pub(super) fn here() -> Result<Self, LabError> {
        let open = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let _inside = runtime.enter();
            let (connection, netlink, changes) =
                new_multicast_connection(&[MulticastGroup::Link, MulticastGroup::Ipv6Route])?;
            runtime.spawn(connection);
            Ok((runtime, netlink, Box::new(changes) as Changes))
        };
        let (runtime, netlink, changes) = open().map_err(|error| LabError::Netlink { error })?;
        Ok(Self {
            runtime,
            netlink,
            changes,
        })
    }

    /// The index of a link, `None` if there is none of this name.
    ///
    /// # Errors
    /// The kernel's refusal, as [`LabError::Link`]. So it is with every method here.
    pub fn index(&self, link: &str) -> Result<Option<u32>, LabError> {
        match self.runtime.block_on(find(&self.netlink, link)) {
            Ok(found) => Ok(Some(found.header.index)),
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(failure("find it", link, error)),
        }
    }

    /// Brings a link up.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn set_up(&self, link: &str) -> Result<(), LabError> {
        self.change(
            "bring it up",
            link,
            LinkUnspec::new_with_name(link).up().build(),
        )
    }

    /// Takes a link down.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn set_down(&self, link: &str) -> Result<(), LabError> {
        self.change(
            "take it down",
            link,
            LinkUnspec::new_with_name(link).down().build(),
        )
    }

    /// Gives a link another name. It has to be down (before Linux 6.2 at least).
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn rename(&self, link: &str, name: &str) -> Result<(), LabError> {
        let Some(index) = self.index(link)? else {
            return self.change("rename it", link, LinkUnspec::new_with_name(link).build());
        };
        let message = LinkUnspec::new_with_index(index).name(name.to_owned());
        self.change("rename it", link, message.build())
    }

    /// Sets the largest packet of a link, in bytes without any link header.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn set_mtu(&self, link: &str, mtu: u32) -> Result<(), LabError> {
        let message = LinkUnspec::new_with_name(link).mtu(mtu).build();
        self.change("set the MTU", link, message)
    }

    /// Makes a pair of Ethernet devices: `link` here and `far_link` in `far`.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn add_veth(&self, link: &str, far_link: &str, far: &Namespace) -> Result<(), LabError> {
        let far_end = LinkUnspec::new_with_name(far_link)
            .setns_by_fd(far.net_fd())
            .build();
        let pair = LinkMessageBuilder::<LinkVeth>::new(link, far_link)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(far_end)))
            .build();
        self.request(
            "create a veth pair",
            link,
            self.netlink.link().add(pair).execute(),
        )
    }

    /// Puts an address on a link, and waits until the kernel takes packets for it: there is no duplicate
    /// address detection, but for IPv6 Linux finishes the addition later, on a work queue.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn add_address(&mut self, link: &str, address: IpNet) -> Result<(), LabError> {
        let index = self.must_have(link)?;
        let (host, length) = (address.addr(), address.prefix_len());
        let mut request = self.netlink.address().add(index, host, length);
        if host.is_ipv6() {
            request.message_mut().header.flags = AddressHeaderFlags::Nodad;
        }
        self.request(
            format!("add the address {address}"),
            link,
            request.execute(),
        )?;
        self.wait(link, format!("the address {address}"), async |netlink| {
            is_local(netlink, host).await
        })
    }

    /// Adds a route through a link.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn add_route(&self, link: &str, prefix: IpNet, via: Via) -> Result<(), LabError> {
        let action = || format!("add a route to {prefix}");
        let invalid = |error| failure(action(), link, io::Error::other(error));
        let mut route = RouteMessageBuilder::<IpAddr>::new()
            .output_interface(self.must_have(link)?)
            .destination_prefix(prefix.network(), prefix.prefix_len())
            .map_err(invalid)?;
        route = match via {
            Via::Link => route.scope(RouteScope::Link),
            Via::Router(router) => route.gateway(router).map_err(invalid)?,
        };
        self.request(
            action(),
            link,
            self.netlink.route().add(route.build()).execute(),
        )
    }

    /// Removes a link, and its other end if it is one of a pair.
    ///
    /// # Errors
    /// As for [`Self::index`].
    pub fn remove(&self, link: &str) -> Result<(), LabError> {
        let index = self.must_have(link)?;
        self.request("remove it", link, self.netlink.link().del(index).execute())
    }

    /// Waits until the link can carry packets.
    ///
    /// A veth that has just been brought up loses packets until the kernel's link watch has seen the carrier.
    ///
    /// # Errors
    /// [`LabError::NotReady`] when that takes too long; it takes milliseconds.
    pub fn wait_up(&mut self, link: &str) -> Result<(), LabError> {
        self.wait(link, "the carrier".to_owned(), async |netlink| {
            let found = find(netlink, link).await?;
            let up = LinkAttribute::OperState(State::Up);
            Ok(found.attributes.contains(&up))
        })
    }

    /// Waits for the kernel to finish something that it says a word about when it is done.
    fn wait(
        &mut self,
        link: &str,
        what: String,
        mut is_ready: impl AsyncFnMut(&Handle) -> io::Result<bool>,
    ) -> Result<(), LabError> {
        let Self {
            runtime,
            netlink,
            changes,
        } = self;
        // Changes are subscribed to since before the first look, so none is missed between look and wait.
        let ready = async {
            while !is_ready(netlink).await? {
                changes.next().await;
            }
            Ok(())
        };
        let done = runtime.block_on(async { tokio::time::timeout(READY_WITHIN, ready).await });
        let link = link.to_owned();
        match done {
            Ok(done) => done.map_err(|error| failure(format!("wait for {what}"), &link, error)),
            Err(_) => Err(LabError::NotReady {
                what,
                link,
                within: READY_WITHIN,
            }),
        }
    }

    fn must_have(&self, link: &str) -> Result<u32, LabError> {
        let absent = || failure("find it", link, io::Error::from_raw_os_error(libc::ENODEV));
        self.index(link)?.ok_or_else(absent)
    }

    fn change(&self, action: &str, link: &str, message: LinkMessage) -> Result<(), LabError> {
        self.request(action, link, self.netlink.link().set(message).execute())
    }

    fn request(
        &self,
        action: impl Into<String>,
        link: &str,
        request: impl Future<Output = Result<(), rtnetlink::Error>>,
    ) -> Result<(), LabError> {
        let done = self.runtime.block_on(request);
        done.map_err(|error| failure(action, link, system_error(error)))
    }
}

async fn find(netlink: &Handle, link: &str) -> io::Result<LinkMessage> {
    let mut found = pin!(netlink.link().get().match_name(link).execute());
    let gone = io::ErrorKind::UnexpectedEof;
    found.next().await.ok_or(gone)?.map_err(system_error)
}

/// True if packets to `host` are for this namespace itself.
async fn is_local(netlink: &Handle, host: IpAddr) -> io::Result<bool> {
    let route = RouteMessageBuilder::<IpAddr>::new()
        .destination_prefix(host, if host.is_ipv4() { 32 } else { 128 })
        .map_err(io::Error::other)?;
    let mut found = pin!(netlink.route().get(route.build()).execute());
    Ok(match found.next().await {
        Some(Ok(route)) => route.header.kind == RouteType::Local,
        // Most often: no route at all.
        _ => false,
    })
}

fn system_error(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(refusal) => refusal.to_io(),
        other => io::Error::other(other),
    }
}

fn failure(action: impl Into<String>, link: &str, error: io::Error) -> LabError {
    let action = action.into();
    if is_denied(&error) {
        return LabError::NotPermitted {
            what: format!("{action} on link {link}"),
        };
    }
    LabError::Link {
        action,
        link: link.to_owned(),
        error,
    }
}
