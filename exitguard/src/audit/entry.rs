//! A line of the log.

use crate::control::Peer;
use jiff::Timestamp;
use nix::unistd::{Uid, User};
use serde::Serialize;
use serde_json::Value;

/// Version of what is in a line. Changes when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// How a change was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Over the control socket.
    Socket,
    /// By a signal, as from `systemctl reload`. Nothing tells who sent it.
    Signal,
    /// By starting the daemon.
    Start,
    /// By nobody: its time was over.
    Expiry,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A destination was blocked.
    Block,
    /// A destination was allowed.
    Allow,
    /// A client, or all of them, was locked down.
    Lockdown,
    /// A change was taken back.
    Revert,
    /// A change ended by itself.
    Expire,
    /// The policy's files were read again.
    Reload,
    /// Another configuration was put in force for a while.
    Apply,
    /// It stays.
    Confirm,
    /// It does not.
    RollBack,
    /// The daemon put its policy in force.
    Start,
    /// The daemon ended.
    Stop,
}

/// A change, or the attempt at one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    timestamp: Timestamp,
    v: u32,
    /// The user. Of a signal, the one the daemon runs as: no other but root could have sent it.
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<i32>,
    via: Via,
    action: Action,
    #[serde(skip_serializing_if = "Value::is_null")]
    what: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    before: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    after: Value,
    /// `done`, or why not.
    outcome: String,
}

impl Entry {
    /// Asked for over the control socket.
    pub fn by(peer: &Peer, action: Action) -> Self {
        Self {
            uid: peer.uid,
            pid: peer.pid,
            ..Self::new(peer.name.clone(), Via::Socket, action)
        }
    }

    /// By the daemon itself, or whoever sent it a signal.
    pub fn own(via: Via, action: Action) -> Self {
        let uid = Uid::effective();
        let user = User::from_uid(uid).ok().flatten();
        let name = user.map_or_else(|| uid.to_string(), |user| user.name);
        Self::new(name, via, action)
    }

    fn new(by: String, via: Via, action: Action) -> Self {
        Self {
            timestamp: Timestamp::now(),
            v: VERSION,
            by,
            uid: None,
            pid: None,
            via,
            action,
            what: Value::Null,
            before: Value::Null,
            after: Value::Null,
            outcome: "done".to_owned(),
        }
    }

    /// The change itself.
    #[must_use]
    pub fn what(self, what: impl Serialize) -> Self {
        let what = value(what);
        Self { what, ..self }
    }

    /// How it was before: the number of a policy, or what was changed.
    #[must_use]
    pub fn before(self, before: impl Serialize) -> Self {
        let before = value(before);
        Self { before, ..self }
    }

    /// How it is afterwards.
    #[must_use]
    pub fn after(self, after: impl Serialize) -> Self {
        let after = value(after);
        Self { after, ..self }
    }

    /// It was not done, and why.
    #[must_use]
    pub fn failed(self, why: impl Into<String>) -> Self {
        let outcome = why.into();
        Self { outcome, ..self }
    }
}

/// Made of types whose JSON cannot fail; of others nothing is said.
fn value(of: impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}
