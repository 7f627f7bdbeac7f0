//! A tailnet in a box: clients, their exit node, its LAN and the Internet as network namespaces of this
//! process, with real TUN devices, real sockets and the kernel's own forwarding and masquerading between them.
//!
//! The demo, the end-to-end tests and the benches run in it. It needs root and a kernel, and nothing
//! installed; the machine's own network is never touched, and everything is gone when the values are dropped
//! or the process ends.
//!
//! ```text
//!  client ──── tailscale0 ═ relay ═ tailscale0 ──── exit ──── wan0 ─ wan1 ──── internet
//!  100.64.0.9, .10                    100.64.0.1     │  198.51.100.253         203.0.113.7, .66
//!                                                    └─── lan0 ─ lan1 ──── lan   192.168.77.10
//! ```

#![forbid(unsafe_code)]

mod addresses;
mod build;
mod bulk;
mod daemon;
mod echo;
mod error;
mod exchange;
mod frame;
mod links;
mod namespace;
mod nat;
mod network;
mod ping;
mod relay;
mod tun;

pub use addresses::{
    CLIENT_V4, CLIENT_V6, CLIENT2_V4, CLIENT2_V6, EXIT_LAN_V4, EXIT_LAN_V6, EXIT_V4, EXIT_V6,
    EXIT_WAN_V4, EXIT_WAN_V6, LAN_HOST_V4, LAN_HOST_V6, LISTED_V4, LISTED_V6, ROUTER_V4, ROUTER_V6,
    SERVER_V4, SERVER_V6, SERVER2_V4, TAILNET_PREFIXES,
};
pub use build::{Lab, LabOptions};
pub use bulk::{Transfer, tcp_transfer, udp_burst};
pub use daemon::{Forward, LabDaemon};
pub use echo::EchoServer;
pub use error::LabError;
pub use exchange::{Exchange, TcpSession, tcp_exchange, udp_exchange};
pub use frame::{FRAME_HEADER_BYTES, FrameHeader, MAX_FRAME_BYTES};
pub use links::{Links, Via};
pub use namespace::Namespace;
pub use network::{LAN_LINK, TUN, WAN_LINK};
pub use ping::ping;
pub use relay::RelayCounts;
pub use tun::Tun;
