//! The commands, as cron and people run them.

use crate::addresses;
use crate::server::Answer;
use crate::site::{Site, UPDATE, names};
use exitguard::lists::store::Store;
use std::fs;

#[test]
fn cron_hears_of_changes_and_of_trouble_and_of_nothing_else() {
    let site = Site::new();
    let steps = [
        (
            Answer::ok(addresses(400)),
            0,
            "feed: accepted, 400 entries\n",
            "",
        ),
        (Answer::ok(addresses(400)), 0, "", ""),
        (
            Answer::ok(addresses(410)),
            0,
            "feed: accepted, 410 entries, 400 before\n",
            "",
        ),
        (
            Answer::ok(addresses(2)),
            1,
            "",
            "feed: held: it shrank from 410 entries to 2; what was accepted before stays; look at it with \
             `exitguard lists diff feed`, and take it with `exitguard lists accept feed`\n",
        ),
        (
            Answer::new("404 Not Found", &[], ""),
            1,
            "",
            "feed: failed: the server says 404 Not Found; what was accepted before stays\n",
        ),
    ];
    for (answer, code, stdout, stderr) in steps {
        site.server.say([answer]);
        let said = site.run(&UPDATE);
        assert_eq!(
            (said.code, said.stdout.as_str(), said.stderr.as_str()),
            (Some(code), stdout, stderr)
        );
    }
    site.server.requests();
    let said = site.run(&UPDATE);
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(
        said.stderr.starts_with("feed: not asked until 20"),
        "{said:?}"
    );
    assert_eq!(site.server.requests().len(), 0);
    site.server.say([Answer::ok(addresses(411))]);
    let said = site.run(&["lists", "update", "feed", "--force"]);
    assert_eq!(said.stdout, "feed: accepted, 411 entries, 410 before\n");
}

#[test]
fn the_status_says_what_is_in_force_and_what_is_not() {
    let site = Site::new();
    let state = |code, state: &str, accepted: u64, wanted: u64| {
        let (said, json) = site.status();
        assert_eq!(
            (said, &json["state"], &json["accepted"], &json["wanted"]),
            (Some(code), &state.into(), &accepted.into(), &wanted.into())
        );
        json
    };
    state(1, "never", 0, 0);
    site.server.say([Answer::ok(addresses(400))]);
    site.run(&UPDATE);
    assert!(state(0, "ok", 400, 400)["age"].as_i64().unwrap() < 60);
    site.run(&UPDATE);
    state(0, "unchanged", 400, 400);
    site.server.say([Answer::ok(addresses(4))]);
    site.run(&UPDATE);
    let json = state(1, "held", 400, 4);
    let reason = json["reason"].as_str().unwrap();
    assert!(reason.starts_with("it shrank from 400 entries to 4; seen 1 times since 20"));
    let said = site.run(&["lists", "status"]);
    assert_eq!(said.code, Some(1));
    let line = said.stdout.lines().next().unwrap();
    assert!(line.starts_with("feed: held (it shrank"), "{line}");
    assert!(
        line.contains("; 400 entries in force, 4 held, accepted "),
        "{line}"
    );
    assert!(
        said.stdout.ends_with("mine: ok; 1 entries in force\n"),
        "{said:?}"
    );

    let said = site.run(&["lists", "accept", "feed"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), "feed: accepted, 4 entries\n")
    );
    state(0, "ok", 4, 4);
    let said = site.run(&["lists", "accept", "feed"]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(1), "feed: nothing is held\n")
    );
    site.server.say([Answer::new("404 Not Found", &[], "")]);
    site.run(&UPDATE);
    assert_eq!(
        state(1, "failed", 4, 4)["reason"],
        "the server says 404 Not Found"
    );
    assert_eq!(site.run(&["lists", "status", "mine"]).code, Some(0));

    let cached = names(&site.cache());
    let body = cached.iter().find(|name| name.ends_with(".list")).unwrap();
    fs::write(site.cache().join(body), "").unwrap();
    let json = state(1, "failed", 0, 0);
    let reason = json["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("it is not what was downloaded"),
        "{reason}"
    );
}

#[test]
fn a_name_that_is_no_download_is_a_mistake() {
    let site = Site::new();
    for (args, why) in [
        (
            ["update", "mine"],
            "the list \"mine\" is a file: it is read as it is, and never downloaded",
        ),
        (["update", "other"], "there is no list \"other\""),
        (["accept", "other"], "there is no list \"other\""),
        (["status", "other"], "there is no list \"other\""),
    ] {
        let said = site.run(&[&["lists"][..], &args].concat());
        assert_eq!(said.code, Some(2), "{args:?}");
        assert_eq!(said.stderr, format!("exitguard: {why}\n"));
    }
    assert_eq!(site.server.requests().len(), 0);
    fs::write(site.folder.path().join("exitguard.toml"), "mode = 1\n").unwrap();
    assert_eq!(site.run(&UPDATE).code, Some(2));
}

