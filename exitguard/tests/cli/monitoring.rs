//! What `packaging/` has for Prometheus and Grafana, and the metrics that it asks for.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exitguard::control::Status;
use exitguard::metrics;
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

const ALERTS: &str = "packaging/prometheus/alerts.yml";
const DASHBOARD: &str = "packaging/grafana/exitguard.json";

/// All metrics of a daemon that has something of everything.
fn scraped() -> String {
    let traffic = json!({"pkts": 1, "bytes": 2, "denied_pkts": 3, "denied_bytes": 4});
    let status: Status = serde_json::from_value(json!({
        "version": "0.1.0", "pid": 812, "started": "2026-01-02T09:00:00.25Z", "interface": "tailscale0", "device": 4,
        "attached_by": "tcx", "protection": "enforcing", "reason": null, "mode": "enforce", "fail": "closed",
        "gate_closed": true, "generation": 7, "policy_since": "2026-01-02T12:00:00Z", "reload_error": null,
        "unprotected_seconds": 0.012, "clients": 1, "changes": 2, "flows": 31, "flow_table": 131_072,
        "lists": [{"name": "b\"a\\d\nü", "action": "deny", "state": "stale", "reason": "old", "entries": 3, "age": 60,
                   "hits": 5}],
        "outbound": traffic, "inbound": traffic, "denied_pkts": {"port": 3}, "would_deny_pkts": {},
        "lost_kernel": 1, "lost_output": 2, "lost_file": 3,
    }))
    .unwrap();
    metrics::text(&status)
}

fn offered() -> BTreeSet<String> {
    let scraped = scraped();
    let types = scraped
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .map(|rest| rest.split(' ').next().unwrap().to_owned())
        .collect()
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("exitguard_"))
        .map(str::to_owned)
        .collect()
}

/// Every expression of the dashboard.
fn expressions() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value.as_str() {
                        Some(text) if key == "expr" => found.push(text.to_owned()),
                        _ => collect(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::from_str(&read(DASHBOARD)).unwrap(), &mut found);
    found
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_there_are() {
    let offered = offered();
    for file in [ALERTS, DASHBOARD] {
        let named = named(&read(file));
        assert!(named.len() > 5, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&offered).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let named = named(&read(DASHBOARD));
    assert_eq!(named, offered());
}

#[test]
fn the_readme_explains_every_metric_and_no_other() {
    let readme = read("README.md");
    let section = readme.split("\n### Metrics\n").nth(1).unwrap();
    let section = section.split("\n### ").next().unwrap();
    assert_eq!(named(section), offered());
}

/// Two panels with one number are one panel to Grafana.
#[test]
fn panels_have_numbers_and_places_of_their_own() {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24, "{}", panel["title"]);
        for (x, y) in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
        }
    }
}

/// Asks promtool, and returns what it said if it found nothing.
fn promtool(arguments: &[&str], input: &str) -> String {
    let promtool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    assert!(
        promtool.is_ok(),
        "promtool is in Debian's package prometheus: {promtool:?}"
    );
    let mut promtool = promtool.unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
    let said = said.concat();
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
    said
}

fn path(file: &str) -> String {
    let path: PathBuf = root().join(file);
    path.to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_in_the_metrics() {
    let said = promtool(&["check", "metrics"], &scraped());
    assert_eq!(said, "");
}

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_in_the_alerts() {
    let said = promtool(&["check", "rules", &path(ALERTS)], "");
    let alerts = read(ALERTS).matches("- alert: ").count();
    assert!(
        said.contains(&format!("SUCCESS: {alerts} rules found")),
        "{said}"
    );
}

#[test]
#[ignore = "needs promtool"]
fn alerts_fire_when_something_is_wrong_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let tests = folder.path().join("alerts.test.yml");
    let cases = read("exitguard/tests/fixtures/prometheus/alerts.test.yml");
    fs::write(
        &tests,
        format!("rule_files:\n  - {}\n{cases}", path(ALERTS)),
    )
    .unwrap();
    promtool(&["test", "rules", tests.to_str().unwrap()], "");
    // Each of them fires in one of the cases.
    for alert in read(ALERTS)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        assert!(cases.contains(&format!("alertname=\"{alert}\"")), "{alert}");
    }
}

#[test]
#[ignore = "needs promtool"]
fn promtool_understands_every_expression_of_the_dashboard() {
    let expressions = expressions();
    assert!(expressions.len() > 20);
    let rules = expressions.iter().enumerate().map(|(number, expression)| {
        let expression = expression.replace("$__rate_interval", "5m");
        json!({"record": format!("dashboard:{number}"), "expr": expression})
    });
    let rules: Vec<_> = rules.collect();
    let rules = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.json");
    fs::write(&file, rules.to_string()).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()], "");
}
