//! Tables with holes: what cannot be known is denied.

use super::world::Hole;
use super::{Ask, CLIENT_RULE, End, INTERNAL, World, allow, deny};
use crate::abi::{Decision, Reason, RuleFlags, RuleId};
use crate::packet::{Transport, protocol};

const HTTPS: Ask = Ask::tcp(443);

#[test]
fn a_contradiction_is_a_silent_denial_of_its_own_reason() {
    assert_eq!(INTERNAL, Decision::drop(Reason::Internal, RuleId::EGRESS));
}

#[test]
fn denies_when_an_address_has_no_class_or_a_class_no_rule() {
    for hole in [
        Hole::ClassOf(End::Client),
        Hole::ClassOf(End::Remote),
        Hole::Class(End::Client),
        Hole::Class(End::Remote),
        Hole::Rule(CLIENT_RULE),
    ] {
        for ask in [
            HTTPS,
            HTTPS.reply(),
            Ask::icmp(Transport::Echo),
            Ask::icmp(Transport::IcmpError),
            Ask::other(47),
        ] {
            for world in [World::open(), World::closed()] {
                let world = world.client_flags(RuleFlags::REJECT).hole(hole);
                assert_eq!(world.decide(ask), INTERNAL, "{hole:?}: {ask:?}");
            }
        }
    }
}

#[test]
fn denies_when_there_is_no_host_rule_to_ask() {
    let world = World::open().hole(Hole::Rule(RuleId::HOST));
    for to in [End::Host, End::Peer] {
        assert_eq!(world.decide(HTTPS.to(to)), INTERNAL);
    }
    // Nobody asks it about the Internet, or about replies.
    assert_eq!(world.decide(HTTPS), allow(Reason::Port));
    assert_eq!(
        world.decide(HTTPS.to(End::Host).reply()),
        allow(Reason::Reply)
    );
}

#[test]
fn denies_when_there_is_no_port_set_to_ask() {
    let world = World::closed().hole(Hole::PortSet);
    for ask in [HTTPS, Ask::udp(53), Ask::sctp(5060)] {
        assert_eq!(world.decide(ask), INTERNAL);
    }
    // Where no set is looked up, its absence does not show.
    let fragment = Ask::fragment(protocol::TCP);
    assert_eq!(world.decide(fragment), deny(Reason::Fragment));
    assert_eq!(world.decide(Ask::other(47)), deny(Reason::Protocol));
    let open = World::open().hole(Hole::PortSet);
    assert_eq!(open.decide(HTTPS), allow(Reason::Port));
}
