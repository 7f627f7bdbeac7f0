//! The flow table, read and tidied from userspace.

use super::error::DatapathError;
use super::guard::Guard;
use super::object::{self, Loaded};
use super::raw;
use aya::maps::{HashMap, Map, MapError};
use exitguard_common::abi::{FlowKey, FlowState, maps};

impl Loaded {
    /// All flows, in no order. What changes meanwhile may or may not show.
    ///
    /// # Errors
    /// When the kernel does not hand them out.
    pub fn flows(&self) -> Result<Vec<(FlowKey, FlowState)>, DatapathError> {
        let missing = DatapathError::Missing {
            what: "LRU hash map",
            name: maps::FLOWS,
        };
        let Map::LruHashMap(data) = self.map(maps::FLOWS)? else {
            return Err(missing);
        };
        raw::read_hash(object::fd(data)).map_err(|error| DatapathError::Bulk {
            action: "read",
            map: maps::FLOWS,
            error,
        })
    }

    /// One flow.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn flow(&self, key: &FlowKey) -> Result<Option<FlowState>, DatapathError> {
        let flows: HashMap<_, FlowKey, FlowState> =
            HashMap::try_from(self.map(maps::FLOWS)?).map_err(map_error)?;
        match flows.get(key, 0) {
            Ok(state) => Ok(Some(state)),
            Err(MapError::KeyNotFound) => Ok(None),
            Err(error) => Err(map_error(error)),
        }
    }

    /// Forgets a flow; one that is not there is fine.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn forget_flow(&mut self, key: &FlowKey) -> Result<(), DatapathError> {
        let mut flows: HashMap<_, FlowKey, FlowState> =
            HashMap::try_from(self.map_mut(maps::FLOWS)?).map_err(map_error)?;
        match flows.remove(key) {
            Ok(()) => Ok(()),
            Err(MapError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(libc::ENOENT) =>
            {
                Ok(())
            }
            Err(error) => Err(map_error(error)),
        }
    }
}

fn map_error(error: MapError) -> DatapathError {
    DatapathError::Map {
        map: maps::FLOWS,
        error,
    }
}

impl Guard {
    /// As [`Loaded::flows`].
    ///
    /// # Errors
    /// As [`Loaded::flows`].
    pub fn flows(&mut self) -> Result<Vec<(FlowKey, FlowState)>, DatapathError> {
        self.loaded().flows()
    }
}
