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

use dice::Dice;
use exitguard::datapath::Hook;
use exitguard::explain::{Destination, explain};
use exitguard::lab::Namespace;
use exitguard_common::abi::{Addr, LinkLayer, Reason, Verdict};
use exitguard_common::packet::{Fragment, Frame as Kind, Packet, Transport, parse, protocol};
use exitguard_tests::expect::{Expected, Reply, Way, direction};
use exitguard_tests::judge::{Judge, MIN_FRAME};
use exitguard_tests::oracle;
use exitguard_tests::policy::Policy;
use frames::Shown;
use policies::Scenario;

const POLICIES: u64 = 48;
const FRAMES: usize = 1_500;

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
    let mut answers = Answers::new();
    if let Some(seed) = number("EXITGUARD_SEED") {
        return namespace.enter(|| compare(seed, &mut answers)).unwrap();
    }
    let policies = number("EXITGUARD_POLICIES").unwrap_or(POLICIES);
    let first = RandomState::new().hash_one(0);
    for place in 0..policies {
        let seed = first.wrapping_add(place);
        namespace.enter(|| compare(seed, &mut answers)).unwrap();
    }
    reached_every_step(&answers, policies);
}

/// Agreement proves little if all questions are answered by the first steps.
fn reached_every_step(answers: &Answers, policies: u64) {
    if policies < POLICIES {
        return;
    }
    for (reason, verdicts) in [
        (Reason::Malformed, &["deny", "would deny"][..]),
        (Reason::Lockdown, &["deny", "would deny"]),
        (Reason::Exempt, &["allow"]),
        (Reason::Host, &["allow"]),
        (Reason::Reply, &["allow"]),
        (Reason::Blocklist, &["deny", "would deny"]),
        (Reason::Lan, &["deny", "would deny"]),
        (Reason::Port, &["allow", "deny", "would deny"]),
        (Reason::Icmp, &["allow", "deny", "would deny"]),
        (Reason::Protocol, &["allow", "deny", "would deny"]),
        (Reason::Fragment, &["allow", "deny", "would deny"]),
    ] {
        for verdict in verdicts {
            let key = (reason.name(), *verdict);
            assert!(answers.contains_key(&key), "never {key:?}: {answers:?}");
        }
    }
    assert_eq!(answers.get(&(Reason::Internal.name(), "deny")), None);
}

/// Compares kernel and host under one random policy.
fn compare(seed: u64, answers: &mut Answers) {
    let mut dice = Dice::new(seed);
    let scenario = Scenario::random(&mut dice);
    let lists: Vec<_> = scenario
        .lists
        .iter()
        .map(|(source, text)| (source.as_str(), text.as_str()))
        .collect();
    let fail = |what: &str, error: anyhow::Error| -> ! {
        panic!("EXITGUARD_SEED={seed}: {what}: {error:#}\n{scenario}")
    };
    let policy = Policy::new(&scenario.config, &lists, &scenario.network)
        .unwrap_or_else(|error| fail("the policy", error));
    let link = dice.pick(&[LinkLayer::RawIp, LinkLayer::Ethernet]);
    let mut judge = Judge::new(policy, link).unwrap_or_else(|error| fail("loading", error));
    let mut answered: HashMap<Addr, u64> = HashMap::new();
    for place in 0..FRAMES {
        let hook = dice.pick(&[Hook::TcOutbound, Hook::TcInbound, Hook::XdpOutbound]);
        for shown in frames::random(&mut dice, &scenario, place as u32, hook, link) {
            let what = |shown: &Shown| format!("{hook:?}, {link:?}, {}", hex(&shown.bytes));
            match judge_one(&mut judge, hook, &shown, &mut answered) {
                Ok(Some(expected)) => count(answers, &expected),
                Ok(None) => {}
                Err(error) => fail(&what(&shown), error),
            }
        }
    }
}

/// Shows a frame to kernel and host; `None` when it cannot be shown.
fn judge_one(
    judge: &mut Judge,
    hook: Hook,
    shown: &Shown,
    answered: &mut HashMap<Addr, u64>,
) -> anyhow::Result<Option<Expected>> {
    if !kernel_takes(hook, &shown.bytes) {
        return Ok(None);
    }
    let policy = &judge.policy().compiled;
    let expected = match &shown.first {
        None => oracle::ask(policy, judge.link(), hook, &shown.bytes),
        Some(first) => {
            // A later fragment is judged as the first, which was shown right before.
            let first = oracle::ask(policy, judge.link(), hook, first);
            let alone = oracle::ask(policy, judge.link(), hook, &shown.bytes);
            let reply = match first.reply {
                Reply::None => Reply::None,
                Reply::Sent | Reply::Withheld => Reply::Withheld,
            };
            Expected {
                way: Way::Known(&[]),
                decision: first.decision,
                key: first.key,
                reply,
                ..alone
            }
        }
    };
    if expected.reply == Reply::Sent {
        let answers = answered.entry(expected.key.client).or_default();
        *answers += 1;
        // More of them within a second would be withheld.
        if *answers > exitguard_common::reply::REPLIES_PER_SECOND {
            return Ok(None);
        }
    }
    agrees_with_explain(judge, hook, shown, &expected)?;
    if matches!(expected.way, Way::Flow(_)) {
        judge.forget(&expected.key)?;
    }
    let seen = judge.see(hook, &shown.bytes, 0)?;
    expected.check(judge, hook, &seen)?;
    Ok(Some(expected))
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

/// What a person is told on the command line is what happens to the first packet.
fn agrees_with_explain(
    judge: &Judge,
    hook: Hook,
    shown: &Shown,
    expected: &Expected,
) -> anyhow::Result<()> {
    let mut packet = Packet::EMPTY;
    let is_readable = parse(&shown.bytes.as_slice(), judge.link(), &mut packet) == Ok(Kind::Ip);
    if !is_readable || direction(hook) != direction(Hook::TcOutbound) {
        return Ok(());
    }
    let can_be_asked = packet.fragment() == Fragment::Whole
        && matches!(
            packet.transport,
            Transport::Tcp | Transport::Udp | Transport::Sctp | Transport::Echo | Transport::Other
        );
    if !can_be_asked {
        return Ok(());
    }
    let has_ports = matches!(
        packet.protocol,
        protocol::TCP | protocol::UDP | protocol::SCTP
    );
    let destination = Destination {
        addr: packet.destination.into(),
        port: has_ports.then_some(packet.destination_port),
        protocol: packet.protocol,
    };
    let policy = judge.policy();
    let told = explain(
        &policy.compiled,
        &policy.labels,
        packet.source.into(),
        &destination,
    );
    anyhow::ensure!(
        told.decision == expected.decision,
        "explain says {:?}, the packet is to meet {:?}",
        told.decision,
        expected.decision
    );
    Ok(())
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
