//! A long blocklist, the same in every run.

use anyhow::Result;
use fastrand::Rng;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is in the list, for people.
pub(crate) const MIX: &str = "9 in 10 IPv4 (3 in 4 single addresses, else /24 to /31), \
     1 in 10 IPv6 (half /64, half /48), all random and distinct";

const SEED: u64 = 0x6567_7561_7264;

/// First octets of IPv4 addresses that the lab, or the guard itself, has other plans for.
const TAKEN: [u8; 8] = [0, 10, 100, 127, 169, 172, 192, 198];
const TAKEN_FROM: u8 = 203;

/// A random address that may be listed, or visited.
pub(crate) fn public_v4(random: &mut Rng) -> Ipv4Addr {
    loop {
        let address = Ipv4Addr::from_bits(random.u32(..));
        let [first, ..] = address.octets();
        if first < TAKEN_FROM && !TAKEN.contains(&first) {
            return address;
        }
    }
}

/// A random address of `2400::/8`, away from the documentation prefixes.
pub(crate) fn public_v6(random: &mut Rng) -> Ipv6Addr {
    const PREFIX: u128 = 0x24 << 120;
    Ipv6Addr::from_bits(PREFIX | random.u128(..) >> 8)
}

/// The entries of a list.
pub(crate) fn random(count: usize) -> Result<Vec<IpNet>> {
    let mut random = Rng::with_seed(SEED);
    let mut seen = HashSet::with_capacity(count);
    let mut prefixes = Vec::with_capacity(count);
    while prefixes.len() < count {
        let prefix = one(&mut random, prefixes.len())?;
        if seen.insert(prefix) {
            prefixes.push(prefix);
        }
    }
    Ok(prefixes)
}

fn one(random: &mut Rng, position: usize) -> Result<IpNet> {
    let prefix = if position % 10 == 9 {
        let length = if random.bool() { 64 } else { 48 };
        IpNet::V6(Ipv6Net::new(public_v6(random), length)?)
    } else {
        let length = if random.u8(..4) == 0 {
            random.u8(24..32)
        } else {
            32
        };
        IpNet::V4(Ipv4Net::new(public_v4(random), length)?)
    };
    Ok(prefix.trunc())
}

/// As a file would have it. The comment says of one without prefixes that it is meant to be empty.
pub(crate) fn text(prefixes: &[IpNet]) -> String {
    let comment = String::from("# random\n");
    prefixes.iter().fold(comment, |mut text, prefix| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{prefix}");
        text
    })
}
