//! SIGHUP.

use exitguard::lab::Exchange;
use nix::sys::signal::Signal;

use crate::exit_node::{ExitNode, LENIENT, OPEN, POLICY, SHUT};
use crate::is_state;

#[test]
#[ignore = "needs root"]
fn a_changed_file_is_applied() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    node.assert_guarded();
    node.write(LENIENT);
    // A file that is written is not yet a policy.
    node.assert_guarded();
    daemon.signal(Signal::SIGHUP);
    let reloaded = daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    assert_eq!(reloaded["exitguard"]["generation"], 2);
    node.assert_open();
    node.write(POLICY);
    daemon.signal(Signal::SIGHUP);
    let reloaded = daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    assert_eq!(reloaded["exitguard"]["generation"], 3);
    node.assert_guarded();
}

#[test]
#[ignore = "needs root"]
fn a_bad_file_changes_nothing_and_is_explained() {
    let node = ExitNode::new(POLICY);
    let daemon = node.guard();
    for (bad, place, why) in [
        (
            LENIENT.replace("[]", "[70000]"),
            "exitguard.toml:4:8: ",
            "70000",
        ),
        ("mode = ".to_owned(), "exitguard.toml:1:", ""),
        (
            LENIENT.replace("[egress]", "interface = \"wan0\"\n[egress]"),
            "`interface`",
            "restart",
        ),
    ] {
        node.write(&bad);
        daemon.signal(Signal::SIGHUP);
        let failed = daemon.wait_for("the failure", |event| event["event_type"] == "state");
        assert!(is_state(&failed, "reload_failed"), "{failed:#}");
        let message = failed["exitguard"]["message"].as_str().unwrap();
        assert!(
            message.contains(place) && message.contains(why),
            "{message}"
        );
        assert_eq!(failed["exitguard"]["generation"], 1);
        assert_eq!(
            (node.ask(OPEN), node.ask(SHUT)),
            (Exchange::Answered, Exchange::Refused),
            "{bad}"
        );
    }
    std::fs::remove_file(node.config()).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the failure", |event| is_state(event, "reload_failed"));
    node.assert_guarded();
    // And it still takes a good one.
    node.write(LENIENT);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    node.assert_open();
}
