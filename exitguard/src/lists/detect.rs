//! Which format a file has, from its content: names of files lie.

use super::Refusal;
use super::format::{Format, Named};
use super::formats::{dat_range, header_entries, is_null, p2p_range};
use super::text::{before, begins, first_word, lines, words};
use super::token::{item, name, number, single};
use memchr::memmem;

/// How much of a file tells its format.
const SAMPLE_BYTES: usize = 64 << 10;
const SAMPLE_LINES: usize = 200;

/// Finds the format of a text.
pub(super) fn detect(bytes: &[u8]) -> Result<Format, Refusal> {
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    let start = sample.trim_ascii_start();
    let is_document = match start.strip_prefix(b"[").map(<[u8]>::trim_ascii_start) {
        // Neither `[Adblock Plus]` nor `[2001:db8::1]:443`.
        Some(inner) => matches!(inner.first(), None | Some(b'{' | b'"' | b'[' | b']')),
        None => start.starts_with(b"{"),
    };
    if is_document {
        return json(sample).map(Format::from).ok_or(Refusal::Unknown);
    }
    let mut votes = Votes::default();
    let sampled = lines(sample).filter(|line| !line.is_empty());
    for line in sampled.take(SAMPLE_LINES) {
        votes.add(line);
    }
    votes.winner().map(Format::from).ok_or(Refusal::Unknown)
}

/// The keys of a document tell who made it.
fn json(sample: &[u8]) -> Option<Named> {
    let has = |key: &str| memmem::find(sample, key.as_bytes()).is_some();
    let kinds: [(Named, &[&str]); 8] = [
        (Named::SpamhausJson, &["\"cidr\"", "\"sblid\""]),
        (Named::SpamhausJson, &["\"asn\"", "\"asname\""]),
        (Named::NftJson, &["\"nftables\""]),
        (Named::FeodoJson, &["\"ip_address\""]),
        (Named::Crowdsec, &["\"value\"", "\"scope\""]),
        (Named::Crowdsec, &["\"new\"", "\"deleted\""]),
        (Named::Ipverse, &["\"prefixes\"", "\"ipv4\""]),
        (Named::Ipverse, &["\"prefixes\"", "\"ipv6\""]),
    ];
    let known = kinds
        .into_iter()
        .find(|(_, keys)| keys.iter().all(|key| has(key)));
    // An empty list of decisions has no keys.
    let is_empty = sample.trim_ascii() == b"[]";
    known
        .map(|(kind, _)| kind)
        .or(is_empty.then_some(Named::Crowdsec))
}

#[derive(Default)]
struct Votes {
    /// What no other format has: one line is enough.
    mark: Option<Named>,
    /// What headers say that are comments.
    header: Option<Named>,
    /// How many lines look like what.
    counts: Vec<(Named, usize)>,
    /// Lines that look like anything or nothing, without comments.
    total: usize,
}

impl Votes {
    fn add(&mut self, line: &[u8]) {
        if self.mark.is_some() {
            return;
        }
        if line.starts_with(b"#") || line.starts_with(b";") || line.starts_with(b"//") {
            self.header = self.header.or_else(|| header(line));
            return;
        }
        self.total += 1;
        self.mark = mark(line);
        if let Some(kind) = look(line) {
            match self.counts.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => self.counts.push((kind, 1)),
            }
        }
    }

    fn count(&self, kind: Named) -> usize {
        let known = self.counts.iter().find(|(known, _)| *known == kind);
        known.map_or(0, |(_, count)| *count)
    }

    fn winner(&self) -> Option<Named> {
        if self.mark.is_some() {
            return self.mark;
        }
        let plain = self.count(Named::Plain);
        let names = self.count(Named::Domains) + self.count(Named::Wildcard);
        let is_weak = |kind| matches!(kind, Named::Plain | Named::Domains | Named::Wildcard);
        let strong = self.counts.iter().filter(|(kind, _)| !is_weak(*kind));
        let strongest = strong.max_by_key(|(_, count)| *count);
        if let Some((kind, count)) = strongest
            && count * 2 > self.total
        {
            return Some(*kind);
        }
        if self.total == 0 || (plain > 0 && plain >= names) {
            // Wrong lines are the business of the parser: it says which.
            return self.header.or(Some(Named::Plain));
        }
        if names * 2 <= self.total {
            return None;
        }
        let wildcard = self.count(Named::Wildcard) > 0;
        Some(if wildcard {
            Named::Wildcard
        } else {
            Named::Domains
        })
    }
}

