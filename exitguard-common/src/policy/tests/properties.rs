//! Any policy, any question: against the precedence written as a list.

use super::{Ask, CLIENT_RULE, End, Settings, World};
use crate::abi::{
    ClassFlags, Decision, Origin, PortSetId, Reason, Rule, RuleFlags, RuleId, RuntimeFlags,
    Verdict::{Allow, Deny, WouldDeny},
};
use crate::packet::{Transport, protocol};
use proptest::prelude::*;

const LISTED_PORTS: [u16; 3] = [22, 443, 65_535];

/// What is drawn for one case. The world is built from it, and so is the expected answer.
#[derive(Clone, Debug)]
struct Case {
    settings: Settings,
    client: Rule,
    host: Rule,
    remote_flags: ClassFlags,
    remote_lists: u64,
    runtime: RuntimeFlags,
    ask: Ask,
}

impl Case {
    fn world(&self) -> World {
        let mut world = World::closed();
        assert_eq!(world.port_set(&LISTED_PORTS), PortSetId(1));
        world.settings = self.settings;
        world
            .remote(self.remote_flags)
            .listed(self.remote_lists)
            .runtime(self.runtime)
            .client(|rule| *rule = self.client)
            .rule(RuleId::HOST, |rule| *rule = self.host)
    }

    /// Whether a rule's allowlist names what is asked, and the reason it gives.
    fn listed(&self, rule: &Rule) -> (bool, Reason) {
        let number = self.ask.protocols[0];
        let whole = self.ask.transport != Transport::LaterFragment;
        let ports = match self.ask.transport {
            Transport::Tcp => Some(rule.tcp),
            Transport::Udp => Some(rule.udp),
            Transport::Sctp => Some(rule.sctp),
            _ if whole => None,
            _ if number == protocol::TCP => Some(rule.tcp),
            _ if number == protocol::UDP => Some(rule.udp),
            _ if number == protocol::SCTP => Some(rule.sctp),
            _ => None,
        };
        let is_icmp = match self.ask.transport {
            Transport::Echo | Transport::IcmpOther => true,
            Transport::LaterFragment => number == protocol::ICMP,
            _ => false,
        };
        match ports {
            Some(PortSetId::ANY) => (true, Reason::Port),
            Some(_) if !whole => (false, Reason::Fragment),
            Some(PortSetId(set)) => {
                let is_listed = set == 1 && LISTED_PORTS.contains(&self.ask.port);
                (is_listed, Reason::Port)
            }
            None if is_icmp => (rule.flags.has(RuleFlags::ICMP), Reason::Icmp),
            None => {
                let bit = rule.protocols[usize::from(number / 64)] >> (number % 64) & 1;
                (bit == 1, Reason::Protocol)
            }
        }
    }

    /// The first line that applies.
    fn expected(&self) -> Decision {
        let is = |flag| match self.ask.to {
            End::Remote => self.remote_flags.has(flag),
            End::Host => [ClassFlags::HOST, ClassFlags::TAILNET].contains(&flag),
            End::Metadata => flag == ClassFlags::LAN,
            _ => false,
        };
        let lists = if self.ask.to == End::Remote {
            self.remote_lists
        } else {
            0
        };
        let hits = lists & self.client.lists;
        let (rule, host) = (&self.client, &self.host);
        let near = is(ClassFlags::HOST) || is(ClassFlags::TAILNET);
        let said = |flag| self.ask.to == End::Remote && self.runtime.has(flag);
        let excepted = is(ClassFlags::ALLOW) || said(RuntimeFlags::ALLOW);
        let lockdown =
            rule.flags.has(RuleFlags::LOCKDOWN) || self.runtime.has(RuntimeFlags::LOCKDOWN);
        let exempt = matches!(
            self.ask.transport,
            Transport::IcmpError | Transport::NeighbourDiscovery
        ) || [End::MagicDns, End::Multicast].contains(&self.ask.to);
        let (host_lists, host_reason) = self.listed(host);
        let (rule_lists, rule_reason) = self.listed(rule);
        let denying = hits & !self.settings.observe_lists != 0;
        let guarded = is(ClassFlags::LAN) && !rule.flags.has(RuleFlags::LAN);
        let host_answers = self.ask.established && is(ClassFlags::HOST);

        let steps = [
            (lockdown && host_answers, Allow, Reason::Host, RuleId::HOST),
            (lockdown, Deny, Reason::Lockdown, CLIENT_RULE),
            (exempt, Allow, Reason::Exempt, CLIENT_RULE),
            (
                self.ask.origin == Origin::Remote,
                Allow,
                Reason::Reply,
                CLIENT_RULE,
            ),
            (near && host_lists, Allow, Reason::Host, RuleId::HOST),
            (near, Deny, host_reason, RuleId::HOST),
            (
                said(RuntimeFlags::BLOCK),
                Deny,
                Reason::Runtime,
                CLIENT_RULE,
            ),
            (!excepted && denying, Deny, Reason::Blocklist, CLIENT_RULE),
            (!excepted && guarded, Deny, Reason::Lan, CLIENT_RULE),
            (!rule_lists, Deny, rule_reason, CLIENT_RULE),
            (
                !excepted && hits != 0,
                WouldDeny,
                Reason::Blocklist,
                CLIENT_RULE,
            ),
            (true, Allow, rule_reason, CLIENT_RULE),
        ];
        let first = steps.into_iter().find(|(applies, ..)| *applies);
        let (_, verdict, reason, id) = first.unwrap();
        let denying_rule = if id == RuleId::HOST { host } else { rule };
        let answered = denying_rule.flags.has(RuleFlags::REJECT);
        Decision {
            verdict: match verdict {
                Deny if self.settings.observe => WouldDeny,
                verdict => verdict,
            },
            reason,
            rule: id,
            reject: answered && verdict != Allow && reason != Reason::Lockdown,
        }
    }
}

