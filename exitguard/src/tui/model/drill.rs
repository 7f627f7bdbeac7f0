//! The way down: from a client to its destinations to their flows.

use super::Tab;
use super::row::Key;
use crate::diagnostic::printable;
use crate::tui::services;
use crate::tui::words;
use std::net::IpAddr;

/// What a step limits everything below it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Client {
        address: IpAddr,
        name: Option<String>,
    },
    Destination(IpAddr),
    Port(u8, Option<u16>),
    List(String),
}

impl Step {
    /// On the line that shows the way.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Client {
                address,
                name: Some(name),
            } => format!("client {} {address}", printable(name)),
            Self::Client { address, .. } => format!("client {address}"),
            Self::Destination(address) => format!("destination {address}"),
            Self::Port(protocol, port) => format!("port {}", port_label(*protocol, *port, false)),
            Self::List(name) => format!("list {}", printable(name)),
        }
    }
}

/// A port with its protocol, and what it is for.
pub(crate) fn port_label(protocol: u8, port: Option<u16>, with_service: bool) -> String {
    let name = words::protocol(protocol);
    let Some(port) = port else {
        return name;
    };
    match services::name(port).filter(|_| with_service) {
        Some(service) => format!("{port}/{name} {service}"),
        None => format!("{port}/{name}"),
    }
}

/// A step that was taken, and where from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) from: Tab,
    pub(crate) selected: Option<Key>,
}

impl Step {
    /// As a filter says it.
    pub(crate) fn filter(&self) -> String {
        match self {
            Self::Client { address, .. } => format!("client:{address}"),
            Self::Destination(address) => format!("dst:{address}"),
            Self::Port(protocol, Some(port)) => format!("proto:{protocol} port:{port}"),
            Self::Port(protocol, None) => format!("proto:{protocol}"),
            Self::List(name) => {
                let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                format!("list:\"{name}\"")
            }
        }
    }

    /// The client, if it is about one.
    pub(crate) const fn client(&self) -> Option<IpAddr> {
        match self {
            Self::Client { address, .. } => Some(*address),
            Self::Destination(_) | Self::Port(..) | Self::List(_) => None,
        }
    }
}
