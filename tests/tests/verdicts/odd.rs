//! What is only odd is judged like anything else.

use exitguard_common::abi::{Reason, RuleId};
use exitguard_common::packet::protocol;
use exitguard_tests::expect::Expected;
use exitguard_tests::frame::Frame;

use crate::places::Places;
use crate::world::{
    AUTHENTICATION, DESTINATION, FRAGMENT, HOP_BY_HOP, PADDING, ROUTING, Setting, allow, check,
    deny, each_judge,
};

#[test]
#[ignore = "needs root"]
fn what_is_only_odd_is_judged_like_anything_else() {
    let decision = allow(Reason::Port, RuleId::EGRESS);
    each_judge(Setting::all(), |judge, setting| {
        let Places { client, world, .. } = Places::v4();
        let v4 = Frame::tcp(client, world, (40_000, 80)).payload(4);
        let Places { client, world, .. } = Places::v6();
        let v6 = Frame::udp(client, world, (40_000, 53)).payload(4);
        let mut eight = v6.clone();
        for _ in 0..8 {
            eight = eight.extension(DESTINATION, &PADDING);
        }
        for (what, frame) in [
            ("no-operation options", v4.clone().options(&[1; 40])),
            ("end of options", v4.clone().options(&[0, 131, 131, 131])),
            (
                "record route",
                v4.clone().options(&[7, 7, 4, 0, 0, 0, 0, 0]),
            ),
            ("hop-by-hop", v6.clone().extension(HOP_BY_HOP, &PADDING)),
            ("routing done", v6.clone().extension(ROUTING, &[0; 7])),
            (
                "authentication",
                v6.clone()
                    .extension(AUTHENTICATION, &[[4].as_slice(), &[0; 22]].concat()),
            ),
            ("eight extensions", eight),
            ("only one fragment", v6.clone().extension(FRAGMENT, &[0; 7])),
        ] {
            check(judge, setting.outbound, &frame, decision, what);
        }
    });
}

/// Link layers pad; what is beyond the packet is not of it.
#[test]
#[ignore = "needs root"]
fn a_frame_longer_than_its_packet_counts_as_its_packet() {
    each_judge(Setting::all(), |judge, setting| {
        for Places { client, world, .. } in Places::families() {
            let frame = Frame::udp(client, world, (40_000, 53));
            let decision = allow(Reason::Port, RuleId::EGRESS);
            for padding in [1, 32, 1_400] {
                let expected = Expected::first(setting.outbound, &frame, decision).unwrap();
                judge.forget(&expected.key).unwrap();
                let bytes = [frame.bytes(setting.link).unwrap(), vec![9; padding]].concat();
                let seen = judge.see(setting.outbound, &bytes, 0).unwrap();
                expected.check(judge, setting.outbound, &seen).unwrap();
            }
        }
    });
}

/// What is ICMP for one family is a protocol without a name for the other.
#[test]
#[ignore = "needs root"]
fn icmp_of_the_other_family_is_a_protocol_like_others() {
    let (v4, v6) = (Places::v4(), Places::v6());
    each_judge(Setting::all(), |judge, setting| {
        for (places, number) in [(v4, protocol::ICMPV6), (v6, protocol::ICMP)] {
            // Were it read, this would be an error about another packet.
            let frame = Frame::other(places.client, places.world, number).payload(8);
            let decision = setting.decision(deny(Reason::Protocol, RuleId::EGRESS));
            check(judge, setting.outbound, &frame, decision, "other family");
        }
    });
}
