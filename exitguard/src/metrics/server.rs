//! Answering over HTTP.
//!
//! Whoever connects can do the daemon no harm: so many at once, requests so small, one answer to each, and who takes
//! too long is cut off.

use super::{CONTENT_TYPE, text};
use crate::config::Listen;
use crate::control::{
    Answer, Inquiry, ListenError, Peer, Request as Question, SocketFile, Status, listen,
};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE as TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Connections at once. Those that are more are closed: who is slow shall not keep others waiting.
const MAX_CLIENTS: usize = 16;
/// Bytes of a request; hyper's least.
const MAX_REQUEST: usize = 8 << 10;
/// How long a client may take for its request.
const SLOWNESS: Duration = Duration::from_secs(2);
/// How long the daemon may take for the answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a connection may last.
const WHOLE: Duration = Duration::from_secs(15);

/// Answers until it is dropped.
#[derive(Debug)]
pub struct Server {
    task: JoinHandle<()>,
    _file: Option<SocketFile>,
}

impl Server {
    /// Listens; each scrape asks for the status in `inquiries`. Has to be called on a tokio runtime.
    ///
    /// # Errors
    /// When somebody else listens there, or the system refuses.
    pub fn start(at: &Listen, inquiries: mpsc::Sender<Inquiry>) -> Result<Self, ListenError> {
        let (listener, file) = match at {
            Listen::Unix(path) => {
                let (listener, file) = listen(path, "`listen` in [metrics]")?;
                let listener = UnixListener::from_std(listener).map_err(|error| {
                    let place = path.display().to_string();
                    ListenError::Listen { place, error }
                })?;
                (Listener::Unix(listener), Some(file))
            }
            Listen::Tcp(address) => {
                let refused = |error| ListenError::Listen {
                    place: address.to_string(),
                    error,
                };
                let listener = std::net::TcpListener::bind(address).map_err(refused)?;
                listener.set_nonblocking(true).map_err(refused)?;
                let listener = TcpListener::from_std(listener).map_err(refused)?;
                (Listener::Tcp(listener), None)
            }
        };
        let task = tokio::spawn(accept(listener, inquiries));
        Ok(Self { task, _file: file })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Listener {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

async fn accept(listener: Listener, inquiries: mpsc::Sender<Inquiry>) {
    /// Between tries, when the process has no room for another connection.
    const PAUSE: Duration = Duration::from_millis(100);
    let room = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let Ok(stream) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let inquiries = inquiries.clone();
        tokio::spawn(async move {
            // Whoever is cut off is not told.
            let _ = timeout(WHOLE, serve(stream, &inquiries)).await;
            drop(place);
        });
    }
}

async fn serve(stream: Box<dyn Stream>, inquiries: &mpsc::Sender<Inquiry>) -> hyper::Result<()> {
    let service =
        service_fn(|request| async move { Ok::<_, Infallible>(answer(&request, inquiries).await) });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWNESS)
        .max_buf_size(MAX_REQUEST)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

async fn answer(
    request: &Request<Incoming>,
    inquiries: &mpsc::Sender<Inquiry>,
) -> Response<Full<Bytes>> {
    match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET | &Method::HEAD) => {
            match timeout(PATIENCE, status(inquiries)).await {
                Ok(Some(status)) => respond(StatusCode::OK, CONTENT_TYPE, text(&status)),
                _ => plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the daemon is busy, or about to end\n",
                ),
            }
        }
        ("/metrics", _) => {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(ALLOW, allowed);
            refused
        }
        _ => plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n"),
    }
}

async fn status(inquiries: &mpsc::Sender<Inquiry>) -> Option<Status> {
    let (reply, answered) = oneshot::channel();
    let inquiry = Inquiry {
        request: Question::Status,
        peer: Peer::reader("metrics"),
        reply,
    };
    inquiries.send(inquiry).await.ok()?;
    match answered.await.ok()? {
        Answer::Short(reply) => reply.answer().ok(),
        // Nobody has so much to say about himself.
        Answer::Long(_) => None,
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", text.to_owned())
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(TYPE, HeaderValue::from_static(kind));
    response
}
