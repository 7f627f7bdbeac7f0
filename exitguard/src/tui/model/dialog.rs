//! What is asked before anything is changed.

use crate::config;
use crate::control::{Change, ChangeKind, NewChange};
use crate::diagnostic::printable;
use crate::policy::short;
use std::net::IpAddr;

/// A question that has to be answered first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// Whether to block, allow or lock down.
    Ask(Ask),
    /// Whether to do it although the daemon warned.
    Force {
        change: NewChange,
        why: String,
        choice: usize,
    },
    /// Which change to take back.
    Undo { changes: Vec<Change>, choice: usize },
}

/// Whether to block, allow or lock down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) kind: ChangeKind,
    /// Of a block or an allow.
    pub(crate) destination: Option<IpAddr>,
    /// Of a lockdown, and of the others if the row is about one client.
    pub(crate) client: Option<IpAddr>,
    /// Whether a block or an allow is for that client only.
    pub(crate) only_client: bool,
    /// Among [`CHOICES`].
    pub(crate) choice: usize,
}

/// For how long.
pub(crate) const CHOICES: [&str; 3] = ["for 1 hour", "until it is taken back", "cancel"];
/// Whether the daemon's warning counts.
pub(crate) const FORCE_CHOICES: [&str; 2] = ["cancel", "do it all the same"];

const HOUR: u64 = 3_600;

impl Ask {
    /// What is wanted; nothing if that is nothing.
    pub(crate) fn change(&self) -> Option<NewChange> {
        let seconds = match self.choice {
            0 => Some(HOUR),
            1 => None,
            _ => return None,
        };
        let is_for_client = self.kind == ChangeKind::Lockdown || self.only_client;
        Some(NewChange {
            kind: self.kind,
            destination: self.destination.map(|address| address.to_string()),
            client: self
                .client
                .filter(|_| is_for_client)
                .map(|address| address.to_string()),
            seconds,
            comment: String::new(),
            session: None,
            force: false,
        })
    }

    /// Whether there is anything to choose beside the time.
    pub(crate) fn can_be_for_one_client(&self) -> bool {
        self.kind != ChangeKind::Lockdown && self.client.is_some()
    }
}

impl Dialog {
    /// How many answers there are.
    pub(crate) fn choices(&self) -> usize {
        match self {
            Self::Ask(_) => CHOICES.len(),
            Self::Force { .. } => FORCE_CHOICES.len(),
            Self::Undo { changes, .. } => changes.len(),
        }
    }

    pub(crate) const fn choice(&mut self) -> &mut usize {
        match self {
            Self::Ask(ask) => &mut ask.choice,
            Self::Force { choice, .. } | Self::Undo { choice, .. } => choice,
        }
    }

    /// The command that would do the same, if anything is chosen that does something.
    pub(crate) fn command(&self) -> Option<String> {
        match self {
            Self::Ask(ask) => ask.change().map(|change| command(&change)),
            Self::Force { change, .. } => Some(command(&NewChange {
                force: true,
                ..change.clone()
            })),
            Self::Undo { changes, choice } => changes.get(*choice).map(undo_command),
        }
    }
}

/// A change as a command.
pub(crate) fn command(change: &NewChange) -> String {
    let mut command = format!("exitguard {}", change.kind.name());
    let mut push = |word: &str| {
        command.push(' ');
        command.push_str(&quoted(word));
    };
    match change.kind {
        ChangeKind::Lockdown => push(change.client.as_deref().unwrap_or("--all")),
        ChangeKind::Block | ChangeKind::Allow => {
            push(change.destination.as_deref().unwrap_or_default());
            if let Some(client) = &change.client {
                push("--client");
                push(client);
            }
        }
    }
    if let Some(seconds) = change.seconds {
        push("--for");
        push(&time(seconds));
    }
    if change.force {
        push("--force");
    }
    command
}

/// The command that takes a change back.
pub(crate) fn undo_command(change: &Change) -> String {
    format!("exitguard undo {}", change.id)
}

/// A change, in a word and what it is about.
pub(crate) fn subject(change: &Change) -> String {
    let client = change.client.as_deref().map(printable);
    match (change.destination, client) {
        (Some(net), Some(client)) => format!("{} for {client}", short(net)),
        (Some(net), None) => short(net),
        (None, Some(client)) => client,
        (None, None) => "every client".to_owned(),
    }
}

/// As the command line takes it.
fn time(seconds: u64) -> String {
    let text = match seconds {
        seconds if seconds % HOUR == 0 => format!("{}h", seconds / HOUR),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    };
    debug_assert!(config::parse_duration(&text).is_ok(), "{text}");
    text
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", printable(word).replace('\'', "'\\''"))
    }
}
