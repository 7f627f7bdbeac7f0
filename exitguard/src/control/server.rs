//! Answering.
//!
//! Whoever connects can do the daemon no harm: so many at once, lines so long, and who does not read the answer or
//! says nothing for a while is cut off.

use super::listener::{ListenError, SocketFile, listen};
use super::peer::{OPERATORS, Peer};
use super::protocol::{RefusalKind, Reply, Request};
use futures_util::{SinkExt, StreamExt};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// Connections at once.
const MAX_CLIENTS: usize = 64;
/// Bytes of a question.
pub const MAX_LINE: usize = 64 << 10;
/// How long a client may say nothing.
const IDLE: Duration = Duration::from_secs(60);
/// How long it may take to read an answer.
const SLOWNESS: Duration = Duration::from_secs(5);

/// A question, and where its answer goes.
#[derive(Debug)]
pub struct Inquiry {
    /// What is asked.
    pub request: Request,
    /// By whom; who may not change has not got this far with a change.
    pub peer: Peer,
    /// Takes the answer.
    pub reply: oneshot::Sender<Reply>,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Server {
    file: SocketFile,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens at a path; each question goes into `inquiries`. Has to be called on a tokio runtime.
    ///
    /// # Errors
    /// When somebody else listens there, or the system refuses.
    pub fn start(path: &Path, inquiries: mpsc::Sender<Inquiry>) -> Result<Self, ListenError> {
        let (listener, file) = listen(path, "`socket` in [control]")?;
        let task = tokio::spawn(accept(listener, inquiries));
        Ok(Self { file, task })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: UnixListener, inquiries: mpsc::Sender<Inquiry>) {
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
        let inquiries = inquiries.clone();
        tokio::spawn(async move {
            serve(lines, &peer, &inquiries).await;
            drop(place);
        });
    }
}

/// Answers what a peer asks over one connection, until it ends or is cut off.
pub async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: &Peer,
    inquiries: &mpsc::Sender<Inquiry>,
) {
    serve(lines(stream), peer, inquiries).await;
}

type Lines<S> = Framed<S, LinesCodec>;

fn lines<S: AsyncRead + AsyncWrite>(stream: S) -> Lines<S> {
    Framed::new(stream, LinesCodec::new_with_max_length(MAX_LINE))
}

async fn serve<S>(mut lines: Lines<S>, peer: &Peer, inquiries: &mpsc::Sender<Inquiry>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Ok(Some(line)) = timeout(IDLE, lines.next()).await {
        let (reply, goes_on) = match line {
            Ok(line) => (answer(&line, peer, inquiries).await, true),
            Err(LinesCodecError::MaxLineLengthExceeded) => {
                let message = format!("a question has at most {MAX_LINE} bytes");
                (Reply::error(RefusalKind::BadRequest, message), false)
            }
            Err(LinesCodecError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                let message = "a question is text in UTF-8";
                (Reply::error(RefusalKind::BadRequest, message), false)
            }
            Err(LinesCodecError::Io(_)) => return,
        };
        let sent = timeout(SLOWNESS, send(&mut lines, &reply)).await;
        if !goes_on || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

async fn answer(line: &str, peer: &Peer, inquiries: &mpsc::Sender<Inquiry>) -> Reply {
    let request: Request = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return Reply::error(RefusalKind::BadRequest, error.to_string()),
    };
    if request.is_change() && !peer.is_operator {
        let message = format!(
            "only root and members of the group \"{OPERATORS}\" may change what is in force"
        );
        return Reply::error(RefusalKind::NotPermitted, message);
    }
    let (reply, answered) = oneshot::channel();
    let inquiry = Inquiry {
        request,
        peer: peer.clone(),
        reply,
    };
    if inquiries.send(inquiry).await.is_ok()
        && let Ok(reply) = answered.await
    {
        return reply;
    }
    Reply::error(RefusalKind::Ending, "the daemon is about to end")
}

async fn send<S>(lines: &mut Lines<S>, reply: &Reply) -> Result<(), LinesCodecError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Made of what was JSON already: there is nothing that could fail.
    let json = serde_json::to_string(reply).unwrap_or_default();
    lines.send(json).await
}
