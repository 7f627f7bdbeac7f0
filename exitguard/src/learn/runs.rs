//! Ports that are next to each other.

use super::rule::{Key, Rule, Seen, Service};
use crate::config::protocol_name;
use std::borrow::Cow;

/// Services that are next to each other.
pub(super) struct Run<'r> {
    first: Service,
    last: Service,
    pub(super) is_rare: bool,
    pub(super) seen: Cow<'r, Seen>,
}

/// What a rule says by a key, in order.
pub(super) fn runs(rule: &Rule, key: Key) -> Vec<Run<'_>> {
    let permitted = rule
        .permitted
        .iter()
        .map(|(service, seen)| (*service, seen, false));
    let rare = rule
        .rare
        .iter()
        .map(|(service, seen)| (*service, seen, true));
    let mut all: Vec<_> = permitted.chain(rare).collect();
    all.retain(|(service, ..)| service.key() == key);
    all.sort_unstable_by_key(|(service, ..)| *service);
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (service, seen, is_rare) in all {
        match runs.last_mut() {
            Some(run) if run.is_rare == is_rare && is_next(run.last, service) => {
                run.last = service;
                run.seen.to_mut().add(seen);
            }
            _ => runs.push(Run {
                first: service,
                last: service,
                is_rare,
                seen: Cow::Borrowed(seen),
            }),
        }
    }
    runs
}

/// Only ports have ranges.
const fn is_next(before: Service, service: Service) -> bool {
    match (before, service) {
        (Service::Tcp(before), Service::Tcp(port))
        | (Service::Udp(before), Service::Udp(port))
        | (Service::Sctp(before), Service::Sctp(port)) => before < port && port - before == 1,
        _ => false,
    }
}

impl Run<'_> {
    /// As an item of an array.
    pub(super) fn value(&self) -> String {
        match (self.first, self.last) {
            (
                Service::Tcp(first) | Service::Udp(first) | Service::Sctp(first),
                Service::Tcp(last) | Service::Udp(last) | Service::Sctp(last),
            ) if first != last => format!("\"{first}-{last}\""),
            (Service::Tcp(port) | Service::Udp(port) | Service::Sctp(port), _) => port.to_string(),
            (Service::Protocol(number), _) => protocol_name(number)
                .map_or_else(|| number.to_string(), |name| format!("\"{name}\"")),
            (Service::Icmp, _) => String::new(),
        }
    }
}
