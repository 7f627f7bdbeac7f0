//! The words that lists are made of: addresses, prefixes, ranges and names, read from bytes.
//!
//! A word is taken whole or not at all: nothing is searched for inside of other text.

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use memchr::memchr;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::from_utf8;

/// Addresses as a list writes them. Bits beyond the length of a prefix are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    V4(u32, u8),
    V6(u128, u8),
    V4Range(u32, u32),
    V6Range(u128, u128),
}

impl Item {
    /// The prefixes it consists of, without bits beyond their length.
    pub(super) fn prefixes(self) -> impl Iterator<Item = IpNet> {
        let net = |addr, length| IpNet::new(addr, length).ok().map(|net| net.trunc());
        let (one, v4, v6) = match self {
            Self::V4(addr, length) => (net(Ipv4Addr::from_bits(addr).into(), length), None, None),
            Self::V6(addr, length) => (net(Ipv6Addr::from_bits(addr).into(), length), None, None),
            Self::V4Range(start, end) => (None, Some(v4_range(start, end)), None),
            Self::V6Range(start, end) => (None, None, Some(v6_range(start, end))),
        };
        let v4 = v4.into_iter().flatten().map(IpNet::V4);
        let v6 = v6.into_iter().flatten().map(IpNet::V6);
        one.into_iter().chain(v4).chain(v6)
    }
}

pub(super) fn v4_range(start: u32, end: u32) -> Ipv4Subnets {
    Ipv4Subnets::new(Ipv4Addr::from_bits(start), Ipv4Addr::from_bits(end), 0)
}

pub(super) fn v6_range(start: u128, end: u128) -> Ipv6Subnets {
    Ipv6Subnets::new(Ipv6Addr::from_bits(start), Ipv6Addr::from_bits(end), 0)
}

/// Why a word is not what it should be; completes a sentence that begins with the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Address,
    LeadingZero,
    Length(u8),
    Mask,
    Everything,
    Reversed,
    Mixed,
    Port,
    NameForAddress,
    Name,
    SingleLabel,
    Unicode,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Length(longest) = self {
            return write!(
                f,
                "is no address or prefix: the prefix length has to be 1 to {longest}"
            );
        }
        f.write_str(match self {
            Self::Address | Self::Length(_) => "is no address or prefix",
            Self::LeadingZero => {
                "is no address or prefix: numbers with a leading zero are octal to some programs"
            }
            Self::Mask => "is no prefix: the bits of a netmask have to be ones, then zeros",
            Self::Everything => "is every address there is",
            Self::Reversed => "is no range: its end is before its start",
            Self::Mixed => "is no range: one end is IPv4, the other IPv6",
            Self::Port => "is an address with a port, not an address",
            Self::NameForAddress => "is a name, not an address or prefix",
            Self::Name => "is no domain name",
            Self::SingleLabel => "is a whole top-level domain, or no domain name",
            Self::Unicode => "is no domain name in its form for DNS (xn--…)",
        })
    }
}

/// The parts before and after the first such byte.
pub(super) fn split_once(word: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr(byte, word)?;
    Some((word.get(..at)?, word.get(at + 1..)?))
}

/// An IPv4 address. Octets with leading zeros are refused: some programs read them as octal.
pub(super) fn ip4(word: &[u8]) -> Option<u32> {
    let (addr, rest) = leading_ip4(word)?;
    rest.is_empty().then_some(addr)
}

/// The IPv4 address that a word begins with, and what follows it.
pub(super) fn leading_ip4(word: &[u8]) -> Option<(u32, &[u8])> {
    let (mut addr, mut octet, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    let mut length = 0;
    for byte in word {
        match byte {
            b'0'..=b'9' => {
                octet = octet * 10 + u32::from(byte - b'0');
                if octet > 255 || (digits > 0 && octet < 10) {
                    return None;
                }
                digits += 1;
            }
            b'.' if digits > 0 && dots < 3 => {
                addr = addr << 8 | octet;
                (octet, digits) = (0, 0);
                dots += 1;
            }
            _ => break,
        }
        length += 1;
    }
    (dots == 3 && digits > 0).then_some((addr << 8 | octet, word.get(length..)?))
}

/// An IPv4 address or a prefix with its length, and nothing else: what most words of most lists are. Of all others,
/// [`item`] says what they are, or what is wrong with them.
pub(super) fn common_item(word: &[u8]) -> Option<Item> {
    match leading_ip4(word)? {
        (addr, []) => Some(Item::V4(addr, 32)),
        (addr, [b'/', length @ (b'1'..=b'9')]) => Some(Item::V4(addr, length - b'0')),
        (addr, [b'/', ten @ b'1'..=b'3', one @ b'0'..=b'9']) => {
            let length = (ten - b'0') * 10 + (one - b'0');
            (length <= 32).then_some(Item::V4(addr, length))
        }
        _ => None,
    }
}

/// An IPv4 address whose octets may be filled up with zeros to three digits, as ipfilter.dat writes them.
pub(super) fn padded_ip4(word: &[u8]) -> Option<u32> {
    let mut octets = word.split(|byte| *byte == b'.');
    let mut addr = 0;
    for _ in 0..4 {
        let octet = octets.next().filter(|octet| octet.len() <= 3)?;
        addr = addr << 8 | number(octet).filter(|octet| *octet <= 255)? as u32;
    }
    octets.next().is_none().then_some(addr)
}

/// Digits, and nothing else.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        let shifted = number.checked_mul(10).filter(|_| digit < 10)?;
        shifted.checked_add(u64::from(digit))
    })
}

