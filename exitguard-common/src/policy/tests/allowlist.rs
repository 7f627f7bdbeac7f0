//! Step 8: ports, ICMP, other protocols, and fragments that tell neither.

use super::{Ask, End, World, allow, deny};
use crate::abi::{ClassFlags, PortSetId, Reason, Rule, RuleFlags, RuleId, RuntimeFlags};
use crate::packet::{Transport, protocol};

type AskOf = fn(u16) -> Ask;
type SetOf = fn(&mut Rule) -> &mut PortSetId;

/// Asks about a port, the rule's set for these, and the protocol.
const WITH_PORTS: [(AskOf, SetOf, u8); 3] = [
    (Ask::tcp, |rule| &mut rule.tcp, protocol::TCP),
    (Ask::udp, |rule| &mut rule.udp, protocol::UDP),
    (Ask::sctp, |rule| &mut rule.sctp, protocol::SCTP),
];

/// Closed but for a set of ports of one protocol.
fn only(ports: &[u16], set_of: SetOf) -> World {
    let mut world = World::closed();
    let set = world.port_set(ports);
    world.client(|rule| *set_of(rule) = set)
}

#[test]
fn allows_the_ports_of_the_set_and_not_their_neighbours() {
    for (ask, set_of, _) in WITH_PORTS {
        let world = only(&[1, 443, u16::MAX], set_of);
        for (port, is_listed) in [
            (0, false),
            (1, true),
            (2, false),
            (442, false),
            (443, true),
            (444, false),
            (65_534, false),
            (65_535, true),
        ] {
            let expected = if is_listed { allow } else { deny };
            assert_eq!(world.decide(ask(port)), expected(Reason::Port), "{port}");
        }
        let zero = only(&[0], set_of);
        assert_eq!(zero.decide(ask(0)), allow(Reason::Port));
        assert_eq!(zero.decide(ask(1)), deny(Reason::Port));
    }
}

#[test]
fn any_port_is_any_port() {
    for (ask, set_of, _) in WITH_PORTS {
        let world = World::closed().client(|rule| *set_of(rule) = PortSetId::ANY);
        for port in [0, 1, 443, u16::MAX] {
            assert_eq!(world.decide(ask(port)), allow(Reason::Port), "{port}");
        }
    }
}

#[test]
fn the_ports_of_one_protocol_are_not_those_of_another() {
    for (allowed, (_, set_of, _)) in WITH_PORTS.into_iter().enumerate() {
        let set = only(&[443], set_of);
        let any = World::closed().client(|rule| *set_of(rule) = PortSetId::ANY);
        for (asked, (ask, ..)) in WITH_PORTS.into_iter().enumerate() {
            let expected = if asked == allowed { allow } else { deny };
            assert_eq!(set.decide(ask(443)), expected(Reason::Port));
            assert_eq!(any.decide(ask(443)), expected(Reason::Port));
        }
    }
}

#[test]
fn naming_a_protocol_that_has_ports_opens_none_of_them() {
    let world = World::closed().client(|rule| rule.protocols = [u64::MAX; 4]);
    for (ask, ..) in WITH_PORTS {
        assert_eq!(world.decide(ask(443)), deny(Reason::Port));
    }
    let echo = Ask::icmp(Transport::Echo);
    assert_eq!(world.decide(echo), deny(Reason::Icmp));
}

#[test]
fn one_switch_is_for_icmp_of_both_families() {
    for transport in [Transport::Echo, Transport::IcmpOther] {
        let ask = Ask::icmp(transport);
        assert_eq!(World::closed().decide(ask), deny(Reason::Icmp));
        let world = World::closed().client_flags(RuleFlags::ICMP);
        assert_eq!(world.decide(ask), allow(Reason::Icmp));
        let world = World::open().client(|rule| rule.flags = RuleFlags::LAN);
        assert_eq!(world.decide(ask), deny(Reason::Icmp));
    }
}

#[test]
fn other_protocols_have_to_be_named_one_by_one() {
    for named in [0, 1, 47, 63, 64, 127, 128, 191, 192, 255] {
        let world = World::closed().client(|rule| {
            rule.protocols[usize::from(named) / 64] = 1 << (named % 64);
        });
        for asked in 0..=u8::MAX {
            let expected = if asked == named { allow } else { deny };
            let decision = world.decide(Ask::other(asked));
            assert_eq!(decision, expected(Reason::Protocol), "{asked} for {named}");
        }
    }
}

#[test]
fn the_icmp_switch_is_not_for_the_icmp_of_the_other_family() {
    // The parser calls ICMP in IPv6 and ICMPv6 in IPv4 other protocols: nobody answers these.
    let world = World::closed().client_flags(RuleFlags::ICMP);
    for number in [protocol::ICMP, protocol::ICMPV6] {
        assert_eq!(world.decide(Ask::other(number)), deny(Reason::Protocol));
    }
}

#[test]
fn a_fragment_of_unknown_ports_passes_only_where_every_port_would() {
    for (_, set_of, number) in WITH_PORTS {
        let fragment = Ask::fragment(number);
        assert_eq!(World::open().decide(fragment), allow(Reason::Port));
        assert_eq!(World::closed().decide(fragment), deny(Reason::Fragment));
        // Port 0 stands in for the unknown one: it must not be looked up.
        let zero = only(&[0, 443], set_of);
        assert_eq!(zero.decide(fragment), deny(Reason::Fragment));
        let any = World::closed().client(|rule| *set_of(rule) = PortSetId::ANY);
        for (_, _, asked) in WITH_PORTS {
            let expected = if asked == number {
                allow(Reason::Port)
            } else {
                deny(Reason::Fragment)
            };
            assert_eq!(any.decide(Ask::fragment(asked)), expected, "{asked}");
        }
    }
}

#[test]
fn a_fragment_of_what_has_no_ports_is_judged_as_the_whole() {
    for number in [protocol::ICMP, protocol::ICMPV6] {
        let fragment = Ask::fragment(number);
        assert_eq!(World::closed().decide(fragment), deny(Reason::Icmp));
        let world = World::closed().client_flags(RuleFlags::ICMP);
        assert_eq!(world.decide(fragment), allow(Reason::Icmp));
    }
    for number in [47, 255] {
        let fragment = Ask::fragment(number);
        assert_eq!(World::closed().decide(fragment), deny(Reason::Protocol));
        assert_eq!(World::open().decide(fragment), allow(Reason::Protocol));
    }
}

#[test]
fn a_fragment_of_unknown_ports_is_denied_by_every_step_before() {
    let fragment = Ask::fragment(protocol::TCP);
    let blocked = World::open().runtime(RuntimeFlags::BLOCK);
    assert_eq!(blocked.decide(fragment), deny(Reason::Runtime));
    let listed = World::open().listed(1).client(|rule| rule.lists = 1);
    assert_eq!(listed.decide(fragment), deny(Reason::Blocklist));
    let lan = World::closed().remote(ClassFlags::LAN);
    assert_eq!(lan.decide(fragment), deny(Reason::Lan));
    let host = World::open().rule(RuleId::HOST, |host| *host = World::NOTHING);
    let decision = host.decide(fragment.to(End::Host));
    assert_eq!(
        (decision.reason, decision.rule),
        (Reason::Fragment, RuleId::HOST)
    );
}
