//! What there is of exitguard in the kernel, on the exit node of a lab.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use aya::maps::lpm_trie::LpmTrie;
use aya::maps::{Map, MapData};
use aya::programs::tc::{self, TcAttachType};
use aya::programs::{ProgramError, SchedClassifier, loaded_programs};
use exitguard::datapath::PIN_ROOT;
use exitguard::host::Inspector;
use exitguard::lab::TUN;
use exitguard_common::abi::{RuntimeEntry, RuntimeKey, maps, programs};
use nix::net::if_::if_nametoindex;
use tokio::runtime::Builder;

use crate::exit_node::ExitNode;

/// Identifiers of programs and maps, which are never used twice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects {
    pub(crate) programs: BTreeSet<u32>,
    pub(crate) maps: BTreeSet<u32>,
}

impl Objects {
    /// The programs on the device of the exit node, and their maps.
    pub(crate) fn attached(node: &ExitNode) -> Self {
        let programs = || {
            if has_tcx() { on_tcx() } else { in_filters() }
        };
        let programs = node.lab.exit().enter(programs).unwrap();
        let maps = loaded_programs()
            .filter_map(Result::ok)
            .filter(|program| programs.contains(&program.id()))
            .flat_map(|program| program.map_ids().unwrap().unwrap())
            .collect();
        Self { programs, maps }
    }

    /// Those of them that the kernel still has.
    pub(crate) fn surviving(&self) -> Self {
        let programs = loaded_programs()
            // Programs of others come and go while they are listed.
            .filter_map(|program| Some(program.ok()?.id()))
            .filter(|id| self.programs.contains(id))
            .collect();
        let maps = aya::maps::loaded_maps()
            .filter_map(|map| Some(map.ok()?.id()))
            .filter(|id| self.maps.contains(id))
            .collect();
        Self { programs, maps }
    }
}

/// Whether anything is pinned on the exit node.
pub(crate) fn has_pins(node: &ExitNode) -> bool {
    let exists = || fs::exists(PIN_ROOT).unwrap();
    node.lab.exit().enter(exists).unwrap()
}

/// Takes both programs off the device of the exit node, as somebody else's `tc` or `bpftool` would.
pub(crate) fn take_off(node: &ExitNode) {
    let take_off = || {
        if has_tcx() {
            let pins = link_pins();
            assert_eq!(pins.len(), 2, "{pins:?}");
            // Nothing but the pin holds a link of a program.
            pins.iter().for_each(|pin| fs::remove_file(pin).unwrap());
        } else {
            tc::qdisc_detach_program(TUN, TcAttachType::Ingress, programs::TC_OUTBOUND).unwrap();
            tc::qdisc_detach_program(TUN, TcAttachType::Egress, programs::TC_INBOUND).unwrap();
        }
    };
    node.lab.exit().enter(take_off).unwrap();
}

/// One of the policy's maps in force on the exit node, as somebody with `bpftool` gets at it.
pub(crate) fn map_in_force(node: &ExitNode, name: &str) -> MapData {
    let maps = Objects::attached(node).maps.into_iter();
    let mut maps = maps.map(|id| MapData::from_id(id).unwrap());
    let is_wanted = |map: &MapData| map.info().unwrap().name_as_str() == Some(name);
    maps.find(is_wanted).unwrap()
}

/// Takes everything out of the table of what operators changed.
pub(crate) fn forget_changes(node: &ExitNode) {
    const KEY_BYTES: usize = size_of::<RuntimeKey>() - size_of::<u32>();
    let map = Map::LpmTrie(map_in_force(node, maps::RUNTIME));
    let mut changes: LpmTrie<_, [u8; KEY_BYTES], RuntimeEntry> = map.try_into().unwrap();
    let keys: Vec<_> = changes.keys().map(Result::unwrap).collect();
    assert!(!keys.is_empty());
    keys.iter().for_each(|key| changes.remove(key).unwrap());
}

/// Whether programs are on tcx (Linux 6.6), or in filters of the clsact qdisc.
pub(crate) fn has_tcx() -> bool {
    match SchedClassifier::query_tcx(TUN, TcAttachType::Ingress) {
        Ok(_) => true,
        Err(ProgramError::SyscallError(error))
            if error.io_error.kind() == ErrorKind::InvalidInput =>
        {
            false
        }
        Err(error) => panic!("{error}"),
    }
}

fn on_tcx() -> BTreeSet<u32> {
    let directions = [TcAttachType::Ingress, TcAttachType::Egress];
    let programs = directions.into_iter().flat_map(|direction| {
        let (_, programs) = SchedClassifier::query_tcx(TUN, direction).unwrap();
        programs
    });
    programs.map(|program| program.id()).collect()
}

fn in_filters() -> BTreeSet<u32> {
    let index = if_nametoindex(TUN).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let programs = runtime.block_on(async { Inspector::new().unwrap().programs(index).await });
    programs.unwrap().into_iter().collect()
}

/// The pins of the links of the exit node's programs.
fn link_pins() -> Vec<PathBuf> {
    let children = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let interfaces = children(PIN_ROOT.into()).flat_map(children);
    let pins = interfaces.flat_map(children);
    pins.filter(|pin| pin.to_string_lossy().contains("/link_"))
        .collect()
}
