//! The object: loaded, filled, verified; not attached.

use super::attach::Hook;
use super::error::DatapathError;
use super::hits;
use super::pins::{self, PinDir};
use super::probe::Environment;
use super::raw;
use super::runtime::Written;
use super::tables::AddressTables;
use crate::policy::{Compiled, Overlay, Sampled};
use aya::maps::{Map, MapData, MapType};
use aya::programs::{Program, ProgramError, SchedClassifier, Xdp};
use aya::{Ebpf, EbpfError, EbpfLoader, Pod, VerifierLogLevel};
use exitguard_common::abi::{
    Addr, Budget, FlowKey, FlowState, FragmentKey, FragmentPorts, LinkLayer, ListId, PASS_MARK,
    Stats, maps, programs, settings,
};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

/// The compiled kernel programs.
pub static OBJECT: &[u8] = aya::include_bytes_aligned!(env!("EXITGUARD_BPF_OBJECT"));

/// Events that a CPU may send per second. Above that they are counted as lost: a flood of new flows must
/// cost the host no more than this many lines a second.
const EVENTS_PER_SECOND: u32 = 20_000;
/// Ring buffer, bytes: a second's worth of events of a busy CPU.
const RING_BYTES: u32 = 4 << 20;
const FRAGMENTS: u32 = 4_096;
const REPLY_CLIENTS: u32 = 1_024;

/// What a load depends on, besides the policy.
#[derive(Clone, Copy, Debug)]
pub struct LoadSettings {
    /// What stands in front of the IP header on the guarded device.
    pub link_layer: LinkLayer,
    /// Size of the flow table.
    pub flow_table: u32,
    /// Mark packets of clients that pass, for a gate behind the programs.
    pub mark: bool,
    /// Number of the policy; larger than that of any policy before.
    pub generation: u32,
}

/// A policy in the kernel, ready to be put in force.
#[derive(Debug)]
pub struct Loaded {
    ebpf: Ebpf,
    generation: u32,
    pub(super) written: Written,
    /// What to ask about the policy, and what operators said of it: see [`Self::disagreement`].
    pub(super) sample: Arc<[Sampled]>,
    pub(super) overlay: Overlay,
}

impl Loaded {
    /// Loads the object for a policy. State maps are taken over from their pins, or made and pinned.
    ///
    /// # Errors
    /// When the kernel refuses; nothing that is in force is touched.
    pub fn new(
        policy: &Compiled,
        load: LoadSettings,
        pins: &PinDir,
    ) -> Result<Self, DatapathError> {
        Self::told(VerifierLogLevel::default(), policy, load, pins)
    }

    /// The same; what the verifier tells of a program that is refused is up to the caller.
    pub(super) fn told(
        log: VerifierLogLevel,
        policy: &Compiled,
        load: LoadSettings,
        pins: &PinDir,
    ) -> Result<Self, DatapathError> {
        Environment::check()?.lift_memlock();
        raw::give_back_free_memory();
        // It reads the kernel's BTF, which nothing here needs, into some 20 MB.
        let mut loader = EbpfLoader::new();
        loader.btf(None).verifier_log_level(log);
        raw::give_back_free_memory();
        let observe = u32::from(policy.settings.observe);
        let link_layer = load.link_layer as u32;
        let pass_mark = if load.mark { PASS_MARK } else { 0 };
        loader
            .override_global(settings::OBSERVE, &observe, true)
            .override_global(
                settings::OBSERVE_LISTS,
                &policy.settings.observe_lists,
                true,
            )
            .override_global(settings::LINK_LAYER, &link_layer, true)
            .override_global(settings::PASS_MARK, &pass_mark, true)
            .override_global(settings::EVENTS_PER_SECOND, &EVENTS_PER_SECOND, true);
        for (map, size) in state_sizes(load.flow_table) {
            loader.map_max_entries(map.name, size);
            let path = pins.path(map.name);
            drop_mismatch(&map, size, &path)?;
            loader.map_pin_path(map.name, path);
        }
        let sizes = [
            (maps::CLASSES, policy.classes.len()),
            (maps::RULES, policy.rules.len()),
            // A map has at least one element.
            (maps::PORTS, policy.ports.len().max(1)),
            (maps::LISTS, policy.lists.len().max(1)),
        ];
        for (map, size) in sizes {
            loader.map_max_entries(map, size as u32);
        }
        let tables = AddressTables::make(policy, pins)?;
        tables.offer(&mut loader);
        let mut ebpf = loader.load(OBJECT).map_err(load_error)?;
        drop(tables);

        fill(&mut ebpf, maps::CLASSES, &policy.classes)?;
        fill(&mut ebpf, maps::RULES, &policy.rules)?;
        fill(&mut ebpf, maps::PORTS, &policy.ports)?;
        fill(&mut ebpf, maps::LISTS, &policy.lists)?;
        hits::make_room(&mut ebpf, &policy.lists)?;
        let mut loaded = Self {
            ebpf,
            generation: load.generation,
            written: Written::default(),
            sample: policy.sample().into(),
            overlay: policy.overlay.clone(),
        };
        loaded.write_first_overlay(&policy.overlay)?;
        Ok(loaded)
    }

