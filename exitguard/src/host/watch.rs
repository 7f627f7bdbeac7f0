//! Hearing of changes.

use super::HostError;
use futures_util::StreamExt;
use rtnetlink::MulticastGroup;
use std::future::Future;
use tokio::task::JoinHandle;

/// Tells that devices, addresses or routing rules changed, but not how: whoever hears it looks again. So a message that is
/// lost, or arrives late, cannot leave a wrong picture.
#[derive(Debug)]
pub struct Watch {
    changes: tokio::sync::watch::Receiver<u64>,
    task: JoinHandle<()>,
}

const GROUPS: [MulticastGroup; 5] = [
    MulticastGroup::Link,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv6Ifaddr,
    MulticastGroup::Ipv4Rule,
    MulticastGroup::Ipv6Rule,
];

impl Watch {
    /// Listens from now on, in the namespace of this thread. Look only after this returned, or a change in
    /// between goes unseen.
    ///
    /// # Errors
    /// When there can be no socket.
    pub fn new() -> Result<Self, HostError> {
        let (connection, _, mut messages) = rtnetlink::new_multicast_connection(&GROUPS)?;
        run(connection);
        let (sender, changes) = tokio::sync::watch::channel(0);
        let task = tokio::spawn(async move {
            // Overruns arrive as messages too: they are changes like any other.
            while messages.next().await.is_some() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { changes, task })
    }

    /// Waits for the next change; changes since the last call count as one.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The socket is gone. Nothing will be heard any more; the periodic look still happens.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Runs the connection behind a handle, until the handle is dropped.
pub(super) fn run(connection: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(connection);
}
