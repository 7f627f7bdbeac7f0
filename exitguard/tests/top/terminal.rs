//! The terminal: its size, and that it is given back.

use nix::sys::signal::Signal;

use crate::node::Node;

#[test]
#[ignore = "needs root"]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    let node = Node::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let top = node.top(80, 24);
        top.shows(&["ENFORCING"]);
        top.signal(signal);
        top.assert_given_back(0);
    }
}

#[test]
#[ignore = "needs root"]
fn control_c_ends_it_in_the_middle_of_anything() {
    let node = Node::new();
    for keys in [&["q"][..], &["C-c"], &["?", "C-c"], &["/", "x", "C-c"]] {
        let top = node.top(80, 24);
        top.shows(&["ENFORCING"]);
        top.press(keys);
        top.assert_given_back(0);
    }
}

#[test]
#[ignore = "needs root"]
fn it_follows_the_size_of_the_terminal() {
    let node = Node::new();
    let top = node.top(140, 40);
    top.press(&["4"]);
    top.shows(&["Proto", "Reason", "Last"]);
    top.resize(80, 24);
    top.hides("Reason");
    top.resize(60, 20);
    top.shows(&["too small: needs 80x24, has 60x20"]);
    top.resize(140, 40);
    top.shows(&["ENFORCING", "Reason"]);
}
