//! The daemon, for every command that asks it; and what is known without one.

use super::{ConfigArg, network};
use exitguard::config::{self, Config, ConfigError, Interface};
use exitguard::control::{Client, ClientError, DEFAULT_SOCKET, Refusal, RefusalKind};
use exitguard::exit_code::Exit;
use exitguard::host::HostError;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where a daemon is asked, and what it guards.
pub(super) struct Daemon {
    socket: PathBuf,
    interface: Interface,
}

impl Daemon {
    /// The one that runs with a configuration. One that is wrong is no obstacle: a daemon may run with what it read
    /// before.
    pub(super) fn of(arg: &ConfigArg) -> Self {
        let error = match config::load(&arg.config) {
            Ok(checked) => return Self::with(&checked.config),
            Err(error) => error,
        };
        let daemon = match &error {
            ConfigError::Invalid {
                meant: Some(meant), ..
            } => Self::with(meant),
            _ => Self {
                socket: PathBuf::from(DEFAULT_SOCKET),
                interface: Interface::Auto,
            },
        };
        eprintln!("exitguard: {error}; asking at {}", daemon.socket.display());
        daemon
    }

    fn with(config: &Config) -> Self {
        Self {
            socket: config.socket.clone(),
            interface: config.interface.clone(),
        }
    }

    /// Where it is asked.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether the interface is guarded, with or without a daemon; nothing if this user may not know.
    pub(super) fn is_guarded(&self) -> Option<bool> {
        network::guarded(&self.interface).ok()?.1
    }

    /// Asks.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(Client) -> Result<T, ClientError>,
    ) -> Result<T, NoAnswer> {
        let answer = Client::connect(&self.socket).and_then(question);
        answer.map_err(|error| self.no_answer(error))
    }

    /// Why there is none; and without a daemon, whether the interface is guarded all the same.
    pub(super) fn no_answer(&self, error: ClientError) -> NoAnswer {
        match error {
            ClientError::Absent(_) => self.absence(),
            error => NoAnswer::Failed {
                socket: self.socket.clone(),
                error,
            },
        }
    }

    fn absence(&self) -> NoAnswer {
        let socket = self.socket.clone();
        match network::guarded(&self.interface) {
            Ok((interface, guarded)) => NoAnswer::Absent(Absent {
                daemon: false,
                interface,
                guarded,
                socket,
            }),
            Err(error) => NoAnswer::Unknown { socket, error },
        }
    }
}

/// What is known without a daemon.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("no daemon answers at {}; {}", socket.display(), self.what())]
pub(super) struct Absent {
    daemon: bool,
    interface: Option<String>,
    /// Whether the programs of a former daemon judge packets; null if this user may not know.
    guarded: Option<bool>,
    socket: PathBuf,
}

impl Absent {
    fn what(&self) -> String {
        let name = self.interface.as_deref().unwrap_or("the interface");
        match self.guarded {
            Some(true) => format!(
                "{name} is still guarded by the policy that was put in force last, and nothing is reported"
            ),
            Some(false) => format!("{name} is not guarded: everything passes"),
            None => "whether a policy is still in force only root can see".to_owned(),
        }
    }
}

/// There is a daemon, and it tells no more.
#[derive(Debug, thiserror::Error)]
#[error("the daemon ended the watch: it started anew, or nobody read what it told")]
pub(super) struct Cut;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// There is nobody.
    #[error(transparent)]
    Absent(#[from] Absent),
    /// There is nobody, and nothing is known.
    #[error("no daemon answers at {}; whether a policy is still in force cannot be seen: {error}", socket.display())]
    Unknown { socket: PathBuf, error: HostError },
    /// There is somebody.
    #[error("{}: {error}{}", socket.display(), advice(error))]
    Failed { socket: PathBuf, error: ClientError },
}

const fn advice(error: &ClientError) -> &'static str {
    match error {
        ClientError::NotPermitted(_) => {
            "; run it as root, or as a member of the group \"exitguard\""
        }
        ClientError::Refused(Refusal {
            kind: RefusalKind::Dangerous,
            ..
        }) => "; --force does it all the same",
        _ => "",
    }
}

impl NoAnswer {
    /// How to exit.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Absent(_) => Exit::Negative,
            Self::Unknown { .. } => Exit::Unsupported,
            Self::Failed { error, .. } => match error {
                ClientError::NotPermitted(_) => Exit::Unsupported,
                ClientError::Refused(refusal) => of_refusal(refusal),
                ClientError::Absent(_) | ClientError::Silent(_) | ClientError::Foreign(_) => {
                    Exit::Internal
                }
            },
        }
    }
}

const fn of_refusal(refusal: &Refusal) -> Exit {
    match refusal.kind {
        RefusalKind::BadRequest => Exit::Usage,
        RefusalKind::NotPermitted | RefusalKind::Busy | RefusalKind::Ending => Exit::Unsupported,
        RefusalKind::Dangerous | RefusalKind::NotFound | RefusalKind::Failed => Exit::Negative,
    }
}
