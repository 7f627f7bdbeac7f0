//! The LAN guard, blocklists and exceptions: by destination.

use std::net::IpAddr;

use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, EchoServer, Exchange, LAN_HOST_V4, LAN_HOST_V6, LISTED_V4, LISTED_V6,
    SERVER_V4, ping, tcp_exchange,
};
use exitguard_common::abi::Reason;

use crate::guarded::{Guarded, policy};
use crate::{SILENCE, SOON, at};

const ANY: &str = "\"any\"";

fn ask(guarded: &Guarded, client: IpAddr, server: &EchoServer) -> Exchange {
    let client_side = guarded.lab.client();
    tcp_exchange(client_side, client, server.address(), SILENCE).unwrap()
}

#[test]
#[ignore = "needs root"]
fn the_lan_is_closed_unless_the_rule_opens_it() {
    let guarded = Guarded::new(&policy(ANY, ANY, ""));
    let pairs = [(CLIENT_V4, LAN_HOST_V4), (CLIENT_V6, LAN_HOST_V6)];
    for (client, host) in pairs {
        let printer = EchoServer::tcp(guarded.lab.lan(), at(host, 631)).unwrap();
        assert_eq!(ask(&guarded, client, &printer), Exchange::TimedOut);
        assert_eq!(printer.calls(), 0);
        let deny = guarded.guard.denied(631);
        assert_eq!(
            (deny.destination, deny.decision.reason),
            (Some(host), Reason::Lan)
        );
        let answer = ping(guarded.lab.client(), client, host, SILENCE).unwrap();
        assert_eq!(answer, Exchange::TimedOut);
    }
    guarded.guard.apply(&policy(ANY, ANY, "lan = true"));
    for (client, host) in pairs {
        let printer = EchoServer::tcp(guarded.lab.lan(), at(host, 631)).unwrap();
        assert_eq!(ask(&guarded, client, &printer), Exchange::Answered);
        let answer = ping(guarded.lab.client(), client, host, SOON).unwrap();
        assert_eq!(answer, Exchange::Answered);
    }
}

#[test]
#[ignore = "needs root"]
fn an_exception_opens_one_host_of_the_lan() {
    let more = format!("[allow]\ndestinations = [\"{LAN_HOST_V4}\"]");
    let guarded = Guarded::new(&policy("[631]", "[]", &more));
    let printer = EchoServer::tcp(guarded.lab.lan(), at(LAN_HOST_V4, 631)).unwrap();
    assert_eq!(ask(&guarded, CLIENT_V4, &printer), Exchange::Answered);
    // On the ports of the rule only.
    let other = EchoServer::tcp(guarded.lab.lan(), at(LAN_HOST_V4, 632)).unwrap();
    assert_eq!(ask(&guarded, CLIENT_V4, &other), Exchange::TimedOut);
    let closed = EchoServer::tcp(guarded.lab.lan(), at(LAN_HOST_V6, 631)).unwrap();
    assert_eq!(ask(&guarded, CLIENT_V6, &closed), Exchange::TimedOut);
}

#[test]
#[ignore = "needs root"]
fn what_is_listed_is_denied_by_list_and_entry() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("bad.txt");
    std::fs::write(&list, "203.0.113.64/28\n2001:db8:1::66\n").unwrap();
    let more = format!(
        "[[list]]\nname = \"bad\"\nsource = \"{}\"\n[lists]\ncache = \"{}\"\n",
        list.display(),
        folder.path().display()
    );
    let guarded = Guarded::new(&policy(ANY, ANY, &more));
    for (client, listed, entry) in [
        (CLIENT_V4, LISTED_V4, "203.0.113.64/28"),
        (CLIENT_V6, LISTED_V6, "2001:db8:1::66/128"),
    ] {
        let server = EchoServer::tcp(guarded.lab.internet(), at(listed, 443)).unwrap();
        assert_eq!(ask(&guarded, client, &server), Exchange::TimedOut);
        assert_eq!(server.calls(), 0);
        let deny = guarded.guard.denied(443);
        assert_eq!(deny.decision.reason, Reason::Blocklist);
        assert_eq!(
            (deny.list.as_deref(), deny.entry.as_deref()),
            (Some("bad"), Some(entry))
        );
    }
    let server = EchoServer::tcp(guarded.lab.internet(), at(SERVER_V4, 443)).unwrap();
    assert_eq!(ask(&guarded, CLIENT_V4, &server), Exchange::Answered);
    // A list that changed is read again with the rest.
    std::fs::write(&list, "203.0.113.7\n").unwrap();
    guarded.guard.apply(&policy(ANY, ANY, &more));
    assert_eq!(ask(&guarded, CLIENT_V4, &server), Exchange::TimedOut);
    let server = EchoServer::tcp(guarded.lab.internet(), at(LISTED_V4, 443)).unwrap();
    assert_eq!(ask(&guarded, CLIENT_V4, &server), Exchange::Answered);
}
