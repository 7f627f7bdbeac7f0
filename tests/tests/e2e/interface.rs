//! tailscaled restarts: its device goes and comes back with another index.

use aya::programs::links::Link;
use aya::programs::tc::{SchedClassifierLink, TcAttachType, TcHandle};
use exitguard::datapath::PIN_ROOT;
use exitguard::lab::{
    CLIENT_V4, EchoServer, Exchange, Lab, Links, SERVER_V4, TAILNET_PREFIXES, TUN, TcpSession, Via,
    tcp_exchange,
};
use exitguard::output::{Report, StateEvent};
use std::fs;
use std::path::Path;

use crate::guarded::{Guarded, policy};
use crate::{SILENCE, SOON, at, until};

fn ask(lab: &Lab, server: &EchoServer) -> Exchange {
    tcp_exchange(lab.client(), CLIENT_V4, server.address(), SILENCE).unwrap()
}

fn servers(lab: &Lab) -> [EchoServer; 2] {
    [443, 444].map(|port| EchoServer::tcp(lab.internet(), at(SERVER_V4, port)).unwrap())
}

#[test]
#[ignore = "needs root"]
fn an_interface_that_comes_back_is_guarded_again() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, shut] = servers(&lab);
    for round in 1..=3 {
        assert_eq!(
            (ask(&lab, &open), ask(&lab, &shut)),
            (Exchange::Answered, Exchange::TimedOut)
        );
        lab.remove_tun();
        let lost = guard.state(StateEvent::InterfaceLost);
        lab.recreate_tun().unwrap();
        let back = guard.state(StateEvent::InterfaceBack);
        assert_eq!(back.interface, "tailscale0");
        // Its addresses were gone, too. To compile a policy without them would have made the return wait.
        assert_eq!(back.generation, lost.generation);
        assert_eq!(
            (ask(&lab, &open), ask(&lab, &shut)),
            (Exchange::Answered, Exchange::TimedOut)
        );
        assert_eq!((open.calls(), shut.calls()), (2 * round, 0));
    }
}

/// Flows outlive the device: their state is not bound to it.
#[test]
#[ignore = "needs root"]
fn a_session_goes_on_when_the_interface_is_back() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, _shut] = servers(&lab);
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, open.address(), SOON).unwrap();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    let start = guard.started(443);
    lab.remove_tun();
    guard.state(StateEvent::InterfaceLost);
    lab.recreate_tun().unwrap();
    guard.state(StateEvent::InterfaceBack);
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    drop(session);
    let end = guard.flow("the end", |flow| flow.destination_port == Some(443));
    assert_eq!(end.flow_id, start.flow_id);
    assert!(end.to_server.pkts >= 5, "{end:?}");
}

#[test]
#[ignore = "needs root"]
fn a_policy_that_changes_meanwhile_is_in_force_afterwards() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [first, second] = servers(&lab);
    lab.remove_tun();
    guard.state(StateEvent::InterfaceLost);
    guard.apply(&policy("[444]", "[]", ""));
    lab.recreate_tun().unwrap();
    let back = guard.state(StateEvent::InterfaceBack);
    assert!(back.generation >= 2, "{back:?}");
    assert_eq!(
        (ask(&lab, &first), ask(&lab, &second)),
        (Exchange::TimedOut, Exchange::Answered)
    );
    assert_eq!(first.calls(), 0);
}

/// Whoever finds out first, it is told.
#[test]
#[ignore = "needs root"]
fn an_interface_that_goes_while_a_policy_changes_is_missed() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    for port in ["444", "445"] {
        guard.request(&policy(&format!("[{port}]"), "[]", ""));
        lab.remove_tun();
        guard.state(StateEvent::InterfaceLost);
        lab.recreate_tun().unwrap();
        guard.state(StateEvent::InterfaceBack);
    }
}

/// A policy takes time to make, in which the interface could go again.
#[test]
#[ignore = "needs root"]
fn an_interface_that_comes_back_with_its_addresses_needs_no_other_policy() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    for _ in 0..3 {
        lab.recreate_tun().unwrap();
        guard.state(StateEvent::InterfaceBack);
    }
    guard.apply(&policy("[443]", "[]", ""));
    let [open, _shut] = servers(&lab);
    until("the way back", || ask(&lab, &open) == Exchange::Answered);
    // For longer than the daemon waits for addresses.
    let start = std::time::Instant::now();
    while start.elapsed() < std::time::Duration::from_secs(2) {
        assert_eq!(ask(&lab, &open), Exchange::Answered);
    }
    let changed = |report: &Report| match report {
        Report::State(state) => state.message.contains("addresses"),
        _ => false,
    };
    let told = guard.stop();
    assert!(!told.iter().any(changed), "{told:#?}");
}

