//! What there is of exitguard in the kernel, on the exit node of a lab.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aya::programs::tc::TcAttachType;
use aya::programs::{SchedClassifier, loaded_programs};
use exitguard::datapath::PIN_ROOT;
use exitguard::lab::TUN;

use crate::exit_node::ExitNode;

/// Identifiers of programs and maps, which are never used twice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects {
    pub(crate) programs: BTreeSet<u32>,
    pub(crate) maps: BTreeSet<u32>,
}

impl Objects {
    /// The programs on the device of the exit node, and their maps. From Linux 6.6 on they are on tcx.
    pub(crate) fn attached(node: &ExitNode) -> Self {
        let query = || {
            let mut attached = Self::default();
            for direction in [TcAttachType::Ingress, TcAttachType::Egress] {
                let (_, programs) = SchedClassifier::query_tcx(TUN, direction).unwrap();
                for program in programs {
                    attached.programs.insert(program.id());
                    attached.maps.extend(program.map_ids().unwrap().unwrap());
                }
            }
            attached
        };
        node.lab.exit().enter(query).unwrap()
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
    let exists = || std::fs::exists(PIN_ROOT).unwrap();
    node.lab.exit().enter(exists).unwrap()
}

/// The pins of the links of the exit node's programs.
pub(crate) fn link_pins() -> Vec<PathBuf> {
    let children = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let interfaces = children(PIN_ROOT.into()).flat_map(children);
    let pins = interfaces.flat_map(children);
    pins.filter(|pin| pin.to_string_lossy().contains("/link_"))
        .collect()
}
