//! The border in numbers. A failure here means: kernel and userspace of two versions disagree, so
//! [`ABI_VERSION`] has to change.

use super::*;
use crate::ranges::{BoundsV4, BoundsV6, ClassLine, IndexLine};
use core::mem::{align_of, offset_of, size_of};

/// Asserts that the fields, in order, fill the type without a gap.
macro_rules! assert_packed {
    ($type:ty { $($field:ident: $bytes:expr),+ $(,)? }) => {{
        let mut next = 0;
        $(
            assert_eq!(offset_of!($type, $field), next, "{}.{}", stringify!($type), stringify!($field));
            next += $bytes;
        )+
        assert_eq!(size_of::<$type>(), next, "padding at the end of {}", stringify!($type));
    }};
}

#[test]
fn no_type_has_implicit_padding_and_every_offset_is_known() {
    assert_packed!(FlowKey {
        client: 16,
        remote: 16,
        client_port: 2,
        remote_port: 2,
        protocol: 4
    });
    assert_packed!(Counters { pkts: 8, bytes: 8 });
    assert_packed!(FlowState {
        cached: 8,
        first_seen_ns: 8,
        last_seen_ns: 8,
        outbound: 16,
        inbound: 16,
        denied_pkts: 8,
        tcp_flags_outbound: 1,
        tcp_flags_inbound: 1,
        origin: 1,
        closed: 1,
        tick: 4,
    });
    assert_packed!(FragmentKey {
        source: 16,
        destination: 16,
        id: 4,
        protocol: 4
    });
    assert_packed!(FragmentPorts {
        client_port: 2,
        remote_port: 2,
        protocol: 4
    });
    assert_packed!(Current {
        generation: 4,
        changes: 4
    });
    assert_packed!(RuntimeKey {
        prefix_bits: 4,
        generation: 4,
        scope: 4,
        zero: 4,
        addr: 16
    });
    assert_packed!(RuntimeEntry { scope: 4, flags: 4 });
    assert_packed!(Question {
        flow: 40,
        generation: 4,
        transport: 4
    });
    assert_packed!(Budget {
        window_start_ns: 8,
        taken: 8
    });
    assert_packed!(Event {
        time_ns: 8,
        key: 40,
        flow: 72,
        packet_bytes: 4,
        kind: 1,
        parse_error: 1,
        tcp_flags: 1,
        inbound: 1,
    });
    assert_packed!(AddressClass {
        lists: 8,
        rule: 2,
        flags: 2,
        zero: 4
    });
    assert_packed!(Rule {
        lists: 8,
        protocols: 32,
        tcp: 4,
        udp: 4,
        sctp: 4,
        flags: 4
    });
    assert_packed!(DirectionStats {
        passed: 16,
        denied: 16
    });
    assert_packed!(Stats {
        outbound: 32,
        inbound: 32,
        denied_pkts: 128,
        would_deny_pkts: 128,
        malformed_pkts: 128,
        events_lost: 8,
        flows_untracked: 8,
        replies_sent: 8,
        replies_withheld: 8,
    });
    assert_packed!(BoundsV4 { start: 4, end: 4 });
    assert_packed!(BoundsV6 { start: 16, end: 16 });
}

#[test]
fn lines_are_as_long_as_their_tables_assume() {
    assert_eq!(size_of::<IndexLine>(), 64);
    assert_eq!(size_of::<ClassLine>(), 64);
    assert_eq!(size_of::<PortLine>(), 64);
    assert_eq!(
        PORT_LINES_PER_SET as usize * size_of::<PortLine>() * 8,
        65_536
    );
}

/// The kernel aligns map values and ring entries to 8 bytes and no more.
#[test]
fn nothing_asks_for_more_alignment_than_the_kernel_gives() {
    assert!(
        align_of::<Event>() <= 8 && align_of::<FlowState>() <= 8 && align_of::<BoundsV6>() <= 8
    );
}

#[test]
fn numbers_on_the_wire_have_not_moved() {
    assert_eq!(
        [
            EventKind::Start as u8,
            EventKind::Deny as u8,
            EventKind::Close as u8,
            EventKind::DenyPacket as u8
        ],
        [1, 2, 3, 4]
    );
    assert_eq!([Origin::Client as u8, Origin::Remote as u8], [0, 1]);
    assert_eq!(
        [LinkLayer::RawIp as u32, LinkLayer::Ethernet as u32],
        [0, 1]
    );
    assert_eq!([RuleId::HOST.0, RuleId::EGRESS.0], [0, 1]);
}