#[test]
fn check_warns_of_a_list_that_was_never_downloaded() {
    let site = Site::new();
    let said = site.run(&["check"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.stderr
            .contains("was not downloaded yet: it blocks nothing"),
        "{said:?}"
    );
    assert!(
        said.stderr.contains("run `exitguard lists update`"),
        "{said:?}"
    );
    assert!(said.stdout.contains("feed: 0 entries, deny"), "{said:?}");
}

#[test]
fn two_updates_do_not_meet() {
    let site = Site::new();
    let _lock = Store::new(site.cache()).lock().unwrap();
    let said = site.run(&UPDATE);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .contains("another `exitguard lists update` is at work"),
        "{said:?}"
    );
    assert_eq!(site.server.requests().len(), 0);
}

#[test]
fn a_file_that_a_daemon_took_has_a_status_and_can_be_accepted() {
    let site = Site::new();
    let file = site.folder.path().join("mine.txt");
    let status = || {
        let said = site.run(&["lists", "status", "mine"]);
        assert_eq!(said.stderr, "");
        (said.code, said.stdout)
    };
    // Nobody took it yet.
    assert_eq!(status(), (Some(0), "mine: ok; 1 entries in force\n".into()));
    let accept = ["lists", "accept", "mine"];
    let said = site.run(&accept);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(1), "mine: nothing is held\n")
    );
    fs::write(&file, addresses(500)).unwrap();
    site.take_as_daemon("mine");
    let (code, said) = status();
    assert_eq!(code, Some(0));
    assert!(
        said.starts_with("mine: ok; 500 entries in force, accepted "),
        "{said}"
    );

    fs::write(&file, addresses(3)).unwrap();
    let (code, said) = status();
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with(
            "mine: held (it shrank from 500 entries to 3); 500 entries in force, 3 held, accepted "
        ) && said.ends_with("; take it with `exitguard lists accept mine`\n"),
        "{said}"
    );
    // What holds it for the daemon holds it for everybody.
    let said = site.run(&["explain", "198.18.0.9:443"]);
    assert!(
        said.stderr
            .contains("a new version is held: it shrank from 500 entries to 3"),
        "{said:?}"
    );

    fs::write(&file, "<html>").unwrap();
    let (code, said) = status();
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("mine: failed (") && said.contains("it is a web page"),
        "{said}"
    );
    assert!(said.contains("; 500 entries in force, accepted "), "{said}");
    let said = site.run(&accept);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.starts_with(
            "mine: cannot accept what is held: mine.txt is not taken: it is a web page"
        ),
        "{said:?}"
    );
    // Who asks whether all is right learns that it is not.
    assert_eq!(site.run(&["check"]).code, Some(2));

    fs::write(&file, addresses(3)).unwrap();
    let said = site.run(&accept);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), "mine: accepted, 3 entries\n")
    );
    assert!(
        status()
            .1
            .starts_with("mine: ok; 3 entries in force, accepted ")
    );
    assert_eq!(site.run(&["check"]).code, Some(0));
}

#[test]
fn the_status_of_what_nobody_heard_of_for_long_is_stale() {
    let site = Site::with("max_age = \"1s\"");
    site.server.say([Answer::ok(addresses(400))]);
    site.run(&UPDATE);
    let old = "2026-01-02T12:00:00Z".parse().unwrap();
    let change = |error: Option<&str>| {
        let store = Store::new(site.cache());
        let mut record = store.record("feed").unwrap();
        record.fresh_at = Some(old);
        record.accepted.as_mut().unwrap().accepted_at = old;
        record.error = error.map(str::to_owned);
        store.save("feed", &record).unwrap();
        site.status()
    };
    let (code, json) = change(None);
    assert_eq!((code, &json["state"]), (Some(1), &"stale".into()));
    let reason = json["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("the newest version was seen ") && reason.ends_with("max_age is 1 s"),
        "{reason}"
    );
    assert_eq!(json["accepted"], 400);
    let (_, json) = change(Some("the server says 404 Not Found"));
    assert_eq!(json["state"], "stale");
    let reason = json["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("; the last try failed: the server says 404 Not Found"),
        "{reason}"
    );
    let said = site.run(&["check"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stderr.contains("it stays in force"), "{said:?}");
}
