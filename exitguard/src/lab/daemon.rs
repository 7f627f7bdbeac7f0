//! The daemon on the exit node of a lab.

use super::error::LabError;
use super::namespace::Namespace;
use crate::daemon::{self, Command, DaemonError, Settings};
use crate::output::{Reader, Report, Sink};
use std::io;
use std::sync::mpsc as reports;
use std::thread::{self, JoinHandle};
use tokio::sync::mpsc;

/// A daemon that runs in a namespace, on a thread of its own; it ends with this value. What it put in force
/// stays, as it does on any exit node.
#[derive(Debug)]
pub struct LabDaemon {
    commands: mpsc::Sender<Command>,
    thread: Option<JoinHandle<Result<(), DaemonError>>>,
}

impl LabDaemon {
    /// Starts one. `reader` gets its reports; whether it could start is told by [`Self::stop`].
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        exit: &Namespace,
        settings: Settings,
        reader: impl Reader + 'static,
    ) -> Result<Self, LabError> {
        let (commands, received) = mpsc::channel(1);
        let when_closed = commands.clone();
        let stop = move || {
            // Nobody listens any more: then it has stopped already.
            let _ = when_closed.blocking_send(Command::Stop);
        };
        let thread = exit.spawn("lab-daemon", move || run(settings, received, reader, stop))?;
        Ok(Self {
            commands,
            thread: Some(thread),
        })
    }

    /// Has it read its files again, as SIGHUP does.
    pub fn reload(&self) {
        self.tell(Command::Reload);
    }

    /// Ends it, and says how it fared.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn stop(mut self) -> Result<(), DaemonError> {
        self.tell(Command::Stop);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(()),
        }
    }

    fn tell(&self, command: Command) {
        // A daemon that hears nothing has ended; `stop` says why.
        let _ = self.commands.blocking_send(command);
    }
}

impl Drop for LabDaemon {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.tell(Command::Stop);
        if thread.join().is_err() && !thread::panicking() {
            eprintln!("exitguard: the daemon of the lab panicked");
        }
    }
}

fn run(
    settings: Settings,
    commands: mpsc::Receiver<Command>,
    reader: impl Reader + 'static,
    stop: impl FnOnce() + Send + 'static,
) -> Result<(), DaemonError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(DaemonError::Wait)?;
    let sink = Sink::new(reader, stop).map_err(DaemonError::Wait)?;
    runtime.block_on(daemon::run(settings, commands, sink))
}

/// Passes reports on to another thread.
#[derive(Debug)]
pub struct Forward(pub reports::Sender<Report>);

impl Reader for Forward {
    fn take(&mut self, report: &Report) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.send(report.clone()).map_err(gone)
    }

    fn caught_up(&mut self) -> io::Result<()> {
        Ok(())
    }
}
