//! How much this kernel's verifier has to look at. It refuses a program at 1,000,000 instructions, and every kernel counts
//! differently: a change that takes a program nearer to that is noticed here, and not by who runs another kernel.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

use exitguard::datapath::{LoadSettings, PinDir, verified_instructions};
use exitguard::lab::Namespace;
use exitguard::policy::Network;
use exitguard_common::abi::{LinkLayer, programs};
use exitguard_tests::policy::Policy;

/// On the worst of Linux 5.10, 6.1, 6.12, 6.18 and 7.3 it is 60,000, 51,000 and 101,000; the rest is room for changes.
const CEILINGS: [(&str, u64); 4] = [
    (programs::TC_OUTBOUND, 100_000),
    (programs::TC_INBOUND, 80_000),
    (programs::XDP_OUTBOUND, 160_000),
    (programs::ASK, 40_000),
];

const LINKS: [LinkLayer; 2] = [LinkLayer::RawIp, LinkLayer::Ethernet];

/// What is left of a program depends on the link layer, which is set when it is loaded. What else is set then makes no
/// difference worth the time; the policy is in maps, about which the verifier knows nothing.
#[test]
#[ignore = "needs root"]
fn every_program_stays_below_its_ceiling() {
    let namespace = Namespace::with_private_bpffs("verifier").unwrap();
    for (program, ceiling) in CEILINGS {
        let numbers = LINKS.map(|link| namespace.enter(|| instructions(program, link)).unwrap());
        let most = numbers.into_iter().max().unwrap();
        println!("verifier: {program} {most}");
        assert!(most <= ceiling, "{program}: {most} of {ceiling}");
    }
}

fn instructions(program: &'static str, link_layer: LinkLayer) -> u64 {
    let config = "mode = \"enforce\"\n[egress]\ntcp = [443]\nudp = []\non_deny = \"reject\"\n";
    let policy = Policy::new(config, &[], &Network::default()).unwrap();
    let pins = PinDir::of("verifier").unwrap();
    pins.create().unwrap();
    let settings = LoadSettings {
        link_layer,
        flow_table: 1_024,
        mark: true,
        generation: 1,
    };
    let counted = verified_instructions(program, &policy.compiled, settings, &pins);
    counted.unwrap().unwrap()
}
