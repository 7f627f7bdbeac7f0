//! Reports to a reader who may be slow, or gone.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Format, Report, text};

/// Reports that may wait for a slow reader; some megabytes.
const QUEUE: usize = 8_192;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Who gets the reports. An error means that it wants no more.
pub trait Reader<T = Report>: Send {
    /// Takes one. May take its time.
    ///
    /// # Errors
    /// When it is gone.
    fn take(&mut self, report: &T) -> io::Result<()>;

    /// Nothing is waiting: now is the time to show what there is.
    ///
    /// # Errors
    /// When it is gone.
    fn caught_up(&mut self) -> io::Result<()>;
}

/// Renders reports, a line each.
#[derive(Debug)]
pub struct Lines<W: Write> {
    format: Format,
    /// Somebody else writes when each line came.
    is_dated: bool,
    target: BufWriter<W>,
}

impl<W: Write> Lines<W> {
    /// Lines to `target`.
    pub fn new(format: Format, target: W) -> Self {
        Self {
            format,
            is_dated: false,
            target: BufWriter::new(target),
        }
    }

    /// The same, to somebody who dates lines: those of text leave their time out.
    #[must_use]
    pub fn dated(self, is_dated: bool) -> Self {
        Self { is_dated, ..self }
    }
}

impl<W: Write + Send> Reader for Lines<W> {
    fn take(&mut self, report: &Report) -> io::Result<()> {
        let line = self.format.render(report);
        let line = match (self.is_dated, self.format) {
            (true, Format::Text) => text::without_time(&line),
            _ => &line,
        };
        self.target.write_all(line.as_bytes())?;
        self.target.write_all(b"\n")
    }

    fn caught_up(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Hands over reports on a thread of its own. Nobody who gives it one waits: what does not fit is counted.
#[derive(Debug)]
pub struct Sink<T = Report> {
    queue: Option<SyncSender<Arc<T>>>,
    thread: Option<JoinHandle<()>>,
    sent: u64,
    lost: u64,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_closed: AtomicBool,
    taken: AtomicU64,
}

impl<T: Send + Sync + 'static> Sink<T> {
    /// Hands over to `reader` from now on. `on_close` is called, once, when the reader is gone.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn new(
        reader: impl Reader<T> + 'static,
        on_close: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("output".into())
            .spawn(move || {
                // A reader that is gone is no failure: `exitguard run | head` ends quietly.
                if hand_over(reader, &waiting, &of_thread).is_err() {
                    of_thread.is_closed.store(true, Ordering::Release);
                    on_close();
                }
            })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            sent: 0,
            lost: 0,
            shared,
        })
    }

    /// Hands over a report, or counts it as lost.
    pub fn send(&mut self, report: impl Into<Arc<T>>) {
        let Some(queue) = &self.queue else { return };
        match queue.try_send(report.into()) {
            Ok(()) => self.sent += 1,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.lost += 1,
        }
    }

    /// Reports lost so far.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed.load(Ordering::Acquire)
    }

    /// Waits until the reader has taken everything, or until patience ends.
    pub fn wait_for_room(&self, patience: Duration) {
        let start = Instant::now();
        while self.is_behind() && start.elapsed() < patience {
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Hands over what is waiting, and ends; with a reader that does not read, when patience ends.
    pub fn finish(mut self, patience: Duration) {
        self.wait_for_room(patience);
        self.queue = None;
        let is_behind = self.is_behind();
        if let Some(thread) = self.thread.take().filter(|_| !is_behind) {
            // A panic of the thread was reported by the runtime already.
            let _ = thread.join();
        }
    }

    fn is_behind(&self) -> bool {
        self.shared.taken.load(Ordering::Acquire) < self.sent && !self.is_closed()
    }
}

fn hand_over<T>(
    mut reader: impl Reader<T>,
    waiting: &Receiver<Arc<T>>,
    shared: &Shared,
) -> io::Result<()> {
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(report) = next {
            reader.take(&report)?;
            shared.taken.fetch_add(1, Ordering::Release);
            next = waiting.try_recv().ok();
        }
        reader.caught_up()?;
    }
    Ok(())
}
