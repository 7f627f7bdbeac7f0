//! What servers and networks do.

use crate::server::Answer;
use crate::{World, accepted, addresses, list};
use exitguard::lists;
use exitguard::lists::store::State;
use exitguard::lists::update::{Limits, Outcome};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

#[test]
fn a_list_is_downloaded_and_asked_for_again_only_if_it_changed() {
    let mut world = World::new();
    let headers = [
        "ETag: \"one\"",
        "Last-Modified: Fri, 02 Jan 2026 10:00:00 GMT",
    ];
    world
        .server
        .say([Answer::new("200 OK", &headers, addresses(20))]);
    assert_eq!(world.update(), accepted(20, None));
    assert_eq!((world.in_force(), world.state()), (20, State::Ok));
    assert!(!world.server.requests()[0].contains("if-"));

    world.server.say([Answer::new("304 Not Modified", &[], "")]);
    assert_eq!(world.update(), Outcome::Unchanged { entries: 20 });
    assert_eq!((world.in_force(), world.state()), (20, State::Unchanged));
    let request = &world.server.requests()[0];
    assert!(request.contains("if-none-match: \"one\"\r\n"), "{request}");
    let date = "if-modified-since: fri, 02 jan 2026 10:00:00 gmt\r\n";
    assert!(request.contains(date), "{request}");

    // The validators of a version go with it.
    world.server.say([Answer::ok(addresses(21))]);
    assert_eq!(world.update(), accepted(21, Some(20)));
    world.server.requests();
    world.update();
    assert!(!world.server.requests()[0].contains("if-"));
}

#[test]
fn another_date_in_a_comment_changes_nothing() {
    let mut world = World::new();
    world
        .server
        .say([Answer::ok("# monday\n192.0.2.1\n192.0.2.2\n")]);
    world.update();
    world.server.say([Answer::new(
        "200 OK",
        &["ETag: \"two\""],
        "# tuesday\n192.0.2.2\n192.0.2.1\n",
    )]);
    assert_eq!(world.update(), Outcome::Unchanged { entries: 2 });
    world.server.requests();
    world.update();
    assert!(world.server.requests()[0].contains("if-none-match: \"two\""));
    // As many entries, but others.
    world.server.say([Answer::ok("192.0.2.2\n192.0.2.3\n")]);
    assert_eq!(world.update(), accepted(2, Some(2)));
}

#[test]
fn validators_are_not_used_for_a_body_that_is_damaged() {
    let mut world = World::new();
    world
        .server
        .say([Answer::new("200 OK", &["ETag: \"one\""], addresses(20))]);
    world.update();
    let version = world.record().accepted.unwrap();
    let body = world.store().body_path("feed", &version);
    std::fs::write(&body, "192.0.2.1\n").unwrap();
    assert!(lists::load(&world.list, world.cache.path(), &mut Vec::new()).is_err());
    world.server.requests();
    assert_eq!(world.update(), Outcome::Unchanged { entries: 20 });
    assert!(!world.server.requests()[0].contains("if-"));
    assert_eq!(world.in_force(), 20);
}

#[test]
fn another_address_has_a_history_of_its_own_and_what_is_in_force_stays_until_it_gives_something() {
    let mut world = World::new();
    world
        .server
        .say([Answer::new("200 OK", &["ETag: \"one\""], addresses(1_000))]);
    world.update();
    world.server.requests();
    let url = world.server.url("/other.txt");
    world.list = list(&url, "");
    let mut warnings = Vec::new();
    let loaded = lists::load(&world.list, world.cache.path(), &mut warnings).unwrap();
    assert_eq!((loaded.entries.len(), world.state()), (1_000, State::Never));
    assert!(
        warnings[0].message().contains("is still what http"),
        "{warnings:?}"
    );

    world.server.say([Answer::new("503 Busy", &[], "")]);
    world.failure();
    assert!(!world.server.requests()[0].contains("if-"));
    // Far fewer entries than before, but before was elsewhere.
    world.server.say([Answer::ok(addresses(3))]);
    world.force = true;
    assert_eq!(world.update(), accepted(3, Some(1_000)));
    assert_eq!(world.in_force(), 3);
}

#[test]
fn a_list_that_was_never_downloaded_blocks_nothing_and_says_so() {
    let world = World::new();
    let mut warnings = Vec::new();
    let loaded = lists::load(&world.list, world.cache.path(), &mut warnings).unwrap();
    assert!(loaded.entries.is_empty());
    assert_eq!(world.state(), State::Never);
    assert_eq!(warnings.len(), 1);
    let text = warnings[0].render(false);
    assert!(
        text.contains("was not downloaded yet: it blocks nothing"),
        "{text}"
    );
    assert!(text.contains("exitguard lists update"), "{text}");
}

