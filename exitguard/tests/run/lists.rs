//! Lists that break while the daemon runs, and between its end and its next start.

use std::fs;

use exitguard::lab::{CLIENT_V4, Exchange, SERVER_V4};
use nix::mount::{MsFlags, mount};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exit_node::{Daemon, ExitNode, LENIENT, OPEN, POLICY, SHUT};
use crate::is_state;

/// Everything but what is on two lists, of which the second is fine in every test.
fn with_lists(policy: &str) -> String {
    format!(
        "{policy}[[list]]\nname = \"bad\"\nsource = \"bad.txt\"\n\
         [[list]]\nname = \"fine\"\nsource = \"fine.txt\"\n[lists]\ncache = \"cache\"\n"
    )
}

/// An exit node with both lists, of which the first holds the server and so many others.
fn node(policy: &str, others: u32) -> ExitNode {
    let node = ExitNode::new(&with_lists(policy));
    fs::write(node.file("bad.txt"), server_and(others)).unwrap();
    fs::write(node.file("fine.txt"), "192.0.2.0/24\n").unwrap();
    node
}

fn server_and(others: u32) -> String {
    let lines = (0..others).map(|other| format!("9.9.{}.{}\n", other / 256, other % 256));
    format!("{SERVER_V4}\n{}", lines.collect::<String>())
}

/// The event about the list, of this state; every other one is passed over.
fn told(daemon: &Daemon, list: &str, state: &str) -> Value {
    daemon.wait_for(state, |event| {
        event["event_type"] == "lists"
            && event["exitguard"]["list"] == list
            && event["exitguard"]["state"] == state
    })
}

/// Starts a daemon, and gives what it says of its start.
fn started(node: &ExitNode) -> (Daemon, String) {
    let daemon = Daemon::new(node.spawn(node.run()));
    let started = daemon.wait_for("the start", |event| is_state(event, "started"));
    let message = started["exitguard"]["message"].as_str().unwrap();
    (daemon, message.to_owned())
}

/// Stops what runs and takes everything out of the kernel, as a reboot does.
fn reboot(node: &ExitNode, daemon: Daemon) {
    daemon.kill();
    node.off();
    assert_eq!(node.ask(OPEN), Exchange::Answered);
}