fn ip6(word: &[u8]) -> Option<u128> {
    let addr: Ipv6Addr = from_utf8(word).ok()?.parse().ok()?;
    Some(addr.to_bits())
}

/// Where the IPv4 addresses are in IPv6.
const MAPPED: u128 = 0xffff << 32;

const fn as_v4(addr: u128) -> Option<u32> {
    if addr >> 32 == MAPPED >> 32 {
        Some(addr as u32)
    } else {
        None
    }
}

/// An address, a prefix with a length or a netmask, or a range.
pub(super) fn item(word: &[u8]) -> Result<Item, Wrong> {
    if let Some(addr) = ip4(word) {
        return Ok(Item::V4(addr, 32));
    }
    if let Some((addr, length)) = split_once(word, b'/') {
        return prefix(addr, length);
    }
    if let Some((start, end)) = split_once(word, b'-')
        && let (Some(start), Some(end)) = (single(start), single(end))
    {
        return range(start, end);
    }
    single(word).ok_or_else(|| why_not(word))
}

/// One address.
pub(super) fn single(word: &[u8]) -> Option<Item> {
    let word = word.trim_ascii();
    if let Some(addr) = ip4(word) {
        return Some(Item::V4(addr, 32));
    }
    let addr = ip6(word)?;
    Some(as_v4(addr).map_or(Item::V6(addr, 128), |addr| Item::V4(addr, 32)))
}

/// From one address to another, both included.
pub(super) fn range(start: Item, end: Item) -> Result<Item, Wrong> {
    match (start, end) {
        (Item::V4(start, _), Item::V4(end, _)) if start <= end => Ok(Item::V4Range(start, end)),
        (Item::V6(start, _), Item::V6(end, _)) if start <= end => Ok(Item::V6Range(start, end)),
        (Item::V4(..), Item::V4(..)) | (Item::V6(..), Item::V6(..)) => Err(Wrong::Reversed),
        _ => Err(Wrong::Mixed),
    }
}

/// A prefix from its two parts.
pub(super) fn prefix(addr: &[u8], length: &[u8]) -> Result<Item, Wrong> {
    let written = Some(length).filter(|length| length.len() <= 3);
    let written = written.and_then(number);
    if let Some(addr) = ip4(addr) {
        let length = match ip4(length) {
            Some(mask) if mask.count_ones() == mask.leading_ones() => u64::from(mask.count_ones()),
            Some(_) => return Err(Wrong::Mask),
            None => written.ok_or(Wrong::Length(32))?,
        };
        return match length {
            0 => Err(Wrong::Everything),
            1..=32 => Ok(Item::V4(addr, length as u8)),
            _ => Err(Wrong::Length(32)),
        };
    }
    let addr = ip6(addr).ok_or_else(|| why_not(addr))?;
    match written.ok_or(Wrong::Length(128))? {
        0 => Err(Wrong::Everything),
        length @ 1..=128 => Ok(match (as_v4(addr), (length as u8).checked_sub(96)) {
            (Some(_), Some(0)) => return Err(Wrong::Everything),
            (Some(addr), Some(length)) => Item::V4(addr, length),
            _ => Item::V6(addr, length as u8),
        }),
        _ => Err(Wrong::Length(128)),
    }
}

/// What somebody who wrote this had in mind.
fn why_not(word: &[u8]) -> Wrong {
    if padded_ip4(word).is_some() {
        return Wrong::LeadingZero;
    }
    let before_port = match word.strip_prefix(b"[") {
        Some(rest) => split_once(rest, b']').map(|(addr, _)| addr),
        None => split_once(word, b':').map(|(addr, _)| addr),
    };
    if before_port.is_some_and(|addr| single(addr).is_some()) {
        Wrong::Port
    } else if name(word).is_ok() {
        Wrong::NameForAddress
    } else {
        Wrong::Address
    }
}

/// Longest name that DNS can ask for, without the final dot (RFC 1035 section 2.3.4).
const NAME_BYTES: usize = 253;

/// A domain name, without a final dot; its case is as written. Underscores are common, and legal in DNS.
pub(super) fn name(word: &[u8]) -> Result<&[u8], Wrong> {
    let name = word.strip_suffix(b".").unwrap_or(word);
    if !name.is_ascii() {
        return Err(Wrong::Unicode);
    }
    let mut labels = 0;
    let mut last: &[u8] = &[];
    for label in name.split(|byte| *byte == b'.') {
        let fits = (1..=63).contains(&label.len());
        let letters = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !fits || !label.iter().all(letters) {
            return Err(Wrong::Name);
        }
        labels += 1;
        last = label;
    }
    // An address, or a part of one, is no name (RFC 3696 section 2).
    if name.len() > NAME_BYTES || last.iter().all(u8::is_ascii_digit) {
        return Err(Wrong::Name);
    }
    if labels < 2 {
        return Err(Wrong::SingleLabel);
    }
    Ok(name)
}
