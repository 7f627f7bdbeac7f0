//! A client that sends what is forbidden, and a server that should not hear it.

use anyhow::Result;
use exitguard::lab::{CLIENT_V4, Namespace};
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One thread that sends.
pub(super) struct Flood {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<u64>>>,
}

impl Flood {
    pub(super) fn start(client: &Namespace, to: SocketAddr) -> Result<Self> {
        let ends = Arc::<AtomicBool>::default();
        let end = Arc::clone(&ends);
        let thread = client.spawn("soak-flood", move || {
            let socket = UdpSocket::bind((CLIENT_V4, 0))?;
            let mut sent = 0;
            while !end.load(Ordering::Relaxed) {
                // A full queue takes nothing for a moment.
                sent += u64::from(socket.send_to(b"flood", to).is_ok());
            }
            Ok(sent)
        })?;
        Ok(Self {
            ends,
            thread: Some(thread),
        })
    }

    /// Ends it, and says how many datagrams were sent.
    pub(super) fn stop(mut self) -> Result<u64> {
        self.ends.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(sent)) => Ok(sent?),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(0),
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

/// One thread that hears, and notes when.
pub(super) struct Server {
    address: SocketAddr,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    ends: AtomicBool,
    leaked: AtomicU64,
    /// The first and the last since the last re-creation.
    between: Mutex<Option<(Instant, Instant)>>,
}

impl Heard {
    fn between(&self) -> MutexGuard<'_, Option<(Instant, Instant)>> {
        self.between.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    pub(super) fn start(internet: &Namespace, address: SocketAddr) -> Result<Self> {
        /// What arrives while the thread does not run.
        const BUFFER: usize = 8 << 20;
        /// Between two looks whether to end.
        const PATIENCE: Duration = Duration::from_millis(50);
        let bind = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind(address)?;
            setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok(socket)
        };
        let socket = internet.enter(bind)??;
        let heard = Arc::<Heard>::default();
        let hears = Arc::clone(&heard);
        internet.spawn("soak-server", move || {
            let mut datagram = [0; 16];
            while !hears.ends.load(Ordering::Relaxed) {
                if socket.recv(&mut datagram).is_err() {
                    continue;
                }
                let now = Instant::now();
                let mut between = hears.between();
                let first = between.map_or(now, |(first, _)| first);
                *between = Some((first, now));
                hears.leaked.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        Ok(Self { address, heard })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another re-creation.
    pub(super) fn begin(&self) {
        *self.heard.between() = None;
    }

    pub(super) fn leaked(&self) -> u64 {
        self.heard.leaked.load(Ordering::Relaxed)
    }

    /// From the first datagram that arrived to the last.
    pub(super) fn gap(&self) -> Duration {
        let between = *self.heard.between();
        between.map_or(Duration::ZERO, |(first, last)| last - first)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.heard.ends.store(true, Ordering::Relaxed);
    }
}
