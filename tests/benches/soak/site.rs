//! The lab, its servers, and the files of the daemon.

use crate::meters::Arrived;
use crate::policies::{MANY, SHUT_TCP, TCP, UDP, list, policy};
use crate::wait::until;
use anyhow::{Context, Result, bail};
use exitguard::control::{Client, ClientError};
use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, EchoServer, Exchange, LAN_HOST_V4, LAN_HOST_V6, LISTED_V4, LISTED_V6,
    Lab, LabOptions, Namespace, SERVER_V4, SERVER_V6, tcp_exchange, udp_exchange,
};
use nix::mount::{MsFlags, mount};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Where `cargo xtask soak` says that the binary is.
const BINARY: &str = "EXITGUARD_BINARY";
/// Of the list that is usually there, and of a long one. Neither is held after the other: it takes more than twice, or
/// less than half, as many.
pub(crate) const LIST: u32 = 160_000;
pub(crate) const LONG_LIST: u32 = 300_000;
/// The folder of the cache has so much room.
const CACHE_BYTES: &str = "size=32m";
/// How long one answer is waited for.
const ONE_ANSWER: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Site {
    _open: Vec<EchoServer>,
    shut: Vec<EchoServer>,
    pub(crate) lab: Lab,
    binary: PathBuf,
    folder: TempDir,
}

impl Site {
    pub(crate) fn build() -> Result<Self> {
        let Some(binary) = std::env::var_os(BINARY).map(PathBuf::from) else {
            bail!("{BINARY} does not say which binary to run; `cargo xtask soak` does");
        };
        let binary =
            fs::canonicalize(&binary).with_context(|| format!("no {}", binary.display()))?;
        let lab = Lab::build(&LabOptions::default())?;
        // Else the many flows fill the table of connections, which all namespaces share.
        let soon = [
            ("net.netfilter.nf_conntrack_udp_timeout", "2"),
            ("net.netfilter.nf_conntrack_udp_timeout_stream", "5"),
        ];
        lab.exit().sysctls(&soon)?;
        let (internet, lan) = (lab.internet(), lab.lan());
        let mut open = Vec::new();
        for server in [SERVER_V4, SERVER_V6] {
            open.push(EchoServer::tcp(internet, (server, TCP).into())?);
            for port in MANY.chain([UDP]) {
                open.push(EchoServer::udp(internet, (server, port).into())?);
            }
        }
        let mut shut = Vec::new();
        for (namespace, server, port) in [
            (internet, SERVER_V4, SHUT_TCP),
            (internet, SERVER_V6, SHUT_TCP),
            (internet, LISTED_V4, TCP),
            (internet, LISTED_V6, TCP),
            (lan, LAN_HOST_V4, TCP),
            (lan, LAN_HOST_V6, TCP),
        ] {
            shut.push(EchoServer::tcp(namespace, (server, port).into())?);
        }
        for (namespace, server) in [
            (internet, LISTED_V4),
            (internet, LISTED_V6),
            (lan, LAN_HOST_V4),
            (lan, LAN_HOST_V6),
        ] {
            shut.push(EchoServer::udp(namespace, (server, UDP).into())?);
        }
        let site = Self {
            _open: open,
            shut,
            lab,
            binary,
            folder: tempfile::tempdir()?,
        };
        site.make_cache()?;
        site.write_policy(&policy(0))?;
        fs::write(site.list(), list(LIST))?;
        Ok(site)
    }

    /// On a file system of its own, which can be filled. Only the exit node sees it.
    fn make_cache(&self) -> Result<()> {
        let cache = self.cache();
        fs::create_dir(&cache)?;
        let tmpfs = || {
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
            mount(
                Some("tmpfs"),
                &cache,
                Some("tmpfs"),
                flags,
                Some(CACHE_BYTES),
            )
        };
        self.exit().enter(tmpfs)?.context("cannot mount a tmpfs")
    }

    pub(crate) fn exit(&self) -> &Namespace {
        self.lab.exit()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder().join("exitguard.toml")
    }

    pub(crate) fn list(&self) -> PathBuf {
        self.folder().join("bad.txt")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder().join("cache")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder().join("control.sock")
    }

    /// To ask the daemon.
    pub(crate) fn client(&self) -> Result<Client> {
        let connect = || Client::connect(&self.socket());
        self.exit().enter(connect)?.context("cannot ask")
    }

    pub(crate) fn ask<T>(
        &self,
        question: impl FnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T> {
        Ok(question(&mut self.client()?)?)
    }

    pub(crate) fn write_policy(&self, text: &str) -> Result<()> {
        Ok(fs::write(self.config(), text)?)
    }

    /// The binary, perhaps with so little memory.
    pub(crate) fn command(&self, memory_kib: Option<u64>) -> Command {
        let mut command = match memory_kib {
            None => Command::new(&self.binary),
            Some(limit) => {
                let mut shell = Command::new("/bin/sh");
                let script = format!("ulimit -v {limit} && exec \"$0\" \"$@\"");
                shell.arg("-c").arg(script).arg(&self.binary);
                shell
            }
        };
        command
            .env_clear()
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        command
    }

    /// What arrived that must not, in words; nothing if all is well.
    pub(crate) fn leaks(&self) -> Result<Vec<String>> {
        let mut leaks: Vec<String> = Vec::new();
        for server in &self.shut {
            let calls = server.calls();
            if calls > 0 {
                let (at, from) = (server.address(), server.callers());
                leaks.push(format!("{calls} at {at}, from {from:?}"));
            }
        }
        let internet = Arrived::in_namespace(self.lab.internet())?;
        if internet.unheard > 0 {
            leaks.push(format!(
                "{} datagrams at ports where nobody listens",
                internet.unheard
            ));
        }
        let lan = Arrived::in_namespace(self.lab.lan())?;
        if lan.heard + lan.unheard + lan.segments > 0 {
            leaks.push(format!("in the LAN {lan:?}"));
        }
        Ok(leaks)
    }

    /// Datagrams that arrived where they may.
    pub(crate) fn arrived(&self) -> Result<u64> {
        Ok(Arrived::in_namespace(self.lab.internet())?.heard)
    }

    /// Asks until everything that is allowed was answered.
    pub(crate) fn wait_until_allowed(&self) -> Result<()> {
        let client = self.lab.client();
        for (from, server) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
            until(&format!("an answer by UDP from {server}"), || {
                Ok(is_answered(udp_exchange(
                    client,
                    from,
                    at(server, UDP),
                    ONE_ANSWER,
                )))
            })?;
            until(&format!("an answer by TCP from {server}"), || {
                Ok(is_answered(tcp_exchange(
                    client,
                    from,
                    at(server, TCP),
                    ONE_ANSWER,
                )))
            })?;
        }
        Ok(())
    }
}

fn at(server: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(server, port)
}

/// Whatever else came of it, another try may be answered.
fn is_answered<E>(exchange: std::result::Result<Exchange, E>) -> Option<()> {
    exchange
        .is_ok_and(|exchange| exchange == Exchange::Answered)
        .then_some(())
}
