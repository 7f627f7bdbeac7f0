//! For what waits for more than one thing.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// On this thread.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
