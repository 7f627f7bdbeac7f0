//! Keys that change what is in force.

use exitguard::lab::{CLIENT_V4, Exchange, SERVER_V4};

use crate::node::{Node, OPEN};

#[test]
#[ignore = "needs root"]
fn a_destination_is_blocked_and_the_block_is_taken_back() {
    let node = Node::new();
    let top = node.top(100, 30);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    top.press(&["2"]);
    top.shows(&["203.0.113.7"]);
    top.press(&["Down", "b"]);
    top.shows(&["Block 203.0.113.7", "exitguard block 203.0.113.7 --for 1h"]);
    // Nothing is done before it is confirmed.
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    top.press(&["Enter"]);
    top.shows(&["blocked 203.0.113.7 until ", "policy 2", "changes 1"]);
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    top.press(&["5"]);
    top.shows(&["DENY  tcp", "runtime"]);
    top.press(&["u"]);
    top.shows(&["block 203.0.113.7, until ", "by root", "exitguard undo 1"]);
    top.press(&["Enter"]);
    top.shows(&["taken back: block 203.0.113.7", "changes 0"]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn a_client_is_locked_down_and_what_another_changed_is_seen() {
    let node = Node::new();
    let top = node.top(100, 30);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    top.shows(&["100.64.0.9"]);
    top.press(&["Down", "B", "Down"]);
    top.shows(&["> until it is taken back", "exitguard lockdown 100.64.0.9"]);
    top.press(&["Enter"]);
    top.shows(&["locked down 100.64.0.9 until it is taken back", "changes 1"]);
    node.assert_locked_down();
    node.command(&["unlock", &CLIENT_V4.to_string()]);
    top.shows(&["changes 0"]);
    node.command(&["allow", &SERVER_V4.to_string()]);
    top.shows(&["changes 1"]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn what_would_cut_the_own_session_is_asked_twice() {
    let node = Node::new();
    let top = node.top_from(100, 30, CLIENT_V4);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    top.shows(&["100.64.0.9"]);
    top.press(&["Down", "B", "Enter"]);
    top.shows(&[
        "The daemon warns: ",
        "> cancel",
        "exitguard lockdown 100.64.0.9 --for 1h --force",
    ]);
    top.press(&["Enter"]);
    top.hides("The daemon warns");
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    top.press(&["B", "Enter"]);
    top.shows(&["The daemon warns: "]);
    top.press(&["Down", "Enter"]);
    top.shows(&["locked down 100.64.0.9"]);
    node.assert_locked_down();
}
