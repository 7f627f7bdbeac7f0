//! The demo, as a newcomer runs it: that it passes, that it can fail, and that nothing is left of it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod newcomer;

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use exitguard::demo::{Demo, DemoError, Outcome, Row, Sample, SampleFile, Scenario};
use exitguard::exit_code::Exit;
use exitguard::lab::Exchange;
use exitguard::output::{Format, Lines};
use newcomer::{Newcomer, assert_gone, entries};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Long enough for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(30);

const PROBES: usize = 18;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The events, and the result after them.
fn parse(lines: &str) -> (Vec<Value>, Value) {
    let parsed = lines.lines().map(serde_json::from_str);
    let mut events: Vec<Value> = parsed.collect::<Result<_, _>>().unwrap();
    let result = events.pop().unwrap()["demo"].take();
    assert!(events.iter().all(|event| event["event_type"].is_string()));
    (events, result)
}

#[test]
#[ignore = "needs root"]
fn everything_is_as_expected() {
    let newcomer = Newcomer::new();
    let done = newcomer.run(&[]);
    let said = text(&done.stdout);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().last(), Some("18 of 18 as expected."), "{said}");
    assert!(said.contains("would deny tcp    100.64.0.9:"), "{said}");
    assert!(!said.contains("FAIL"), "{said}");
    newcomer.assert_nothing_is_left();
}

#[test]
#[ignore = "needs root"]
fn everything_is_as_expected_in_json() {
    let newcomer = Newcomer::new();
    let done = newcomer.run(&["--output", "json"]);
    let said = text(&done.stdout);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(done.status.code(), Some(0), "{said}");
    let (events, result) = parse(said);
    assert_eq!(result["passed"], true, "{result:#}");
    assert_eq!(
        (&result["rounds"], &result["end"]),
        (&1.into(), &"complete".into())
    );
    let probes = result["probes"].as_array().unwrap();
    assert_eq!(probes.len(), PROBES);
    for probe in probes {
        assert_eq!(probe["passed"], true, "{probe:#}");
        assert_eq!(probe["observed"]["event"], probe["expected"]["event"]);
        let port = &probe["dest_port"];
        let told = events.iter().any(|event| {
            event["dest_ip"] == probe["dest_ip"]
                && event["dest_port"] == *port
                && event["exitguard"]["reason"] == probe["observed"]["event"]["reason"]
        });
        assert!(told, "{probe:#}");
    }
    let bulk = &probes[PROBES - 1]["observed"]["bulk"];
    assert!(bulk["super_packets"].as_u64().unwrap() > 0, "{bulk}");
    assert!(bulk["longest_bytes"].as_u64().unwrap() > 1_500, "{bulk}");
    newcomer.assert_nothing_is_left();
}

#[test]
#[ignore = "needs root"]
fn rounds_go_on_until_the_time_is_over() {
    let newcomer = Newcomer::new();
    // How long a round takes is up to the machine.
    let (events, result, rounds) = [2, 20, 200]
        .into_iter()
        .map(|seconds| {
            let start = Instant::now();
            let done = newcomer.run(&["--duration", &format!("{seconds}s"), "--output", "json"]);
            assert!(start.elapsed() >= Duration::from_secs(seconds));
            let (events, result) = parse(text(&done.stdout));
            assert_eq!(done.status.code(), Some(0), "{result:#}");
            let rounds = result["rounds"].as_u64().unwrap();
            (events, result, rounds)
        })
        .find(|(.., rounds)| *rounds > 1)
        .unwrap();
    for probe in result["probes"].as_array().unwrap() {
        assert_eq!(
            (&probe["sent"], &probe["failed"]),
            (&rounds.into(), &0.into())
        );
    }
    // Each round has source ports of its own, so that its flows are new ones.
    let ports: BTreeSet<u64> = events
        .iter()
        .filter_map(|event| event["src_port"].as_u64())
        .collect();
    let last = *ports.last().unwrap();
    assert!(
        (1_024 + 64 * (rounds - 1)..1_024 + 64 * rounds).contains(&last),
        "{ports:?}"
    );
}