    /// The number of the policy.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) const fn set_generation(&mut self, generation: u32) {
        self.generation = generation;
    }

    /// Has the kernel verify programs, all at once, without attaching them.
    pub(super) fn verify(&mut self, names: &[&'static str]) -> Result<(), DatapathError> {
        let named = |(name, program)| {
            let mut names = names.iter().copied();
            names
                .find(|wanted| *wanted == name)
                .map(|name| (name, program))
        };
        thread::scope(|scope| {
            let programs = self.ebpf.programs_mut().filter_map(named);
            let threads: Vec<_> = programs
                .map(|(name, program)| scope.spawn(move || verified(name, load(program))))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                let result = thread.join();
                result.unwrap_or_else(|panic| resume_unwind(panic))
            })
        })
    }

    /// A TC program, verified.
    pub(super) fn classifier(
        &mut self,
        name: &'static str,
    ) -> Result<&mut SchedClassifier, DatapathError> {
        let program: &mut SchedClassifier = self.program(name)?;
        verified(name, program.load())?;
        Ok(program)
    }

    /// The XDP program, verified.
    pub(super) fn xdp(&mut self) -> Result<&mut Xdp, DatapathError> {
        let name = programs::XDP_OUTBOUND;
        let program: &mut Xdp = self.program(name)?;
        verified(name, program.load())?;
        Ok(program)
    }

    /// The kernel's number of the program of a hook.
    pub(super) fn program_id(&mut self, hook: Hook) -> Result<u32, DatapathError> {
        let info = match hook {
            Hook::TcOutbound | Hook::TcInbound => self.classifier(hook.program())?.info(),
            Hook::XdpOutbound => self.xdp()?.info(),
        };
        info.map(|info| info.id())
            .map_err(|error| program_error(hook.program(), error))
    }

    fn program<'p, P>(&'p mut self, name: &'static str) -> Result<&'p mut P, DatapathError>
    where
        &'p mut P: TryFrom<&'p mut Program, Error = ProgramError>,
    {
        let missing = DatapathError::Missing {
            what: "program",
            name,
        };
        let program = self.ebpf.program_mut(name).ok_or(missing)?;
        program
            .try_into()
            .map_err(|error| program_error(name, error))
    }

    pub(super) fn map(&self, name: &'static str) -> Result<&Map, DatapathError> {
        self.ebpf
            .map(name)
            .ok_or(DatapathError::Missing { what: "map", name })
    }

    pub(super) fn map_mut(&mut self, name: &'static str) -> Result<&mut Map, DatapathError> {
        self.ebpf
            .map_mut(name)
            .ok_or(DatapathError::Missing { what: "map", name })
    }

    pub(super) fn take_map(&mut self, name: &'static str) -> Result<Map, DatapathError> {
        self.ebpf
            .take_map(name)
            .ok_or(DatapathError::Missing { what: "map", name })
    }
}

/// A state map as this build knows it.
struct StateMap {
    name: &'static str,
    kind: MapType,
    key_bytes: usize,
    value_bytes: usize,
}

