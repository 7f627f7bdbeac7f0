//! Asking the daemon, and saying what is known without one.

use super::network;
use anyhow::Context;
use exitguard::config::{self, Config, ConfigError, Interface};
use exitguard::control::{Client, ClientError, DEFAULT_SOCKET, RefusalKind};
use exitguard::exit_code::Exit;
use std::path::{Path, PathBuf};

/// Where a daemon answers, and what it guards.
pub(super) struct Daemon {
    pub(super) socket: PathBuf,
    pub(super) interface: Interface,
}

impl Daemon {
    /// The one of a configuration.
    pub(super) fn of(path: &Path) -> Self {
        match config::load(path) {
            Ok(checked) => Self::meant(&checked.config),
            Err(error) => {
                // A daemon may run with what it read before.
                let daemon = match &error {
                    ConfigError::Invalid {
                        meant: Some(meant), ..
                    } => Self::meant(meant),
                    _ => Self {
                        socket: PathBuf::from(DEFAULT_SOCKET),
                        interface: Interface::Auto,
                    },
                };
                eprintln!("exitguard: {error}; asking at {}", daemon.socket.display());
                daemon
            }
        }
    }

    fn meant(config: &Config) -> Self {
        Self {
            socket: config.socket.clone(),
            interface: config.interface.clone(),
        }
    }

    pub(super) fn connect(&self) -> Result<Client, ClientError> {
        Client::connect(&self.socket)
    }

    /// Without a daemon: the interface, and whether the programs of a former one judge its packets, if this user may
    /// know.
    pub(super) fn absent(&self) -> (Option<String>, Option<bool>) {
        network::guarded(&self.interface).unwrap_or_default()
    }

    /// Says why there is no answer, and how to exit.
    pub(super) fn no_answer(&self, error: ClientError) -> anyhow::Result<Exit> {
        let socket = self.socket.display();
        match error {
            ClientError::Absent(_) => {
                let (name, guarded) = self.absent();
                let still = still(name.as_deref(), guarded);
                eprintln!("exitguard: no daemon answers at {socket}; {still}");
                Ok(Exit::Negative)
            }
            ClientError::NotPermitted(_) => {
                eprintln!(
                    "exitguard: {socket}: {error}; run it as root, or as a member of the group \"exitguard\""
                );
                Ok(Exit::Unsupported)
            }
            ClientError::Refused(refusal) => {
                let help = match refusal.kind {
                    RefusalKind::Dangerous => "; --force does it all the same",
                    _ => "",
                };
                eprintln!("exitguard: {refusal}{help}");
                Ok(match refusal.kind {
                    RefusalKind::BadRequest => Exit::Usage,
                    RefusalKind::NotPermitted => Exit::Unsupported,
                    _ => Exit::Negative,
                })
            }
            error => Err(error).with_context(|| socket.to_string()),
        }
    }
}

/// What is in force without a daemon.
pub(super) fn still(name: Option<&str>, guarded: Option<bool>) -> String {
    let name = name.unwrap_or("the interface");
    match guarded {
        Some(true) => format!(
            "{name} is still guarded by the policy that was put in force last, and nothing is reported"
        ),
        Some(false) => format!("{name} is not guarded: everything passes"),
        None => "whether a policy is still in force only root can see".to_owned(),
    }
}
