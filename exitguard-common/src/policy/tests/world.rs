//! The policy the tests ask.

use super::{Ask, CLIENT_RULE, End, Facts, Settings, Tables, decide, evaluate, is_exempt};
use crate::abi::{
    Addr, AddressClass, ClassFlags, ClassId, Decision, Direction, PortSetId, Rule, RuleFlags,
    RuleId, RuntimeFlags,
};
use std::net::IpAddr;

/// A look-up that finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    ClassOf(End),
    Class(End),
    Rule(RuleId),
    PortSet,
}

/// A policy without any cleverness: prefixes are tried one by one, port sets are lists of ports.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) settings: Settings,
    /// The first that holds an address gives it its class.
    rows: Vec<Row>,
    /// `[host]`, `[egress]`, the client's.
    rules: [Rule; 3],
    ports: Vec<Vec<u16>>,
    /// What operators said about [`End::Client`] and [`End::Remote`].
    runtime: RuntimeFlags,
    hole: Option<Hole>,
}

/// A prefix of either family, and the class of their addresses.
#[derive(Clone, Debug)]
struct Row {
    prefixes: [(IpAddr, usize); 2],
    class: AddressClass,
}

impl Row {
    fn new(prefixes: [(IpAddr, usize); 2], flags: ClassFlags, rule: RuleId) -> Self {
        let class = AddressClass {
            rule,
            flags,
            ..AddressClass::PLAIN
        };
        Self { prefixes, class }
    }

    fn of(end: End, flags: ClassFlags, rule: RuleId) -> Self {
        let [v4, v6] = end.addresses();
        Self::new([(v4, 32), (v6, 128)], flags, rule)
    }

    fn holds(&self, addr: IpAddr) -> bool {
        self.prefixes
            .iter()
            .any(|(prefix, bits)| match (prefix, addr) {
                (IpAddr::V4(prefix), IpAddr::V4(addr)) => {
                    (0..*bits).all(|bit| (prefix.to_bits() ^ addr.to_bits()) << bit >> 31 == 0)
                }
                (IpAddr::V6(prefix), IpAddr::V6(addr)) => {
                    (0..*bits).all(|bit| (prefix.to_bits() ^ addr.to_bits()) << bit >> 127 == 0)
                }
                _ => false,
            })
    }
}

impl World {
    /// A rule that allows everything.
    pub(super) const EVERYTHING: Rule = Rule {
        lists: 0,
        protocols: [u64::MAX; 4],
        tcp: PortSetId::ANY,
        udp: PortSetId::ANY,
        sctp: PortSetId::ANY,
        flags: RuleFlags::LAN.with(RuleFlags::ICMP),
    };

    /// A rule that allows nothing.
    pub(super) const NOTHING: Rule = Rule {
        lists: 0,
        protocols: [0; 4],
        tcp: PortSetId(0),
        udp: PortSetId(0),
        sctp: PortSetId(0),
        flags: RuleFlags(0),
    };

    /// Every rule allows everything.
    pub(super) fn open() -> Self {
        let prefix = |text: &str, bits| (text.parse().unwrap(), bits);
        let tailnet = [prefix("100.64.0.0", 10), prefix("fd7a:115c:a1e0::", 48)];
        let link_local = [prefix("169.254.0.0", 16), prefix("fe80::", 10)];
        let this_host = ClassFlags::HOST.with(ClassFlags::TAILNET);
        Self {
            settings: Settings::default(),
            rows: vec![
                Row::of(End::Client, ClassFlags::TAILNET, CLIENT_RULE),
                Row::of(End::Host, this_host, RuleId::EGRESS),
                Row::of(End::Remote, ClassFlags::default(), RuleId::EGRESS),
                Row::new(tailnet, ClassFlags::TAILNET, RuleId::EGRESS),
                Row::new(link_local, ClassFlags::LAN, RuleId::EGRESS),
            ],
            rules: [Self::EVERYTHING; 3],
            ports: vec![vec![]],
            runtime: RuntimeFlags::default(),
            hole: None,
        }
    }

    /// Every rule for the Internet allows nothing; the host is still open.
    pub(super) fn closed() -> Self {
        Self {
            rules: [Self::EVERYTHING, Self::NOTHING, Self::NOTHING],
            ..Self::open()
        }
    }

    /// What [`End::Remote`] is.
    pub(super) fn remote(mut self, flags: ClassFlags) -> Self {
        self.class_mut(End::Remote).flags = flags;
        self
    }

    /// What operators said about [`End::Client`] and [`End::Remote`].
    pub(super) fn runtime(mut self, flags: RuntimeFlags) -> Self {
        self.runtime = self.runtime.with(flags);
        self
    }

