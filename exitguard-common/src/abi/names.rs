//! Names of maps, programs and settings, as both sides of the border write them.

/// Map names.
pub mod maps {
    /// Radix index of the IPv4 ranges.
    pub const INDEX_V4: &str = "INDEX_V4";
    /// IPv4 ranges.
    pub const RANGES_V4: &str = "RANGES_V4";
    /// Classes of the IPv4 ranges.
    pub const RANGE_CLASSES_V4: &str = "RANGE_CLASSES_V4";
    /// Radix index of the IPv6 ranges.
    pub const INDEX_V6: &str = "INDEX_V6";
    /// IPv6 ranges.
    pub const RANGES_V6: &str = "RANGES_V6";
    /// Classes of the IPv6 ranges.
    pub const RANGE_CLASSES_V6: &str = "RANGE_CLASSES_V6";
    /// Address classes by number.
    pub const CLASSES: &str = "CLASSES";
    /// Rules by number.
    pub const RULES: &str = "RULES";
    /// Port sets.
    pub const PORTS: &str = "PORTS";

    /// Identities of the lists, by their bit.
    pub const LISTS: &str = "LISTS";

    /// One element: the number of the policy, as the programs know it.
    pub const CURRENT: &str = "CURRENT";
    /// What was changed at run time.
    pub const RUNTIME: &str = "RUNTIME";

    /// The flow table.
    pub const FLOWS: &str = "FLOWS";
    /// Ports of fragmented packets.
    pub const FRAGMENTS: &str = "FRAGMENTS";
    /// Replies per client.
    pub const REPLIES: &str = "REPLIES";
    /// Counters.
    pub const STATS: &str = "STATS";
    /// Ring buffer of events.
    pub const EVENTS: &str = "EVENTS";
    /// Event budget of each CPU.
    pub const EVENT_BUDGET: &str = "EVENT_BUDGET";

    /// Flows denied by a list, by its identity.
    pub const LIST_HITS: &str = "LIST_HITS";

    /// One `u32`: the generation in force. Written and read by userspace only.
    pub const META: &str = "META";

    /// Maps filled once for one generation of the policy, and freed with it.
    pub const POLICY: [&str; 12] = [
        INDEX_V4,
        RANGES_V4,
        RANGE_CLASSES_V4,
        INDEX_V6,
        RANGES_V6,
        RANGE_CLASSES_V6,
        CLASSES,
        RULES,
        PORTS,
        LISTS,
        CURRENT,
        RUNTIME,
    ];

    /// Maps that outlive a generation.
    pub const STATE: [&str; 8] = [
        FLOWS,
        FRAGMENTS,
        REPLIES,
        STATS,
        EVENTS,
        EVENT_BUDGET,
        LIST_HITS,
        META,
    ];
}

/// Program names.
pub mod programs {
    /// TC ingress of the guarded interface.
    pub const TC_OUTBOUND: &str = "eg_outbound";
    /// TC egress of the guarded interface.
    pub const TC_INBOUND: &str = "eg_inbound";
    /// XDP ingress of the guarded interface.
    pub const XDP_OUTBOUND: &str = "eg_xdp_outbound";
    /// Lets everything pass; held on `lo` so that later tcx attachments take effect at once.
    pub const TC_NOTHING: &str = "eg_nothing";
    /// Says what the tables decide. Attached nowhere: userspace runs it.
    pub const ASK: &str = "eg_ask";

    /// Every program of the object.
    pub const ALL: [&str; 5] = [TC_OUTBOUND, TC_INBOUND, XDP_OUTBOUND, TC_NOTHING, ASK];
}

/// Read-only globals of the object, set when it is loaded. The verifier prunes what they rule out.
pub mod settings {
    /// `u32`: 1 when the mode is `observe`.
    pub const OBSERVE: &str = "OBSERVE";
    /// `u64`: the lists that only observe.
    pub const OBSERVE_LISTS: &str = "OBSERVE_LISTS";
    /// `u32`: a [`crate::abi::LinkLayer`] as its number.
    pub const LINK_LAYER: &str = "LINK_LAYER";
    /// `u32`: the bits that the mark of a packet gets when it passes outbound at TC, or 0.
    pub const PASS_MARK: &str = "PASS_MARK";
    /// `u32`: events a CPU may send per second.
    pub const EVENTS_PER_SECOND: &str = "EVENTS_PER_SECOND";
}
