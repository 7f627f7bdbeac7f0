//! Random policies and random frames: what the kernel decides is what the host decides.
//!
//! The host's side is the same parser and the same decision over the tables that `explain` asks, as Rust runs them on
//! the host; the kernel's is the object that was built from them, over its maps. So this finds what the way there
//! changed: the compiler, the maps and how they were filled, the glue. Whether the decision is the right one is for the
//! tests of those rooms.
//!
//! A failure names the seed of its policy: `EXITGUARD_SEED=…` runs that policy alone. `EXITGUARD_POLICIES=…` runs more
//! of them.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

mod dice;
mod frames;
mod policies;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use anyhow::{Context, Result, bail, ensure};
use dice::Dice;
use exitguard::datapath::Hook;
use exitguard::explain::{Destination, explain};
use exitguard::lab::Namespace;
use exitguard::policy::Overlay;
use exitguard_common::abi::{Addr, Decision, LinkLayer, Reason, Verdict};
use exitguard_common::packet::{Fragment, Frame as Kind, Packet, Transport, parse};
use exitguard_common::reply::REPLIES_PER_SECOND;
use exitguard_tests::expect::{Expected, Reply, Way};
use exitguard_tests::judge::{Judge, MIN_FRAME};
use exitguard_tests::oracle;
use exitguard_tests::policy::Policy;
use frames::Shown;
use policies::Scenario;

const POLICIES: u64 = 24;
const FRAMES: u32 = 1_500;
const LINKS: [LinkLayer; 2] = [LinkLayer::RawIp, LinkLayer::Ethernet];
const HOOKS: [Hook; 3] = [Hook::TcOutbound, Hook::TcInbound, Hook::XdpOutbound];

/// How often each answer was given.
type Answers = BTreeMap<(&'static str, &'static str), u32>;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={value} is no number")),
    )
}

#[test]
#[ignore = "needs root"]
fn the_kernel_decides_as_the_host_does() {
    let namespace = Namespace::with_private_bpffs("differential").unwrap();
    if let Some(seed) = number("EXITGUARD_SEED") {
        return namespace.enter(|| compare_random(seed)).unwrap();
    }
    let policies = number("EXITGUARD_POLICIES").unwrap_or(POLICIES);
    let first = RandomState::new().hash_one(0);
    for place in 0..policies {
        let seed = first.wrapping_add(place);
        namespace.enter(|| compare_random(seed)).unwrap();
    }
}

/// Agreement proves little if all questions are answered by the first steps. Asks the host alone.
#[test]
fn the_frames_reach_every_step() {
    let mut answers = Answers::new();
    for seed in 0..30 {
        let mut dice = Dice::new(seed);
        let scenario = Scenario::random(&mut dice);
        let host = scenario.policy().unwrap();
        let link = dice.pick(&LINKS);
        for place in 0..FRAMES / 5 {
            let hook = dice.pick(&HOOKS);
            for shown in frames::random(&mut dice, &scenario, place, hook, link) {
                if let Some(expected) = ask(&host, link, hook, &shown) {
                    count(&mut answers, &expected);
                }
            }
        }
    }
    for (reason, verdicts) in [
        (Reason::Malformed, &["deny", "would deny"][..]),
        (Reason::Lockdown, &["deny", "would deny"]),
        (Reason::Exempt, &["allow"]),
        (Reason::Host, &["allow"]),
        (Reason::Reply, &["allow"]),
        (Reason::Runtime, &["deny", "would deny"]),
        (Reason::Blocklist, &["deny", "would deny"]),
        (Reason::Lan, &["deny", "would deny"]),
        (Reason::Port, &["allow", "deny", "would deny"]),
        (Reason::Icmp, &["allow", "deny", "would deny"]),
        (Reason::Protocol, &["allow", "deny", "would deny"]),
        (Reason::Fragment, &["allow", "deny", "would deny"]),
    ] {
        for verdict in verdicts {
            let key = (reason.name(), *verdict);
            let times = answers.get(&key).copied().unwrap_or_default();
            assert!(times >= 10, "{key:?}: {times} of {answers:?}");
        }
    }
    assert_eq!(answers.get(&(Reason::Internal.name(), "deny")), None);
}

/// A difference could hide where no random frame goes, so this shows that they go everywhere: to the one address and
/// the one port that the host's policy has more than the kernel's.
#[test]
#[ignore = "needs root"]
fn one_address_or_one_port_of_difference_is_noticed() {
    let namespace = Namespace::with_private_bpffs("differential").unwrap();
    let kernel = ("192.0.2.64/26\n2001:db8::/64\n", "80-90");
    for host in [
        ("192.0.2.64/26\n192.0.2.128\n2001:db8::/64\n", "80-90"),
        ("192.0.2.64/26\n2001:db8::/64\n2001:db8:0:1::\n", "80-90"),
        ("192.0.2.64/26\n2001:db8::/64\n", "80-91"),
    ] {
        let kernel = Scenario::about(kernel.0, kernel.1);
        let scenario = Scenario::about(host.0, host.1);
        let host = scenario.policy().unwrap();
        let run = || {
            let mut dice = Dice::new(0);
            let mut judge = Judge::new(kernel.policy().unwrap(), LinkLayer::RawIp).unwrap();
            compare(&mut dice, &scenario, &mut judge, &host)
        };
        assert!(namespace.enter(run).unwrap().is_err(), "{scenario}");
    }
}