fn state_sizes(flow_table: u32) -> [(StateMap, u32); 8] {
    let lru = |name, key_bytes, value_bytes| StateMap {
        name,
        kind: MapType::LruHash,
        key_bytes,
        value_bytes,
    };
    let per_cpu = |name, value_bytes| StateMap {
        name,
        kind: MapType::PerCpuArray,
        key_bytes: size_of::<u32>(),
        value_bytes,
    };
    let list_hits = StateMap {
        name: maps::LIST_HITS,
        kind: MapType::PerCpuHash,
        key_bytes: size_of::<ListId>(),
        value_bytes: size_of::<u64>(),
    };
    let meta = StateMap {
        name: maps::META,
        kind: MapType::Array,
        key_bytes: size_of::<u32>(),
        value_bytes: size_of::<u32>(),
    };
    let ring = StateMap {
        name: maps::EVENTS,
        kind: MapType::RingBuf,
        key_bytes: 0,
        value_bytes: 0,
    };
    [
        (
            lru(maps::FLOWS, size_of::<FlowKey>(), size_of::<FlowState>()),
            flow_table,
        ),
        (
            lru(
                maps::FRAGMENTS,
                size_of::<FragmentKey>(),
                size_of::<FragmentPorts>(),
            ),
            FRAGMENTS,
        ),
        (
            lru(maps::REPLIES, size_of::<Addr>(), size_of::<Budget>()),
            REPLY_CLIENTS,
        ),
        (per_cpu(maps::STATS, size_of::<Stats>()), 1),
        (per_cpu(maps::EVENT_BUDGET, size_of::<Budget>()), 1),
        (list_hits, hits::LISTS),
        (ring, RING_BYTES),
        (meta, 1),
    ]
}

/// Removes a pinned map that is not what this build would make: aya takes over whatever is pinned, without
/// a look at its type or size. Happens when the size of the flow table was changed; the flows start anew.
fn drop_mismatch(map: &StateMap, size: u32, path: &std::path::Path) -> Result<(), DatapathError> {
    let Ok(pinned) = MapData::from_pin(path) else {
        return Ok(());
    };
    let matches = pinned.info().is_ok_and(|info| {
        info.map_type().is_ok_and(|kind| kind == map.kind)
            && info.key_size() as usize == map.key_bytes
            && info.value_size() as usize == map.value_bytes
            && info.max_entries() == size
    });
    if matches {
        Ok(())
    } else {
        pins::remove_pin(path)
    }
}

fn fill<T: Pod>(ebpf: &mut Ebpf, name: &'static str, values: &[T]) -> Result<(), DatapathError> {
    if values.is_empty() {
        return Ok(());
    }
    let map = ebpf
        .map(name)
        .ok_or(DatapathError::Missing { what: "map", name })?;
    let Map::Array(data) = map else {
        return Err(DatapathError::Missing {
            what: "array map",
            name,
        });
    };
    raw::fill_array(fd(data), values).map_err(|error| DatapathError::Bulk {
        action: "fill",
        map: name,
        error,
    })
}

pub(super) fn fd(map: &MapData) -> BorrowedFd<'_> {
    map.fd().as_fd()
}

fn load_error(error: EbpfError) -> DatapathError {
    DatapathError::Load(Box::new(error))
}

fn load(program: &mut Program) -> Result<(), ProgramError> {
    match program {
        Program::SchedClassifier(program) => program.load(),
        Program::Xdp(program) => program.load(),
        _ => Err(ProgramError::UnexpectedProgramType),
    }
}

/// What came of having a program verified, perhaps not for the first time.
fn verified(name: &'static str, result: Result<(), ProgramError>) -> Result<(), DatapathError> {
    match result {
        Ok(()) | Err(ProgramError::AlreadyLoaded) => Ok(()),
        Err(error) => Err(program_error(name, error)),
    }
}

fn program_error(program: &'static str, error: ProgramError) -> DatapathError {
    DatapathError::Program {
        program,
        error: Box::new(error),
    }
}
