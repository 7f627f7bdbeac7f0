//! Rules made of what was counted.

use super::rule::{Rule, Seen, Service, Uses, add};
use crate::control::{Observed, ObservedRow};
use ipnet::IpNet;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Rules for a person to look at.
///
/// A client with a rule of its own in the configuration gets one with everything that it used. Of all others, what two
/// or more use is for `[egress]`, and what only one uses is for a rule of its own, which says everything that it used
/// of the same protocol; if there is only one, everything is for `[egress]`. Nothing that was on a list, in a private
/// network, blocked or locked down is permitted.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub(super) since: Timestamp,
    pub(super) time: Timestamp,
    /// Nothing if it is about some clients only.
    pub(super) egress: Option<Rule>,
    pub(super) clients: Vec<ClientRule>,
    pub(super) stopped: Vec<Stopped>,
    /// Flows that were stopped whatever the rules say, and that no rule could name.
    pub(super) left_out: u64,
    pub(super) flows: u64,
}

/// A rule of its own.
#[derive(Clone, Debug)]
pub(super) struct ClientRule {
    pub(super) name: String,
    pub(super) prefixes: Vec<IpNet>,
    /// Why it has one.
    pub(super) why: &'static str,
    pub(super) rule: Rule,
}

/// A destination on a list or in a private network.
#[derive(Clone, Debug)]
pub(super) struct Stopped {
    /// Nothing for those that were too many to be kept.
    pub(super) address: Option<IpAddr>,
    pub(super) why: Why,
    pub(super) to: BTreeSet<Service>,
    pub(super) seen: Seen,
}

/// Why a destination is stopped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Lan,
    List(String),
    /// Which one was not kept.
    SomeList,
}

/// Who a rule may be for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Named(String),
    Address(IpAddr),
}

impl Who {
    fn of(row: &ObservedRow) -> Self {
        match &row.client_name {
            Some(name) => Self::Named(name.clone()),
            None => Self::Address(row.client),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Address(address) => address.to_string(),
        }
    }
}

/// What a client did.
#[derive(Default)]
struct Habits {
    uses: Uses,
    lan: Option<Seen>,
}

impl Proposal {
    /// Of what is selected already. Each of `one_by_one` clients gets a rule of its own, and nothing is said about others.
    pub fn new(observed: &Observed, one_by_one: bool) -> Self {
        let mut proposal = Self {
            since: observed.since,
            time: observed.time,
            egress: None,
            clients: Vec::new(),
            stopped: Vec::new(),
            left_out: 0,
            flows: 0,
        };
        let all = proposal.habits(observed);
        let is_unnamed = |who: &&Who| matches!(who, Who::Address(_)) && !one_by_one;
        let others: Vec<&Who> = all.keys().filter(is_unnamed).collect();
        let egress = egress(others.iter().filter_map(|who| all.get(*who)), others.len());
        for (who, habits) in &all {
            let is_own = one_by_one || matches!(who, Who::Named(_));
            let rule = if is_own {
                own(habits)
            } else {
                beside(&egress, habits)
            };
            if !rule.permitted.is_empty() || !rule.rare.is_empty() {
                let mut client = client(who, rule, observed);
                if one_by_one {
                    client.why = "Everything that this client used.";
                }
                proposal.clients.push(client);
            }
        }
        proposal.egress = (!one_by_one).then_some(egress);
        proposal
    }

    /// Adds up what each client did, and notes what is no use.
    fn habits(&mut self, observed: &Observed) -> BTreeMap<Who, Habits> {
        let mut all: BTreeMap<Who, Habits> = BTreeMap::new();
        let mut stopped: BTreeMap<(Why, Option<IpAddr>), Stopped> = BTreeMap::new();
        for row in &observed.rows {
            self.flows = self.flows.saturating_add(row.flows);
            let who = Who::of(row);
            let name = who.name();
            let seen = Seen::of(row.flows, row.answered, &name, row.last);
            match (row.reason.as_str(), Service::of(row)) {
                ("port" | "icmp" | "protocol", Some(service)) => {
                    add(&mut all.entry(who).or_default().uses, service, &seen);
                }
                (reason @ ("lan" | "blocklist"), service) => {
                    if reason == "lan" {
                        let lan = &mut all.entry(who).or_default().lan;
                        match lan {
                            Some(lan) => lan.add(&seen),
                            None => *lan = Some(seen),
                        }
                    }
                    for (why, address, seen) in destinations(row, &name) {
                        let one = stopped.entry((why.clone(), address));
                        let one = one
                            .and_modify(|known| known.seen.add(&seen))
                            .or_insert_with(|| Stopped {
                                address,
                                why,
                                to: BTreeSet::new(),
                                seen,
                            });
                        one.to.extend(service);
                    }
                }
                _ => self.left_out = self.left_out.saturating_add(row.flows),
            }
        }
        self.stopped = stopped.into_values().collect();
        self.stopped.sort_by_key(|one| Reverse(one.seen.flows));
        all
    }

