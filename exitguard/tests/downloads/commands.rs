//! The commands, as cron and people run them.

use crate::addresses;
use crate::server::{Answer, Server};
use exitguard::lists::store::Store;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A configuration with a list that is downloaded, and one that is not.
struct Site {
    folder: TempDir,
    server: Server,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new();
        let url = server.url("/feed.txt");
        let config = format!(
            "[egress]\ntcp = []\nudp = []\n[[list]]\nname = \"feed\"\nsource = \"{url}\"\n\
             insecure = true\n[[list]]\nname = \"mine\"\nsource = \"mine.txt\"\n\
             [lists]\ncache = \"cache\"\n"
        );
        fs::write(folder.path().join("exitguard.toml"), config).unwrap();
        fs::write(folder.path().join("mine.txt"), "192.0.2.1\n").unwrap();
        Self { folder, server }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_by(Command::new(env!("CARGO_BIN_EXE_exitguard")).args(args))
    }

    /// Runs it from a shell that did something before.
    fn run_after(&self, before: &str, args: &str) -> Said {
        let script = format!("{before}; exec \"$0\" {args} --config exitguard.toml");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_exitguard")]);
        Said::from(&self.output(&mut shell))
    }

    fn run_by(&self, command: &mut Command) -> Said {
        Said::from(&self.output(command.args(["--config", "exitguard.toml"])))
    }

    fn output(&self, command: &mut Command) -> Output {
        command
            .env_clear()
            .env("RUST_BACKTRACE", "0")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn status(&self) -> (Option<i32>, serde_json::Value) {
        let said = self.run(&["lists", "status", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        (said.code, json[0].clone())
    }

    /// How many entries `check` finds in what was downloaded.
    fn in_force(&self) -> u64 {
        let said = self.run(&["check", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        json["lists"][0]["entries"].as_u64().unwrap()
    }
}

#[derive(Debug)]
struct Said {
    code: Option<i32>,
    signal: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        // Where the answers to `id` differ, so do these: whether a daemon may be looked for.
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        let stderr = stderr
            .lines()
            .filter(|line| !line.contains("not permitted to look for a running daemon"))
            .map(|line| format!("{line}\n"))
            .collect();
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr,
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

const UPDATE: [&str; 2] = ["lists", "update"];

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
            "feed: held: it shrank from 410 entries to 2; what was accepted before stays; look at it, and \
             take it with `exitguard lists accept feed`\n",
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
    let json = state(1, "failed", 4, 4);
    assert!(json["reason"].as_str().unwrap().contains("damaged"));
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
        (
            ["accept", "mine"],
            "the list \"mine\" is a file: nothing of it is held",
        ),
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
fn a_cache_that_cannot_be_written_is_told() {
    let site = Site::new();
    fs::write(site.cache(), "a file").unwrap();
    let said = site.run(&UPDATE);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("exitguard: cannot keep lists in cache: "),
        "{said:?}"
    );
}

/// A block is 512 bytes, or 1,024: the state still fits, a large list does not.
const SMALL_FILES: &str = "ulimit -f 8";

#[test]
fn a_full_disk_loses_nothing() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    site.server.say([Answer::ok(addresses(1_000))]);
    // Ignored, the limit is an error of the write, like that of a full disk.
    let said = site.run_after(&format!("trap '' XFSZ; {SMALL_FILES}"), "lists update");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("feed: failed: cannot keep it in cache: "),
        "{said:?}"
    );
    assert_eq!(
        (site.in_force(), &site.status().1["state"]),
        (20, &"failed".into())
    );
    assert!(
        !names(&site.cache())
            .iter()
            .any(|name| name.starts_with('.'))
    );

    // No room for the state either.
    let said = site.run_after("trap '' XFSZ; ulimit -f 0", "lists update --force");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("feed: failed: cannot keep it in cache: "),
        "{said:?}"
    );
    assert_eq!(site.in_force(), 20);
    let said = site.run(&["lists", "update", "--force"]);
    assert_eq!(said.stdout, "feed: accepted, 1000 entries, 20 before\n");
}

#[test]
fn a_crash_while_writing_leaves_what_was_there_and_a_file_that_the_next_update_removes() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    site.server.say([Answer::ok(addresses(1_000))]);
    let said = site.run_after(SMALL_FILES, "lists update");
    assert_eq!(
        said.signal,
        Some(nix::sys::signal::Signal::SIGXFSZ as i32),
        "{said:?}"
    );
    let left = |name: &String| name.starts_with(".new-");
    assert!(names(&site.cache()).iter().any(left));
    assert_eq!((site.in_force(), site.status().0), (20, Some(0)));
    let said = site.run(&UPDATE);
    assert_eq!(said.stdout, "feed: accepted, 1000 entries, 20 before\n");
    assert!(!names(&site.cache()).iter().any(left));
    assert_eq!(site.in_force(), 1_000);
}

#[test]
fn a_crash_before_the_state_is_written_leaves_the_version_before_in_force() {
    let site = Site::new();
    site.server.say([Answer::ok(addresses(20))]);
    site.run(&UPDATE);
    // The body is there, and nothing names it.
    Store::new(site.cache())
        .save_body("feed", addresses(30).as_bytes())
        .unwrap();
    assert_eq!(site.in_force(), 20);
    let bodies = || {
        names(&site.cache())
            .iter()
            .filter(|name| name.ends_with(".list"))
            .count()
    };
    assert_eq!(bodies(), 2);
    assert_eq!(site.run(&UPDATE).code, Some(0));
    assert_eq!((site.in_force(), bodies()), (20, 1));
}