#[test]
#[ignore = "needs root"]
fn what_a_list_denied_is_denied_after_a_reboot_though_the_list_broke() {
    for (accident, why) in [
        (Some(""), "it is empty"),
        (Some("<html>503"), "it is a web page"),
        (
            Some("# This File Date : now\n# Entries : 9 unique IPs\n192.0.2.1\n"),
            "it is not complete",
        ),
        (None, "No such file"),
    ] {
        let node = node(LENIENT, 200);
        let (daemon, message) = started(&node);
        assert!(message.ends_with("with entries: 202"), "{message}");
        assert_eq!(node.ask(OPEN), Exchange::Refused);
        match accident {
            Some(text) => fs::write(node.file("bad.txt"), text).unwrap(),
            None => fs::remove_file(node.file("bad.txt")).unwrap(),
        }
        reboot(&node, daemon);

        let (daemon, message) = started(&node);
        assert!(
            message.ends_with("with entries: 202; not current: 1 (bad: last good)"),
            "{message}"
        );
        let event = told(&daemon, "bad", "last_good");
        let ours = &event["exitguard"];
        assert_eq!(ours["entries"], 201, "{event:#}");
        assert!(ours["why"].as_str().unwrap().contains(why), "{event:#}");
        assert!(ours["age"].as_u64().is_some(), "{event:#}");
        assert_eq!(node.ask(OPEN), Exchange::Refused, "{why}");
        let ended = daemon.stop();
        assert!(
            ended.stderr.contains("the last good version, accepted "),
            "{}",
            ended.stderr
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_list_that_never_was_good_does_not_keep_the_rest_from_being_in_force() {
    let node = node(POLICY, 0);
    fs::write(node.file("bad.txt"), "<html>").unwrap();
    let server = format!("{SERVER_V4}/32\n");
    let (daemon, message) = started(&node);
    assert!(
        message.ends_with("not current: 1 (bad: missing)"),
        "{message}"
    );
    let event = told(&daemon, "bad", "missing");
    assert_eq!(event["exitguard"]["entries"], 0, "{event:#}");
    // The port allowlist, and then the other list.
    node.assert_guarded();
    fs::write(node.file("fine.txt"), server).unwrap();
    daemon.signal(Signal::SIGHUP);
    told(&daemon, "bad", "missing");
    assert_eq!(
        (node.ask(OPEN), node.ask(SHUT)),
        (Exchange::Refused, Exchange::Refused)
    );
    // The command that is there to complain does.
    let mut check = node.command();
    check.args(["check", "--config"]).arg(node.config());
    assert_eq!(node.output(check).status.code(), Some(2));
    // As soon as it is mended, that is told, once.
    fs::write(node.file("bad.txt"), format!("{CLIENT_V4}\n192.0.2.1\n")).unwrap();
    daemon.signal(Signal::SIGHUP);
    told(&daemon, "bad", "current");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    let ended = daemon.stop();
    let more = |event: &Value| event["event_type"] == "lists";
    assert!(!ended.events.iter().any(more), "{:#?}", ended.events);
}

#[test]
#[ignore = "needs root"]
fn who_edits_a_file_too_much_learns_that_it_is_held_and_how_to_take_it() {
    let node = node(LENIENT, 400);
    let (daemon, _) = started(&node);
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    fs::write(node.file("bad.txt"), "9.9.9.9\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    let reloaded = daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    let message = reloaded["exitguard"]["message"].as_str().unwrap();
    assert!(message.ends_with("not current: 1 (bad: held)"), "{message}");
    let event = told(&daemon, "bad", "held");
    assert_eq!(event["exitguard"]["why"], "it shrank from 401 entries to 1");
    assert_eq!(node.ask(OPEN), Exchange::Refused);

    let lists = |args: &[&str]| {
        let mut command = node.command();
        command.arg("lists").args(args);
        let output = node.output({
            command.arg("--config").arg(node.config());
            command
        });
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = lists(&["status", "bad"]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with(
            "bad: held (it shrank from 401 entries to 1); 401 entries in force, 1 held"
        ) && said.ends_with("; take it with `exitguard lists accept bad`\n"),
        "{said}"
    );
    let accepted = (Some(0), "bad: accepted, 1 entries\n".to_owned());
    assert_eq!(lists(&["accept", "bad"]), accepted);
    told(&daemon, "bad", "current");
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    let (code, said) = lists(&["status", "bad"]);
    assert_eq!(code, Some(0));
    assert!(
        said.starts_with("bad: ok; 1 entries in force, hit by 2 flows, accepted "),
        "{said}"
    );
}

/// Makes the cache a file system with room for a page, in the mounts of the exit node only.
fn without_room(node: &ExitNode) {
    let folder = node.file("cache");
    fs::create_dir(&folder).unwrap();
    let one_page = Some("size=4096");
    let flags = MsFlags::empty();
    let mount = || mount(Some("full"), &folder, Some("tmpfs"), flags, one_page);
    node.lab.exit().enter(mount).unwrap().unwrap();
}

#[test]
#[ignore = "needs root"]
fn a_full_disk_is_told_and_takes_nothing_away() {
    let node = node(LENIENT, 2_000);
    without_room(&node);
    let (daemon, message) = started(&node);
    assert!(message.ends_with("with entries: 2002"), "{message}");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    // Nothing could be kept, but the daemon remembers.
    fs::write(node.file("bad.txt"), "<html>").unwrap();
    daemon.signal(Signal::SIGHUP);
    told(&daemon, "bad", "last_good");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    let ended = daemon.stop();
    assert!(
        ended
            .stderr
            .contains("cannot keep a good version of \"bad\"")
            && ended.stderr.contains("No space left on device"),
        "{}",
        ended.stderr
    );
}

#[test]
#[ignore = "needs root"]
fn a_power_cut_while_a_version_is_kept_leaves_the_one_before() {
    let node = node(LENIENT, 200);
    let (daemon, _) = started(&node);
    // Between the write and the rename, of a body and of a state.
    let kept = node.file("cache").join("last_good");
    fs::write(kept.join(".new-a1b2c3"), "9.9.9.9\n9.9.").unwrap();
    fs::write(kept.join(".new-d4e5f6"), "{\"url\": \"/").unwrap();
    fs::write(node.file("bad.txt"), "9.9.9.9\n9.9.").unwrap();
    reboot(&node, daemon);
    let (daemon, _) = started(&node);
    told(&daemon, "bad", "last_good");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    fs::write(node.file("bad.txt"), server_and(201)).unwrap();
    daemon.signal(Signal::SIGHUP);
    told(&daemon, "bad", "current");
    daemon.stop();
    let names = fs::read_dir(&kept).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut left = names.filter(|name| name.starts_with(".new-"));
    assert_eq!(left.next(), None);
}

#[test]
#[ignore = "needs root"]
fn a_download_that_is_damaged_on_disk_is_in_force_from_its_copy() {
    let node = node(LENIENT, 0);
    let config = with_lists(LENIENT).replace("bad.txt", "https://lists.example/bad.txt");
    node.write(&config);
    // As an update leaves it.
    let store = exitguard::lists::store::Store::new(node.file("cache"));
    let lock = store.lock().unwrap();
    let sha256 = store.save_body("bad", server_and(200).as_bytes()).unwrap();
    let record = format!(
        "{{\"url\":\"https://lists.example/bad.txt\",\"accepted\":{{\
         \"url\":\"https://lists.example/bad.txt\",\"sha256\":\"{sha256}\",\
         \"counts\":{{\"prefixes\":201,\"domains\":0,\"set_sha256\":\"\"}},\
         \"accepted_at\":\"{}\"}},\"unchanged\":false,\"fails\":0}}",
        exitguard::lists::now()
    );
    fs::write(store.record_path("bad"), record).unwrap();
    drop(lock);
    let (daemon, message) = started(&node);
    assert!(message.ends_with("with entries: 202"), "{message}");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    reboot(&node, daemon);
    let accepted = store.record("bad").unwrap().accepted.unwrap();
    fs::write(store.body_path("bad", &accepted), "9.9.9.9\n").unwrap();
    let (daemon, _) = started(&node);
    let event = told(&daemon, "bad", "last_good");
    assert_eq!(event["exitguard"]["entries"], 201, "{event:#}");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
}

#[test]
#[ignore = "needs root"]
fn a_list_that_nobody_writes_any_more_is_told_without_a_reload_and_stays() {
    let node = node(LENIENT, 0);
    let bad = "source = \"bad.txt\"\n";
    node.write(&with_lists(LENIENT).replace(bad, &format!("{bad}max_age = \"8s\"\n")));
    let (daemon, message) = started(&node);
    assert!(message.ends_with("with entries: 2"), "{message}");
    let event = told(&daemon, "bad", "stale");
    assert_eq!(event["exitguard"]["entries"], 1, "{event:#}");
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    fs::write(node.file("bad.txt"), server_and(0)).unwrap();
    daemon.signal(Signal::SIGHUP);
    told(&daemon, "bad", "current");
}
