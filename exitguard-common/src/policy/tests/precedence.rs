//! The first step that answers wins.

use super::{Ask, CLIENT_RULE, End, World, allow, deny};
use crate::abi::{ClassFlags, Decision, Reason, RuleFlags, RuleId, RuntimeFlags, Verdict};
use crate::packet::Transport;

const HTTPS: Ask = Ask::tcp(443);

/// What every step from the exceptions on has something to say about.
const EVERYTHING: ClassFlags = ClassFlags::ALLOW.with(ClassFlags::LAN);

const BLOCK_AND_ALLOW: RuntimeFlags = RuntimeFlags::BLOCK.with(RuntimeFlags::ALLOW);

const HOST_ALLOWS: Decision = Decision::allow(Reason::Host, RuleId::HOST);

fn host_denies(reason: Reason) -> Decision {
    Decision::drop(reason, RuleId::HOST)
}

fn on_list_1(world: World) -> World {
    world.listed(0b10).client(|rule| rule.lists = 0b10)
}

#[test]
fn an_open_policy_allows_by_port_and_a_closed_one_denies_by_port() {
    assert_eq!(World::open().decide(HTTPS), allow(Reason::Port));
    assert_eq!(World::closed().decide(HTTPS), deny(Reason::Port));
}

#[test]
fn lockdown_beats_every_step_after_it() {
    for (world, ask, otherwise) in [
        (
            World::open(),
            Ask::icmp(Transport::IcmpError),
            allow(Reason::Exempt),
        ),
        (
            World::open(),
            HTTPS.to(End::Multicast),
            allow(Reason::Exempt),
        ),
        (
            World::open(),
            Ask::udp(53).to(End::MagicDns),
            allow(Reason::Exempt),
        ),
        (World::open(), HTTPS.reply(), allow(Reason::Reply)),
        (World::open(), HTTPS.to(End::Host), HOST_ALLOWS),
        (World::open(), HTTPS.to(End::Peer), HOST_ALLOWS),
        (
            World::open().runtime(RuntimeFlags::BLOCK),
            HTTPS,
            deny(Reason::Runtime),
        ),
        (
            World::open().remote(ClassFlags::ALLOW),
            HTTPS,
            allow(Reason::Port),
        ),
        (on_list_1(World::open()), HTTPS, deny(Reason::Blocklist)),
        (World::closed(), HTTPS, deny(Reason::Port)),
    ] {
        assert_eq!(world.decide(ask), otherwise, "{ask:?}");
        let locked = world.clone().client_flags(RuleFlags::LOCKDOWN);
        assert_eq!(locked.decide(ask), deny(Reason::Lockdown), "{ask:?}");
        let by_operator = world.runtime(RuntimeFlags::LOCKDOWN);
        assert_eq!(by_operator.decide(ask), deny(Reason::Lockdown), "{ask:?}");
    }
}

#[test]
fn lockdown_keeps_established_flows_to_this_host_and_nothing_else() {
    // The ssh session that ordered it has to live on, whatever `[host]` says by now.
    let world = World::open()
        .client_flags(RuleFlags::LOCKDOWN)
        .rule(RuleId::HOST, |host| *host = World::NOTHING);
    let ssh = Ask::tcp(22);
    assert_eq!(world.decide(ssh.to(End::Host).established()), HOST_ALLOWS);
    for ask in [
        ssh.to(End::Host),
        ssh.to(End::Host).reply(),
        ssh.to(End::Peer).established(),
        ssh.established(),
        ssh.to(End::MagicDns).established(),
    ] {
        assert_eq!(world.decide(ask), deny(Reason::Lockdown), "{ask:?}");
    }
}

#[test]
fn lockdown_of_one_client_leaves_the_others_alone() {
    let world = World::open().client_flags(RuleFlags::LOCKDOWN);
    let stranger = Decision::allow(Reason::Port, RuleId::EGRESS);
    assert_eq!(world.decide(HTTPS.from(End::Stranger)), stranger);
    let world = World::open().rule(RuleId::EGRESS, |rule| rule.flags = RuleFlags::LOCKDOWN);
    assert_eq!(world.decide(HTTPS), allow(Reason::Port));
}

