//! Random frames: between the addresses and ports that a policy is about, and now and then damaged.

use std::net::IpAddr;

use exitguard::datapath::Hook;
use exitguard_common::abi::LinkLayer;
use exitguard_tests::frame::Frame;

use crate::dice::Dice;
use crate::policies::Scenario;

const FLAGS: [u8; 9] = [0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x3f];
const ICMP_V4: [u8; 9] = [0, 3, 5, 8, 11, 12, 13, 30, 255];
const ICMP_V6: [u8; 12] = [0, 1, 2, 3, 4, 5, 128, 129, 133, 135, 137, 139];
const OPTIONS: [&[u8]; 5] = [
    &[1, 1, 1, 1],
    &[1; 40],
    &[7, 7, 4, 0, 0, 0, 0, 0],
    &[131, 7, 4, 192, 0, 2, 1, 0],
    &[7, 1, 0, 0],
];
const EXTENSIONS: [(u8, &[u8]); 5] = [
    (0, &[0, 1, 4, 0, 0, 0, 0]),
    (60, &[0, 1, 4, 0, 0, 0, 0]),
    (43, &[0, 0, 0, 0, 0, 0, 0]),
    (43, &[0, 0, 1, 0, 0, 0, 0]),
    (51, &[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
];

/// A frame to show.
pub(crate) struct Shown {
    pub(crate) bytes: Vec<u8>,
    /// The first fragment of the same packet, if it was shown right before.
    pub(crate) first: Option<Vec<u8>>,
}

/// One frame, or two fragments of one packet. `id` is another one each time.
pub(crate) fn random(
    dice: &mut Dice,
    scenario: &Scenario,
    id: u32,
    hook: Hook,
    link: LinkLayer,
) -> Vec<Shown> {
    let remote = dice.pick(&scenario.edges);
    let of_family = |addr: &&IpAddr| addr.is_ipv4() == remote.is_ipv4();
    let clients: Vec<_> = scenario.edges.iter().filter(of_family).collect();
    let client = *dice.pick(&clients);
    let (from, to) = match hook {
        Hook::TcInbound => (remote, client),
        Hook::TcOutbound | Hook::XdpOutbound => (client, remote),
    };
    let mut frame = transport(dice, scenario, from, to, hook);
    frame = frame.payload(dice.below(64));
    if dice.percent(15) && link == LinkLayer::Ethernet {
        frame = frame.tags(dice.pick(&[&[1][..], &[1, 2], &[1, 2, 3]]));
    }
    let write = |frame: &Frame| frame.bytes(link).unwrap();
    if dice.percent(8) {
        let frame = with_ports(dice, scenario, from, to);
        return pair(&frame, id, write);
    }
    if dice.percent(10) {
        if from.is_ipv4() {
            frame = frame.options(dice.pick(&OPTIONS));
        } else {
            for _ in 0..=dice.below(9) {
                let (number, rest) = dice.pick(&EXTENSIONS);
                frame = frame.extension(number, rest);
            }
        }
    }
    if dice.percent(12) {
        frame = match dice.percent(50) {
            true => frame.payload(64).first_fragment(id),
            false => frame.later_fragment(id, dice.pick(&[8, 16, 24, 1_480, 65_528])),
        };
    }
    let mut bytes = write(&frame);
    if dice.percent(20) {
        damage(dice, &mut bytes);
    }
    vec![Shown { bytes, first: None }]
}

fn port(dice: &mut Dice, scenario: &Scenario) -> u16 {
    match dice.percent(10) {
        true => dice.below(65_536) as u16,
        false => dice.pick(&scenario.ports),
    }
}

fn ports(dice: &mut Dice, scenario: &Scenario) -> (u16, u16) {
    (port(dice, scenario), port(dice, scenario))
}

fn with_ports(dice: &mut Dice, scenario: &Scenario, from: IpAddr, to: IpAddr) -> Frame {
    let ports = ports(dice, scenario);
    match dice.below(3) {
        0 => Frame::tcp(from, to, ports),
        1 => Frame::udp(from, to, ports),
        _ => Frame::sctp(from, to, ports),
    }
}

fn transport(dice: &mut Dice, scenario: &Scenario, from: IpAddr, to: IpAddr, hook: Hook) -> Frame {
    match dice.below(10) {
        0..6 => with_ports(dice, scenario, from, to).flags(dice.pick(&FLAGS)),
        6 => {
            let ping = Frame::ping(from, to, dice.below(65_536) as u16);
            match hook {
                Hook::TcInbound if dice.percent(50) => Frame::ping(to, from, 7).answer(),
                _ => ping,
            }
        }
        7 => {
            let kinds = if from.is_ipv4() {
                &ICMP_V4[..]
            } else {
                &ICMP_V6
            };
            Frame::icmp(from, to, dice.pick(kinds), dice.below(3) as u8)
        }
        // As likely as not one that the policy names; 1 and 58 each belong to one family.
        8 => Frame::other(from, to, dice.pick(&[1, 41, 47, 50, 58, 64, 136, 200, 255])),
        _ => Frame::other(from, to, dice.byte()),
    }
}

/// First and later fragment of one packet, where the first says what the later one is.
fn pair(frame: &Frame, id: u32, write: impl Fn(&Frame) -> Vec<u8>) -> Vec<Shown> {
    // Not the identifications of single fragments.
    let id = id | 0x8000;
    let first = write(&frame.clone().payload(40).first_fragment(id));
    let later = write(&frame.clone().payload(24).later_fragment(id, 64));
    vec![
        Shown {
            bytes: first.clone(),
            first: None,
        },
        Shown {
            bytes: later,
            first: Some(first),
        },
    ]
}

/// Other bytes, fewer or more.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        match dice.below(4) {
            0 => bytes.truncate(dice.below(bytes.len() + 1)),
            1 => bytes.extend(vec![dice.byte(); dice.below(40)]),
            // Headers are what is read.
            _ if !bytes.is_empty() => {
                let at = dice.below(bytes.len().min(80));
                bytes[at] = match dice.percent(50) {
                    true => dice.byte(),
                    false => bytes[at] ^ (1 << dice.below(8)),
                };
            }
            _ => {}
        }
    }
}
