//! Signals end the screen as `q` does, so that the terminal is as it was.

use super::input::Input;
use std::io;
use std::sync::mpsc::SyncSender;
use std::thread;
use tokio::signal::unix::{SignalKind, signal};

/// From here on SIGINT, SIGTERM and SIGHUP are inputs.
pub(super) fn forward(inputs: SyncSender<Input>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _guard = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        // Nobody listens any more: it ends already.
        let _ = inputs.send(Input::Quit);
    };
    thread::Builder::new()
        .name("top-signals".to_owned())
        .spawn(wait)?;
    Ok(())
}
