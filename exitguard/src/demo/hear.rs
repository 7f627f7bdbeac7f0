//! What the daemon tells, and whatever else can interrupt the wait for it.

use crate::output::{FlowReport, Reader, Report, StateEvent};
use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Anything there is to hear, in one queue, so that one wait is enough.
#[derive(Debug)]
enum Heard {
    Report(Report),
    /// Somebody wants the demo to end.
    Stop,
    /// The reader wants no more.
    NobodyReads,
    /// There will be no more reports.
    DaemonEnded,
}

/// Why there is no point in going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    Stopped,
    NobodyReads,
    DaemonEnded,
}

/// Ends a demo early, from any thread.
#[derive(Clone, Debug)]
pub struct Stopper(Sender<Heard>);

impl Stopper {
    /// Ends it.
    pub fn stop(&self) {
        // Nobody listens any more: then it has ended already.
        let _ = self.0.send(Heard::Stop);
    }
}

/// Shows reports to a reader and passes them on.
struct Both<R> {
    reader: R,
    queue: Sender<Heard>,
}

impl<R> Both<R> {
    fn tell(&self, heard: Heard) {
        // The demo stops listening before the daemon stops telling.
        let _ = self.queue.send(heard);
    }

    fn noting(&self, done: io::Result<()>) -> io::Result<()> {
        done.inspect_err(|_| self.tell(Heard::NobodyReads))
    }
}

impl<R: Reader> Reader for Both<R> {
    fn take(&mut self, report: &Report) -> io::Result<()> {
        let done = self.reader.take(report);
        self.noting(done)?;
        self.tell(Heard::Report(report.clone()));
        Ok(())
    }

    fn caught_up(&mut self) -> io::Result<()> {
        let done = self.reader.caught_up();
        self.noting(done)
    }
}

impl<R> Drop for Both<R> {
    fn drop(&mut self) {
        self.tell(Heard::DaemonEnded);
    }
}

/// A report that is waited for: the first about a new flow between these ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) port: Option<u16>,
    pub(super) protocol: u8,
}

/// Hears everything, in order.
#[derive(Debug)]
pub(super) struct Ears {
    queue: Receiver<Heard>,
    sender: Sender<Heard>,
    /// Flows that were heard of: what is told about them again is not about a new one.
    known: HashSet<u64>,
}

impl Ears {
    pub(super) fn new() -> Self {
        let (sender, queue) = channel();
        Self {
            queue,
            sender,
            known: HashSet::new(),
        }
    }

    pub(super) fn stopper(&self) -> Stopper {
        Stopper(self.sender.clone())
    }

    /// A reader for the daemon: shows reports to `reader`, and then they are heard here.
    pub(super) fn listen<R: Reader>(&self, reader: R) -> impl Reader + use<R> {
        Both {
            reader,
            queue: self.sender.clone(),
        }
    }

    /// Waits until a policy is in force. False if none is in time.
    pub(super) fn started(&self, within: Duration) -> Result<bool, Halt> {
        let deadline = Instant::now() + within;
        while let Some(report) = self.next(deadline)? {
            if matches!(report, Report::State(state) if state.event == StateEvent::Started) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for a report about a new flow.
    pub(super) fn flow(
        &mut self,
        wanted: &Wanted,
        within: Duration,
    ) -> Result<Option<FlowReport>, Halt> {
        let deadline = Instant::now() + within;
        while let Some(report) = self.next(deadline)? {
            if let Report::Flow(flow) = report
                && wanted.is(&flow)
                && self.known.insert(flow.flow_id)
            {
                return Ok(Some(*flow));
            }
        }
        Ok(None)
    }

    fn next(&self, deadline: Instant) -> Result<Option<Report>, Halt> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.queue.recv_timeout(left) {
            Ok(Heard::Report(report)) => Ok(Some(report)),
            Ok(Heard::Stop) => Err(Halt::Stopped),
            Ok(Heard::NobodyReads) => Err(Halt::NobodyReads),
            Ok(Heard::DaemonEnded) | Err(RecvTimeoutError::Disconnected) => Err(Halt::DaemonEnded),
            Err(RecvTimeoutError::Timeout) => Ok(None),
        }
    }
}