#[test]
#[ignore = "needs root"]
fn an_interrupted_demo_cleans_up() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let newcomer = Newcomer::new();
        let running = newcomer.start(&["--duration", "60s", "--output", "json"]);
        let possessions = running.possessions();
        assert_eq!(entries(newcomer.tmp.path()).count(), 1);
        kill(
            Pid::from_raw(running.child.id().try_into().unwrap()),
            signal,
        )
        .unwrap();
        let done = running.finish();
        let (_, result) = parse(text(&done.stdout));
        assert_eq!(done.status.code(), Some(130), "{result}");
        assert_eq!(result["end"], "interrupted");
        newcomer.assert_nothing_is_left();
        assert_gone(possessions);
    }
}

#[test]
#[ignore = "needs root"]
fn a_closed_pipe_ends_it_quietly() {
    let newcomer = Newcomer::new();
    let running = newcomer.start(&["--duration", "60s", "--output", "json"]);
    let possessions = running.possessions();
    let done = running.hang_up();
    assert_eq!(done.status.code(), Some(0));
    let said: Vec<&str> = text(&done.stderr).lines().collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("exitguard top --config "), "{said:?}");
    newcomer.assert_nothing_is_left();
    assert_gone(possessions);
}

#[test]
#[ignore = "needs root"]
fn without_root_it_says_what_to_do() {
    const NOBODY: u32 = 65_534;
    // By this name it can be run whoever may enter its directory.
    let binary = File::open(env!("CARGO_BIN_EXE_exitguard")).unwrap();
    let done = Command::new(format!("/proc/self/fd/{}", binary.as_raw_fd()))
        .arg("demo")
        .gid(NOBODY)
        .uid(NOBODY)
        .output()
        .unwrap();
    assert_eq!(text(&done.stdout), "");
    assert_eq!(done.status.code(), Some(3));
    let said = text(&done.stderr);
    assert!(said.starts_with("exitguard: not permitted to "), "{said}");
    assert!(
        said.ends_with("run it as root: sudo exitguard demo\n"),
        "{said}"
    );
}

fn show(scenario: Scenario) -> Result<Outcome, DemoError> {
    let lines = Lines::new(Format::Json, std::io::sink());
    Demo::build(scenario)?.run(lines, None)
}

#[test]
#[ignore = "needs root"]
fn what_is_not_as_expected_fails() {
    let mut scenario = Scenario::default();
    // An allowed question and one to a listed address, and what each is not.
    scenario.probes = [0, 8, 0, 8].map(|at| scenario.probes[at].clone()).into();
    scenario.probes[2].expected.answer = Exchange::Refused;
    scenario.probes[3].expected.facts.list = Some("new".to_owned());
    let outcome = show(scenario).unwrap();
    let passed: Vec<bool> = outcome.rows.iter().map(Row::passed).collect();
    assert_eq!(passed, [true, true, false, false], "{outcome:#?}");
    assert_eq!(outcome.exit(), Exit::Negative);
}

#[test]
#[ignore = "needs root"]
fn a_policy_that_allows_more_than_expected_fails() {
    let mut scenario = Scenario::default();
    scenario.probes = [6, 8, 12].map(|at| scenario.probes[at].clone()).into();
    let config = SampleFile {
        name: "exitguard.toml",
        text: "mode = \"observe\"\n[egress]\ntcp = [443]\nudp = []\n[control]\nsocket = \"control.sock\"\n\
               changes = \"changes.json\"\naudit = \"audit.jsonl\"\n",
    };
    scenario.sample = Sample {
        config,
        lists: vec![],
    };
    let outcome = show(scenario).unwrap();
    assert_eq!(outcome.passed_rows(), 0, "{outcome:#?}");
    for row in &outcome.rows {
        let seen = row.seen.as_ref().unwrap();
        assert_eq!(
            (&seen.answer, seen.reached),
            (&Ok(Exchange::Answered), Some(true))
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_policy_that_is_wrong_is_told() {
    let mut scenario = Scenario::default();
    scenario.sample.config.text = "mode = \"maybe\"\n";
    match show(scenario) {
        Err(DemoError::Daemon(error)) => {
            let said = error.to_string();
            assert!(said.contains("exitguard.toml"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}
