//! Answers of many megabytes, made while they are sent.

use super::protocol::VERSION;
use serde::Serialize;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Bytes that are made before any of them are sent.
const PIECE: usize = 64 << 10;

type Make = dyn FnOnce(&mut dyn Write) -> serde_json::Result<()> + Send;

/// An answer, and how to make it: on a thread of its own, so that it keeps nobody waiting, and no faster than it is
/// read.
pub struct Long(Box<Make>);

/// As [`super::Reply`].
#[derive(Serialize)]
struct Envelope<'a, T> {
    v: u32,
    ok: &'a T,
}

impl Long {
    pub(super) fn new<T: Serialize>(make: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Box::new(move |target| {
            let envelope = Envelope {
                v: VERSION,
                ok: &make(),
            };
            serde_json::to_writer(target, &envelope)
        }))
    }

    /// Sends it, and the end of its line. Whoever does not take a piece within `patience` gets no more of it. After a
    /// failure there is no use for the connection.
    pub(super) async fn send(
        self,
        stream: &mut (impl AsyncWrite + Unpin),
        patience: Duration,
    ) -> io::Result<()> {
        let (sender, mut pieces) = channel(1);
        let making = spawn_blocking(move || {
            let mut target = BufWriter::with_capacity(PIECE, Pieces(sender));
            (self.0)(&mut target)?;
            target.write_all(b"\n")?;
            target.flush()
        });
        while let Some(piece) = pieces.recv().await {
            timeout(patience, stream.write_all(&piece)).await??;
        }
        making.await?
    }
}

impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Long")
    }
}

/// Hands over what is written. Fails when nobody wants it any more.
struct Pieces(Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.blocking_send(bytes.to_vec()) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