/// What a comment says about the lines below it.
fn header(comment: &[u8]) -> Option<Named> {
    let has = |text: &str| memmem::find(comment, text.as_bytes()).is_some();
    if header_entries(comment).is_some() {
        Some(Named::Firehol)
    } else if comment.starts_with(b";") && has("Spamhaus") {
        Some(Named::SpamhausDrop)
    } else {
        None
    }
}

/// The format that alone has such a line.
fn mark(line: &[u8]) -> Option<Named> {
    let starts = |start: &str| begins(line, start);
    let has = |text: &str| memmem::find(line, text.as_bytes()).is_some();
    let (first, rest) = first_word(line);
    let second = first_word(rest).0;
    if (starts("table ") && has("{")) || (first == b"elements" && second == b"=") {
        return Some(Named::Nft);
    }
    if matches!(first, b"add" | b"create") && matches!(second, b"element" | b"table" | b"set") {
        return Some(Named::Nft);
    }
    if starts("create ") && (has(" hash:") || has(" bitmap:") || has(" list:")) {
        return Some(Named::Ipset);
    }
    let is_record = words(line).zip(words(line).skip(1)).any(|(kind, target)| {
        kind == b"SOA"
            || (kind == b"CNAME" && (matches!(target, b"." | b"*.") || begins(target, "rpz-")))
    });
    if starts("$TTL") || starts("$ORIGIN") || is_record {
        return Some(Named::Rpz);
    }
    if starts("local-zone:") || line == b"server:" {
        return Some(Named::Unbound);
    }
    if starts("||") || starts("@@||") || starts("! ") || starts("[Ad") || starts("[uB") {
        return Some(Named::Adblock);
    }
    if starts("Start\tEnd\tNetmask") {
        return Some(Named::Dshield);
    }
    if starts("\"first_seen_utc\",\"dst_ip\"") {
        return Some(Named::FeodoCsv);
    }
    if has("\"ip:port\"") {
        return Some(Named::Threatfox);
    }
    let column = |name: &[u8]| line.split(|byte| *byte == b',').any(|field| field == name);
    (column(b"value") && (column(b"duration") || column(b"scope"))).then_some(Named::CrowdsecCsv)
}

/// The format that this line fits best.
fn look(line: &[u8]) -> Option<Named> {
    let (first, rest) = first_word(line);
    let starts = |start: &str| begins(line, start);
    if is_null(first) && first_word(rest).0.iter().any(u8::is_ascii_alphabetic) {
        return Some(Named::Hosts);
    }
    if matches!(first, b"add" | b"-A" | b"-N") && words(rest).nth(1).is_some() {
        return Some(Named::Ipset);
    }
    if starts("address=/") || starts("server=/") || starts("local=/") {
        return Some(Named::Dnsmasq);
    }
    if dat_range(line).is_some() {
        return Some(Named::Dat);
    }
    if let Some(kind) = table(line) {
        return Some(kind);
    }
    let content = before(before(line, b'#'), b';');
    let word = first_word(content).0;
    if item(content).is_ok() || looks_like_address(word) {
        return Some(Named::Plain);
    }
    if p2p_range(line).is_some() {
        return Some(Named::P2p);
    }
    if word.len() < content.len() {
        return None;
    }
    let below = word.strip_prefix(b"*.").or(word.strip_prefix(b"."));
    match below {
        Some(below) if name(below).is_ok() => Some(Named::Wildcard),
        None if name(word).is_ok() => Some(Named::Domains),
        _ => None,
    }
}

/// Tables of addresses without a header row.
fn table(line: &[u8]) -> Option<Named> {
    let mut fields = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let (start, end, third) = (fields.next()?, fields.next()?, fields.next()?);
    let is_address = |word| number(word).is_some() || single(word).is_some();
    let is_country = third.len() == 2
        && third
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || *byte == b'?');
    if is_address(start) && is_address(end) && is_country {
        return Some(Named::TorGeoip);
    }
    // A time, an address, a port: the header is a comment.
    let is_time = start.first().is_some_and(u8::is_ascii_digit) && start.contains(&b':');
    (is_time && single(end).is_some() && number(third).is_some()).then_some(Named::Sslbl)
}

/// Whether somebody meant an address, rightly written or not.
fn looks_like_address(word: &[u8]) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b'.' | b':' | b'/');
    let marks = word.iter().filter(|byte| is_mark(byte)).count();
    let letters =
        |byte: &u8| byte.is_ascii_hexdigit() || is_mark(byte) || matches!(byte, b'-' | b'+');
    let is_start = word.first().is_some_and(u8::is_ascii_digit) || word.contains(&b':');
    is_start && marks >= 2 && word.iter().all(letters) && name(word).is_err()
}
