//! What no list may block because tailscaled says so.

use super::*;
use crate::changes::Book;
use crate::host::tailscaled;
use crate::output::{Format, Lines, Sink};
use crate::policy::Network;
use exitguard_common::abi::RuleId;
use exitguard_common::policy::Tables as _;
use std::fs;
use std::io;
use std::sync::{Arc, Weak};

const CONFIG: &str = "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"feed\"\nsource = \"feed.txt\"\n\
                      [lists]\ncache = \"cache\"\n";

fn map(relay: &str) -> Option<Vec<u8>> {
    let map = format!("{{\"Regions\":{{\"1\":{{\"Nodes\":[{{\"IPv4\":\"{relay}\"}}]}}}}}}");
    Some(format!("HTTP/1.0 200 OK\r\n\r\n{map}").into_bytes())
}

#[test]
fn relays_are_left_out_of_lists_also_when_tailscaled_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("exitguard.toml", CONFIG);
    write("feed.txt", "198.51.100.0/24\n");
    let socket = folder.path().join("tailscaled.sock");
    let files = PolicyFiles {
        config: folder.path().join("exitguard.toml"),
        overrides: Overrides {
            tailscaled: Some(socket.clone()),
            ..Overrides::default()
        },
    };
    let collisions = |desired: &Desired| {
        let collisions = desired.collisions(&Network::default());
        let messages = collisions.iter().map(|one| one.message().to_owned());
        messages.collect::<Vec<_>>()
    };
    // Without any tailscaled, ever.
    assert_eq!(collisions(&files.read().unwrap()), [""; 0]);

    let server = tailscaled(
        &socket,
        vec![map("198.51.100.7"), map("198.51.100.8"), None],
    );
    let why = |relay: &str| {
        format!("list \"feed\": 198.51.100.0/24 holds {relay}, a relay of Tailscale; left out")
    };
    let mut desired = files.read().unwrap();
    assert_eq!(collisions(&desired), [why("198.51.100.7")]);
    let network = desired.surroundings(&Network::default());
    let (policy, _) =
        crate::policy::compile(&desired.config, desired.lists.clone(), &network).unwrap();
    let lists = |addr: &str| {
        let addr: std::net::IpAddr = addr.parse().unwrap();
        let class = policy.class_of(&addr.into()).unwrap();
        policy.class(class).unwrap().lists
    };
    assert_eq!((lists("198.51.100.7"), lists("198.51.100.8")), (0, 1));
    // Who only looks keeps nothing.
    assert!(!folder.path().join("cache").exists());
    assert_eq!(desired.keep(), []);

    // Tailscaled names others, which are not kept, and then is silent, and then gone.
    assert_eq!(collisions(&files.read().unwrap()), [why("198.51.100.8")]);
    assert_eq!(collisions(&files.read().unwrap()), [why("198.51.100.7")]);
    server.join().unwrap();
    fs::remove_file(&socket).unwrap();
    assert_eq!(collisions(&files.read().unwrap()), [why("198.51.100.7")]);
    // A damaged copy is none.
    write("cache/last_good/.relays.json", "[\"198.51.");
    assert_eq!(collisions(&files.read().unwrap()), [""; 0]);
}

#[test]
fn of_all_policies_that_are_remembered_only_the_last_two_keep_their_lists() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("exitguard.toml", CONFIG);
    let files = PolicyFiles {
        config: folder.path().join("exitguard.toml"),
        overrides: Overrides {
            tailscaled: Some(folder.path().join("tailscaled.sock")),
            ..Overrides::default()
        },
    };
    let sink = Sink::new(Lines::new(Format::Text, io::sink()), || {}).unwrap();
    let mut reporter = Reporter::new(sink, "tailscale0".to_owned(), "enforce");
    let mut lists = Vec::new();
    for generation in 1..=5 {
        write(
            "feed.txt",
            &format!("198.51.100.{generation}\n203.0.113.7\n"),
        );
        let desired = files.read().unwrap();
        let (_, labels) = desired
            .compile(&Network::default(), &Book::default())
            .unwrap();
        reporter.use_policy(generation, labels.clone(), "enforce");
        // Changes at run time are policies as well, of the same lists.
        reporter.change(generation + 100, labels.overlay().clone());
        lists.push(Arc::downgrade(&desired.lists));
    }
    let kept = lists.iter().map(|lists| Weak::strong_count(lists) > 0);
    assert_eq!(kept.collect::<Vec<_>>(), [false, false, false, true, true]);
    // Older ones say what is on the list now.
    let names = reporter.names();
    let entry = |generation, address: &str| {
        let labels = names.of(generation).unwrap();
        let hit = labels.list_hit(RuleId::EGRESS, address.parse().unwrap());
        hit.map(|hit| hit.entry.to_string())
    };
    let found = Some("203.0.113.7/32".to_owned());
    assert_eq!(
        (entry(3, "203.0.113.7"), entry(3, "198.51.100.3")),
        (found.clone(), None)
    );
    let own = Some("198.51.100.4/32".to_owned());
    assert_eq!(
        (entry(4, "203.0.113.7"), entry(4, "198.51.100.4")),
        (found, own)
    );
}
