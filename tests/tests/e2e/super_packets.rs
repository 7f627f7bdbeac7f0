//! Packets of up to 64 KiB that stand for many: counted as what they are on the wire.

use exitguard::lab::{EchoServer, LabOptions, tcp_transfer, udp_burst};
use exitguard::state::EndReason;

use crate::guarded::{Guarded, policy};
use crate::wire::{Wire, while_relaying};
use crate::{PAIRS, SOON, at};

const MIB: u64 = 1024 * 1024;
const MTU: usize = 1280;

fn without_relay() -> LabOptions {
    LabOptions {
        relay: false,
        ..LabOptions::default()
    }
}

#[test]
#[ignore = "needs root"]
fn tcp_is_counted_as_its_segments_both_ways() {
    for (client, server) in PAIRS {
        let Guarded { guard, lab } = Guarded::with(&without_relay(), &policy("[443]", "[]", ""));
        let echo = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        let wire = Wire::default();
        let (port, end) = while_relaying(&lab, &wire, || {
            tcp_transfer(lab.client(), client, echo.address(), 8 * MIB, SOON).unwrap();
            let start = guard.started(443);
            (
                start.source_port.unwrap(),
                guard.ended(443, EndReason::TcpClose),
            )
        });
        let out = wire.seen(client, server, 443);
        let back = wire.seen(server, client, port);
        assert_eq!((end.to_server, end.to_client), (out.wire, back.wire));
        for seen in [out, back] {
            assert!(
                seen.wire.bytes > 8 * MIB && seen.super_packets > 0,
                "{seen:?}"
            );
            assert!(seen.longest_frame > 8 * MTU, "{seen:?}");
            assert_eq!(seen.longest_segment, MTU);
        }
    }
}

/// The longest there is: 54 segments in an IP packet of nearly 64 KiB. Cut by the device from Linux 6.2 on.
#[test]
#[ignore = "needs root"]
fn a_burst_of_udp_is_counted_as_its_datagrams() {
    const SEGMENT: u16 = 1200;
    const SEGMENTS: u16 = 54;
    for (client, server) in PAIRS {
        let Guarded { guard, lab } = Guarded::with(&without_relay(), &policy("[]", "[53]", ""));
        let echo = EchoServer::udp(lab.internet(), at(server, 53)).unwrap();
        let wire = Wire::default();
        let (port, reports) = while_relaying(&lab, &wire, || {
            let answers = udp_burst(
                lab.client(),
                client,
                echo.address(),
                SEGMENT,
                SEGMENTS,
                SOON,
            )
            .unwrap();
            assert_eq!(answers, SEGMENTS);
            let port = guard.started(53).source_port.unwrap();
            (port, guard.stop())
        });
        let out = wire.seen(client, server, 53);
        let back = wire.seen(server, client, port);
        assert_eq!(out.wire.pkts, u64::from(SEGMENTS));
        if lab.client_tun().has_udp_offload() {
            assert_eq!(out.super_packets, 1);
            assert!(out.longest_frame > 64_800, "{out:?}");
        }
        let end = crate::flow_reports::last_end(&reports, 53);
        assert_eq!((end.to_server, end.to_client), (out.wire, back.wire));
    }
}

#[test]
#[ignore = "needs root"]
fn a_denied_burst_is_counted_as_its_datagrams_too() {
    let Guarded { guard, lab } = Guarded::new(&policy("[]", "[53]", ""));
    for (client, server) in PAIRS {
        let echo = EchoServer::udp(lab.internet(), at(server, 54)).unwrap();
        let answers = udp_burst(
            lab.client(),
            client,
            echo.address(),
            1200,
            20,
            crate::SILENCE,
        )
        .unwrap();
        assert_eq!((answers, echo.calls()), (0, 0));
        let deny = guard.denied(54);
        assert_eq!(deny.source, Some(client));
        if lab.client_tun().has_udp_offload() {
            assert_eq!(deny.denied_pkts, 20);
        }
    }
    let stats = crate::guarded::last_stats(&guard.stop()).kernel;
    assert_eq!(stats.outbound.denied.pkts, 40);
    assert_eq!(
        stats.outbound.denied.bytes,
        20 * (1200 + 28) + 20 * (1200 + 48)
    );
}

#[test]
#[ignore = "needs root"]
fn all_of_it_works_without_offloads_as_well() {
    let options = LabOptions {
        offload: false,
        ..LabOptions::default()
    };
    let Guarded { guard, lab } = Guarded::with(&options, &policy("[443]", "[]", ""));
    for (client, server) in PAIRS {
        let echo = EchoServer::tcp(lab.internet(), at(server, 443)).unwrap();
        tcp_transfer(lab.client(), client, echo.address(), 2 * MIB, SOON).unwrap();
        let end = guard.ended(443, EndReason::TcpClose);
        // No segment is longer than the MTU, and each has a header.
        for way in [end.to_server, end.to_client] {
            assert!(
                way.bytes > 2 * MIB && way.bytes <= way.pkts * MTU as u64,
                "{way:?}"
            );
        }
    }
}
