//! Hash maps, read in few system calls.

use super::{BatchAttr, bpf};
use aya::Pod;
use std::io;
use std::iter::Zip;
use std::os::fd::{AsRawFd, OwnedFd};
use std::vec::IntoIter;

const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;

/// Reads a whole hash map, batch by batch. Entries that come or go meanwhile may or may not be among those read.
/// After an error nothing more comes.
pub(in crate::datapath) fn read_hash<K: Pod, V: Pod>(map: OwnedFd) -> HashEntries<K, V> {
    HashEntries {
        map,
        // The kernel hands out whole buckets; one that does not fit is an error, and room is then doubled.
        room: 4_096,
        position: None,
        is_over: false,
        batch: Vec::new().into_iter().zip(Vec::new()),
    }
}

/// The entries of a hash map: see [`read_hash`].
pub(in crate::datapath) struct HashEntries<K, V> {
    map: OwnedFd,
    room: usize,
    position: Option<u32>,
    is_over: bool,
    batch: Batch<K, V>,
}

type Batch<K, V> = Zip<IntoIter<K>, IntoIter<V>>;

impl<K: Pod, V: Pod> Iterator for HashEntries<K, V> {
    type Item = io::Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.batch.next() {
                return Some(Ok(entry));
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.read() {
                self.is_over = true;
                return Some(Err(error));
            }
        }
    }
}

impl<K: Pod, V: Pod> HashEntries<K, V> {
    /// Reads the next batch.
    fn read(&mut self) -> io::Result<()> {
        let room = self.room;
        let mut keys: Vec<K> = Vec::with_capacity(room);
        let mut values: Vec<V> = Vec::with_capacity(room);
        let start = self.position.unwrap_or_default();
        let mut next = 0u32;
        let mut attr = BatchAttr {
            in_batch: self
                .position
                .map_or(0, |_| (&raw const start).addr() as u64),
            out_batch: (&raw mut next).addr() as u64,
            keys: keys.as_mut_ptr().addr() as u64,
            values: values.as_mut_ptr().addr() as u64,
            count: room as u32,
            map_fd: self.map.as_raw_fd() as u32,
            elem_flags: 0,
            flags: 0,
        };
        let result = bpf(BPF_MAP_LOOKUP_BATCH, &mut attr);
        let errno = result.as_ref().err().and_then(io::Error::raw_os_error);
        if errno == Some(libc::ENOSPC) {
            self.room *= 2;
            return Ok(());
        }
        self.is_over = errno == Some(libc::ENOENT);
        if !self.is_over {
            result?;
        }
        let count = (attr.count as usize).min(room);
        // SAFETY: the kernel wrote `count` whole keys and values (it reports the number in `count`, also
        // with ENOENT at the end), there is room for them, and `Pod` types accept every byte pattern.
        unsafe { keys.set_len(count) };
        // SAFETY: as above.
        unsafe { values.set_len(count) };
        self.batch = keys.into_iter().zip(values);
        self.position = Some(next);
        Ok(())
    }
}
