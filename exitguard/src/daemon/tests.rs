//! What no list may block because tailscaled says so.

use super::*;
use crate::host::tailscaled;
use crate::policy::Network;
use exitguard_common::policy::Tables as _;
use std::fs;

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
