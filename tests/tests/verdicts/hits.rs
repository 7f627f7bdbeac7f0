//! How often lists are hit: once a flow, under a name that policies share.

use exitguard::datapath::Hook;
use exitguard_common::abi::{Reason, RuleId};
use exitguard_tests::frame::Frame;

use crate::places::Places;
use crate::world::{Setting, again, check, deny, in_namespace, note, see};

const OUT: Hook = Hook::TcOutbound;
const IN: Hook = Hook::TcInbound;
const DENY: &str = "[[list]]\nname = \"deny\"\nsource = \"deny.txt\"\n";
const WATCH: &str = "[[list]]\nname = \"watch\"\nsource = \"watch.txt\"\naction = \"observe\"\n";

#[test]
#[ignore = "needs root"]
fn a_flow_is_one_hit_whatever_it_sends() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for Places { client, listed, .. } in Places::families() {
            let frame = Frame::tcp(client, listed, (40_000, 80));
            let first = see(&mut judge, OUT, &frame);
            assert_eq!(first.hits, ["deny"]);
            for (hook, again) in [(OUT, frame.clone()), (IN, frame.clone().answer())] {
                assert_eq!(see(&mut judge, hook, &again).hits, [""; 0]);
            }
            let other = Frame::tcp(client, listed, (40_001, 80));
            assert_eq!(see(&mut judge, OUT, &other).hits, ["deny"]);
        }
    });
}

#[test]
#[ignore = "needs root"]
fn an_open_flow_is_a_hit_when_a_new_policy_denies_it_and_not_with_the_next() {
    in_namespace(|| {
        let without = |list: &str| {
            let lists = format!("lists = [{list}]\non_deny");
            Setting::TUN.policy_but("lists = [\"deny\", \"watch\"]\non_deny", &lists)
        };
        let mut judge = Setting::TUN.judge();
        for Places { client, listed, .. } in Places::families() {
            judge.replace(without("\"watch\"")).unwrap();
            let frame = Frame::tcp(client, listed, (40_000, 80));
            assert_eq!(see(&mut judge, OUT, &frame).hits, [""; 0]);
            judge.replace(Setting::TUN.policy()).unwrap();
            assert_eq!(see(&mut judge, OUT, &frame).hits, ["deny"]);
            judge.replace(Setting::TUN.policy()).unwrap();
            let decision = deny(Reason::Blocklist, RuleId::EGRESS);
            again(&mut judge, OUT, &frame, decision, &[]);
            assert_eq!(see(&mut judge, OUT, &frame).hits, [""; 0]);
        }
    });
}

#[test]
#[ignore = "needs root"]
fn hits_stay_with_a_list_when_its_place_changes() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        let Places {
            client,
            listed,
            watched,
            ..
        } = Places::v4();
        let denied = deny(Reason::Blocklist, RuleId::EGRESS);
        let noted = note(Reason::Blocklist, RuleId::EGRESS);
        for port in 1..=3 {
            let frame = Frame::tcp(client, listed, (port, 80));
            check(&mut judge, OUT, &frame, denied, "listed");
        }
        check(
            &mut judge,
            OUT,
            &Frame::tcp(client, watched, (1, 80)),
            noted,
            "watched",
        );
        assert_eq!(judge.hits().unwrap(), [3, 1]);
        let (lists, swapped) = (format!("{DENY}\n{WATCH}"), format!("{WATCH}\n{DENY}"));
        judge
            .replace(Setting::TUN.policy_but(&lists, &swapped))
            .unwrap();
        let names = judge.policy().labels.lists().iter();
        assert!(names.map(|list| &list.name).eq(["watch", "deny"]));
        assert_eq!(judge.hits().unwrap(), [1, 3]);
        let frame = Frame::tcp(client, listed, (4, 80));
        assert_eq!(see(&mut judge, OUT, &frame).hits, ["deny"]);
        assert_eq!(judge.hits().unwrap(), [1, 4]);
    });
}
