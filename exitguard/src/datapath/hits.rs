//! Flows that lists denied, by list.

use super::error::DatapathError;
use super::object::Loaded;
use aya::Ebpf;
use aya::maps::{MapError, PerCpuHashMap, PerCpuValues};
use aya::util::nr_cpus;
use exitguard_common::abi::{ListId, MAX_LISTS, maps};
use std::io;

/// Lists that are counted: those of two policies, while one takes the place of the other.
pub(super) const LISTS: u32 = 2 * MAX_LISTS as u32;

/// `BPF_NOEXIST`: make an element, never change one.
const ONLY_NEW: u64 = 1;

/// Makes an element for each list that has none.
pub(super) fn make_room(ebpf: &mut Ebpf, lists: &[ListId]) -> Result<(), DatapathError> {
    let map = ebpf
        .map_mut(maps::LIST_HITS)
        .ok_or(DatapathError::Missing {
            what: "map",
            name: maps::LIST_HITS,
        })?;
    let mut hits: PerCpuHashMap<_, ListId, u64> =
        PerCpuHashMap::try_from(map).map_err(map_error)?;
    for list in lists {
        let zeros = nr_cpus()
            .map_err(|(_, error)| error)
            .and_then(|cpus| PerCpuValues::try_from(vec![0; cpus]))
            .map_err(|error| map_error(MapError::IoError(error)))?;
        match hits.insert(list, zeros, ONLY_NEW) {
            Err(error) if !is_there(&error) => return Err(map_error(error)),
            _ => {}
        }
    }
    Ok(())
}

impl Loaded {
    /// How many flows each of these lists denied, or would have; 0 for one that is not counted.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn list_hits(&self, lists: &[ListId]) -> Result<Vec<u64>, DatapathError> {
        let hits: PerCpuHashMap<_, ListId, u64> =
            PerCpuHashMap::try_from(self.map(maps::LIST_HITS)?).map_err(map_error)?;
        let sum = |list| match hits.get(list, 0) {
            Ok(cpus) => Ok(cpus.iter().sum()),
            Err(MapError::KeyNotFound) => Ok(0),
            Err(error) => Err(map_error(error)),
        };
        lists.iter().map(sum).collect()
    }

    /// Forgets the hits of all other lists, which nothing counts any more. The policy is in force already: a count
    /// too many is no reason to say otherwise.
    pub(super) fn forget_other_hits(&mut self, lists: &[ListId]) {
        let Ok(map) = self.map_mut(maps::LIST_HITS) else {
            return;
        };
        let Ok(mut hits) = PerCpuHashMap::<_, ListId, u64>::try_from(map) else {
            return;
        };
        let known: Vec<ListId> = hits.keys().flatten().collect();
        for other in known.iter().filter(|known| !lists.contains(known)) {
            let _ = hits.remove(other);
        }
    }
}

fn is_there(error: &MapError) -> bool {
    matches!(error, MapError::SyscallError(error) if error.io_error.kind() == io::ErrorKind::AlreadyExists)
}

fn map_error(error: MapError) -> DatapathError {
    DatapathError::Map {
        map: maps::LIST_HITS,
        error,
    }
}
