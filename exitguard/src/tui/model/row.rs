//! The rows of a table: flows, taken together by what the tab is about.

use super::drill::Step;
use super::{Model, Tab};
use crate::control::{Decided, Flow};
use crate::tui::rates::Rate;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// What a row is about: the same as long as the row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Client(IpAddr),
    Destination(IpAddr),
    /// A protocol, and its port if it has ports.
    Port(u8, Option<u16>),
    Flow(u64),
    /// What was denied to a client, and why.
    Denied {
        client: IpAddr,
        remote: IpAddr,
        protocol: u8,
        port: Option<u16>,
        reason: String,
        is_denied: bool,
    },
    List(String),
    Event(u64),
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: Key,
    /// Where one of its flows is, or its list.
    pub(crate) at: usize,
    pub(crate) flows: usize,
    pub(crate) clients: usize,
    pub(crate) destinations: usize,
    pub(crate) rate: Option<Rate>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) denied: u64,
    pub(crate) last: Timestamp,
}

impl Row {
    pub(super) fn empty(key: Key, at: usize) -> Self {
        Self {
            key,
            at,
            flows: 0,
            clients: 0,
            destinations: 0,
            rate: None,
            sent: 0,
            received: 0,
            denied: 0,
            last: Timestamp::UNIX_EPOCH,
        }
    }

    fn add(&mut self, at: usize, flow: &Flow, rate: Option<Rate>) {
        self.flows += 1;
        if let Some(rate) = rate {
            self.rate = Some(self.rate.unwrap_or_default().plus(rate));
        }
        self.sent = self.sent.saturating_add(flow.sent.bytes);
        self.received = self.received.saturating_add(flow.received.bytes);
        self.denied = self.denied.saturating_add(flow.denied_pkts);
        if flow.last > self.last {
            self.last = flow.last;
            self.at = at;
        }
    }
}

/// The port of a flow that a service is known by: that of the side that did not open it.
pub(crate) const fn service(flow: &Flow) -> Option<u16> {
    if flow.inbound {
        flow.client_port
    } else {
        flow.remote_port
    }
}

fn key(tab: Tab, flow: &Flow) -> Option<Key> {
    match tab {
        Tab::Clients => Some(Key::Client(flow.client)),
        Tab::Destinations => Some(Key::Destination(flow.remote)),
        Tab::Ports => Some(Key::Port(flow.protocol, service(flow))),
        Tab::Flows => Some(Key::Flow(flow.id)),
        Tab::Denied => {
            (flow.decision != Decided::Allow || flow.denied_pkts > 0).then(|| Key::Denied {
                client: flow.client,
                remote: flow.remote,
                protocol: flow.protocol,
                port: service(flow),
                reason: flow.reason.clone(),
                is_denied: flow.decision == Decided::Deny,
            })
        }
        Tab::Lists | Tab::Events => None,
    }
}

/// The rows of a tab, in no order.
pub(super) fn rows(model: &Model, tab: Tab) -> Vec<Row> {
    match tab {
        Tab::Lists => model.status.as_ref().map_or_else(Vec::new, |status| {
            let lists = status.lists.iter().enumerate();
            lists
                .map(|(at, list)| Row::empty(Key::List(list.name.clone()), at))
                .collect()
        }),
        Tab::Events => model.events.rows(),
        _ => of_flows(model, tab),
    }
}

fn of_flows(model: &Model, tab: Tab) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let (mut clients, mut destinations) = (HashSet::new(), HashSet::new());
    for (at, flow) in model.flows.iter().enumerate() {
        if !model.way.iter().all(|step| step.holds(flow)) || !model.search.finds(flow) {
            continue;
        }
        let Some(key) = key(tab, flow) else {
            continue;
        };
        let place = if tab == Tab::Flows {
            // Each is one of its own.
            rows.push(Row::empty(key, at));
            rows.len() - 1
        } else {
            *places.entry(key).or_insert_with_key(|key| {
                rows.push(Row::empty(key.clone(), at));
                rows.len() - 1
            })
        };
        let rate = model.rates.get(at).copied().flatten();
        let Some(row) = rows.get_mut(place) else {
            continue;
        };
        row.add(at, flow, rate);
        if matches!(tab, Tab::Destinations | Tab::Ports) && clients.insert((place, flow.client)) {
            row.clients += 1;
        }
        if matches!(tab, Tab::Clients | Tab::Ports) && destinations.insert((place, flow.remote)) {
            row.destinations += 1;
        }
    }
    rows
}

impl Step {
    /// Whether a flow is on this way.
    pub(crate) fn holds(&self, flow: &Flow) -> bool {
        match self {
            Self::Client { address, .. } => flow.client == *address,
            Self::Destination(address) => flow.remote == *address,
            Self::Port(protocol, port) => flow.protocol == *protocol && service(flow) == *port,
            Self::List(name) => flow.list.as_ref() == Some(name),
        }
    }
}
