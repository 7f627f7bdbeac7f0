//! Configuration, lists and the host's network to tables.

use super::client::flatten;
use super::client_names::ClientNames;
use super::interval::{Address, Interval, cut, join, merge, subtract};
use super::layers::{Classes, Layer, Meaning, TooManyClasses, sweep};
use super::network::Network;
use super::never_block::never_blocked;
use super::overlay::Overlay;
use super::ports::PortSet;
use super::tables::{Compiled, Labels, list_id};
use crate::config::{Config, ListAction, Mode, OnDeny, RuleSpec};
use crate::lists::{Entries, LoadedList};
use exitguard_common::abi::{
    ClassFlags, MAX_LISTS, PORT_LINES_PER_SET, PortLine, PortSetId, Rule, RuleFlags, RuleId,
};
use exitguard_common::policy::Settings;
use exitguard_common::ranges::{BuildError, RangeTable, V4, V6};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Why a valid configuration cannot become tables.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The address tables are limited.
    #[error("the lists hold too many address ranges")]
    Ranges(#[from] BuildError),
    /// Classes are numbered with 16 bits.
    #[error("the lists overlap in more than 65,535 different ways; use fewer lists")]
    Classes,
    /// Rules are numbered with 16 bits.
    #[error("{clients} clients are more than the 65,533 that a policy holds")]
    Clients {
        /// How many are configured.
        clients: usize,
    },
}

impl From<TooManyClasses> for CompileError {
    fn from(TooManyClasses: TooManyClasses) -> Self {
        Self::Classes
    }
}

