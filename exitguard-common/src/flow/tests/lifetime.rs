//! How a flow starts, ends and starts again.

use super::{ENDS, back, tcp};
use crate::abi::{Cached, Counters, Decision, Direction, FlowState, Origin, Reason, RuleId};
use crate::flow::{count_first, first_seen, has_ended, reopens};
use crate::packet::{Packet, Transport, tcp_flags};

fn cached() -> Cached {
    Cached::new(7, Decision::allow(Reason::Port, RuleId::EGRESS))
}

const WIRE: Counters = Counters {
    pkts: 3,
    bytes: 4000,
};

#[test]
fn a_flow_starts_with_nothing_counted() {
    for origin in [Origin::Client, Origin::Remote] {
        let state = first_seen(cached(), origin, 5_000);
        assert_eq!(state.cached, cached());
        assert_eq!((state.first_seen_ns, state.last_seen_ns), (5_000, 5_000));
        assert_eq!(state.outbound, Counters::default());
        assert_eq!(state.inbound, Counters::default());
        assert_eq!((state.denied_pkts, state.closed, state.tick), (0, 0, 0));
        assert_eq!((state.tcp_flags_outbound, state.tcp_flags_inbound), (0, 0));
        assert_eq!(state.origin(), origin);
    }
}

#[test]
fn the_first_packet_counts_in_its_own_direction() {
    let fresh = first_seen(cached(), Origin::Client, 5_000);
    let mut state = fresh;
    count_first(&mut state, Direction::Outbound, WIRE, tcp_flags::SYN);
    let expected = FlowState {
        outbound: WIRE,
        tcp_flags_outbound: tcp_flags::SYN,
        ..fresh
    };
    assert_eq!(state, expected);
    let mut state = fresh;
    count_first(&mut state, Direction::Inbound, WIRE, tcp_flags::SYN);
    let expected = FlowState {
        inbound: WIRE,
        tcp_flags_inbound: tcp_flags::SYN,
        ..fresh
    };
    assert_eq!(state, expected);
}

#[test]
fn a_flow_that_starts_with_a_reset_is_over() {
    for direction in [Direction::Outbound, Direction::Inbound] {
        for (flags, closed) in [
            (tcp_flags::RST, 1),
            (tcp_flags::RST | tcp_flags::ACK, 1),
            // The other side has not said that it ended.
            (tcp_flags::FIN | tcp_flags::ACK, 0),
            (tcp_flags::SYN, 0),
            (0, 0),
        ] {
            let mut state = first_seen(cached(), Origin::Client, 5_000);
            count_first(&mut state, direction, WIRE, flags);
            assert_eq!(state.closed, closed, "{flags:02x} {direction:?}");
        }
    }
}

#[test]
fn tcp_ends_with_a_reset_from_either_side_or_a_fin_from_both() {
    const FIN: u8 = tcp_flags::FIN;
    const RST: u8 = tcp_flags::RST;
    for (outbound, inbound, expected) in [
        (0, 0, false),
        (FIN, 0, false),
        (0, FIN, false),
        (FIN, FIN, true),
        (RST, 0, true),
        (0, RST, true),
        (RST, FIN, true),
        (FIN, RST, true),
        (RST, RST, true),
    ] {
        assert_eq!(
            has_ended(outbound, inbound),
            expected,
            "{outbound} {inbound}"
        );
        // No other flag has a say.
        let others = !(FIN | RST);
        assert_eq!(has_ended(outbound | others, inbound | others), expected);
    }
}

#[test]
fn a_syn_reopens_what_has_ended_and_nothing_else_does() {
    const SYN: u8 = tcp_flags::SYN;
    const ACK: u8 = tcp_flags::ACK;
    for ends in ENDS {
        for closed in [0, 1] {
            let state = FlowState {
                closed,
                ..first_seen(cached(), Origin::Client, 5_000)
            };
            for (flags, opens) in [
                (SYN, true),
                (SYN | 0xc0, true),
                (SYN | ACK, false),
                (ACK, false),
                (tcp_flags::FIN | ACK, false),
                (tcp_flags::RST, false),
                (0, false),
            ] {
                for packet in [tcp(ends, flags), back(&tcp(ends, flags))] {
                    let reopened = reopens(&packet, &state);
                    assert_eq!(reopened, opens && closed == 1, "{flags:02x}");
                }
                let not_tcp = Packet {
                    transport_number: Transport::Udp as u8,
                    ..tcp(ends, flags)
                };
                assert!(!reopens(&not_tcp, &state));
            }
        }
    }
}
