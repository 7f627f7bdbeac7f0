//! The lab itself: that traffic in it goes the way it goes through an exit node, and that nothing is left of it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod life;
mod traffic;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use exitguard::lab::{
    EchoServer, Exchange, Lab, LabOptions, Namespace, tcp_exchange, udp_exchange,
};

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(10);

const MIB: u64 = 1024 * 1024;

fn lab() -> Lab {
    Lab::build(&LabOptions::default()).unwrap()
}

fn lab_with(change: impl FnOnce(&mut LabOptions)) -> Lab {
    let mut options = LabOptions::default();
    change(&mut options);
    Lab::build(&options).unwrap()
}

fn callers(server: &EchoServer) -> BTreeSet<IpAddr> {
    server.callers().iter().map(SocketAddr::ip).collect()
}

fn any_port(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 0)
}

/// Asks echo servers at `at` over TCP and UDP, and returns whom the servers saw.
fn ask(lab: &Lab, namespace: &Namespace, from: IpAddr, at: IpAddr) -> BTreeSet<IpAddr> {
    let tcp = EchoServer::tcp(namespace, any_port(at)).unwrap();
    let udp = EchoServer::udp(namespace, any_port(at)).unwrap();
    let over_tcp = tcp_exchange(lab.client(), from, tcp.address(), SOON).unwrap();
    let over_udp = udp_exchange(lab.client(), from, udp.address(), SOON).unwrap();
    assert_eq!(
        (over_tcp, over_udp),
        (Exchange::Answered, Exchange::Answered)
    );
    assert_eq!((tcp.calls(), udp.calls()), (1, 1));
    &callers(&tcp) | &callers(&udp)
}
