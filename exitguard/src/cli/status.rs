//! `exitguard status`.

use super::daemon::{Daemon, NoAnswer};
use super::{StatusArgs, print};
use anyhow::Context;
use exitguard::control::{Protection, Status, Traffic};
use exitguard::diagnostic::printable;
use exitguard::exit_code::Exit;
use exitguard::lists;
use exitguard::metrics;
use exitguard::output::bytes;
use jiff::Timestamp;
use std::fmt::Write;

pub(super) fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    match Daemon::of(&args.config).ask(|mut client| client.status()) {
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
        // That is an answer, too.
        Err(NoAnswer::Absent(absent)) => {
            if args.json {
                print::json(&absent)?;
            } else if args.metrics {
                // Nothing is known that could be counted.
                eprintln!("exitguard: {absent}");
            } else {
                print::text(&format!("{absent}\n"))?;
            }
            Ok(Exit::Negative)
        }
        Err(error) => Err(error.into()),
    }
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
    if let Some(until) = status.trial_until {
        let what = format!("until {until:.0}, then the configuration before it is in force again");
        line(&mut text, "on trial", &what)?;
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
    if status.changes > 0 {
        let what = format!(
            "{} at run time; `exitguard blocks` lists them",
            status.changes
        );
        line(&mut text, "changes", &what)?;
    }
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
