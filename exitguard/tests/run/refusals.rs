//! When there is nothing to guard, or somebody else does.

use exitguard::lab::WAN_LINK;
use nix::sys::signal::Signal;

use crate::exit_node::{Daemon, ExitNode, POLICY};
use crate::is_state;
use crate::kernel::has_pins;

/// Exit code and words of a start that is refused, which leaves nothing behind.
fn refused(node: &ExitNode, args: &[&str]) -> String {
    let mut run = node.run();
    run.args(args);
    let output = node.output(run);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    said
}

#[test]
#[ignore = "needs root"]
fn a_second_one_is_refused_and_the_first_goes_on() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    let said = refused(&node, &[]);
    assert_eq!(
        said,
        format!(
            "exitguard: exitguard is guarding tailscale0 already (process {}); stop it first\n",
            daemon.id()
        )
    );
    node.assert_guarded();
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
#[ignore = "needs root"]
fn an_interface_that_is_not_there_is_missed() {
    let mut node = ExitNode::new(POLICY);
    node.lab.remove_tun();
    let said = refused(&node, &[]);
    assert!(
        said.starts_with("exitguard: there is no interface tailscale0 (there are: lo, "),
        "{said}"
    );
    assert!(
        said.contains("wan0") && said.contains("`--wait` waits for it"),
        "{said}"
    );
    let said = refused(&node, &["--interface", "auto"]);
    assert!(said.contains("no TUN holds a Tailscale address"), "{said}");
    assert!(
        said.contains("wan0") && said.contains("`--wait` waits for it"),
        "{said}"
    );
    assert!(!has_pins(&node));
}

#[test]
#[ignore = "needs root"]
fn an_interface_that_is_no_tun_is_refused_even_by_who_waits() {
    let node = ExitNode::new(POLICY);
    for args in [
        &["--interface", WAN_LINK][..],
        &["--interface", WAN_LINK, "--wait"],
        &["--interface", "lo"],
    ] {
        let said = refused(&node, args);
        assert!(
            said.contains("not a TUN as tailscaled makes one; name the right interface"),
            "{said}"
        );
    }
    assert!(!has_pins(&node));
}

#[test]
#[ignore = "needs root"]
fn who_waits_guards_the_interface_when_it_comes() {
    let mut node = ExitNode::new(POLICY);
    node.lab.remove_tun();
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    let waiting = daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    let message = waiting["exitguard"]["message"].as_str().unwrap();
    assert!(
        message.contains("there is no interface tailscale0"),
        "{message}"
    );
    node.lab.recreate_tun().unwrap();
    daemon.wait_for("the start", |event| is_state(event, "started"));
    node.assert_guarded();
}

#[test]
#[ignore = "needs root"]
fn who_waits_can_be_told_to_stop() {
    let mut node = ExitNode::new(POLICY);
    node.lab.remove_tun();
    let mut run = node.run();
    run.arg("--wait");
    let daemon = Daemon::new(node.spawn(run));
    daemon.wait_for("the wait", |event| is_state(event, "waiting"));
    daemon.signal(Signal::SIGTERM);
    let ended = daemon.ended();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    assert!(!has_pins(&node));
}
