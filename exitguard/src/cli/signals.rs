//! Being told to end.

use super::runtime::runtime;
use std::io;
use std::thread;
use tokio::signal::unix::{SignalKind, signal};

/// From here on SIGINT and SIGTERM do this, once, and no more.
pub(super) fn on_end(end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let runtime = runtime()?;
    let entered = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(entered);
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        end();
    };
    // Ends with the process.
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(wait).map(drop)
}
