//! Response policy zones: names, and addresses of answers (`rpz-ip`).

use super::super::text::{before, raw_lines, words};
use super::super::token::{Item, Wrong, number, prefix};
use super::super::{Collector, Refusal, Scope};

/// What a record does to those who ask.
enum Policy {
    Block,
    Pass,
    Other,
}

/// Reads a zone. Its own name, if owners end with it, is taken from `$ORIGIN` or the SOA record.
pub(super) fn read<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut origin: &[u8] = b"";
    let mut owner: &[u8] = b"";
    let mut in_parentheses = false;
    for line in raw_lines(bytes) {
        let content = before(line, b';');
        let was_in = in_parentheses;
        for byte in content {
            in_parentheses = match byte {
                b'(' => true,
                b')' => false,
                _ => in_parentheses,
            };
        }
        if content.is_empty() {
            if !line.trim_ascii().is_empty() {
                found.comment();
            }
            continue;
        }
        if was_in {
            continue;
        }
        let mut words = words(content);
        if content.starts_with(b"$") {
            found.comment();
            match (words.next(), words.next()) {
                (Some(b"$ORIGIN"), Some(name)) => origin = absolute(name),
                (Some(b"$INCLUDE"), _) => {
                    return Err(Refusal::OtherKind("a zone that includes other files"));
                }
                _ => {}
            }
            continue;
        }
        // A record without an owner belongs to the one before it.
        if !line.first().is_some_and(u8::is_ascii_whitespace) {
            owner = words.next().unwrap_or_default();
        }
        // Time to live and class may stand before the type.
        let is_detail =
            |word: &&[u8]| word.first().is_some_and(u8::is_ascii_digit) || **word == *b"IN";
        let mut rest = words.skip_while(is_detail);
        let kind = rest.next().unwrap_or_default();
        let target = rest.next().unwrap_or_default();
        if kind.eq_ignore_ascii_case(b"SOA") {
            if owner != b"@" && owner.ends_with(b".") {
                origin = absolute(owner);
            }
            found.comment();
        } else if kind.eq_ignore_ascii_case(b"NS") {
            found.comment();
        } else if kind.eq_ignore_ascii_case(b"CNAME") {
            record(relative(owner, origin), policy(target), content, found)?;
        } else if kind.iter().all(u8::is_ascii_alphanumeric) && !kind.is_empty() {
            // An answer in the place of the real one.
            found.skip();
        } else {
            found.invalid(content, "is no record of a zone");
        }
    }
    Ok(())
}

fn absolute(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".").unwrap_or(name)
}

/// The owner without the name of the zone.
fn relative<'b>(owner: &'b [u8], origin: &[u8]) -> &'b [u8] {
    let Some(name) = owner.strip_suffix(b".") else {
        return owner;
    };
    let shorter = name.len().checked_sub(origin.len());
    let Some((start, end)) = shorter.and_then(|at| name.split_at_checked(at)) else {
        return name;
    };
    if !origin.is_empty() && end.eq_ignore_ascii_case(origin) {
        start.strip_suffix(b".").unwrap_or(name)
    } else {
        name
    }
}

fn policy(target: &[u8]) -> Policy {
    match target.to_ascii_lowercase().as_slice() {
        b"." | b"*." | b"rpz-drop." | b"rpz-tcp-only." => Policy::Block,
        b"rpz-passthru." => Policy::Pass,
        _ => Policy::Other,
    }
}

fn record<'b>(
    owner: &'b [u8],
    policy: Policy,
    line: &'b [u8],
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    if owner == b"*" && matches!(policy, Policy::Block) {
        let line = found.line_of(line);
        return Err(Refusal::Everything { line });
    }
    let answer = owner.strip_suffix(b".rpz-ip");
    let is_other_trigger = [".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname"]
        .into_iter()
        .any(|kind| owner.ends_with(kind.as_bytes()));
    let (name, scope) = match owner.strip_prefix(b"*.") {
        Some(name) => (name, Scope::Below),
        None => (owner, Scope::Exact),
    };
    match (policy, answer) {
        _ if is_other_trigger => found.skip(),
        (Policy::Other, _) => found.skip(),
        (Policy::Block, Some(trigger)) => found.item(line, answer_prefix(trigger)),
        (Policy::Pass, Some(trigger)) => found.except(line, answer_prefix(trigger)),
        (Policy::Block, None) => found.name(name, scope),
        (Policy::Pass, None) => found.except_name(name, scope),
    }
    Ok(())
}

/// `24.0.2.0.192` is 192.0.2.0/24, `48.zz.db8.2001` is 2001:db8::/48.
fn answer_prefix(trigger: &[u8]) -> Result<Item, Wrong> {
    let labels: Vec<&[u8]> = trigger.split(|byte| *byte == b'.').collect();
    let (length, groups) = labels.split_first().ok_or(Wrong::Address)?;
    let is_v4 = groups.len() == 4 && groups.iter().all(|group| number(group).is_some());
    let mut text = Vec::new();
    for (position, group) in groups.iter().rev().enumerate() {
        if position > 0 {
            text.push(if is_v4 { b'.' } else { b':' });
        }
        let is_gap = !is_v4 && group.eq_ignore_ascii_case(b"zz");
        if !is_gap {
            text.extend_from_slice(group);
            continue;
        }
        // Between two groups the colons around it are enough.
        if position == 0 {
            text.push(b':');
        }
        if position + 1 == groups.len() {
            text.push(b':');
        }
    }
    prefix(&text, length)
}
