//! `exitguard status`.

use super::error::Usage;
use super::{StatusArgs, network, print};
use anyhow::Context;
use exitguard::config::{self, Config, ConfigError, Interface};
use exitguard::control::{Client, ClientError, DEFAULT_SOCKET, Protection, Status, Traffic};
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists;
use exitguard::metrics;
use exitguard::output::bytes;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

pub(super) fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    let (socket, interface) = match config::load(&args.config.config) {
        Ok(checked) => whom(&checked.config),
        Err(error) => {
            // A daemon may run with what it read before.
            let (socket, interface) = match &error {
                ConfigError::Invalid {
                    meant: Some(meant), ..
                } => whom(meant),
                _ => (PathBuf::from(DEFAULT_SOCKET), Interface::Auto),
            };
            eprintln!("exitguard: {error}; asking at {}", socket.display());
            (socket, interface)
        }
    };
    match Client::connect(&socket).and_then(|mut client| client.status()) {
        Ok(status) => {
            if args.metrics {
                print::text(&metrics::text(&status))?;
            } else if args.json {
                print::json(&status)?;
            } else {
                print::text(&text(&status, Timestamp::now()).context("cannot write text")?)?;
            }
            let is_on = matches!(
                status.protection,
                Protection::Enforcing | Protection::Observing
            );
            let is_as_wanted = is_on && (status.fail == "open" || status.gate_closed);
            Ok(if is_as_wanted {
                Exit::Ok
            } else {
                Exit::Negative
            })
        }
        Err(ClientError::Absent(_)) => absent(&interface, &socket, args),
        Err(error @ ClientError::NotPermitted(_)) => {
            eprintln!(
                "exitguard: {}: {error}; run it as root, or as a member of the group \"exitguard\"",
                socket.display()
            );
            Ok(Exit::Unsupported)
        }
        Err(error) => Err(error).with_context(|| socket.display().to_string()),
    }
}

fn whom(config: &Config) -> (PathBuf, Interface) {
    (config.socket.clone(), config.interface.clone())
}

/// What is known without a daemon.
#[derive(Serialize)]
struct Absent {
    daemon: bool,
    interface: Option<String>,
    /// Whether the programs of a former daemon judge packets; null if this user may not know.
    guarded: Option<bool>,
    socket: PathBuf,
}

fn absent(interface: &Interface, socket: &Path, args: &StatusArgs) -> anyhow::Result<Exit> {
    let found = network::guarded(interface).map_err(|error| Usage(error.to_string()));
    let (name, guarded) = found.unwrap_or_default();
    let absent = Absent {
        daemon: false,
        interface: name,
        guarded,
        socket: socket.to_owned(),
    };
    if args.json {
        print::json(&absent)?;
    } else {
        let name = absent.interface.as_deref().unwrap_or("the interface");
        let what = match absent.guarded {
            Some(true) => format!(
                "{name} is still guarded by the policy that was put in force last, and nothing is reported"
            ),
            Some(false) => format!("{name} is not guarded: everything passes"),
            None => "whether a policy is still in force only root can see".to_owned(),
        };
        let said = format!("no daemon answers at {}; {what}", socket.display());
        if args.metrics {
            // Nothing is known that could be counted.
            eprintln!("exitguard: {said}");
        } else {
            print::text(&format!("{said}\n"))?;
        }
    }
    Ok(Exit::Negative)
}

fn text(status: &Status, now: Timestamp) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let reason = status.reason.as_ref();
    let reason = reason.map(|reason| format!(" ({reason})"));
    let reason = reason.unwrap_or_default();
    let Status {
        interface,
        protection,
        ..
    } = status;
    writeln!(text, "{interface}: {}{reason}", protection.name())?;
    let since =
        |at: Timestamp| format!("{at:.0} ({})", lists::ago(now.duration_since(at).as_secs()));
    if let (Some(at), Some(by)) = (status.policy_since, &status.attached_by) {
        let device = status.device.map(|index| format!(" on device {index}"));
        let place = device.unwrap_or_default();
        let (number, mode) = (status.generation, &status.mode);
        let at = since(at);
        line(
            &mut text,
            "policy",
            &format!("{number}, {mode}, since {at}, by {by}{place}"),
        )?;
    }
    if let Some(why) = &status.reload_error {
        line(
            &mut text,
            "reload",
            &format!("FAILED, the policy before it is in force: {why}"),
        )?;
    }
    if status.fail == "closed" {
        let gate = if status.gate_closed {
            "closed: without the programs nothing is forwarded"
        } else {
            "OPEN, and should be closed: the events of the daemon say why"
        };
        line(&mut text, "gate", gate)?;
    }
    let daemon = format!(
        "{}, process {}, since {}",
        status.version,
        status.pid,
        since(status.started)
    );
    line(&mut text, "daemon", &daemon)?;
    let unprotected = format!("for {:.3} s since then", status.unprotected_seconds);
    line(&mut text, "unprotected", &unprotected)?;
    line(
        &mut text,
        "clients",
        &format!("{} with rules of their own", status.clients),
    )?;
    for list in &status.lists {
        let entries = list.entries;
        let flows = match (status.mode.as_str(), list.action.as_str()) {
            ("enforce", "deny") => format!("denied {} flows", list.hits),
            _ => format!("would have denied {} flows", list.hits),
        };
        let state = match (list.state.as_str(), &list.reason) {
            ("current", _) => String::new(),
            (state, None) => format!("; {}", state.replace('_', " ")),
            (state, Some(why)) => format!("; {}: {why}", state.replace('_', " ")),
        };
        let about = format!("{}: {entries} entries, {flows}{state}", list.name);
        line(&mut text, "list", &printable(&about))?;
    }
    line(&mut text, "flows", &status.flows.to_string())?;
    line(&mut text, "out", &traffic(&status.outbound))?;
    line(&mut text, "in", &traffic(&status.inbound))?;
    for (label, counts) in [
        ("denied", &status.denied_pkts),
        ("would deny", &status.would_deny_pkts),
    ] {
        if !counts.is_empty() {
            let counts = counts.iter().map(|(why, count)| format!("{why} {count}"));
            let counts: Vec<String> = counts.collect();
            line(&mut text, label, &format!("{} packets", counts.join(", ")))?;
        }
    }
    let mut lost = format!(
        "{} events in the kernel, {} reports to a slow reader",
        status.lost_kernel, status.lost_output
    );
    if status.lost_file > 0 {
        write!(lost, ", {} to the file", status.lost_file)?;
    }
    line(&mut text, "lost", &lost)?;
    Ok(text)
}

fn line(text: &mut String, label: &str, value: &str) -> std::fmt::Result {
    writeln!(text, "  {label:<13}{value}")
}

fn traffic(traffic: &Traffic) -> String {
    format!(
        "{} packets, {}; denied {} packets, {}",
        traffic.pkts,
        bytes(traffic.bytes),
        traffic.denied_pkts,
        bytes(traffic.denied_bytes)
    )
}
