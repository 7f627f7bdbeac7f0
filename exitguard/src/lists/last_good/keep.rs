//! Writing what was taken.

use super::super::store::{Lock, Store, digest};
use super::{Memory, store};
use crate::lists::read;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long another process may take: `lists accept`, or another daemon.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

impl Memory {
    /// Keeps the version in force of the list `name` as the last good one, if it is not kept already.
    ///
    /// # Errors
    /// When it cannot be written, or is not there any more. What was kept before is still kept then.
    pub fn keep(&mut self, name: &str, cache: &Path) -> io::Result<()> {
        let Some(path) = &self.to_keep else {
            return Ok(());
        };
        let store = store(cache);
        let _lock = lock(&store)?;
        if let Some(version) = &self.record.accepted
            && self.record.held.is_none()
            && store.body(name, version).is_err()
        {
            let bytes = read(path)?;
            if digest(&bytes) != version.sha256 {
                return Err(io::Error::other(format!(
                    "{} changed since it was taken",
                    path.display()
                )));
            }
            store.save_body(name, &bytes)?;
        }
        store.save(name, &self.record)?;
        self.to_keep = None;
        Ok(())
    }
}

pub(super) fn lock(store: &Store) -> io::Result<Lock> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store.lock() {
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline =>
            {
                thread::sleep(PAUSE);
            }
            locked => return locked,
        }
    }
}