/// Compares kernel and host under the random policy of a seed.
fn compare_random(seed: u64) {
    let mut dice = Dice::new(seed);
    let scenario = Scenario::random(&mut dice);
    let link = dice.pick(&LINKS);
    let mut run = || {
        let policy = scenario.policy()?;
        // What operators say is there from the start, or comes in a moment, perhaps in the place of something else.
        let changes = dice.below(3);
        let first = match changes {
            0 => scenario.overlay.clone(),
            _ => Overlay::default(),
        };
        let mut judge = Judge::new(policy.under(&first), link)?;
        for change in 1..=changes {
            let overlay = match change == changes {
                true => scenario.overlay.clone(),
                false => Overlay::new(dice.some(6, policies::override_)),
            };
            judge.change(&overlay)?;
        }
        if let Some(disagreement) = judge.disagreement()? {
            bail!("{disagreement}");
        }
        compare(&mut dice, &scenario, &mut judge, &policy)
    };
    if let Err(error) = run() {
        panic!("EXITGUARD_SEED={seed}: {error:#}\n{scenario}");
    }
}

/// Shows random frames to a kernel and asks a host.
fn compare(dice: &mut Dice, scenario: &Scenario, judge: &mut Judge, host: &Policy) -> Result<()> {
    let mut answered: HashMap<Addr, u64> = HashMap::new();
    for place in 0..FRAMES {
        let hook = dice.pick(&HOOKS);
        for shown in frames::random(dice, scenario, place, hook, judge.link()) {
            let Some(expected) = ask(host, judge.link(), hook, &shown) else {
                continue;
            };
            if expected.reply == Reply::Sent {
                let answers = answered.entry(expected.key.client).or_default();
                *answers += 1;
                // More of them within a second would be withheld.
                if *answers > REPLIES_PER_SECOND {
                    continue;
                }
            }
            let context = format!("{hook:?}, {:?}, {}", judge.link(), hex(&shown.bytes));
            check(judge, hook, &shown, &expected).context(context)?;
            if let Some(told) = explained(host, judge.link(), hook, &shown) {
                let met = expected.decision;
                ensure!(
                    told == met,
                    "{}: explain says {told:?}, it meets {met:?}",
                    hex(&shown.bytes)
                );
            }
        }
    }
    Ok(())
}

/// What the host says about a frame; `None` when the kernel would not take it.
fn ask(host: &Policy, link: LinkLayer, hook: Hook, shown: &Shown) -> Option<Expected> {
    if !kernel_takes(hook, &shown.bytes) {
        return None;
    }
    let ask = |bytes| oracle::ask(&host.compiled, link, hook, bytes);
    let mut expected = ask(&shown.bytes);
    if let Some(first) = &shown.first {
        // A later fragment is judged as the first, which was shown right before.
        let first = ask(first);
        expected.way = match first.way {
            Way::Flow(_) => Way::Known(&[]),
            way => way,
        };
        expected.decision = first.decision;
        expected.key = first.key;
        expected.reply = match first.reply {
            Reply::Sent => Reply::Withheld,
            reply => reply,
        };
    }
    Some(expected)
}

fn check(judge: &mut Judge, hook: Hook, shown: &Shown, expected: &Expected) -> Result<()> {
    if matches!(expected.way, Way::Flow(_)) {
        judge.forget(&expected.key)?;
    }
    let seen = judge.see(hook, &shown.bytes, 0)?;
    expected.check(judge, hook, &seen)
}

/// In a test run at TC the kernel looks at the frame first, as if it were Ethernet, and wants a whole IP header.
fn kernel_takes(hook: Hook, frame: &[u8]) -> bool {
    let ip_header = match frame.get(MIN_FRAME - 2..MIN_FRAME) {
        None => return false,
        Some([0x08, 0x00]) => 20,
        Some([0x86, 0xdd]) => 40,
        Some(_) => 0,
    };
    hook == Hook::XdpOutbound || frame.len() >= MIN_FRAME + ip_header
}

/// What a person is told on the command line about the first packet of a flow, where one can ask for it.
fn explained(host: &Policy, link: LinkLayer, hook: Hook, shown: &Shown) -> Option<Decision> {
    let mut packet = Packet::EMPTY;
    let is_readable = parse(&shown.bytes.as_slice(), link, &mut packet) == Ok(Kind::Ip);
    if !is_readable || hook == Hook::TcInbound || packet.fragment() != Fragment::Whole {
        return None;
    }
    let port = match packet.transport() {
        Transport::Tcp | Transport::Udp | Transport::Sctp => Some(packet.destination_port),
        Transport::Echo | Transport::Other => None,
        _ => return None,
    };
    let destination = Destination {
        addr: packet.destination.into(),
        port,
        protocol: packet.protocol,
    };
    let client = packet.source.into();
    Some(explain(&host.compiled, &host.labels, client, &destination).decision)
}

fn count(answers: &mut Answers, expected: &Expected) {
    let verdict = match expected.decision.verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::WouldDeny => "would deny",
    };
    if expected.way != Way::Ignored {
        let key = (expected.decision.reason.name(), verdict);
        *answers.entry(key).or_default() += 1;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