/// Destinations that the LAN guard protects wherever the host is: this network (RFC 791), loopback,
/// private (RFC 1918, RFC 4193), link-local (RFC 3927, RFC 4291). The tailnet's own ranges, which lie
/// within RFC 6598 and RFC 4193 space, are taken out when the policy is compiled.
const LAN: [IpNet; 9] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Tailscale's address ranges.
pub const TAILNET: [IpNet; 2] = [
    v4(100, 64, 0, 0, 10),
    IpNet::new_assert(
        IpAddr::V6(Ipv6Addr::new(0xfd7a, 0x115c, 0xa1e0, 0, 0, 0, 0, 0)),
        48,
    ),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

/// Compiles a policy.
///
/// # Errors
/// When it does not fit the tables; everything else was checked when the configuration was read.
pub fn compile(
    config: &Config,
    lists: impl Into<Arc<[LoadedList]>>,
    network: &Network,
) -> Result<(Compiled, Labels), CompileError> {
    let lists = lists.into();
    let mut ports = PortTable::default();
    let mut rules = vec![
        rule(&config.host, &mut ports),
        rule(&config.egress, &mut ports),
    ];
    let mut names = vec!["host".to_owned(), "egress".to_owned()];
    let mut clients: Vec<(IpNet, RuleId)> = Vec::new();
    for client in &config.clients {
        let id = u16::try_from(rules.len())
            .map(RuleId)
            .map_err(|_| CompileError::Clients {
                clients: config.clients.len(),
            })?;
        rules.push(rule(&client.rule, &mut ports));
        names.push(format!("client {}", client.name));
        clients.extend(client.prefixes.iter().map(|prefix| (*prefix, id)));
    }

    let mut classes = Classes::new();
    let v4 = family::<Ipv4Family>(config, &lists, network, &clients, &mut classes)?;
    let v6 = family::<Ipv6Family>(config, &lists, network, &clients, &mut classes)?;
    let compiled = Compiled {
        settings: Settings {
            observe: config.mode == Mode::Observe,
            observe_lists: bits(&lists, |list| list.action == ListAction::Observe),
        },
        v4,
        v6,
        classes: classes.into_vec(),
        rules,
        ports: ports.lines,
        lists: lists.iter().map(|list| list_id(&list.name)).collect(),
        overlay: Overlay::default(),
    };
    let labels = Labels::new(names, &compiled, lists, ClientNames::new(&config.clients));
    Ok((compiled, labels))
}

fn bits(lists: &[LoadedList], wanted: impl Fn(&LoadedList) -> bool) -> u64 {
    debug_assert!(lists.len() <= MAX_LISTS);
    lists
        .iter()
        .enumerate()
        .filter(|(_, list)| wanted(list))
        .fold(0, |bits, (bit, _)| bits | 1 << bit)
}

fn rule(spec: &RuleSpec, ports: &mut PortTable) -> Rule {
    let flags = [
        (spec.lan, RuleFlags::LAN),
        (spec.icmp, RuleFlags::ICMP),
        (spec.on_deny == OnDeny::Reject, RuleFlags::REJECT),
        (spec.lockdown, RuleFlags::LOCKDOWN),
    ];
    Rule {
        lists: spec.lists,
        protocols: spec.protocols.bits(),
        tcp: ports.number(&spec.tcp),
        udp: ports.number(&spec.udp),
        sctp: ports.number(&spec.sctp),
        flags: flags
            .into_iter()
            .filter(|(set, _)| *set)
            .fold(RuleFlags::default(), |flags, (_, flag)| flags.with(flag)),
    }
}

/// Port sets, equal ones once.
#[derive(Default)]
struct PortTable {
    lines: Vec<PortLine>,
    numbers: HashMap<PortSet, PortSetId>,
}

impl PortTable {
    fn number(&mut self, set: &PortSet) -> PortSetId {
        if set.is_any() {
            return PortSetId::ANY;
        }
        if let Some(number) = self.numbers.get(set) {
            return *number;
        }
        let number = PortSetId(self.lines.len() as u32 / PORT_LINES_PER_SET);
        self.lines.extend(set.lines());
        self.numbers.insert(set.clone(), number);
        number
    }
}

/// What differs between the families: how to pick a family's prefixes, and its built-in ones.
trait Family {
    type Key: Address;
    fn pick(net: &IpNet) -> Option<Interval<Self::Key>>;
    /// By ascending start, as entries come.
    fn entries(entries: &Entries) -> Vec<Interval<Self::Key>>;
}

struct Ipv4Family;
struct Ipv6Family;

impl Family for Ipv4Family {
    type Key = V4;

    fn pick(net: &IpNet) -> Option<Interval<V4>> {
        match net {
            IpNet::V4(net) => Some((*net).into()),
            IpNet::V6(_) => None,
        }
    }

    fn entries(entries: &Entries) -> Vec<Interval<V4>> {
        entries.v4().map(|net: Ipv4Net| net.into()).collect()
    }
}

impl Family for Ipv6Family {
    type Key = V6;

    fn pick(net: &IpNet) -> Option<Interval<V6>> {
        match net {
            IpNet::V4(_) => None,
            IpNet::V6(net) => Some((*net).into()),
        }
    }

    fn entries(entries: &Entries) -> Vec<Interval<V6>> {
        entries.v6().map(|net: Ipv6Net| net.into()).collect()
    }
}

fn family<F: Family>(
    config: &Config,
    lists: &[LoadedList],
    network: &Network,
    clients: &[(IpNet, RuleId)],
    classes: &mut Classes,
) -> Result<RangeTable<F::Key>, CompileError> {
    let pick = |nets: &mut dyn Iterator<Item = IpNet>| {
        merge(nets.filter_map(|net| F::pick(&net)).collect::<Vec<_>>())
    };
    let host = pick(&mut network.addresses.iter().copied().map(IpNet::from));
    let on_link = pick(&mut network.on_link.iter().copied());
    let tailnet = pick(&mut TAILNET.into_iter());
    let builtin = pick(&mut LAN.into_iter());
    // A network of another interface inside the tailnet's range is a LAN (some providers use RFC 6598
    // space); the rest of that range is the tailnet, and not a LAN.
    let lan = merge([subtract(&builtin, &tailnet), on_link.clone()].concat());
    let tailnet = subtract(&tailnet, &on_link);

    let mut layers = vec![
        Layer {
            meaning: Meaning::Flags(ClassFlags::HOST),
            intervals: host,
        },
        Layer {
            meaning: Meaning::Flags(ClassFlags::TAILNET),
            intervals: tailnet,
        },
        Layer {
            meaning: Meaning::Flags(ClassFlags::LAN),
            intervals: lan,
        },
        Layer {
            meaning: Meaning::Flags(ClassFlags::ALLOW),
            intervals: pick(&mut config.allow.iter().copied()),
        },
    ];
    let never: Vec<_> = never_blocked(network)
        .filter_map(|never| F::pick(&never.net))
        .collect();
    for (bit, list) in (0..).zip(lists) {
        let not = merge([never.clone(), F::entries(&list.left_out)].concat());
        layers.push(Layer {
            meaning: Meaning::List(bit),
            intervals: cut(join(F::entries(&list.entries)), &not),
        });
    }
    let clients: Vec<_> = clients
        .iter()
        .filter_map(|(net, rule)| F::pick(net).map(|interval| (interval, *rule)))
        .collect();
    layers.extend(flatten(&clients));

    let ranges = sweep(&layers, classes)?;
    // The layers can be as large as the ranges: both at once is more than the table needs.
    drop(layers);
    Ok(RangeTable::new(&ranges)?)
}
