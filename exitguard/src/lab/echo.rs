//! Servers that answer everything with the same bytes.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::io::AsyncWriteExt;
use tokio::net;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::error::{LabError, is_denied};
use super::namespace::Namespace;

/// An echo server on one thread, which ends with this value and cuts what is open.
#[derive(Debug)]
pub struct EchoServer {
    address: SocketAddr,
    calls: Arc<Calls>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a server has seen.
#[derive(Debug, Default)]
struct Calls(Mutex<(u64, BTreeSet<SocketAddr>)>);

impl Calls {
    fn note(&self, caller: SocketAddr) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.0 += 1;
        calls.1.insert(caller);
    }
}

impl EchoServer {
    /// Serves TCP at `address` in `namespace`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`LabError::Socket`] if the address is not there or not free.
    pub fn tcp(namespace: &Namespace, address: SocketAddr) -> Result<Self, LabError> {
        let failed = |error| failure(address, error);
        let listener = namespace
            .enter(|| TcpListener::bind(address))?
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Self::start(namespace, address, |calls| async move {
            let listener = net::TcpListener::from_std(listener)?;
            loop {
                // accept(2): errors of a connection that ended early come up here, and pass.
                let Ok((mut stream, caller)) = listener.accept().await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                calls.note(caller);
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    // A caller that goes away early is no matter of the server's.
                    if tokio::io::copy(&mut from, &mut to).await.is_ok() {
                        let _ = to.shutdown().await;
                    }
                });
            }
        })
    }

    /// Serves UDP at `address` in `namespace`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`LabError::Socket`] if the address is not there or not free.
    pub fn udp(namespace: &Namespace, address: SocketAddr) -> Result<Self, LabError> {
        let failed = |error| failure(address, error);
        let socket = namespace
            .enter(|| UdpSocket::bind(address))?
            .map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        Self::start(namespace, address, |calls| async move {
            let socket = net::UdpSocket::from_std(socket)?;
            let mut datagram = vec![0; usize::from(u16::MAX)];
            loop {
                let (length, caller) = socket.recv_from(&mut datagram).await?;
                calls.note(caller);
                let answer = datagram.get(..length).unwrap_or_default();
                // The way back may be closed, for this caller.
                let _ = socket.send_to(answer, caller).await;
            }
        })
    }

    /// Runs `serve` until the value is dropped.
    fn start<S, F>(namespace: &Namespace, address: SocketAddr, serve: S) -> Result<Self, LabError>
    where
        S: FnOnce(Arc<Calls>) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let runtime = Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(|error| failure(address, error))?;
        let calls = Arc::<Calls>::default();
        let (stop, stopped) = oneshot::channel();
        let seen = calls.clone();
        let thread = namespace.spawn("lab-echo", move || {
            runtime.spawn(serve(seen));
            // Ends when the sender is dropped; the runtime then drops all that it still serves.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self {
            address,
            calls,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections or datagrams it took.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// Where they came from, as the server saw it.
    #[must_use]
    pub fn callers(&self) -> BTreeSet<SocketAddr> {
        self.calls
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn failure(address: SocketAddr, error: io::Error) -> LabError {
    if is_denied(&error) {
        return LabError::NotPermitted {
            what: format!("serve at {address}"),
        };
    }
    LabError::Socket {
        action: "serve at",
        address,
        error,
    }
}
