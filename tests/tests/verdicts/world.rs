//! The policy that the cases are about, its kernel programs, and how a case is checked.

use std::sync::{LazyLock, Mutex, PoisonError};

use exitguard::datapath::Hook;
use exitguard::lab::Namespace;
use exitguard::policy::Network;
use exitguard_common::abi::{Decision, EventKind, FlowState, LinkLayer, Reason, RuleId, Verdict};
use exitguard_tests::expect::{Expected, Way};
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::{Judge, Seen};
use exitguard_tests::policy::Policy;

use crate::places::at;

/// A policy with something to say about every role. `{…}` are the choices of a [`Setting`].
const CONFIG: &str = r#"
mode = "{mode}"

[egress]
tcp = [80, "6000-6010"]
udp = [53, "33434-65535"]
sctp = [2905]
icmp = true
protocols = ["gre", 200]
lists = ["deny", "watch"]
on_deny = "{on_deny}"

[[client]]
name = "quiet"
match = ["100.64.0.8/30", "fd7a:115c:a1e0::8/126"]
tcp = []
udp = "any"
sctp = []
icmp = false
protocols = []
lan = true
lists = []

[[client]]
name = "locked"
match = ["100.64.0.66", "fd7a:115c:a1e0::66"]
lockdown = true

[[list]]
name = "deny"
source = "deny.txt"

[[list]]
name = "watch"
source = "watch.txt"
action = "observe"

[allow]
destinations = ["192.0.2.100", "10.9.0.0/24", "2001:db8:2::100", "fd09::/64"]

[host]
tcp = [22]
udp = []
icmp = true
protocols = "any"
on_deny = "{on_deny}"
"#;

const LISTS: [(&str, &str); 2] = [
    ("deny.txt", "192.0.2.64/26\n2001:db8:2::/64\n"),
    ("watch.txt", "198.51.100.0/25\n2001:db8:3::/64\n"),
];

/// IPv6 extension headers.
pub(crate) const HOP_BY_HOP: u8 = 0;
pub(crate) const ROUTING: u8 = 43;
pub(crate) const FRAGMENT: u8 = 44;
pub(crate) const AUTHENTICATION: u8 = 51;
pub(crate) const DESTINATION: u8 = 60;
/// Of one, after its first byte: eight bytes in all, filled with one option.
pub(crate) const PADDING: [u8; 7] = [0, 1, 4, 0, 0, 0, 0];

pub(crate) const QUIET: RuleId = RuleId(2);
pub(crate) const LOCKED: RuleId = RuleId(3);

/// What every case is crossed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) link: LinkLayer,
    pub(crate) outbound: Hook,
    pub(crate) observe: bool,
    pub(crate) reject: bool,
}

impl Setting {
    /// What a TUN is guarded by.
    pub(crate) const TUN: Self = Self {
        link: LinkLayer::RawIp,
        outbound: Hook::TcOutbound,
        observe: false,
        reject: false,
    };

    /// Both link layers, TC and XDP, enforcing and observing.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let links = [LinkLayer::RawIp, LinkLayer::Ethernet];
        let hooks = [Hook::TcOutbound, Hook::XdpOutbound];
        links.into_iter().flat_map(move |link| {
            hooks.into_iter().flat_map(move |outbound| {
                [false, true].map(|observe| Self {
                    link,
                    outbound,
                    observe,
                    ..Self::TUN
                })
            })
        })
    }

    pub(crate) fn on_ethernet(&self) -> bool {
        self.link == LinkLayer::Ethernet
    }

    pub(crate) fn policy(self) -> Policy {
        self.policy_but("", "")
    }

    /// The policy with one change of its text.
    pub(crate) fn policy_but(self, old: &str, new: &str) -> Policy {
        let mode = if self.observe { "observe" } else { "enforce" };
        let on_deny = if self.reject { "reject" } else { "drop" };
        assert!(CONFIG.contains(old), "{old}");
        let config = CONFIG
            .replacen(old, new, 1)
            .replace("{mode}", mode)
            .replace("{on_deny}", on_deny);
        let policy = Policy::new(&config, &LISTS, &network()).unwrap();
        let names = [RuleId::HOST, RuleId::EGRESS, QUIET, LOCKED].map(|id| policy.labels.rule(id));
        assert_eq!(names, ["host", "egress", "client quiet", "client locked"]);
        policy
    }

    /// Its kernel programs. Call it in a namespace.
    pub(crate) fn judge(self) -> Judge {
        Judge::new(self.policy(), self.link).unwrap()
    }

    /// A decision of the enforcing policy, as this one says it.
    pub(crate) fn decision(self, enforced: Decision) -> Decision {
        let verdict = match enforced.verdict {
            Verdict::Deny if self.observe => Verdict::WouldDeny,
            verdict => verdict,
        };
        Decision {
            verdict,
            reject: self.reject && enforced.verdict != Verdict::Allow,
            ..enforced
        }
    }
}

