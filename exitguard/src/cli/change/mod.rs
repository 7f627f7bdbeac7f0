//! `exitguard block`, `allow`, `lockdown`, and what takes them back.

mod args;

pub(super) use args::{
    BlockArgs, BlocksArgs, ChangeArgs, LockdownArgs, NumberArgs, UnblockArgs, UndoArgs, UnlockArgs,
    lasting,
};

use super::daemon::Daemon;
use super::print;
use exitguard::changes;
use exitguard::control::{Change, ChangeKind, Changed, Client, ClientError, NewChange};
use exitguard::exit_code::Exit;
use exitguard::policy::short;
use std::fmt::Write;
use std::net::IpAddr;

impl BlockArgs {
    /// Blocks or allows.
    pub(super) fn make(&self, kind: ChangeKind) -> anyhow::Result<Exit> {
        let (destination, client) = (self.destination.as_str(), self.client.as_deref());
        change(kind, Some(destination), client, &self.change)
    }
}

impl LockdownArgs {
    pub(super) fn make(&self) -> anyhow::Result<Exit> {
        let client = self.whom.client.as_deref();
        change(ChangeKind::Lockdown, None, client, &self.change)
    }
}

impl UnblockArgs {
    pub(super) fn take_back(self) -> anyhow::Result<Exit> {
        let which = Which::Named {
            kind: ChangeKind::Block,
            destination: Some(self.destination),
            client: self.client,
        };
        take_back(&which, &self.undo)
    }
}

impl UnlockArgs {
    pub(super) fn take_back(self) -> anyhow::Result<Exit> {
        let which = Which::Named {
            kind: ChangeKind::Lockdown,
            destination: None,
            client: self.whom.client,
        };
        take_back(&which, &self.undo)
    }
}

impl NumberArgs {
    pub(super) fn take_back(&self) -> anyhow::Result<Exit> {
        let which = self.number.map_or(Which::Last, Which::Number);
        take_back(&which, &self.undo)
    }
}

impl BlocksArgs {
    pub(super) fn show(&self) -> anyhow::Result<Exit> {
        blocks(self)
    }
}

/// Which change is meant.
enum Which {
    Number(u32),
    /// Of a kind, about a destination and a client.
    Named {
        kind: ChangeKind,
        destination: Option<String>,
        client: Option<String>,
    },
    Last,
}

fn change(
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
    let changed = Daemon::of(&args.config).ask(|mut client| client.change(new))?;
    done(&changed, args.json, false)
}

fn take_back(which: &Which, args: &UndoArgs) -> anyhow::Result<Exit> {
    match Daemon::of(&args.config).ask(|client| find(client, which))? {
        Some(changed) => done(&changed, args.json, true),
        None => {
            eprintln!("exitguard: there is no such change; `exitguard blocks` lists all");
            Ok(Exit::Negative)
        }
    }
}

fn find(mut client: Client, which: &Which) -> Result<Option<Changed>, ClientError> {
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
fn blocks(args: &BlocksArgs) -> anyhow::Result<Exit> {
    let changes = Daemon::of(&args.config).ask(|mut client| client.changes())?;
    if args.json {
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
pub(super) fn session() -> Option<IpAddr> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    connection.split(' ').next()?.parse().ok()
}