    /// The lists that hold [`End::Remote`].
    pub(super) fn listed(mut self, lists: u64) -> Self {
        self.class_mut(End::Remote).lists = lists;
        self
    }

    fn class_mut(&mut self, end: End) -> &mut AddressClass {
        let [addr, _] = end.addresses();
        let row = self.rows.iter_mut().find(|row| row.holds(addr));
        &mut row.unwrap().class
    }

    pub(super) fn rule(mut self, id: RuleId, change: impl FnOnce(&mut Rule)) -> Self {
        change(&mut self.rules[usize::from(id.0)]);
        self
    }

    /// Changes the client's rule.
    pub(super) fn client(self, change: impl FnOnce(&mut Rule)) -> Self {
        self.rule(CLIENT_RULE, change)
    }

    /// Sets switches of the client's rule.
    pub(super) fn client_flags(self, flags: RuleFlags) -> Self {
        self.client(|rule| rule.flags = rule.flags.with(flags))
    }

    /// A new port set.
    pub(super) fn port_set(&mut self, ports: &[u16]) -> PortSetId {
        self.ports.push(ports.to_vec());
        PortSetId(self.ports.len() as u32 - 1)
    }

    pub(super) fn observe(mut self) -> Self {
        self.settings.observe = true;
        self
    }

    pub(super) fn observe_lists(mut self, lists: u64) -> Self {
        self.settings.observe_lists = lists;
        self
    }

    pub(super) fn hole(mut self, hole: Hole) -> Self {
        self.hole = Some(hole);
        self
    }

    /// The answer to a question, which every way of asking it has to give.
    pub(super) fn decide(&self, ask: Ask) -> Decision {
        let [v4, v6] = [0, 1].map(|family| {
            let flow = ask.flow(family);
            let decision = evaluate(self, &flow, ask.transport, ask.origin, ask.established);
            let again = evaluate(self, &flow, ask.transport, ask.origin, ask.established);
            assert_eq!(decision, again, "the same question twice: {ask:?}");
            if let (Some(client), Some(remote)) =
                (self.class_of(&flow.client), self.class_of(&flow.remote))
            {
                let exempt = is_exempt(&flow, ask.transport, Direction::Outbound);
                let facts = Facts {
                    origin: ask.origin,
                    established: ask.established,
                    runtime: Tables::runtime(self, &flow.client, &flow.remote),
                    ..Facts::new(&flow, ask.transport, exempt)
                };
                assert_eq!(decide(self, client, remote, &facts), decision, "{ask:?}");
            }
            decision
        });
        assert_eq!(v4, v6, "both families: {ask:?}");
        v4
    }
}

impl Tables for World {
    fn settings(&self) -> Settings {
        self.settings
    }

    fn class_of(&self, addr: &Addr) -> Option<ClassId> {
        let addr = IpAddr::from(*addr);
        if matches!(self.hole, Some(Hole::ClassOf(end)) if end.addresses().contains(&addr)) {
            return None;
        }
        let place = self.rows.iter().position(|row| row.holds(addr));
        Some(place.map_or(ClassId::PLAIN, |place| ClassId(place as u16 + 1)))
    }

    fn class(&self, id: ClassId) -> Option<&AddressClass> {
        if id == ClassId::PLAIN {
            return Some(&AddressClass::PLAIN);
        }
        let row = &self.rows[usize::from(id.0) - 1];
        let is_hole = matches!(self.hole, Some(Hole::Class(end)) if row.holds(end.addresses()[0]));
        (!is_hole).then_some(&row.class)
    }

    fn rule(&self, id: RuleId) -> Option<&Rule> {
        (self.hole != Some(Hole::Rule(id))).then(|| &self.rules[usize::from(id.0)])
    }

    fn port_in_set(&self, set: PortSetId, port: u16) -> Option<bool> {
        assert_ne!(set, PortSetId::ANY, "no such set is looked up");
        (self.hole != Some(Hole::PortSet)).then(|| self.ports[set.0 as usize].contains(&port))
    }

    fn runtime(&self, client: &Addr, remote: &Addr) -> RuntimeFlags {
        let is = |end: End, addr: &Addr| end.addresses().contains(&IpAddr::from(*addr));
        let flags = RuntimeFlags(match (is(End::Client, client), is(End::Remote, remote)) {
            (true, true) => u32::MAX,
            (true, false) => RuntimeFlags::LOCKDOWN.0,
            _ => 0,
        });
        RuntimeFlags(self.runtime.0 & flags.0)
    }
}
