//! The daemon, and what is on the hooks.

use super::AS_ROOT;
use crate::control::{Protection, Status};
use crate::doctor::Finding;
use crate::doctor::facts::{Daemon, Facts, Program};

const START: &str = "systemctl start exitguard";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let programs = programs(facts);
    let mut findings = match &facts.daemon {
        Daemon::Running(status) => running(status),
        Daemon::Absent(socket) => vec![absent(&socket.display().to_string(), &programs)],
        Daemon::NotPermitted(socket) => vec![Finding::unknown(
            "daemon",
            format!("this user may not ask at {}", socket.display()),
            "run `exitguard doctor` as root, or as a member of the group \"exitguard\"",
        )],
        Daemon::Silent(why) => vec![Finding::problem(
            "daemon",
            why,
            "systemctl restart exitguard: what is in force stays until then",
        )],
    };
    findings.extend(others(&programs));
    findings
}

fn programs(facts: &Facts) -> Result<[Vec<Program>; 2], String> {
    let network = facts.network.as_ref().map_err(Clone::clone)?;
    match &network.guarded {
        Ok(guarded) => guarded.programs.clone(),
        Err(_) => Ok([Vec::new(), Vec::new()]),
    }
}

fn absent(socket: &str, programs: &Result<[Vec<Program>; 2], String>) -> Finding {
    const NAME: &str = "daemon";
    let what = match programs {
        Ok([outbound, _]) if outbound.iter().any(|program| program.is_ours) => {
            "the policy that was put in force last still is, and nothing is reported"
        }
        Ok(_) => "the interface is not guarded: everything passes",
        Err(_) => "whether a policy is still in force only root can see",
    };
    Finding::problem(NAME, format!("none answers at {socket}; {what}"), START)
}

fn running(status: &Status) -> Vec<Finding> {
    let mut findings = vec![protection(status)];
    if let Some(why) = &status.reload_error {
        findings.push(Finding::problem(
            "reload",
            format!("failed, the policy before it is in force: {why}"),
            "mend it and `systemctl reload exitguard`",
        ));
    }
    if status.version != env!("CARGO_PKG_VERSION") {
        let found = format!(
            "it is of version {}, and this is {}",
            status.version,
            env!("CARGO_PKG_VERSION")
        );
        findings.push(Finding::advice(
            "version",
            found,
            "systemctl restart exitguard",
        ));
    }
    if status.unprotected_seconds > 0.0 {
        let found = format!(
            "for {:.3} s since {:.0} the interface was there without the programs",
            status.unprotected_seconds, status.started
        );
        let remedy = "fail = \"closed\" keeps packets from passing meanwhile";
        findings.push(Finding::advice("unprotected", found, remedy));
    }
    let (kernel, output) = (status.lost_kernel, status.lost_output);
    if kernel + output > 0 {
        let found = format!(
            "{kernel} in the kernel, {output} at a reader that was too slow; nothing passed by that"
        );
        let remedy = "raise `[events] update`, or let a faster reader take the output";
        findings.push(Finding::advice("lost events", found, remedy));
    }
    if status.lost_file > 0 {
        let found = format!("{} are missing in their file", status.lost_file);
        let remedy = "look for a full disk: the event no_event_file says why";
        findings.push(Finding::advice("events file", found, remedy));
    }
    findings
}

fn protection(status: &Status) -> Finding {
    const NAME: &str = "daemon";
    let reason = status.reason.as_ref();
    let reason = reason
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let found = format!(
        "{} is {}{reason}",
        status.interface,
        status.protection.name()
    );
    match status.protection {
        Protection::Enforcing => Finding::ok(NAME, found),
        Protection::Observing => Finding::ok(NAME, found),
        Protection::Unprotected => Finding::problem(
            NAME,
            found,
            "the daemon puts programs back by itself; if it does not, its events say why",
        ),
        Protection::Waiting => Finding::problem(NAME, found, "start tailscaled"),
    }
}

/// Programs of others on the interface: neither wrong nor harmless.
fn others(programs: &Result<[Vec<Program>; 2], String>) -> Vec<Finding> {
    const NAME: &str = "other programs";
    let ways = match programs {
        Ok(ways) => ways,
        Err(why) => {
            return vec![Finding::unknown(NAME, why, AS_ROOT)];
        }
    };
    let mut findings = Vec::new();
    for way in ways {
        let ours = way.iter().position(|program| program.is_ours);
        for (position, program) in way.iter().enumerate().filter(|(_, it)| !it.is_ours) {
            let what = format!("{} at {}", program.name, program.place);
            let (found, remedy) = if ours.is_none_or(|ours| position < ours) {
                (
                    format!("{what} comes before ours: what it accepts or redirects is not judged"),
                    "find out whose it is (`bpftool net`, `tc filter show`); to come first again: `exitguard off`, and start it anew",
                )
            } else {
                (
                    format!(
                        "{what} comes after ours: it may drop, redirect or unmark what we let pass"
                    ),
                    "find out whose it is (`bpftool net`, `tc filter show`)",
                )
            };
            findings.push(Finding::advice(NAME, found, remedy));
        }
    }
    findings
}
