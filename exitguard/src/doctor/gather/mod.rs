//! Looking, without judging.

mod network;
mod policy;
pub(super) mod tailscale;

use super::facts::{Daemon, Facts};
use crate::config::{Attach, Interface};
use crate::control::{Client, ClientError, DEFAULT_SOCKET};
use crate::datapath::Machine;
use std::path::Path;

/// Looks at everything. `config` is the configuration file, `tailscaled` the socket where tailscaled answers. Has to
/// be called on a tokio runtime.
pub async fn gather(config: &Path, tailscaled: &Path) -> Facts {
    let machine = Machine::look();
    let policy = policy::policy(config);
    let wanted = policy.config.as_ref();
    let interface = wanted.map_or(Interface::Auto, |config| config.interface.clone());
    let attach = wanted.map_or(Attach::Tc, |config| config.attach);
    let network = network::network(&interface, attach).await;
    let socket = wanted.map_or(Path::new(DEFAULT_SOCKET), |config| &config.socket);
    Facts {
        machine,
        lists: wanted.map(policy::lists).unwrap_or_default(),
        cache: wanted.map(policy::cache).unwrap_or_default(),
        network: network.map_err(|error| error.to_string()),
        daemon: daemon(socket),
        tailscale: tailscale::tailscale(tailscaled),
        policy,
    }
}

fn daemon(socket: &Path) -> Daemon {
    match Client::connect(socket).and_then(|mut client| client.status()) {
        Ok(status) => Daemon::Running(Box::new(status)),
        Err(ClientError::Absent(_)) => Daemon::Absent(socket.to_owned()),
        Err(ClientError::NotPermitted(_)) => Daemon::NotPermitted(socket.to_owned()),
        Err(error) => Daemon::Silent(format!("{}: {error}", socket.display())),
    }
}