    /// How many flows it is made of.
    pub const fn flows(&self) -> u64 {
        self.flows
    }
}

/// Where the flows of a row went to; those of which that was not kept have no address.
fn destinations<'r>(
    row: &'r ObservedRow,
    client: &'r str,
) -> impl Iterator<Item = (Why, Option<IpAddr>, Seen)> + 'r {
    let why = |list: Option<String>| match list {
        _ if row.reason == "lan" => Why::Lan,
        Some(list) => Why::List(list),
        None => Why::SomeList,
    };
    let kept = row.destinations.iter().map(move |it| {
        let seen = Seen::of(it.flows, 0, client, it.last);
        (why(it.list.clone()), Some(it.address), seen)
    });
    let others = (row.others > 0).then(|| {
        let seen = Seen::of(row.others, 0, client, row.last);
        (why(None), None, seen)
    });
    kept.chain(others)
}

/// What those without a rule of their own have in common.
fn egress<'h>(habits: impl Iterator<Item = &'h Habits>, clients: usize) -> Rule {
    let mut rule = Rule::default();
    let mut all = Uses::new();
    for habits in habits {
        for (service, seen) in &habits.uses {
            add(&mut all, *service, seen);
        }
        match (&mut rule.lan, &habits.lan) {
            (Some(lan), Some(more)) => lan.add(more),
            (lan @ None, Some(more)) => *lan = Some(more.clone()),
            (_, None) => {}
        }
    }
    for (service, seen) in all {
        if seen.is_rare() {
            rule.rare.insert(service, seen);
        } else if seen.clients.len() > 1 || clients == 1 {
            rule.permitted.insert(service, seen);
        }
    }
    rule
}

/// Everything that a client used.
fn own(habits: &Habits) -> Rule {
    let uses = habits.uses.iter();
    let uses = uses.map(|(service, seen)| (*service, seen.clone()));
    let (rare, permitted) = uses.partition(|(_, seen)| seen.is_rare());
    Rule {
        permitted,
        rare,
        lan: habits.lan.clone(),
    }
}

/// What a client used that the others do not; and as its keys take the place of those of `[egress]`, what it used of
/// these beside it.
fn beside(egress: &Rule, habits: &Habits) -> Rule {
    let is_shared = |service: &Service| {
        egress.permitted.contains_key(service) || egress.rare.contains_key(service)
    };
    let own = habits.uses.keys().filter(|service| !is_shared(service));
    let keys: BTreeSet<_> = own.map(|service| service.key()).collect();
    let uses = habits.uses.iter();
    let permitted = uses
        .filter(|(service, _)| keys.contains(&service.key()) && !egress.rare.contains_key(service));
    Rule {
        permitted: permitted
            .map(|(service, seen)| (*service, seen.clone()))
            .collect(),
        ..Rule::default()
    }
}

fn client(who: &Who, rule: Rule, observed: &Observed) -> ClientRule {
    match who {
        Who::Named(name) => {
            let mut known = observed.clients.iter();
            let known = known.find(|client| client.name == *name);
            ClientRule {
                name: name.clone(),
                prefixes: known
                    .map(|known| known.prefixes.clone())
                    .unwrap_or_default(),
                why: "This client has a rule of its own already.",
                rule,
            }
        }
        Who::Address(address) => ClientRule {
            name: format!("client-{}", address.to_string().replace(['.', ':'], "-")),
            prefixes: vec![(*address).into()],
            why: "This client used what no other did.",
            rule,
        },
    }
}
