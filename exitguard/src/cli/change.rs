//! `exitguard block`, `allow`, `lockdown`, and what takes them back.

use super::daemon::Daemon;
use super::{ChangeArgs, UndoArgs, print};
use exitguard::changes;
use exitguard::control::{Change, ChangeKind, Changed, ClientError, NewChange};
use exitguard::exit_code::Exit;
use exitguard::policy::short;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;

/// Which change is meant.
pub(super) enum Which {
    Number(u32),
    /// Of a kind, about a destination and a client.
    Named {
        kind: ChangeKind,
        destination: Option<String>,
        client: Option<String>,
    },
    Last,
}

pub(super) fn change(
    kind: ChangeKind,
    destination: Option<&str>,
    client: Option<&str>,
    args: &ChangeArgs,
) -> anyhow::Result<Exit> {
    let new = NewChange {
        kind,
        destination: destination.map(str::to_owned),
        client: client.map(str::to_owned),
        seconds: args.lasting.map(|lasting| lasting.as_secs()),
        comment: args.comment.clone().unwrap_or_default(),
        session: session(),
        force: args.force,
    };
    let daemon = Daemon::of(&args.config.config);
    let answer = daemon.connect().and_then(|mut client| client.change(new));
    match answer {
        Ok(changed) => done(&changed, args.json, false),
        Err(error) => daemon.no_answer(error),
    }
}

pub(super) fn take_back(which: &Which, args: &UndoArgs) -> anyhow::Result<Exit> {
    let daemon = Daemon::of(&args.config.config);
    match find(&daemon, which) {
        Ok(Some(changed)) => done(&changed, args.json, true),
        Ok(None) => {
            eprintln!("exitguard: there is no such change; `exitguard blocks` lists all");
            Ok(Exit::Negative)
        }
        Err(error) => daemon.no_answer(error),
    }
}

fn find(daemon: &Daemon, which: &Which) -> Result<Option<Changed>, ClientError> {
    let mut client = daemon.connect()?;
    let id = match which {
        Which::Number(id) => Some(*id),
        Which::Last => client
            .changes()?
            .changes
            .iter()
            .max_by_key(|change| (change.since, change.id))
            .map(|change| change.id),
        Which::Named {
            kind,
            destination,
            client: named,
        } => {
            let net = destination.as_deref().map(changes::network);
            let all = client.changes()?.changes;
            let of_kind = all.iter().filter(|change| change.kind == *kind);
            let mut about = of_kind.filter(|change| {
                let same_destination = net.is_none_or(|net| net == change.destination);
                same_destination && is_about(change, named.as_deref())
            });
            about.next().map(|change| change.id)
        }
    };
    id.map(|id| client.revert(id)).transpose()
}

/// By the name that was given, or by address.
fn is_about(change: &Change, client: Option<&str>) -> bool {
    let net = client.and_then(changes::network);
    change.client.as_deref() == client || net.is_some_and(|net| change.clients == [net])
}

fn done(changed: &Changed, json: bool, is_over: bool) -> anyhow::Result<Exit> {
    if json {
        return print::json(changed).map(|_| Exit::Ok);
    }
    let Changed {
        change,
        generation,
        flows,
        mode,
    } = changed;
    let what = if is_over { "taken back: " } else { "" };
    let mut text = format!("{what}{change}\n");
    let concerns = match flows {
        1 => "1 open flow".to_owned(),
        flows => format!("{flows} open flows"),
    };
    writeln!(
        text,
        "in force as policy {generation}; it concerns {concerns}"
    )?;
    if mode == "observe" && change.kind != ChangeKind::Allow && !is_over {
        writeln!(
            text,
            "the mode is \"observe\": it is reported, and everything passes all the same"
        )?;
    }
    print::text(&text)
}

/// Everything in force beside the configuration.
pub(super) fn blocks(config: &Path, json: bool) -> anyhow::Result<Exit> {
    let daemon = Daemon::of(config);
    let changes = match daemon.connect().and_then(|mut client| client.changes()) {
        Ok(changes) => changes,
        Err(error) => return daemon.no_answer(error),
    };
    if json {
        return print::json(&changes).map(|_| Exit::Ok);
    }
    if changes.changes.is_empty() {
        return print::text(
            "nothing is blocked, allowed or locked down beside the configuration\n",
        );
    }
    let mut text = String::new();
    for change in &changes.changes {
        writeln!(text, "{:>4}  {}", change.id, line(change))?;
    }
    print::text(&text)
}

fn line(change: &Change) -> String {
    let destination = change.destination.map(short);
    let client = change.client.as_deref().unwrap_or("every client");
    let until = match change.until {
        Some(until) => format!("until {until:.0}"),
        None => "until taken back".to_owned(),
    };
    let mut line = format!(
        "{:<8}  {:<24}  {:<20}  {until}  by {}",
        change.kind.name(),
        destination.as_deref().unwrap_or("everything"),
        exitguard::diagnostic::printable(client),
        exitguard::diagnostic::printable(&change.by),
    );
    if !change.comment.is_empty() {
        line += "  ";
        line += &exitguard::diagnostic::printable(&change.comment);
    }
    line
}

/// Where the session of this terminal comes from.
fn session() -> Option<IpAddr> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    connection.split(' ').next()?.parse().ok()
}
