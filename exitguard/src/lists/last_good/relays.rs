//! Tailscale's relays, which no list may block: those that tailscaled names, or named last.

use super::keep::lock;
use super::store;
use crate::host;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// The addresses of Tailscale's relays.
#[derive(Clone, Debug, Default)]
pub struct Relays {
    /// They, sorted.
    pub addresses: Vec<IpAddr>,
    is_new: bool,
}

impl Relays {
    /// Those that the tailscaled behind this socket names. If none does, those that were kept.
    pub fn find(cache: &Path, socket: &Path) -> Self {
        let kept = store(cache).relays().unwrap_or_default();
        match host::relays(socket) {
            Ok(addresses) if !addresses.is_empty() => Self {
                is_new: addresses != kept,
                addresses,
            },
            // It may be about to start, or elsewhere.
            _ => Self {
                addresses: kept,
                is_new: false,
            },
        }
    }

    /// Keeps them for a start before tailscaled, if they changed.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&mut self, cache: &Path) -> io::Result<()> {
        if self.is_new {
            let store = store(cache);
            let _lock = lock(&store)?;
            store.save_relays(&self.addresses)?;
            self.is_new = false;
        }
        Ok(())
    }
}