#[test]
fn what_is_no_list_changes_nothing() {
    let mut world = World::new();
    world.force = true;
    world.server.say([Answer::ok(addresses(20))]);
    world.update();
    let mut damaged = GzEncoder::new(Vec::new(), Compression::default());
    damaged.write_all(addresses(500).as_bytes()).unwrap();
    let mut damaged = damaged.finish().unwrap();
    damaged.truncate(damaged.len() / 2);
    let page = "<!DOCTYPE html><title>Log in</title>";
    let count = "# This File Date : now\n# Entries : 3 unique IPs\n192.0.2.1\n";
    let own = Answer::raw("200 OK", &["Content-Length: 50"], "192.0.2.1\n");
    let to_itself = ["Location: /feed.txt"];
    for (answer, why) in [
        (
            Answer::new("404 Not Found", &[], addresses(20)),
            "the server says 404 Not Found",
        ),
        (
            Answer::new("204 No Content", &[], ""),
            "the server says 204 No Content",
        ),
        (
            Answer::ok(page),
            "what came is not taken: it is a web page (HTML or XML), not a list",
        ),
        (
            Answer::ok(
                (11..32)
                    .map(|first| format!("{first}.0.0.0/8\n"))
                    .collect::<String>(),
            ),
            "what came is not taken: it covers 8.2 % of all IPv4 addresses, more than 5 %",
        ),
        (
            Answer::ok(damaged),
            "what came is not taken: its gzip data ends early or is damaged",
        ),
        (
            Answer::ok(count),
            "what came is not taken: it is not complete",
        ),
        (
            Answer::ok("192.0.2.1\nnonsense\n"),
            "what came is not taken: 1 of its 2 entries cannot be read",
        ),
        (own, "the connection ended before all of it had come"),
        (
            Answer::new("302 Found", &to_itself, ""),
            "it redirects more than 5 times",
        ),
        (
            Answer::new("304 Not Modified", &[], ""),
            "the server says that it did not change, and was not asked that",
        ),
    ] {
        world.server.say([answer]);
        let said = world.failure();
        assert!(said.starts_with(why), "{said}\n{why}");
        assert_eq!(
            (world.in_force(), world.state()),
            (20, State::Failed),
            "{why}"
        );
        assert_eq!(world.record().error.unwrap(), said);
    }
    world.server.say([Answer::ok(addresses(22))]);
    assert_eq!(world.update(), accepted(22, Some(20)));
    assert_eq!((world.record().fails, world.state()), (0, State::Ok));
}

#[test]
fn a_list_may_be_elsewhere() {
    let mut world = World::new();
    let elsewhere = Answer::new("301 Moved", &["Location: /moved.txt"], "");
    world.server.say([elsewhere, Answer::ok(addresses(20))]);
    assert_eq!(world.update(), accepted(20, None));
    assert!(world.server.requests()[1].starts_with("get /moved.txt "));
}

#[test]
fn a_list_may_be_packed() {
    let mut world = World::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(addresses(300).as_bytes()).unwrap();
    world.server.say([Answer::ok(packed.finish().unwrap())]);
    assert_eq!(world.update(), accepted(300, None));
    assert_eq!(world.in_force(), 300);
}

#[test]
fn a_server_that_stalls_is_given_up() {
    let mut world = World::new();
    world.limits.total = Duration::from_millis(200);
    world.force = true;
    let half = Answer::raw("200 OK", &["Content-Length: 100"], "192.0.2.1\n");
    let start = Instant::now();
    for answer in [half.stalling(), Answer::raw("200 OK", &[], "").stalling()] {
        world.server.say([answer]);
        assert_eq!(world.failure(), "no complete answer within 0.2 s");
    }
    assert!(start.elapsed() < Limits::default().connect);
}

#[test]
fn a_list_that_is_too_large_is_not_taken_whether_it_says_so_or_not() {
    let mut world = World::new();
    world.limits.bytes = 100;
    world.force = true;
    let text = "192.0.2.1\n".repeat(11);
    for answer in [Answer::ok(&text), Answer::raw("200 OK", &[], &text)] {
        world.server.say([answer]);
        let said = world.failure();
        assert!(said.starts_with("it has more than"), "{said}");
    }
    world.server.say([Answer::ok("192.0.2.1\n".repeat(10))]);
    assert_eq!(world.update(), accepted(1, None));
}

#[test]
fn nothing_is_lost_without_a_network() {
    let mut world = World::new();
    world.server.say([Answer::ok(addresses(20))]);
    world.update();
    // Nobody listens where somebody did.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    world.list = list(&format!("http://{address}/feed.txt"), "");
    let said = world.failure();
    assert!(said.starts_with("cannot download it: "), "{said}");
    let loaded = lists::load(&world.list, world.cache.path(), &mut Vec::new()).unwrap();
    assert_eq!(loaded.entries.len(), 20);
}
