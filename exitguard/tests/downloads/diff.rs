//! What is held, next to what is in force.

use crate::addresses;
use crate::server::Answer;
use crate::site::{Site, UPDATE};

const DIFF: [&str; 3] = ["lists", "diff", "feed"];

#[test]
fn what_is_held_is_shown_next_to_what_is_in_force() {
    let site = Site::new();
    // Nothing came yet, then something is in force and nothing held.
    for answer in [
        Answer::new("404 Not Found", &[], ""),
        Answer::ok(addresses(400)),
    ] {
        site.server.say([answer]);
        site.run(&["lists", "update", "--force"]);
        let said = site.run(&DIFF);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), "feed: nothing is held\n")
        );
    }
    site.server
        .say([Answer::ok("198.18.0.7\n203.0.113.0/24\n10.0.0.1\n")]);
    assert_eq!(site.run(&UPDATE).code, Some(1));
    let said = site.run(&[&DIFF[..], &["--limit", "2"]].concat());
    assert_eq!(said.code, Some(1));
    let told = "\
feed: what is in force, and what is held
  prefixes  +2 -399: 3, 400 before
  blocks    256 IPv4 addresses, 0 before
  left out  1 in 10.0.0.0/8 (private)
+10.0.0.1/32
+203.0.113.0/24
-198.18.0.0/32
-198.18.0.1/32
- 397 more; --limit 0 shows all
";
    assert_eq!(said.stdout, told);
    let said = site.run(&[&DIFF[..], &["--limit", "0", "--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["removed"].as_array().unwrap().len(), 399);
    assert_eq!(json["same"], false);

    site.run(&["lists", "accept", "feed"]);
    assert_eq!(site.run(&DIFF).stdout, "feed: nothing is held\n");
    let said = site.run(&["lists", "diff", "feed", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&json["same"], &json["with"]),
        (&true.into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_is_held_and_damaged_is_said() {
    let site = Site::new();
    for text in [addresses(400), addresses(2)] {
        site.server.say([Answer::ok(text)]);
        site.run(&UPDATE);
    }
    let store = exitguard::lists::store::Store::new(site.cache());
    let held = store.record("feed").unwrap().held.unwrap();
    std::fs::write(store.body_path("feed", &held.version), "192.0.2.1\n").unwrap();
    let said = site.run(&DIFF);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(
        said.stderr.contains("it is not what was downloaded"),
        "{}",
        said.stderr
    );
}
