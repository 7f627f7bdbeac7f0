//! Answering.
//!
//! Whoever connects can do the daemon no harm: so many at once, lines so long, and who does not read the answer or
//! says nothing for a while is cut off.

use super::feed::Following;
use super::peer::Peer;
use super::protocol::{RefusalKind, Reply};
use super::talk::{Inquiry, lines, send, serve};
use nix::unistd::{Gid, Group, chown};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{self, UnixStream};
use std::path::{Path, PathBuf};
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
/// Its members may read.
const GROUP: &str = "exitguard";

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Somebody listens there.
    #[error("another daemon answers at {}; name another `socket` in [control]", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// The system says no.
    #[error("cannot listen at {}: {error}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Listens until it is dropped, on a thread of its own: who asks and watches takes no time from what is asked.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    /// Of the socket: another one at the path is not ours to remove.
    inode: u64,
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
    ) -> Result<Self, ServerError> {
        let refused = |error| ServerError::Listen {
            path: path.to_owned(),
            error,
        };
        match UnixStream::connect(path) {
            Ok(_) => {
                return Err(ServerError::Taken {
                    path: path.to_owned(),
                });
            }
            // What a daemon that was killed left. The system says the same of a file that is no socket.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(path) => {
                fs::remove_file(path).map_err(refused)?;
            }
            Err(_) => {}
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(refused)?;
        }
        let (listener, inode) = listen(path).map_err(refused)?;
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
            path: path.to_owned(),
            inode,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|socket| socket.ino() == self.inode) {
            // Whoever comes next removes what nobody listens at.
            let _ = fs::remove_file(&self.path);
        }
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the runtime already.
            let _ = thread.join();
        }
    }
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Nobody but root, and the group if there is one.
fn listen(path: &Path) -> io::Result<(net::UnixListener, u64)> {
    let listener = net::UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    let group: Option<Gid> = Group::from_name(GROUP)
        .ok()
        .flatten()
        .map(|group| group.gid);
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    chown(path, None, group)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((listener, fs::symlink_metadata(path)?.ino()))
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
