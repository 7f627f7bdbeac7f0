//! What an operator should not do by accident.

use crate::control::{Change, ChangeKind};
use crate::policy::{Network, TAILNET, never_blocked};
use ipnet::IpNet;
use std::net::IpAddr;

/// Prefixes of destinations that are shorter speak of a good part of the Internet.
const SHORT_V4: u8 = 8;
const SHORT_V6: u8 = 19;

/// Why a change is refused unless it is forced.
pub fn danger(change: &Change, network: &Network, session: Option<IpAddr>) -> Option<String> {
    if let Some(session) = session
        && cuts(change, session)
    {
        return Some(format!(
            "the session that you type in comes from {session}: it may go on, but a new one could not be opened"
        ));
    }
    match (change.kind, change.destination) {
        (ChangeKind::Block, Some(net)) => block(net, network),
        (ChangeKind::Allow, Some(net)) => allow(net, network),
        (ChangeKind::Lockdown, _) => lockdown(&change.clients, network),
        (ChangeKind::Block | ChangeKind::Allow, None) => None,
    }
}

fn cuts(change: &Change, session: IpAddr) -> bool {
    match (change.kind, change.destination) {
        (ChangeKind::Block, Some(net)) => net.contains(&session),
        (ChangeKind::Lockdown, _) => {
            let is_client = TAILNET.iter().any(|net| net.contains(&session));
            let clients = &change.clients;
            is_client && (clients.is_empty() || clients.iter().any(|net| net.contains(&session)))
        }
        _ => false,
    }
}

fn block(net: IpNet, network: &Network) -> Option<String> {
    if let Some(never) = never_blocked(network).find(|never| overlap(net, never.net)) {
        let what = if net == never.net {
            format!("{net} is {}", never.what)
        } else if net.contains(&never.net) {
            format!("{net} holds {never}, {}", never.what)
        } else {
            format!("{net} lies in {never}, {}", never.what)
        };
        return Some(what);
    }
    is_short(net).then(|| format!("{net} is a large part of the Internet"))
}

fn allow(net: IpNet, network: &Network) -> Option<String> {
    let on_link = network.on_link.iter().find(|known| overlap(net, **known));
    if let Some(known) = on_link {
        return Some(format!(
            "{net} would open {known}, a network of this host, to what the LAN guard keeps away from it"
        ));
    }
    is_short(net).then(|| {
        format!("{net} is a large part of the Internet, which no blocklist would stop any more")
    })
}

fn lockdown(clients: &[IpNet], network: &Network) -> Option<String> {
    let own = network.addresses.iter().find(|addr| {
        let of_host = IpNet::from(**addr);
        clients.contains(&of_host)
    })?;
    Some(format!("{own} is an address of this host, and no client"))
}

fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}

fn is_short(net: IpNet) -> bool {
    let shortest = match net {
        IpNet::V4(_) => SHORT_V4,
        IpNet::V6(_) => SHORT_V6,
    };
    net.prefix_len() < shortest
}
