//! Answering.
//!
//! Whoever connects can do the daemon no harm: so many at once, lines so long, and who does not read the answer or
//! says nothing for a while is cut off.

use super::feed::Following;
use super::listener::{ListenError, SocketFile, listen};
use super::peer::Peer;
use super::protocol::{RefusalKind, Reply};
use super::talk::{Inquiry, lines, send, serve};
use std::io;
use std::os::unix::net;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// Connections at once.
const MAX_CLIENTS: usize = 64;
/// How long whoever watches may take for the last reports.
const LAST_REPORTS: Duration = Duration::from_secs(2);

/// Listens until it is dropped, on a thread of its own: who asks and watches takes no time from what is asked.
#[derive(Debug)]
pub struct Server {
    /// `None` while it is dropped.
    file: Option<SocketFile>,
    /// Ends the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at a path; each question goes into `inquiries`, and whoever watches follows what happens.
    ///
    /// # Errors
    /// When somebody else listens there, or the system refuses.
    pub fn start(
        path: &Path,
        inquiries: mpsc::Sender<Inquiry>,
        following: Following,
    ) -> Result<Self, ListenError> {
        let refused = |error| ListenError::Listen {
            place: path.display().to_string(),
            error,
        };
        let (listener, file) = listen(path, "`socket` in [control]")?;
        let (stop, stopped) = oneshot::channel();
        let (sender, begun) = sync_channel(1);
        // A runtime may only be dropped where nobody waits: all of it is in there.
        let serve = move || {
            let (runtime, listener) = match within(listener) {
                Ok(begun) => begun,
                Err(error) => return drop(sender.send(Err(error))),
            };
            let _ = sender.send(Ok(()));
            runtime.block_on(serve_until(stopped, listener, inquiries, following));
        };
        let thread = thread::Builder::new().name("control".to_owned());
        let thread = thread.spawn(serve).map_err(refused)?;
        // It is not there any more when it has panicked.
        let begun = begun
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        begun.map_err(refused)?;
        Ok(Self {
            file: Some(file),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody new comes.
        drop(self.file.take());
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the runtime already.
            let _ = thread.join();
        }
    }
}

/// On this thread.
fn within(listener: net::UnixListener) -> io::Result<(Runtime, UnixListener)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let listener = UnixListener::from_std(listener)?;
    drop(entered);
    Ok((runtime, listener))
}

async fn serve_until(
    stopped: oneshot::Receiver<()>,
    listener: UnixListener,
    inquiries: mpsc::Sender<Inquiry>,
    following: Following,
) {
    tokio::select! {
        () = accept(listener, inquiries, following.clone()) => {}
        _ = stopped => {}
    }
    // Who does not read by then is cut off.
    let _ = timeout(LAST_REPORTS, following.left()).await;
}

async fn accept(listener: UnixListener, inquiries: mpsc::Sender<Inquiry>, following: Following) {
    /// Between tries, when the process has no room for another connection.
    const PAUSE: Duration = Duration::from_millis(100);
    let room = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let peer = Peer::of(&stream);
        let mut lines = lines(stream);
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            let full = format!("{MAX_CLIENTS} others are connected");
            let reply = Reply::error(RefusalKind::Busy, full);
            // A line fits into the buffer of a new connection: nobody waits here.
            let _ = timeout(Duration::ZERO, send(&mut lines, &reply)).await;
            continue;
        };
        let (inquiries, following) = (inquiries.clone(), following.clone());
        tokio::spawn(async move {
            serve(lines, &peer, &inquiries, &following).await;
            drop(place);
        });
    }
}
