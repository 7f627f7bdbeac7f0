//! Lists in all formats, what is done with their entries, and what is kept about them.

mod formats;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use exitguard::lists::store::Record;
use exitguard::lists::{
    Coverage, Entries, Format, Limits, Named, Parsed, Refusal, bogons, parse_bytes, widest, within,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use ipnet::IpNet;
use std::net::IpAddr;

use super::config::sound;
use super::input::Input;

fn read(bytes: &[u8], format: Option<&Format>) -> Result<Parsed, Refusal> {
    parse_bytes(Path::new("list.txt"), bytes, format)
}

/// A list whose format is found out. Named, it is the same list.
pub(super) fn list(bytes: &[u8]) {
    match read(bytes, None) {
        Ok(parsed) => {
            let named = read(bytes, Some(&parsed.format));
            assert!(named.is_ok(), "{:?} was found out", parsed.format);
            if let Ok(named) = named {
                assert_eq!(named.stats, parsed.stats);
                assert_eq!(named.entries, parsed.entries);
                assert_eq!(named.exceptions, parsed.exceptions);
                assert_eq!(named.domains, parsed.domains);
            }
            check(parsed);
        }
        Err(refusal) => refused(&refusal),
    }
}

/// A list of the format that the first byte chooses.
pub(super) fn list_format(bytes: &[u8]) {
    let mut input = Input(bytes);
    let format = formats::choose(input.byte());
    match read(input.rest(), Some(&format)) {
        Ok(parsed) => {
            assert_eq!(parsed.format, format);
            check(parsed);
        }
        Err(refusal) => refused(&refusal),
    }
}

/// The first byte decides: the rest is the body of a gzip file, or a list that is packed and perhaps cut off.
pub(super) fn gzip(bytes: &[u8]) {
    let mut input = Input(bytes);
    if input.byte().is_multiple_of(2) {
        let file = [b"\x1f\x8b\x08\x00", input.rest()].concat();
        match read(&file, None) {
            Ok(parsed) => check(parsed),
            Err(refusal) => refused(&refusal),
        }
        return;
    }
    let cut = usize::from(input.byte());
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    assert!(packer.write_all(input.rest()).is_ok());
    let packed = packer.finish();
    assert!(packed.is_ok());
    if let Ok(packed) = packed {
        let (plain, unpacked) = (read(input.rest(), None), read(&packed, None));
        let is_packed_twice = input.rest().starts_with(b"\x1f\x8b");
        let is_bomb = matches!(unpacked, Err(Refusal::Bomb(_)));
        if !is_packed_twice && !is_bomb {
            assert_eq!(plain.is_ok(), unpacked.is_ok());
        }
        if let (Ok(plain), Ok(unpacked), false) = (plain, unpacked, is_packed_twice) {
            assert_eq!(plain.stats, unpacked.stats);
            assert_eq!(plain.entries, unpacked.entries);
        }
        // Of a file that is cut off nothing counts, wherever that happened.
        let left = packed.len().saturating_sub(cut);
        if let Some(part) = packed.get(..left).filter(|_| cut > 0 && left > 2) {
            assert!(read(part, None).is_err());
        }
    }
}

/// A state file: read, written and read again it says the same.
pub(super) fn record(bytes: &[u8]) {
    let Ok(record) = serde_json::from_slice::<Record>(bytes) else {
        return;
    };
    let written = serde_json::to_vec_pretty(&record);
    assert!(written.is_ok(), "{record:?}");
    if let Ok(written) = written {
        let again = serde_json::from_slice::<Record>(&written);
        assert!(again.is_ok_and(|again| again == record), "{record:?}");
    }
    let _ = record.state(&record.url);
}

fn refused(refusal: &Refusal) {
    let said = refusal.to_string();
    assert!(
        !said.is_empty() && !said.contains(char::is_control),
        "{said:?}"
    );
    assert!(!refusal.remedy().is_empty());
}

/// What holds for every list that is not refused as a whole.
fn check(parsed: Parsed) {
    let stats = parsed.stats;
    assert!(parsed.samples.len() <= stats.invalid);
    for diagnostic in parsed.samples.iter().chain(&parsed.warnings) {
        sound(diagnostic);
    }
    if let Err(refusal) = parsed.judge() {
        refused(&refusal);
    }
    reads_back(&parsed.entries);
    let (entries, exceptions) = (parsed.entries.clone(), parsed.exceptions.clone());
    let around = near(&entries).chain(near(&exceptions)).collect::<Vec<_>>();
    if let Ok(blocked) = parsed.into_blocked() {
        for addr in around {
            let expected = entries.find(addr).is_some() && exceptions.find(addr).is_none();
            assert_eq!(blocked.find(addr).is_some(), expected, "{addr}");
            let longest = nets(&entries).filter(|net| net.contains(&addr));
            let longest = longest.max_by_key(IpNet::prefix_len);
            assert_eq!(entries.find(addr), longest, "{addr}");
        }
        kept(&blocked);
    }
}

/// More addresses of a list would only make each run slower.
const MOST: usize = 32;

/// Addresses at the edges of entries, inside and outside.
fn near(entries: &Entries) -> impl Iterator<Item = IpAddr> + '_ {
    nets(entries).take(MOST).flat_map(|net| match net {
        IpNet::V4(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            [first, first.wrapping_sub(1), last, last.wrapping_add(1)]
                .map(|bits| IpAddr::V4(bits.into()))
        }
        IpNet::V6(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            [first, first.wrapping_sub(1), last, last.wrapping_add(1)]
                .map(|bits| IpAddr::V6(bits.into()))
        }
    })
}

fn nets(entries: &Entries) -> impl Iterator<Item = IpNet> + '_ {
    let v4 = entries.v4().map(IpNet::V4);
    v4.chain(entries.v6().map(IpNet::V6))
}

/// Entries as a plain list are the same entries.
fn reads_back(entries: &Entries) {
    let mut text = String::from("# entries\n");
    let mut has_all = false;
    for net in nets(entries) {
        // The whole address space is never an entry of a plain list.
        has_all |= net.prefix_len() == 0;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{net}");
    }
    let again = read(text.as_bytes(), Some(&Named::Plain.into()));
    assert!(again.is_ok() && !has_all, "{text}");
    if let Ok(again) = again {
        assert_eq!(again.entries, *entries);
        assert_eq!(again.stats.invalid, 0);
    }
}

/// What the limits keep is what is to be blocked, but for what they leave out.
fn kept(entries: &Entries) {
    let Ok((safe, refusal)) = within(entries.clone(), &Limits::default()) else {
        return;
    };
    for (message, hint) in safe.warnings("list") {
        assert!(!message.is_empty() && !hint.is_empty());
    }
    if let Some(refusal) = &refusal {
        refused(refusal);
    }
    let coverage = Coverage::of(entries);
    assert!(coverage.v4_addresses <= 1 << 32);
    assert!(widest(entries, 3).len() <= entries.len().min(6));
    assert!(bogons(entries).iter().all(|bogon| bogon.entries > 0));
    if let Ok(blocked) = safe.blocked() {
        assert!(Coverage::of(&blocked).v4_addresses <= coverage.v4_addresses);
        for addr in near(entries) {
            let is_left_out = safe.left_out.find(addr).is_some();
            let expected = safe.entries.find(addr).is_some() && !is_left_out;
            assert_eq!(blocked.find(addr).is_some(), expected, "{addr}");
        }
        if refusal.is_none() {
            let percent = u64::from(Limits::default().max_coverage);
            assert!(Coverage::of(&blocked).v4_addresses * 100 <= percent << 32);
        }
    }
}