fn network() -> Network {
    Network {
        addresses: ["192.168.1.2", "203.0.113.130", "fd01::2"].map(at).to_vec(),
        on_link: vec!["203.0.113.128/25".parse().unwrap()],
        ..Network::default()
    }
}

/// Runs a test where the programs that it pins are nobody else's.
pub(crate) fn in_namespace(work: impl FnOnce() + Send) {
    Namespace::with_private_bpffs("verdicts")
        .unwrap()
        .enter(work)
        .unwrap();
}

/// Asks the kernel programs of each setting about flows that are new.
///
/// Loading them takes longer than everything that a test asks, so that tests take turns with the same ones. What they
/// leave behind are flows, which [`check`] forgets before it asks.
pub(crate) fn each_judge(
    settings: impl Iterator<Item = Setting> + Send,
    ask: impl Fn(&mut Judge, Setting) + Sync,
) {
    static NAMESPACE: LazyLock<Namespace> =
        LazyLock::new(|| Namespace::with_private_bpffs("verdicts").unwrap());
    static LOADED: Mutex<Vec<(Setting, Judge)>> = Mutex::new(Vec::new());
    let work = || {
        // A test that panicked has seen all that came of its last frame.
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        for setting in settings {
            let place = loaded.iter().position(|(of, _)| *of == setting);
            let place = place.unwrap_or_else(|| {
                loaded.push((setting, setting.judge()));
                loaded.len() - 1
            });
            ask(&mut loaded[place].1, setting);
        }
    };
    NAMESPACE.enter(work).unwrap();
}

pub(crate) const fn allow(reason: Reason, rule: RuleId) -> Decision {
    Decision::allow(reason, rule)
}

pub(crate) const fn deny(reason: Reason, rule: RuleId) -> Decision {
    Decision::drop(reason, rule)
}

/// A denial that the mode has nothing to do with: of a list that observes.
pub(crate) const fn note(reason: Reason, rule: RuleId) -> Decision {
    Decision {
        verdict: Verdict::WouldDeny,
        ..deny(reason, rule)
    }
}

/// Shows a frame, tags and all.
pub(crate) fn see(judge: &mut Judge, hook: Hook, frame: &Frame) -> Seen {
    let bytes = frame.bytes(judge.link()).unwrap();
    judge.see(hook, &bytes, 0).unwrap()
}

/// Shows the first frame of a flow and checks all that comes of it.
pub(crate) fn check(judge: &mut Judge, hook: Hook, frame: &Frame, decision: Decision, what: &str) {
    let expected = Expected::first(hook, frame, decision).unwrap();
    check_as(judge, hook, frame, &expected, what);
}

/// Shows a frame of no flow and checks all that comes of it.
pub(crate) fn check_alone(
    judge: &mut Judge,
    hook: Hook,
    frame: &Frame,
    decision: Decision,
    what: &str,
) {
    let expected = Expected::alone(hook, frame, decision).unwrap();
    check_as(judge, hook, frame, &expected, what);
    let key = judge.flow(&expected.key).unwrap();
    assert_eq!(key, None, "{what} is no flow");
}

/// Shows a further frame of a flow and checks all that comes of it; its state then.
pub(crate) fn again(
    judge: &mut Judge,
    hook: Hook,
    frame: &Frame,
    decision: Decision,
    told: &'static [EventKind],
) -> FlowState {
    let expected = Expected {
        way: Way::Known(told),
        ..Expected::first(hook, frame, decision).unwrap()
    };
    check_as(judge, hook, frame, &expected, "again");
    judge.flow(&expected.key).unwrap().unwrap()
}

pub(crate) fn check_as(
    judge: &mut Judge,
    hook: Hook,
    frame: &Frame,
    expected: &Expected,
    what: &str,
) {
    if matches!(expected.way, Way::Flow(_)) {
        judge.forget(&expected.key).unwrap();
    }
    let seen = see(judge, hook, frame);
    if let Err(error) = expected.check(judge, hook, &seen) {
        panic!("{what}: {frame:?} at {hook:?}, {:?}: {error}", judge.link());
    }
}
