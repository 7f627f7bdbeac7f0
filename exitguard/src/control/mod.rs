//! The control socket: what a running daemon answers, over a UNIX stream socket.
//!
//! One JSON object a line, both ways. A question names what is asked, as in `{"op":"status"}`; the answer to each is
//! one line, in the order of the questions, with `"v":1` and either `"ok"` or `"error"`. Only `watch` is answered by
//! lines without end: an empty `"ok"`, and then what happens, until one side ends it. Whoever may open the socket may
//! read; root and members of the group [`OPERATORS`] may change.

mod client;
mod feed;
mod listener;
mod long;
mod peer;
mod protocol;
mod server;
mod talk;
#[cfg(test)]
mod tests;
mod watching;

pub use client::{Client, ClientError, Unwatch, Watching};
pub use feed::{Feed, Following, KEPT_REPORTS};
pub use listener::ListenError;
pub(crate) use listener::{SocketFile, listen};
pub use long::Long;
pub use peer::{OPERATORS, Peer};
pub use protocol::{
    Amount, Applied, Apply, Change, ChangeKind, Changed, Changes, Decided, Flow, FlowState, Flows,
    ListStatus, NewChange, Observed, ObservedClient, ObservedDestination, ObservedRow, Protection,
    Refusal, RefusalKind, Reply, Request, Right, Status, Told, Traffic, VERSION, Watch,
};
pub use server::Server;
pub use talk::{Answer, Inquiry, MAX_LINE, talk};

/// Where the socket is, if the configuration does not say.
pub const DEFAULT_SOCKET: &str = "/run/exitguard/exitguard.sock";
