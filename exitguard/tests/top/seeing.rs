//! What is seen of what clients do.

use exitguard::lab::Exchange;

use crate::node::{Node, OPEN, SHUT};

#[test]
#[ignore = "needs root"]
fn traffic_is_seen_from_every_side() {
    let node = Node::new();
    let top = node.top(100, 30);
    top.shows(&["tailscale0  ENFORCING  mode enforce  policy 1", "no flows"]);
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    assert_eq!(node.ask(SHUT), Exchange::Refused);
    top.shows(&["[1 Clients]", "100.64.0.9"]);
    top.press(&["2"]);
    top.shows(&["[2 Destinations]", "203.0.113.7"]);
    top.press(&["Tab"]);
    top.shows(&["[3 Ports]", "80/tcp http", "81/tcp"]);
    top.press(&["4"]);
    top.shows(&["allow tcp", "DENY  tcp", "203.0.113.7:81"]);
    top.write("/port:80");
    top.hides("203.0.113.7:81");
    top.write(" reason:nonsense");
    top.shows(&["port:80 reason:nonsense", "^^^^^^^^"]);
    top.press(&["Escape", "5"]);
    top.shows(&["[5 Denied]", "203.0.113.7:81", "port"]);
    top.press(&["Down", "d"]);
    top.shows(&[
        "DENIED: the rule does not list the port",
        "egress, policy 1",
    ]);
    top.press(&["Escape", "6"]);
    top.shows(&["no list is configured"]);
    // What happened before is told, too.
    top.press(&["7"]);
    top.shows(&["REJECT tcp 100.64.0.9:", "start tcp 100.64.0.9:"]);
    top.press(&["?"]);
    top.shows(&["Keys", "lock the client down"]);
    top.press(&["q", "q"]);
    top.assert_given_back(0);
}

#[test]
#[ignore = "needs root"]
fn down_from_a_client_to_a_flow_and_back() {
    let node = Node::new();
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    let top = node.top(80, 24);
    top.shows(&["100.64.0.9"]);
    top.press(&["Down", "Enter"]);
    top.shows(&["[2 Destinations]", "client 100.64.0.9", "203.0.113.7"]);
    top.press(&["Down", "Enter"]);
    top.shows(&["[4 Flows]", "client 100.64.0.9 › destination 203.0.113.7"]);
    top.press(&["Down", "Enter"]);
    top.shows(&["allowed: the rule lists the port"]);
    top.press(&["BSpace", "BSpace", "BSpace"]);
    top.shows(&["[1 Clients]", "1 of 1"]);
}

#[test]
#[ignore = "needs root"]
fn a_daemon_that_goes_is_missed_and_one_that_comes_is_found() {
    let mut node = Node::new();
    let top = node.top(100, 30);
    top.shows(&["ENFORCING"]);
    node.stop();
    top.shows(&[
        "!!! NO DAEMON ANSWERS since ",
        "tailscale0 is still guarded",
    ]);
    assert_eq!(node.ask(SHUT), Exchange::Refused);
    node.start();
    top.shows(&["ENFORCING", "100.64.0.9"]);
    top.hides("NO DAEMON");
}

#[test]
#[ignore = "needs root"]
fn events_go_on_after_the_daemon_was_started_again() {
    let mut node = Node::new();
    let top = node.top(100, 30);
    top.press(&["7"]);
    assert_eq!(node.ask(SHUT), Exchange::Refused);
    top.shows(&["REJECT tcp"]);
    node.stop();
    top.shows(&["NO DAEMON"]);
    node.start();
    top.shows(&["started", "ENFORCING"]);
    assert_eq!(node.ask(SHUT), Exchange::Refused);
    top.shows(&["REJECT tcp"]);
}
