//! Changes at run time: in force without a new load of the object, which takes its time.

use super::error::DatapathError;
use super::object::{self, Loaded};
use super::raw;
use crate::policy::{Overlay, OverlayEntry};
use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{Map, MapData, MapError};
use exitguard_common::abi::{Addr, Current, RuntimeEntry, RuntimeKey, Scope, maps};

/// A key: its length, and the bytes after that.
type TrieKey = (u32, [u8; KEY_BYTES]);
const KEY_BYTES: usize = size_of::<RuntimeKey>() - size_of::<u32>();

/// What the table of changes holds.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Of the generation in force.
    current: Vec<TrieKey>,
    /// Of the one before, which a program may have been at work with.
    former: Vec<TrieKey>,
}

impl Loaded {
    /// Writes what operators said before the programs run.
    pub(super) fn write_first_overlay(&mut self, overlay: &Overlay) -> Result<(), DatapathError> {
        let generation = self.generation();
        self.written.current = self.write(generation, overlay)?;
        self.make_current(generation, overlay)
    }

    /// Puts what operators say in force, as another generation. Flows that are open are judged by it from their next
    /// packet on.
    ///
    /// # Errors
    /// When the kernel refuses: then what was in force still is.
    pub fn change(&mut self, generation: u32, overlay: &Overlay) -> Result<(), DatapathError> {
        let keys = self.write(generation, overlay)?;
        // A program that began before may have missed an entry, and must not be the one that files its decision under
        // the new number.
        raw::wait_for_programs();
        // So that nobody asks for the generation before the one that was in force until now.
        for key in std::mem::take(&mut self.written.former) {
            self.forget(&key)?;
        }
        self.make_current(generation, overlay)?;
        self.written.former = std::mem::replace(&mut self.written.current, keys);
        self.set_generation(generation);
        self.overlay = overlay.clone();
        Ok(())
    }

    /// Everything or nothing.
    fn write(&mut self, generation: u32, overlay: &Overlay) -> Result<Vec<TrieKey>, DatapathError> {
        let mut keys = Vec::new();
        for entry in overlay.entries() {
            let key = key(generation, &entry);
            let (bits, bytes) = key;
            let written = self.table()?.insert(&Key::new(bits, bytes), entry.value, 0);
            if let Err(error) = written {
                for key in &keys {
                    self.forget(key)?;
                }
                return Err(refused(error));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    fn forget(&mut self, (bits, bytes): &TrieKey) -> Result<(), DatapathError> {
        let key = Key::new(*bits, *bytes);
        self.table()?.remove(&key).map_err(refused)
    }

    fn table(
        &mut self,
    ) -> Result<LpmTrie<&mut MapData, [u8; KEY_BYTES], RuntimeEntry>, DatapathError> {
        LpmTrie::try_from(self.map_mut(maps::RUNTIME)?).map_err(refused)
    }

    fn make_current(&mut self, generation: u32, overlay: &Overlay) -> Result<(), DatapathError> {
        let current = Current {
            generation,
            changes: u32::from(!overlay.is_empty()),
        };
        let missing = DatapathError::Missing {
            what: "array map",
            name: maps::CURRENT,
        };
        let Map::Array(data) = self.map(maps::CURRENT)? else {
            return Err(missing);
        };
        raw::store_current(object::fd(data), current).map_err(|error| DatapathError::Bulk {
            action: "write",
            map: maps::CURRENT,
            error,
        })
    }
}

fn key(generation: u32, entry: &OverlayEntry) -> TrieKey {
    let OverlayEntry {
        scope: Scope(scope),
        addr,
        bits,
        ..
    } = *entry;
    let RuntimeKey { prefix_bits, .. } = RuntimeKey::prefix(generation, Scope(scope), addr, bits);
    let mut bytes = [0; KEY_BYTES];
    let fields = [generation, scope, 0]
        .into_iter()
        .flat_map(u32::to_ne_bytes);
    let all = fields.chain(Addr::octets(addr));
    bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    (prefix_bits, bytes)
}

fn refused(error: MapError) -> DatapathError {
    DatapathError::Map {
        map: maps::RUNTIME,
        error,
    }
}