/// Gone and back before anybody has looked: what counts is that it is guarded.
#[test]
#[ignore = "needs root"]
fn an_interface_that_is_replaced_at_once_is_guarded_again() {
    let Guarded { guard, mut lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, shut] = servers(&lab);
    for _ in 0..5 {
        lab.recreate_tun().unwrap();
    }
    guard.state(StateEvent::InterfaceBack);
    // The last of several may come after the first word of it.
    let deadline = std::time::Instant::now() + SOON;
    while ask(&lab, &shut) != Exchange::TimedOut {
        assert!(std::time::Instant::now() < deadline);
    }
    let leaked = shut.calls();
    assert_eq!(
        (ask(&lab, &open), ask(&lab, &shut)),
        (Exchange::Answered, Exchange::TimedOut)
    );
    assert_eq!(shut.calls(), leaked);
}

/// Routes go with a device that is down, programs do not.
#[test]
#[ignore = "needs root"]
fn an_interface_that_is_down_for_a_while_was_guarded_all_the_time() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, shut] = servers(&lab);
    let exit = Links::of(lab.exit()).unwrap();
    for _ in 0..2 {
        exit.set_down(TUN).unwrap();
        exit.set_up(TUN).unwrap();
        for prefix in TAILNET_PREFIXES {
            exit.add_route(TUN, prefix, Via::Link).unwrap();
        }
        until("the way back", || ask(&lab, &open) == Exchange::Answered);
        assert_eq!(ask(&lab, &shut), Exchange::TimedOut);
    }
    assert_eq!(shut.calls(), 0);
    let told = guard.stop();
    let is_about_the_device = |report: &Report| {
        matches!(report, Report::State(state) if matches!(
            state.event,
            StateEvent::InterfaceLost | StateEvent::InterfaceBack | StateEvent::Unprotected
        ))
    };
    assert!(!told.iter().any(is_about_the_device), "{told:#?}");
}

/// The programs stay on the device, whatever it is called.
#[test]
#[ignore = "needs root"]
fn an_interface_that_has_another_name_for_a_while_was_guarded_all_the_time() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, shut] = servers(&lab);
    let exit = Links::of(lab.exit()).unwrap();
    let rename = |from: &str, to: &str| {
        exit.set_down(from).unwrap();
        exit.rename(from, to).unwrap();
        exit.set_up(to).unwrap();
        for prefix in TAILNET_PREFIXES {
            exit.add_route(to, prefix, Via::Link).unwrap();
        }
    };
    rename(TUN, "other0");
    guard.state(StateEvent::InterfaceLost);
    until("the way back", || ask(&lab, &open) == Exchange::Answered);
    assert_eq!(ask(&lab, &shut), Exchange::TimedOut);
    rename("other0", TUN);
    guard.state(StateEvent::InterfaceBack);
    until("the way back", || ask(&lab, &open) == Exchange::Answered);
    assert_eq!(ask(&lab, &shut), Exchange::TimedOut);
    assert_eq!(shut.calls(), 0);
}

/// Somebody else's `tc` or `bpftool`, or a distribution's network scripts.
#[test]
#[ignore = "needs root"]
fn programs_that_somebody_takes_off_are_missed_and_put_back() {
    let Guarded { guard, lab } = Guarded::new(&policy("[443]", "[]", ""));
    let [open, shut] = servers(&lab);
    for round in 1..=2 {
        lab.exit().enter(take_off).unwrap();
        // Before Linux 6.6 they are taken one after the other, and may be missed so.
        let mut told = String::new();
        until("the loss of both", || {
            told += &guard.state(StateEvent::Unprotected).message;
            told.contains("TC ingress") && told.contains("TC egress")
        });
        guard.state(StateEvent::InterfaceBack);
        let leaked = shut.calls();
        assert_eq!(
            (ask(&lab, &open), ask(&lab, &shut)),
            (Exchange::Answered, Exchange::TimedOut)
        );
        assert_eq!((open.calls(), shut.calls()), (round, leaked));
    }
}

/// Takes the programs off the device, in whichever of the two ways they are on it.
fn take_off() {
    let pins = Path::new(PIN_ROOT).read_dir().unwrap();
    let interfaces = pins.flat_map(|version| version.unwrap().path().read_dir().unwrap());
    let pins = interfaces.flat_map(|interface| interface.unwrap().path().read_dir().unwrap());
    for pin in pins.map(|pin| pin.unwrap().path()) {
        // Nothing but its pin holds a tcx link.
        if pin.to_string_lossy().contains("/link_") {
            fs::remove_file(pin).unwrap();
        }
    }
    for direction in [TcAttachType::Ingress, TcAttachType::Egress] {
        let handle = TcHandle::new(0x6567, 1);
        let filter = SchedClassifierLink::attached(TUN, direction, 1, handle, None).unwrap();
        // With tcx there is none.
        let _ = filter.detach();
    }
}
