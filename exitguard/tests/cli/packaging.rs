//! What is in `packaging/`, and what the README says of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exitguard;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The arguments of a command line of ours, if it is one.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let mut words = command.split_whitespace();
    let is_ours = words.next()?.rsplit('/').next() == Some("exitguard");
    is_ours.then(|| words.collect())
}

/// It gets as far as to look for the configuration.
fn assert_understood(arguments: &[&str]) {
    let config = ["--config", "/nowhere/exitguard.toml"];
    let said = exitguard(arguments.iter().chain(&config));
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(
        said.stderr.contains("cannot read /nowhere/exitguard.toml"),
        "{arguments:?}: {}",
        said.stderr
    );
}

#[test]
fn every_command_of_a_unit_is_one_of_ours_or_of_systemd() {
    let mut ours = Vec::new();
    for path in files_in(&root().join("packaging/systemd")) {
        let text = fs::read_to_string(&path).unwrap();
        let commands = text.lines().filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            key.starts_with("Exec").then(|| value.to_owned())
        });
        for command in commands {
            match arguments(&command) {
                Some(arguments) => {
                    assert_understood(&arguments);
                    ours.push(arguments.join(" "));
                }
                None => assert!(
                    [
                        "/bin/kill -HUP $MAINPID",
                        "/bin/systemctl is-active --quiet exitguard.service"
                    ]
                    .contains(&command.as_str()),
                    "{}: {command}",
                    path.display()
                ),
            }
        }
    }
    assert_eq!(ours, ["lists update", "run --wait --output json"]);
}

#[test]
fn the_line_for_cron_in_the_readme_is_understood() {
    let readme = readme();
    let line = readme
        .lines()
        .find_map(|line| line.strip_prefix("17 * * * * root "))
        .unwrap();
    assert_understood(&arguments(line).unwrap());
}

#[test]
fn the_readme_names_every_file_and_no_other() {
    let files: Vec<String> = files_in(&root().join("packaging"))
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().display().to_string())
        .collect();
    let readme = readme();
    let separators = |c: char| c.is_whitespace() || "()`,".contains(c);
    let mut named: Vec<String> = readme
        .split(separators)
        .filter(|word| word.starts_with("packaging/") && word.contains('.'))
        .map(str::to_owned)
        .collect();
    named.sort();
    named.dedup();
    assert_eq!(named, files);
}

/// The folder that systemd makes, and the files that logrotate moves, are those that the daemon writes.
#[test]
fn logs_are_where_the_example_has_them() {
    let example = exitguard(["config", "example"]).stdout;
    let mut named: Vec<&str> = example
        .split('"')
        .filter(|text| text.starts_with("/var/log/"))
        .collect();
    named.sort_unstable();
    let rotated = fs::read_to_string(root().join("packaging/logrotate.d/exitguard")).unwrap();
    let mut rotated: Vec<&str> = rotated
        .lines()
        .filter_map(|line| line.strip_suffix(" {"))
        .collect();
    rotated.sort_unstable();
    assert_eq!(named, rotated);
    assert_eq!(named.len(), 2);
    let unit = fs::read_to_string(root().join("packaging/systemd/exitguard.service")).unwrap();
    let folder = unit
        .lines()
        .find_map(|line| line.strip_prefix("LogsDirectory="))
        .unwrap();
    assert!(
        named
            .iter()
            .all(|path| Path::new(path).parent() == Some(&Path::new("/var/log").join(folder))),
        "{named:?}"
    );
}

/// The service may use no Internet protocol, until somebody says so.
#[test]
fn only_the_drop_in_for_metrics_lets_the_service_use_internet_protocols() {
    let read = |name: &str| {
        let path = root().join("packaging/systemd").join(name);
        fs::read_to_string(path).unwrap()
    };
    let [unit, drop_in] = ["exitguard.service", "exitguard-metrics.conf"].map(read);
    assert!(unit.contains("\nRestrictAddressFamilies=AF_UNIX AF_NETLINK\nIPAddressDeny=any\n"));
    assert!(drop_in.ends_with(
        "\n[Service]\nRestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=localhost\n"
    ));
}