#[test]
fn exempt_beats_reply_host_and_all_that_denies() {
    let closed = on_list_1(World::closed())
        .remote(EVERYTHING.with(ClassFlags::TAILNET))
        .runtime(BLOCK_AND_ALLOW)
        .rule(RuleId::HOST, |host| *host = World::NOTHING);
    for transport in [Transport::IcmpError, Transport::NeighbourDiscovery] {
        let ask = Ask::icmp(transport);
        assert_eq!(closed.decide(ask), allow(Reason::Exempt));
        assert_eq!(closed.decide(ask.reply()), allow(Reason::Exempt));
        assert_eq!(closed.decide(ask.to(End::Host)), allow(Reason::Exempt));
    }
    // The step right after it, asked alone.
    let ask = Ask::icmp(Transport::IcmpOther);
    assert_eq!(closed.decide(ask.reply()), allow(Reason::Reply));
    assert_eq!(closed.decide(ask), host_denies(Reason::Icmp));
}

#[test]
fn reply_beats_host_and_all_that_denies() {
    let world = on_list_1(World::closed())
        .remote(EVERYTHING)
        .runtime(BLOCK_AND_ALLOW)
        .rule(RuleId::HOST, |host| *host = World::NOTHING);
    for to in [End::Host, End::Peer, End::Remote, End::Metadata] {
        assert_eq!(world.decide(HTTPS.to(to).reply()), allow(Reason::Reply));
    }
    assert_eq!(world.decide(HTTPS.to(End::Host)), host_denies(Reason::Port));
    assert_eq!(world.decide(HTTPS), deny(Reason::Runtime));
}

#[test]
fn host_and_tailnet_are_asked_about_before_everything_for_the_internet() {
    for near in [ClassFlags::HOST, ClassFlags::TAILNET] {
        let world = on_list_1(World::closed()).runtime(BLOCK_AND_ALLOW);
        assert_eq!(
            world.clone().remote(EVERYTHING).decide(HTTPS),
            deny(Reason::Runtime)
        );
        let near = world.remote(EVERYTHING.with(near));
        assert_eq!(near.decide(HTTPS), HOST_ALLOWS);
    }
}

#[test]
fn the_host_rule_alone_decides_about_the_host() {
    let mut world = World::closed();
    let ssh_only = world.port_set(&[22]);
    let web_only = world.port_set(&[443]);
    let world = world
        .client(|rule| rule.tcp = web_only)
        .rule(RuleId::HOST, |host| host.tcp = ssh_only);
    for to in [End::Host, End::Peer] {
        assert_eq!(world.decide(Ask::tcp(22).to(to)), HOST_ALLOWS);
        assert_eq!(world.decide(HTTPS.to(to)), host_denies(Reason::Port));
    }
    assert_eq!(world.decide(HTTPS), allow(Reason::Port));
    assert_eq!(world.decide(Ask::tcp(22)), deny(Reason::Port));
}

#[test]
fn the_host_rule_says_why_it_denies() {
    let world = World::open().rule(RuleId::HOST, |host| *host = World::NOTHING);
    for (ask, reason) in [
        (Ask::tcp(22), Reason::Port),
        (Ask::udp(22), Reason::Port),
        (Ask::sctp(22), Reason::Port),
        (Ask::icmp(Transport::Echo), Reason::Icmp),
        (Ask::other(47), Reason::Protocol),
    ] {
        assert_eq!(world.decide(ask.to(End::Host)), host_denies(reason));
    }
}

#[test]
fn a_runtime_block_beats_allow_blocklists_lan_and_ports() {
    for flags in [ClassFlags::ALLOW, ClassFlags::LAN, ClassFlags::default()] {
        for world in [World::open(), World::closed(), on_list_1(World::open())] {
            let blocked = world.remote(flags).runtime(RuntimeFlags::BLOCK);
            assert_eq!(blocked.decide(HTTPS), deny(Reason::Runtime));
            // Being allowed before does not help: a block cuts live flows.
            assert_eq!(blocked.decide(HTTPS.established()), deny(Reason::Runtime));
        }
    }
}

#[test]
fn allow_skips_blocklists_and_the_lan_guard_but_not_ports() {
    for flags in [ClassFlags::default(), ClassFlags::LAN] {
        let open = on_list_1(World::open()).client(|rule| rule.flags = RuleFlags::ICMP);
        let closed = on_list_1(World::closed());
        let denied = deny(Reason::Blocklist);
        assert_eq!(open.clone().remote(flags).decide(HTTPS), denied);
        assert_eq!(closed.clone().remote(flags).decide(HTTPS), denied);
        for (world, answer) in [(&open, allow(Reason::Port)), (&closed, deny(Reason::Port))] {
            let by_operator = world.clone().remote(flags).runtime(RuntimeFlags::ALLOW);
            assert_eq!(by_operator.decide(HTTPS), answer);
            let blocked = by_operator.runtime(RuntimeFlags::BLOCK);
            assert_eq!(blocked.decide(HTTPS), deny(Reason::Runtime));
        }
        let allowed = flags.with(ClassFlags::ALLOW);
        assert_eq!(open.remote(allowed).decide(HTTPS), allow(Reason::Port));
        assert_eq!(closed.remote(allowed).decide(HTTPS), deny(Reason::Port));
    }
}

