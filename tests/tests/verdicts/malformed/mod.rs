//! What cannot be read is denied and counted by what is wrong with it.

mod lengths;
mod packets;

use exitguard_common::abi::{FlowKey, LinkLayer};
use exitguard_common::packet::ParseError;
use exitguard_tests::expect::{Expected, Way};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::Judge;

use crate::places::Places;
use crate::world::{Setting, each_judge};
use packets::{v4, v6};

fn check_malformed(
    judge: &mut Judge,
    setting: Setting,
    frame: &[u8],
    error: ParseError,
    what: &str,
) {
    let seen = judge.see(setting.outbound, frame, 0).unwrap();
    assert_eq!(judge.flow(&FlowKey::NONE).unwrap(), None);
    let expected = Expected::malformed(judge, error, frame);
    assert_eq!(expected.decision.passes(), setting.observe);
    if let Err(difference) = expected.check(judge, setting.outbound, &seen) {
        panic!("{what}, {} bytes, {setting:?}: {difference}", frame.len());
    }
}

fn ethernet(ethertypes: &[[u8; 2]], rest: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for (place, ethertype) in ethertypes.iter().enumerate() {
        if place > 0 {
            frame.extend([0, 7]);
        }
        frame.extend(ethertype);
    }
    frame.extend(rest);
    frame
}

#[test]
#[ignore = "needs root"]
fn what_is_wrong_with_a_packet_is_counted_by_its_kind() {
    each_judge(Setting::all(), |judge, setting| {
        for (cases, ethertype) in [(v4(), [8, 0]), (v6(), [0x86, 0xdd])] {
            for (what, packet, error) in cases {
                let frame = match setting.link {
                    LinkLayer::RawIp => packet,
                    LinkLayer::Ethernet => ethernet(&[ethertype], &packet),
                };
                check_malformed(judge, setting, &frame, error, what);
            }
        }
    });
}

/// With tags, where the kernel would not take the frame without.
#[test]
#[ignore = "needs root"]
fn what_is_wrong_with_an_ethernet_frame_is_counted_by_its_kind() {
    const VLAN: [u8; 2] = [0x81, 0];
    const QINQ: [u8; 2] = [0x88, 0xa8];
    const IPV4: [u8; 2] = [8, 0];
    const IPV6: [u8; 2] = [0x86, 0xdd];
    let (places, other) = (Places::v4(), Places::v6());
    let packet = |places: &Places| {
        let frame = Frame::udp(places.client, places.world, (1, 53));
        frame.bytes(LinkLayer::RawIp).unwrap()
    };
    let (v4, v6) = (packet(&places), packet(&other));
    each_judge(
        Setting::all().filter(Setting::on_ethernet),
        |judge, setting| {
            for (what, frame, error) in [
                ("LLDP", ethernet(&[[0x88, 0xcc]], &v4), ParseError::NotIp),
                ("802.3 length", ethernet(&[[0, 46]], &v4), ParseError::NotIp),
                (
                    "a tagged LLDP",
                    ethernet(&[VLAN, [0x88, 0xcc]], &v4),
                    ParseError::NotIp,
                ),
                (
                    "three tags",
                    ethernet(&[QINQ, VLAN, VLAN, IPV4], &v4),
                    ParseError::Link,
                ),
                (
                    "IPv4 that is IPv6",
                    ethernet(&[VLAN, IPV4], &v6),
                    ParseError::Version,
                ),
                (
                    "IPv6 that is IPv4",
                    ethernet(&[VLAN, IPV6], &v4),
                    ParseError::Version,
                ),
                (
                    "no packet behind a tag",
                    ethernet(&[VLAN, IPV6], &[]),
                    ParseError::Empty,
                ),
                ("half a tag", ethernet(&[VLAN], &[0, 7]), ParseError::Link),
                ("no tag", ethernet(&[VLAN], &[]), ParseError::Link),
            ] {
                check_malformed(judge, setting, &frame, error, what);
            }
        },
    );
}

/// ARP is the one thing besides IP that passes: without it Ethernet carries no IPv4.
#[test]
#[ignore = "needs root"]
fn arp_passes_uncounted_on_ethernet() {
    let frame = ethernet(&[[8, 6]], &[0; 28]);
    each_judge(
        Setting::all().filter(Setting::on_ethernet),
        |judge, setting| {
            let seen = judge.see(setting.outbound, &frame, 0).unwrap();
            let expected = Expected {
                way: Way::Ignored,
                ..Expected::malformed(judge, ParseError::NotIp, &frame)
            };
            expected.check(judge, setting.outbound, &seen).unwrap();
        },
    );
}
