//! The control socket: what a running daemon answers, over a UNIX stream socket.
//!
//! One JSON object a line, both ways. A question names what is asked, as in `{"op":"status"}`; the answer to each is
//! one line, in the order of the questions, with `"v":1` and either `"ok"` or `"error"`. Whoever may open the socket
//! may read; root and members of the group [`OPERATORS`] may change.

mod client;
mod listener;
mod peer;
mod protocol;
mod server;
#[cfg(test)]
mod tests;

pub use client::{Client, ClientError};
pub use listener::ListenError;
pub(crate) use listener::{SocketFile, listen};
pub use peer::{OPERATORS, Peer};
pub use protocol::{
    Amount, Change, ChangeKind, Changed, Changes, Decided, Flow, FlowState, Flows, ListStatus,
    NewChange, Protection, Refusal, RefusalKind, Reply, Request, Status, Traffic, VERSION,
};
pub use server::{Inquiry, MAX_LINE, Server, talk};

/// Where the socket is, if the configuration does not say.
pub const DEFAULT_SOCKET: &str = "/run/exitguard/exitguard.sock";
