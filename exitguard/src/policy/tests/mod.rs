//! The compiled policy says what the documentation of [`exitguard_common::policy`] says.

mod agreement;
mod cases;
mod oracle;
mod worlds;

use super::*;
use crate::config::{
    Attach, Client, Config, EventSettings, Fail, Interface, ListAction, Mode, OnDeny, OnExit,
    Protocols, RuleSpec,
};
use crate::lists::{Entries, LoadedList};
use exitguard_common::abi::{Decision, FlowKey, Origin};
use exitguard_common::packet::Transport;
use exitguard_common::policy::evaluate;
use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

/// A flow that asks for a decision.
#[derive(Clone, Debug)]
struct Probe {
    client: IpAddr,
    remote: IpAddr,
    transport: Transport,
    protocol: u8,
    port: u16,
    origin: Origin,
    established: bool,
}

impl Probe {
    fn new(client: &str, remote: &str, transport: Transport, port: u16) -> Self {
        let protocol = match transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
            other => panic!("{other:?} needs a protocol"),
        };
        Self {
            client: client.parse().unwrap(),
            remote: remote.parse().unwrap(),
            transport,
            protocol,
            port,
            origin: Origin::Client,
            established: false,
        }
    }

    fn ask(&self, compiled: &Compiled) -> Decision {
        let flow = FlowKey {
            client: self.client.into(),
            remote: self.remote.into(),
            client_port: 40_000,
            remote_port: self.port,
            protocol: self.protocol.into(),
        };
        evaluate(
            compiled,
            &flow,
            self.transport,
            self.origin,
            self.established,
        )
    }
}

fn everything() -> RuleSpec {
    RuleSpec {
        tcp: PortSet::any(),
        udp: PortSet::any(),
        sctp: PortSet::any(),
        icmp: true,
        protocols: Protocols::ANY,
        lan: true,
        on_deny: OnDeny::Drop,
        lists: 0,
        lockdown: false,
    }
}

fn enforcing(host: RuleSpec, egress: RuleSpec) -> Config {
    Config {
        mode: Mode::Enforce,
        interface: Interface::Auto,
        attach: Attach::Tc,
        fail: Fail::Open,
        on_exit: OnExit::Keep,
        host,
        egress,
        clients: vec![],
        lists: vec![],
        allow: vec![],
        events: EventSettings {
            update: Duration::from_secs(60),
            stats: None,
            file: None,
        },
        flow_table: 1_024,
        list_cache: "".into(),
        socket: "".into(),
        audit: "".into(),
        changes: "".into(),
        metrics: None,
    }
}

fn list(name: &str, action: ListAction, entries: &[&str]) -> LoadedList {
    LoadedList {
        name: name.to_owned(),
        action,
        entries: nets(entries).into_iter().collect(),
        left_out: Entries::default(),
        names: 0,
    }
}

fn nets(all: &[&str]) -> Vec<IpNet> {
    let net = |text: &&str| match text.parse::<IpAddr>() {
        Ok(addr) => addr.into(),
        Err(_) => text.parse().unwrap(),
    };
    all.iter().map(net).collect()
}
