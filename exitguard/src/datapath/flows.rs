//! The flow table, read and tidied from userspace.

use super::error::DatapathError;
use super::object::{self, Loaded};
use super::raw;
use aya::maps::{HashMap, Map, MapError};
use exitguard_common::abi::{FlowKey, FlowState, maps};

/// Flows, as they are read.
pub trait ReadFlows:
    Iterator<Item = Result<(FlowKey, FlowState), DatapathError>> + Send + 'static
{
}

impl<I> ReadFlows for I where
    I: Iterator<Item = Result<(FlowKey, FlowState), DatapathError>> + Send + 'static
{
}

impl Loaded {
    /// All flows, in no order. What changes meanwhile may or may not show.
    ///
    /// # Errors
    /// When the kernel does not hand them out.
    pub fn flows(&self) -> Result<Vec<(FlowKey, FlowState)>, DatapathError> {
        self.read_flows()?.collect()
    }

    /// The same, as they are read: never all of them in memory, and by any thread. Nothing comes after an error.
    ///
    /// # Errors
    /// When the kernel does not hand them out.
    pub fn read_flows(&self) -> Result<impl ReadFlows, DatapathError> {
        let missing = DatapathError::Missing {
            what: "LRU hash map",
            name: maps::FLOWS,
        };
        let Map::LruHashMap(data) = self.map(maps::FLOWS)? else {
            return Err(missing);
        };
        let failed = |error| DatapathError::Bulk {
            action: "read",
            map: maps::FLOWS,
            error,
        };
        let map = object::fd(data).try_clone_to_owned().map_err(failed)?;
        let flows = raw::read_hash(map);
        Ok(flows.map(move |flow| flow.map_err(failed)))
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
