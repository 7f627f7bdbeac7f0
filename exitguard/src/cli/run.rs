//! `exitguard run`.

use super::runtime::runtime;
use super::{RunArgs, error};
use exitguard::daemon::{self, Command, DaemonError, Overrides, PolicyFiles, Settings};
use exitguard::exit_code::Exit;
use exitguard::output::{Lines, Sink, is_journal};
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

pub(super) fn run(args: RunArgs) -> anyhow::Result<Exit> {
    let format = args.output.into();
    let settings = Settings {
        files: PolicyFiles {
            config: args.config.config,
            overrides: Overrides {
                mode: args.mode.map(Into::into),
                interface: args.interface,
                ..Overrides::default()
            },
        },
        wait: args.wait,
        answer: true,
        warn: error::show,
    };
    runtime()?.block_on(async {
        // One place is enough: a second signal of a kind says nothing that the first did not.
        let (sender, commands) = mpsc::channel(1);
        let signals = Signals::new().map_err(DaemonError::Wait)?;
        let when_closed = sender.clone();
        let stop = move || {
            // Nobody listens any more: then it has stopped already.
            let _ = when_closed.blocking_send(Command::Stop);
        };
        let lines = Lines::new(format, io::stdout()).dated(is_journal(io::stdout()));
        let sink = Sink::new(lines, stop).map_err(DaemonError::Wait)?;
        let forwarding = tokio::spawn(signals.forward(sender));
        let result = daemon::run(settings, commands, sink).await;
        forwarding.abort();
        result
    })?;
    Ok(Exit::Ok)
}

/// The signals that mean something to the daemon.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Until the daemon hears no more.
    async fn forward(mut self, commands: mpsc::Sender<Command>) {
        loop {
            let command = tokio::select! {
                _ = self.hangup.recv() => Command::Reload,
                _ = self.terminate.recv() => Command::Stop,
                _ = self.interrupt.recv() => Command::Stop,
            };
            if commands.send(command).await.is_err() {
                return;
            }
        }
    }
}