#[test]
fn a_blocklist_beats_the_lan_guard_and_ports() {
    for flags in [ClassFlags::default(), ClassFlags::LAN] {
        for world in [World::open(), World::closed()] {
            let listed = on_list_1(world).remote(flags);
            assert_eq!(listed.decide(HTTPS), deny(Reason::Blocklist));
            assert_eq!(listed.decide(HTTPS.established()), deny(Reason::Blocklist));
        }
    }
}

#[test]
fn a_list_denies_only_those_whose_rule_names_it() {
    for list in [0, 1, 31, 32, 63] {
        let world = World::open().listed(1 << list);
        let named = world.clone().client(|rule| rule.lists = 1 << list);
        assert_eq!(named.decide(HTTPS), deny(Reason::Blocklist), "list {list}");
        let stranger = named.decide(HTTPS.from(End::Stranger));
        assert_eq!(stranger.verdict, Verdict::Allow, "list {list}");
        let others = world.client(|rule| rule.lists = !(1 << list));
        assert_eq!(others.decide(HTTPS), allow(Reason::Port), "list {list}");
    }
}

#[test]
fn the_lan_guard_beats_ports_and_lan_true_leaves_them_in_force() {
    let lan = ClassFlags::LAN;
    let guarded = World::closed().remote(lan);
    assert_eq!(guarded.decide(HTTPS), deny(Reason::Lan));
    let guarded = World::open()
        .remote(lan)
        .client(|rule| rule.flags = RuleFlags::ICMP);
    for ask in [
        HTTPS,
        Ask::udp(53),
        Ask::icmp(Transport::Echo),
        Ask::other(47),
    ] {
        assert_eq!(guarded.decide(ask), deny(Reason::Lan), "{ask:?}");
    }
    let unguarded = World::closed().remote(lan).client_flags(RuleFlags::LAN);
    assert_eq!(unguarded.decide(HTTPS), deny(Reason::Port));
    assert_eq!(World::open().remote(lan).decide(HTTPS), allow(Reason::Port));
}

#[test]
fn a_client_without_a_rule_is_judged_by_egress() {
    let world = World::closed().client(|rule| *rule = World::EVERYTHING);
    let denied = Decision::drop(Reason::Port, RuleId::EGRESS);
    assert_eq!(world.decide(HTTPS.from(End::Stranger)), denied);
    assert_eq!(world.decide(HTTPS), allow(Reason::Port));
}

#[test]
fn a_denial_is_answered_where_the_rule_that_denied_says_reject() {
    let reject = |decision| Decision {
        reject: true,
        ..decision
    };
    let world = on_list_1(World::closed()).client_flags(RuleFlags::REJECT);
    for (flags, reason) in [
        (ClassFlags::LAN, Reason::Blocklist),
        (ClassFlags::ALLOW, Reason::Port),
    ] {
        let decision = world.clone().remote(flags).decide(HTTPS);
        assert_eq!(decision, reject(deny(reason)));
    }
    let blocked = world.clone().runtime(RuntimeFlags::BLOCK);
    assert_eq!(blocked.decide(HTTPS), reject(deny(Reason::Runtime)));
    let lan = World::closed()
        .remote(ClassFlags::LAN)
        .client_flags(RuleFlags::REJECT);
    assert_eq!(lan.decide(HTTPS), reject(deny(Reason::Lan)));
    // `[host]` has a switch of its own.
    let silent = world.rule(RuleId::HOST, |host| *host = World::NOTHING);
    assert_eq!(
        silent.decide(HTTPS.to(End::Host)),
        host_denies(Reason::Port)
    );
    let loud = World::closed().rule(RuleId::HOST, |host| {
        *host = World::NOTHING;
        host.flags = RuleFlags::REJECT;
    });
    let denied = reject(host_denies(Reason::Port));
    assert_eq!(loud.decide(HTTPS.to(End::Host)), denied);
    // Lockdown is silent, and what is allowed is never answered.
    let locked = World::open().client_flags(RuleFlags::REJECT.with(RuleFlags::LOCKDOWN));
    assert_eq!(
        locked.decide(HTTPS),
        Decision::drop(Reason::Lockdown, CLIENT_RULE)
    );
    let open = World::open().client_flags(RuleFlags::REJECT);
    assert_eq!(open.decide(HTTPS), allow(Reason::Port));
}
