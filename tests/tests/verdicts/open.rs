//! A policy that allows everything but what is listed: only the list has a say.

use exitguard::policy::Network;
use exitguard_common::abi::{Reason, RuleId};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::Judge;
use exitguard_tests::policy::Policy;

use crate::places::Places;
use crate::world::{Setting, allow, check, deny, in_namespace};

const EGRESS: RuleId = RuleId::EGRESS;
const ESP: u8 = 50;

const CONFIG: &str = r#"
mode = "enforce"
[egress]
tcp = "any"
udp = "any"
sctp = "any"
icmp = true
protocols = "any"
lan = true
[[list]]
name = "all"
source = "all.txt"
"#;

#[test]
#[ignore = "needs root"]
fn a_policy_that_allows_by_default_denies_what_is_listed() {
    in_namespace(|| {
        let lists = [("all.txt", "192.0.2.64/26\n2001:db8:2::/64\n")];
        for setting in Setting::all().filter(|setting| !setting.observe) {
            let policy = Policy::new(CONFIG, &lists, &Network::default()).unwrap();
            let mut judge = Judge::new(policy, setting.link).unwrap();
            for places in Places::families() {
                let Places { client, .. } = places;
                for (remote, expected) in [
                    (places.world, None),
                    (places.lan, None),
                    (places.watched, None),
                    (places.listed, Some(deny(Reason::Blocklist, EGRESS))),
                    (places.excepted, Some(deny(Reason::Blocklist, EGRESS))),
                ] {
                    let allowed = |reason| expected.unwrap_or(allow(reason, EGRESS));
                    for (frame, decision) in [
                        (Frame::tcp(client, remote, (1, 1)), allowed(Reason::Port)),
                        (
                            Frame::udp(client, remote, (1, 65_535)),
                            allowed(Reason::Port),
                        ),
                        (Frame::sctp(client, remote, (1, 1)), allowed(Reason::Port)),
                        (Frame::ping(client, remote, 1), allowed(Reason::Icmp)),
                        (Frame::other(client, remote, ESP), allowed(Reason::Protocol)),
                    ] {
                        check(&mut judge, setting.outbound, &frame, decision, "default");
                    }
                }
            }
        }
    });
}
