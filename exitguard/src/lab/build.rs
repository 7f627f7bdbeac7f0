//! A whole lab: four namespaces, two TUN devices and a relay.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::addresses::{CLIENTS, EVERYWHERE, EXIT_V4, EXIT_V6, TAILNET_PREFIXES};
use super::error::LabError;
use super::namespace::Namespace;
use super::nat::masquerade;
use super::network::{EVERY_NAMESPACE, LAN_LINK, ROUTER, TUN, WAN_LINK, configure_tun, connect};
use super::relay::{Counters, Relay, RelayCounts, lose_queued};
use super::tun::Tun;

/// What a lab is to be like.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// TUN devices with frame headers and super-packets, as tailscaled opens them.
    pub offload: bool,
    /// The MTU of the TUN devices, in bytes; at least 1280, which IPv6 needs (RFC 8200 §5).
    pub mtu: u32,
    /// The exit node masquerades what leaves through [`WAN_LINK`] and [`LAN_LINK`].
    pub masquerade: bool,
    /// Frames move between the two TUN devices by themselves. Else the caller reads and writes
    /// [`Lab::client_tun`] and [`Lab::exit_tun`].
    pub relay: bool,
    /// The exit node has a BPF file system of its own, so that pins of a lab never meet the machine's.
    pub private_bpffs: bool,
    /// More addresses for the servers on the Internet.
    pub servers: Vec<IpAddr>,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            offload: true,
            mtu: 1280,
            masquerade: true,
            relay: true,
            private_bpffs: true,
            servers: Vec::new(),
        }
    }
}

/// A tailnet of clients and their exit node, a LAN and an Internet, all inside this process.
///
/// Two clients share the namespace `client`; they are told apart by their address. Dropping the lab stops
/// its threads and removes everything.
#[derive(Debug)]
pub struct Lab {
    // In the order in which they are to be dropped.
    relay: Option<Relay>,
    exit_tun: Option<Arc<Tun>>,
    client_tun: Arc<Tun>,
    client: Namespace,
    exit: Namespace,
    internet: Namespace,
    lan: Namespace,
    counters: Arc<Counters>,
    options: LabOptions,
}

impl Lab {
    /// Builds a lab that is ready for traffic.
    ///
    /// # Errors
    /// [`LabError::NotPermitted`] without root, [`LabError::NoNat`] if `masquerade` is wanted of a kernel
    /// without it, and whatever else the kernel refuses.
    pub fn build(options: &LabOptions) -> Result<Self, LabError> {
        let client = Namespace::new("client")?;
        let internet = Namespace::new("internet")?;
        let lan = Namespace::new("lan")?;
        let exit = if options.private_bpffs {
            Namespace::with_private_bpffs("exit")?
        } else {
            Namespace::new("exit")?
        };
        for namespace in [&client, &exit, &internet, &lan] {
            namespace.sysctls(EVERY_NAMESPACE)?;
        }
        exit.sysctls(ROUTER)?;
        // A router says so when it knows no way; a host would stay silent. For IPv4 it does so five times at
        // once, then once a second and source: no setting of a namespace changes that (`ip_error`).
        internet.sysctls(ROUTER)?;

        connect(&exit, &internet, &lan, &options.servers)?;
        if options.masquerade {
            masquerade(&exit, &[WAN_LINK, LAN_LINK])?;
        }

        let client_tun = Tun::open(&client, TUN, options.offload)?;
        let addresses = CLIENTS.map(IpNet::from);
        configure_tun(&client, options.mtu, &addresses, EVERYWHERE)?;

        let mut lab = Self {
            relay: None,
            exit_tun: None,
            client_tun: Arc::new(client_tun),
            client,
            exit,
            internet,
            lan,
            counters: Arc::default(),
            options: options.clone(),
        };
        lab.recreate_tun()?;
        Ok(lab)
    }

    /// Closes the exit node's TUN, as the end of a tailscaled does: the device disappears with everything
    /// attached to it. What clients send until [`Self::recreate_tun`] is lost.
    pub fn remove_tun(&mut self) {
        // The relay's threads hold the device, so they end first.
        self.relay = None;
        self.exit_tun = None;
    }

    /// Opens the exit node's TUN anew, as a restart of tailscaled does: the same name, addresses and routes,
    /// another index. The relay goes on with it.
    ///
    /// # Errors
    /// As for [`Self::build`].
    pub fn recreate_tun(&mut self) -> Result<(), LabError> {
        self.remove_tun();
        let tun = Arc::new(Tun::open(&self.exit, TUN, self.options.offload)?);
        let addresses = [EXIT_V4, EXIT_V6].map(IpNet::from);
        configure_tun(&self.exit, self.options.mtu, &addresses, TAILNET_PREFIXES)?;
        if self.options.relay {
            lose_queued(&self.client_tun);
            self.relay = Some(Relay::start(&self.client_tun, &tun, &self.counters)?);
        }
        self.exit_tun = Some(tun);
        Ok(())
    }

    /// The namespace of the clients.
    #[must_use]
    pub fn client(&self) -> &Namespace {
        &self.client
    }

    /// The exit node: where exitguard runs.
    #[must_use]
    pub fn exit(&self) -> &Namespace {
        &self.exit
    }

    /// The namespace of the servers on the Internet.
    #[must_use]
    pub fn internet(&self) -> &Namespace {
        &self.internet
    }

    /// The namespace of the host in the exit node's LAN.
    #[must_use]
    pub fn lan(&self) -> &Namespace {
        &self.lan
    }

    /// The clients' TUN. With a relay, frames read here are missing there.
    #[must_use]
    pub fn client_tun(&self) -> &Tun {
        &self.client_tun
    }

    /// The exit node's TUN. With a relay, frames read here are missing there.
    ///
    /// # Errors
    /// [`LabError::NoTun`] after [`Self::remove_tun`].
    pub fn exit_tun(&self) -> Result<&Tun, LabError> {
        self.exit_tun.as_deref().ok_or(LabError::NoTun)
    }

    /// What the relay moved from the clients to the exit node.
    #[must_use]
    pub fn outbound(&self) -> RelayCounts {
        self.counters.outbound.read()
    }

    /// What the relay moved from the exit node to the clients.
    #[must_use]
    pub fn inbound(&self) -> RelayCounts {
        self.counters.inbound.read()
    }
}
