//! The address tables of a policy on their way into the kernel.
//!
//! They are the large maps, and filled as memory. aya makes maps just as the object defines them, which leaves no
//! way to ask for that; but it takes over what is pinned. So they are made here, and have a pin while the object is
//! loaded.

use super::error::DatapathError;
use super::pins::{self, PinDir};
use super::raw;
use crate::policy::Compiled;
use aya::maps::{MapData, MapError};
use aya::{EbpfLoader, Pod};
use exitguard_common::abi::maps;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// The tables of a policy, filled. Their pins go with this value, the maps with whoever took them over.
pub(super) struct AddressTables {
    made: Vec<Made>,
}

struct Made {
    map: &'static str,
    entries: u32,
    pin: PathBuf,
    /// Until the pin is opened, only this keeps the map.
    _held: MapData,
}

impl AddressTables {
    pub(super) fn make(policy: &Compiled, pins: &PinDir) -> Result<Self, DatapathError> {
        let mut tables = Self {
            made: Vec::with_capacity(6),
        };
        tables.add(maps::INDEX_V4, policy.v4.index(), pins)?;
        tables.add(maps::RANGES_V4, policy.v4.bounds(), pins)?;
        tables.add(maps::RANGE_CLASSES_V4, policy.v4.classes(), pins)?;
        tables.add(maps::INDEX_V6, policy.v6.index(), pins)?;
        tables.add(maps::RANGES_V6, policy.v6.bounds(), pins)?;
        tables.add(maps::RANGE_CLASSES_V6, policy.v6.classes(), pins)?;
        Ok(tables)
    }

    fn add<T: Pod>(
        &mut self,
        map: &'static str,
        values: &[T],
        pins: &PinDir,
    ) -> Result<(), DatapathError> {
        let failed = |action| move |error| DatapathError::Bulk { action, map, error };
        let refused = |error| DatapathError::Map { map, error };
        let pin = pins.path(&format!("new_{map}"));
        // A daemon that was killed may have left one.
        pins::remove_pin(&pin)?;
        let entries = values.len() as u32;
        let array = raw::create_array::<T>(map, entries).map_err(failed("create"))?;
        raw::write_array(array.as_fd(), values).map_err(failed("fill"))?;
        let held = MapData::from_fd(array).map_err(refused)?;
        let pinned = held.pin(&pin);
        self.made.push(Made {
            map,
            entries,
            pin,
            _held: held,
        });
        pinned.map_err(|error| {
            let name = Some(map.to_owned());
            refused(MapError::PinError { name, error })
        })
    }

    /// Has the loader take them over.
    pub(super) fn offer(&self, loader: &mut EbpfLoader<'_>) {
        for made in &self.made {
            loader.map_max_entries(made.map, made.entries);
            loader.map_pin_path(made.map, made.pin.clone());
        }
    }
}

impl Drop for AddressTables {
    fn drop(&mut self) {
        for made in &self.made {
            // What is left is removed before the next tables are made.
            let _ = pins::remove_pin(&made.pin);
        }
    }
}
