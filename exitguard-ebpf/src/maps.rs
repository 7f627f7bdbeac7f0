//! Every map: key, value, who writes it, what happens when it is full. Sizes given here are placeholders
//! where the loader knows better.

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE,
    macros::map,
    maps::{Array, LpmTrie, LruHashMap, PerCpuArray, PerCpuHashMap, RingBuf},
};
use exitguard_common::abi::{
    Addr, AddressClass, Budget, Current, FlowKey, FlowState, FragmentKey, FragmentPorts, ListId,
    PortLine, Rule, RuntimeEntry, RuntimeKey, Stats,
};
use exitguard_common::ranges::{BoundsV4, BoundsV6, ClassLine, IndexLine};

// The policy: written by the loader before the programs run, then never again. A new policy is a new
// load of the object.

#[map]
pub(crate) static INDEX_V4: Array<IndexLine> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static RANGES_V4: Array<BoundsV4> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static RANGE_CLASSES_V4: Array<ClassLine> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static INDEX_V6: Array<IndexLine> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static RANGES_V6: Array<BoundsV6> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static RANGE_CLASSES_V6: Array<ClassLine> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static CLASSES: Array<AddressClass> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static RULES: Array<Rule> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static PORTS: Array<PortLine> = Array::with_max_entries(1, 0);
#[map]
pub(crate) static LISTS: Array<ListId> = Array::with_max_entries(1, 0);

// Beside the policy: changed while the programs run.

/// One element. Written by userspace as memory, read for every packet.
#[map]
pub(crate) static CURRENT: Array<Current> = Array::with_max_entries(1, BPF_F_MMAPABLE);
/// What was changed at run time. Written by userspace before [`CURRENT`] names the generation in its keys. Full: the
/// change is refused.
#[map]
pub(crate) static RUNTIME: LpmTrie<[u32; RUNTIME_WORDS], RuntimeEntry> =
    LpmTrie::with_max_entries(1 << 18, 0);
/// A [`RuntimeKey`] without the length in front.
const RUNTIME_WORDS: usize = size_of::<RuntimeKey>() / size_of::<u32>() - 1;

// State: outlives a policy.

/// Written by the programs; userspace deletes idle and ended flows. Full: the least recently used flow
/// goes; its next packet is judged anew, so that a full table never changes a verdict.
#[map]
pub(crate) static FLOWS: LruHashMap<FlowKey, FlowState> = LruHashMap::with_max_entries(65_536, 0);
/// Written by the programs at first fragments. Full: the least recently used goes; its later fragments
/// count as fragments of nothing known.
#[map]
pub(crate) static FRAGMENTS: LruHashMap<FragmentKey, FragmentPorts> =
    LruHashMap::with_max_entries(4_096, 0);
/// Replies by client. Written by the programs. Full: the least recently used client starts a new budget.
#[map]
pub(crate) static REPLIES: LruHashMap<Addr, Budget> = LruHashMap::with_max_entries(1_024, 0);
/// One element. Written by the programs, each CPU its own copy.
#[map]
pub(crate) static STATS: PerCpuArray<Stats> = PerCpuArray::with_max_entries(1, 0);
/// One element. Written by the programs, each CPU its own copy.
#[map]
pub(crate) static EVENT_BUDGET: PerCpuArray<Budget> = PerCpuArray::with_max_entries(1, 0);
/// Flows denied by a list. Userspace makes an element for each list of the policy, and room for all; the programs
/// count, each CPU its own copy.
#[map]
pub(crate) static LIST_HITS: PerCpuHashMap<ListId, u64> = PerCpuHashMap::with_max_entries(64, 0);
/// Written by the programs, drained by the daemon. Full: the event is lost and counted.
#[map]
pub(crate) static EVENTS: RingBuf = RingBuf::with_byte_size(1 << 20, 0);
/// The generation in force. Not for the programs, which know theirs: userspace keeps it here so that the
/// next daemon goes on counting.
#[map]
pub(crate) static META: Array<u32> = Array::with_max_entries(1, 0);
