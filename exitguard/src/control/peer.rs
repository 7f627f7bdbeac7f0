//! Who is at the other end of a connection.

use super::protocol::Right;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use std::ffi::CString;
use tokio::net::UnixStream;

/// Root and its members may change what is in force.
pub const OPERATORS: &str = "exitguard-operator";

/// Somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name of the user, or their number.
    pub name: String,
    /// The number of the user, if known.
    pub uid: Option<u32>,
    /// Their process, if known; it may be gone by now.
    pub pid: Option<i32>,
    /// They may change what is in force, and not only read.
    pub is_operator: bool,
}

impl Peer {
    /// Whoever connected, as the kernel says.
    pub(super) fn of(stream: &UnixStream) -> Self {
        match stream.peer_cred() {
            Ok(peer) => Self {
                pid: peer.pid(),
                ..Self::new(Uid::from_raw(peer.uid()), Gid::from_raw(peer.gid()))
            },
            Err(_) => Self::reader("unknown"),
        }
    }

    /// What they may ask for.
    pub const fn right(&self) -> Right {
        match (self.uid, self.is_operator) {
            (Some(0), _) => Right::Everything,
            (_, true) => Right::Change,
            _ => Right::Read,
        }
    }

    /// Somebody who may only read.
    pub fn reader(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uid: None,
            pid: None,
            is_operator: false,
        }
    }

    fn new(user: Uid, group: Gid) -> Self {
        let known = User::from_uid(user).ok().flatten();
        let is_operator = user.is_root() || {
            let operators = Group::from_name(OPERATORS).ok().flatten();
            operators.is_some_and(|operators| {
                let groups = known.as_ref().map(|user| groups(&user.name, group));
                group == operators.gid
                    || groups.is_some_and(|groups| groups.contains(&operators.gid))
            })
        };
        Self {
            name: known.map_or_else(|| user.to_string(), |user| user.name),
            uid: Some(user.as_raw()),
            pid: None,
            is_operator,
        }
    }
}

/// By the list of groups: the kernel tells only the first group of a process at the other end.
fn groups(user: &str, group: Gid) -> Vec<Gid> {
    let Ok(user) = CString::new(user) else {
        return Vec::new();
    };
    getgrouplist(&user, group).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_may_change_and_a_user_without_a_name_may_not() {
        let root = Peer::new(Uid::from_raw(0), Gid::from_raw(0));
        assert!(root.is_operator);
        assert_eq!(root.name, "root");
        let stranger = Peer::new(Uid::from_raw(64_321), Gid::from_raw(64_321));
        assert!(!stranger.is_operator);
        assert_eq!(stranger.name, "64321");
    }
}
