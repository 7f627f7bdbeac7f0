//! Mode `observe`, and lists that only observe.

use super::super::{Settings, named_list};
use super::world::Hole;
use super::{Ask, End, INTERNAL, World, allow, deny, would_deny};
use crate::abi::{
    AddressClass, ClassFlags, Decision, Reason, Rule, RuleFlags, RuleId, RuntimeFlags, Verdict,
};
use crate::packet::{Transport, protocol};

const HTTPS: Ask = Ask::tcp(443);

/// Every denial there is, and what is asked to get it.
fn denials() -> Vec<(World, Ask, Reason)> {
    let listed = World::open().listed(1).client(|rule| rule.lists = 1);
    let host = World::open().rule(RuleId::HOST, |host| *host = World::NOTHING);
    vec![
        (
            World::open().client_flags(RuleFlags::LOCKDOWN),
            HTTPS,
            Reason::Lockdown,
        ),
        (host, HTTPS.to(End::Host), Reason::Port),
        (
            World::open().runtime(RuntimeFlags::BLOCK),
            HTTPS,
            Reason::Runtime,
        ),
        (listed, HTTPS, Reason::Blocklist),
        (World::closed().remote(ClassFlags::LAN), HTTPS, Reason::Lan),
        (World::closed(), HTTPS, Reason::Port),
        (World::closed(), Ask::icmp(Transport::Echo), Reason::Icmp),
        (World::closed(), Ask::other(47), Reason::Protocol),
        (
            World::closed(),
            Ask::fragment(protocol::UDP),
            Reason::Fragment,
        ),
    ]
}

#[test]
fn observe_mode_turns_every_denial_into_would_deny_and_changes_nothing_else() {
    for (world, ask, reason) in denials() {
        for world in [world.clone(), world.client_flags(RuleFlags::REJECT)] {
            let enforced = world.decide(ask);
            assert_eq!((enforced.verdict, enforced.reason), (Verdict::Deny, reason));
            assert!(!enforced.passes());
            let observed = world.observe().decide(ask);
            let expected = Decision {
                verdict: Verdict::WouldDeny,
                ..enforced
            };
            assert_eq!(observed, expected);
            assert!(observed.passes());
        }
    }
}

#[test]
fn observe_mode_leaves_what_is_allowed_as_it_is() {
    for ask in [
        HTTPS,
        HTTPS.reply(),
        HTTPS.to(End::Host),
        Ask::icmp(Transport::IcmpError),
        Ask::icmp(Transport::Echo),
        Ask::other(47),
    ] {
        let enforced = World::open().decide(ask);
        assert_eq!(enforced.verdict, Verdict::Allow);
        assert_eq!(World::open().observe().decide(ask), enforced);
    }
}

#[test]
fn observe_mode_drops_nothing_even_where_the_tables_contradict_themselves() {
    let expected = Decision {
        verdict: Verdict::WouldDeny,
        ..INTERNAL
    };
    for hole in [
        Hole::ClassOf(End::Client),
        Hole::ClassOf(End::Remote),
        Hole::Class(End::Client),
        Hole::Class(End::Remote),
        Hole::Rule(super::CLIENT_RULE),
        Hole::PortSet,
    ] {
        let world = World::closed().observe().hole(hole);
        assert_eq!(world.decide(HTTPS), expected, "{hole:?}");
    }
}

#[test]
fn a_list_that_only_observes_reports_what_is_allowed_otherwise() {
    let world = World::open()
        .listed(0b10)
        .observe_lists(0b10)
        .client(|rule| rule.lists = 0b10);
    for ask in [
        HTTPS,
        Ask::udp(53),
        Ask::icmp(Transport::Echo),
        Ask::other(47),
    ] {
        assert_eq!(world.decide(ask), would_deny(Reason::Blocklist), "{ask:?}");
    }
    let fragment = Ask::fragment(protocol::TCP);
    assert_eq!(world.decide(fragment), would_deny(Reason::Blocklist));
}

#[test]
fn a_list_that_only_observes_is_silent_where_something_else_denies() {
    let listed = |world: World| {
        world
            .listed(0b10)
            .observe_lists(0b10)
            .client(|rule| rule.lists = 0b10)
    };
    for (world, ask, reason) in denials() {
        // On a list that denies, another list has no say; the next test is about that.
        if reason != Reason::Blocklist {
            let alone = world.decide(ask);
            assert_eq!(listed(world).decide(ask), alone, "{reason:?}");
        }
    }
}

#[test]
fn a_list_that_only_observes_does_not_report_what_the_steps_before_it_allow() {
    let world = World::open()
        .listed(1)
        .observe_lists(1)
        .client(|rule| rule.lists = 1);
    assert_eq!(world.decide(HTTPS.reply()), allow(Reason::Reply));
    let exempt = world.decide(Ask::icmp(Transport::IcmpError));
    assert_eq!(exempt, allow(Reason::Exempt));
    let near = world.clone().remote(ClassFlags::TAILNET);
    let host = Decision::allow(Reason::Host, RuleId::HOST);
    assert_eq!(near.decide(HTTPS), host);
    let excepted = world.remote(ClassFlags::ALLOW);
    assert_eq!(excepted.decide(HTTPS), allow(Reason::Port));
}

#[test]
fn a_list_that_denies_beats_one_that_only_observes() {
    let world = World::open().listed(0b11);
    for (observing, named, expected) in [
        (0b01, 0b11, deny(Reason::Blocklist)),
        (0b10, 0b11, deny(Reason::Blocklist)),
        (0b11, 0b11, would_deny(Reason::Blocklist)),
        // Only the lists that the rule names count on either side.
        (0b01, 0b01, would_deny(Reason::Blocklist)),
        (0b01, 0b10, deny(Reason::Blocklist)),
        (0b11, 0b00, allow(Reason::Port)),
        // A list that does not hold the address does not make one that does observe, or deny.
        (0b100, 0b111, deny(Reason::Blocklist)),
        (0b011, 0b111, would_deny(Reason::Blocklist)),
        (1 << 63, 0b10 | 1 << 63, deny(Reason::Blocklist)),
    ] {
        let world = world
            .clone()
            .observe_lists(observing)
            .client(|rule| rule.lists = named);
        assert_eq!(world.decide(HTTPS), expected, "{observing:b} {named:b}");
    }
}

#[test]
fn a_denial_is_laid_to_the_first_list_that_denies_and_else_to_the_first_that_observes() {
    let named = |applies: u64, holds: u64, observes: u64| {
        let rule = Rule {
            lists: applies,
            ..World::NOTHING
        };
        let remote = AddressClass {
            lists: holds,
            ..AddressClass::PLAIN
        };
        let settings = Settings {
            observe: false,
            observe_lists: observes,
        };
        named_list(&rule, &remote, &settings)
    };
    for bit in 0..64 {
        let above = u64::MAX << bit;
        assert_eq!(named(above, u64::MAX, 0), Some(bit));
        assert_eq!(named(u64::MAX, above, u64::MAX), Some(bit));
        assert_eq!(named(u64::MAX, u64::MAX, !(1 << bit)), Some(bit));
        assert_eq!(named(1 << bit, !(1 << bit), 0), None);
    }
    assert_eq!(named(0, u64::MAX, 0), None);
}