fn port_set() -> impl Strategy<Value = PortSetId> {
    prop::sample::select(vec![PortSetId(0), PortSetId(1), PortSetId::ANY])
}

fn rule() -> impl Strategy<Value = Rule> {
    let flags = prop::collection::vec(prop::bool::weighted(0.4), 4);
    (
        0u64..8,
        any::<[u64; 4]>(),
        [port_set(), port_set(), port_set()],
        flags,
    )
        .prop_map(|(lists, protocols, [tcp, udp, sctp], flags)| Rule {
            lists,
            protocols,
            tcp,
            udp,
            sctp,
            flags: RuleFlags(
                flags
                    .iter()
                    .fold(0, |bits, flag| bits << 1 | u32::from(*flag)),
            ),
        })
}

fn ask() -> impl Strategy<Value = Ask> {
    let port = prop::sample::select(vec![0u16, 1, 22, 443, 65_534, 65_535]);
    let question = (port, any::<u8>()).prop_flat_map(|(port, number)| {
        prop::sample::select(vec![
            Ask::tcp(port),
            Ask::tcp(port),
            Ask::udp(port),
            Ask::sctp(port),
            Ask::icmp(Transport::Echo),
            Ask::icmp(Transport::IcmpError),
            Ask::icmp(Transport::NeighbourDiscovery),
            Ask::icmp(Transport::IcmpOther),
            Ask::other(number),
            Ask::fragment(protocol::TCP),
            Ask::fragment(protocol::UDP),
            Ask::fragment(protocol::SCTP),
            Ask::fragment(47),
            Ask {
                protocols: [protocol::ICMP, protocol::ICMPV6],
                ..Ask::fragment(0)
            },
        ])
    });
    let to = prop_oneof![
        12 => Just(End::Remote),
        1 => Just(End::Host),
        1 => Just(End::Metadata),
        1 => Just(End::MagicDns),
        1 => Just(End::Multicast),
    ];
    (question, to, prop::bool::weighted(0.1), any::<bool>()).prop_map(
        |(ask, to, reply, established)| {
            let ask = ask.to(to);
            let ask = if reply { ask.reply() } else { ask };
            if established { ask.established() } else { ask }
        },
    )
}

fn bits(flags: &[bool]) -> u32 {
    flags
        .iter()
        .fold(0, |bits, flag| bits << 1 | u32::from(*flag))
}

fn case() -> impl Strategy<Value = Case> {
    let flags = prop::collection::vec(prop::bool::weighted(0.25), 4);
    let settings = (any::<bool>(), 0u64..8);
    let runtime = prop::collection::vec(prop::bool::weighted(0.2), RuntimeFlags::BITS as usize);
    (settings, rule(), rule(), flags, 0u64..8, runtime, ask()).prop_map(
        |((observe, observe_lists), client, host, flags, remote_lists, runtime, ask)| Case {
            settings: Settings {
                observe,
                observe_lists,
            },
            client,
            host,
            remote_flags: ClassFlags(bits(&flags) as u16),
            remote_lists,
            runtime: RuntimeFlags(bits(&runtime)),
            ask,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn the_first_step_that_answers_wins(case in case()) {
        prop_assert_eq!(case.world().decide(case.ask), case.expected());
    }

    #[test]
    fn observe_mode_never_drops_and_says_what_enforcing_would_do(case in case()) {
        let world = case.world();
        let observed = world.clone().observe().decide(case.ask);
        prop_assert!(observed.passes());
        let mut enforcing = world;
        enforcing.settings.observe = false;
        let enforced = enforcing.decide(case.ask);
        prop_assert_eq!(observed.verdict == Allow, enforced.verdict == Allow);
        prop_assert_eq!(Decision { verdict: enforced.verdict, ..observed }, enforced);
    }
}
