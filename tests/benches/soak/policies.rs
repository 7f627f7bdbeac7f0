//! What is in force: it changes, but what is forbidden here is forbidden in each of them.

use exitguard::lab::{CLIENT2_V4, LISTED_V4, LISTED_V6};
use fastrand::Rng;
use std::fmt::Write;
use std::net::Ipv6Addr;

/// Ports that every policy allows.
pub(crate) const TCP: u16 = 443;
pub(crate) const UDP: u16 = 53;
/// More of them, for many flows.
pub(crate) const MANY: std::ops::Range<u16> = 5_000..5_008;
/// TCP ports that none allows.
pub(crate) const SHUT_TCP: u16 = 25;
/// UDP ports that none allows begin here; there is no end.
pub(crate) const SHUT_UDP: u16 = 6_000;

/// Flows that the kernel may remember: fewer than there are.
pub(crate) const FLOWS: usize = 1_024;

const HEAD: &str = "mode = \"enforce\"\nfail = \"closed\"\n[limits]\nflows = 1024\n[control]\n\
    socket = \"control.sock\"\naudit = \"audit.jsonl\"\nchanges = \"changes.json\"\n[lists]\ncache = \"cache\"\n[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n";

/// How many policies there are.
pub(crate) const POLICIES: usize = 4;

/// One of them.
pub(crate) fn policy(number: usize) -> String {
    let second = format!("[[client]]\nname = \"second\"\nmatch = [\"{CLIENT2_V4}\"]\n");
    let more = match number % POLICIES {
        0 => String::new(),
        1 => "on_deny = \"reject\"\n".to_owned(),
        2 => format!("{second}on_deny = \"reject\"\n"),
        _ => format!("icmp = false\nsctp = [9]\n{second}tcp = [443, 8443]\n"),
    };
    format!("{HEAD}[egress]\ntcp = [443]\nudp = [53, \"5000-5007\"]\n{more}")
}

/// One that lets everything through, and remembers all of it.
pub(crate) fn open_policy(flows: usize) -> String {
    let head = HEAD
        .replace("enforce", "observe")
        .replace("1024", &flows.to_string());
    format!("{head}[egress]\ntcp = [443]\nudp = []\n")
}

/// None.
pub(crate) fn broken_policy(random: &mut Rng) -> String {
    let whole = policy(0);
    match random.u8(..4) {
        0 => String::new(),
        1 => whole.replace("udp =", "upd ="),
        2 => whole.chars().take(random.usize(10..150)).collect(),
        _ => format!("{whole}\n[[list]]\nname = \"bad\"\n"),
    }
}

/// The first address of a prefix of the list. Every other prefix, so that none can be joined.
pub(crate) fn listed(number: u32) -> Ipv6Addr {
    let [high, low] = [0x1000 + (number >> 16), number & 0xffff].map(|part| part as u16);
    Ipv6Addr::new(0x2001, 0xdb8, high, low, 1, 0, 0, 0)
}

/// A list of so many prefixes and the servers that are listed, which come last: a list that is cut lacks them.
pub(crate) fn list(prefixes: u32) -> String {
    let mut text = String::from("# made up\n");
    for number in 0..prefixes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}/80", listed(number));
    }
    let _ = writeln!(text, "{LISTED_V4}\n{LISTED_V6}");
    text
}
