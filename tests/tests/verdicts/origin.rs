//! Who opened a flow, and what was established before a lockdown.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Decision, EventKind, Origin, Reason, RuleId};
use exitguard_common::packet::tcp_flags::{ACK, SYN};
use exitguard_tests::expect::{Expected, Way};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::Judge;

use crate::places::Places;
use crate::world::{LOCKED, Setting, again, allow, check, check_as, deny, in_namespace};

const EGRESS: RuleId = RuleId::EGRESS;
const IN: Hook = Hook::TcInbound;
const OUT: Hook = Hook::TcOutbound;

fn check_opened_by(judge: &mut Judge, frame: &Frame, origin: Origin, decision: Decision) {
    let expected = Expected {
        way: Way::Flow(origin),
        ..Expected::first(IN, frame, decision).unwrap()
    };
    check_as(judge, IN, frame, &expected, "inbound");
}

#[test]
#[ignore = "needs root"]
fn what_the_far_side_opened_may_be_answered_from_any_port() {
    let reply = allow(Reason::Reply, EGRESS);
    in_namespace(|| {
        for setting in Setting::all() {
            let mut judge = setting.judge();
            for places in Places::families() {
                let client = places.client;
                // Anybody shows by TCP that he opened it; host, tailnet and LAN are believed.
                for remote in [places.world, places.listed, places.lan, places.host] {
                    let syn = Frame::tcp(remote, client, (50_000, 8_080));
                    check_opened_by(&mut judge, &syn, Origin::Remote, reply);
                    let answer = syn.answer().flags(SYN | ACK);
                    again(&mut judge, setting.outbound, &answer, reply, &[]);
                }
                for remote in [places.lan, places.host, places.peer] {
                    let query = Frame::udp(remote, client, (50_000, 161));
                    check_opened_by(&mut judge, &query, Origin::Remote, reply);
                    again(&mut judge, setting.outbound, &query.answer(), reply, &[]);
                    let ping = Frame::ping(remote, client, 9);
                    check_opened_by(&mut judge, &ping, Origin::Remote, reply);
                    again(&mut judge, setting.outbound, &ping.answer(), reply, &[]);
                }
                // Of a stranger's datagram nobody knows whether it is an answer.
                let stray = Frame::udp(places.world, client, (161, 50_000));
                let decision = setting.decision(deny(Reason::Port, EGRESS));
                check_opened_by(&mut judge, &stray, Origin::Client, decision);
                again(&mut judge, setting.outbound, &stray.answer(), decision, &[]);
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn an_answer_does_not_open_a_flow() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for places in Places::families() {
            let answer = Frame::tcp(places.world, places.client, (25, 40_007)).flags(SYN | ACK);
            let decision = deny(Reason::Port, EGRESS);
            check_opened_by(&mut judge, &answer, Origin::Client, decision);
            let reply = Frame::ping(places.client, places.lan, 8).answer();
            check_opened_by(
                &mut judge,
                &reply,
                Origin::Client,
                deny(Reason::Lan, EGRESS),
            );
        }
    });
}

#[test]
#[ignore = "needs root"]
fn lockdown_keeps_what_is_established_with_this_host_and_nothing_else() {
    in_namespace(|| {
        let setting = Setting::TUN;
        let mut judge = Judge::new(
            setting.policy_but("lockdown = true", "lockdown = false"),
            setting.link,
        )
        .unwrap();
        let host = allow(Reason::Host, RuleId::HOST);
        for places in Places::families() {
            let locked = places.locked;
            let ssh = Frame::tcp(locked, places.host, (40_008, 22));
            let peer = Frame::tcp(locked, places.peer, (40_008, 22));
            let web = Frame::tcp(locked, places.world, (40_008, 80));
            let ssh_later = Frame::tcp(locked, places.host, (40_009, 22));
            check(&mut judge, OUT, &ssh, host, "ssh");
            check(&mut judge, OUT, &peer, host, "peer");
            check(&mut judge, OUT, &web, allow(Reason::Port, LOCKED), "web");
            judge.replace(setting.policy()).unwrap();
            let lockdown = deny(Reason::Lockdown, LOCKED);
            again(&mut judge, OUT, &ssh.clone().flags(ACK), host, &[]);
            again(&mut judge, IN, &ssh.answer().flags(ACK), host, &[]);
            let told: &'static [_] = &[EventKind::Deny];
            again(&mut judge, OUT, &peer.flags(ACK), lockdown, told);
            again(&mut judge, IN, &web.answer().flags(ACK), lockdown, told);
            check(&mut judge, OUT, &ssh_later, lockdown, "new ssh");
            judge
                .replace(setting.policy_but("lockdown = true", "lockdown = false"))
                .unwrap();
        }
    });
}
