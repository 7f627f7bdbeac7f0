//! JSON documents, and a JSON object a line. Read piece by piece: only one element at a time is in memory.

use super::super::format::Selection;
use super::super::text::lines;
use super::super::token::{Wrong, item, prefix, range, single};
use super::super::{Collector, Refusal};
use super::select::{select, text};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An element that holds its address in `field`, or is one.
fn address<'b>(raw: &'b str, field: Option<&str>, found: &mut Collector<'b>) {
    let mut taken = false;
    let mut take = |raw: &'b str| {
        taken = true;
        match text(raw) {
            Some(word) => found.item(raw.as_bytes(), item(word.trim().as_bytes())),
            None => found.invalid(raw.as_bytes(), Wrong::Address),
        }
    };
    match field {
        // Objects without the field are of another kind: lists of both families put them side by side.
        Some(field) => {
            let _ = select(raw, &[field], &mut take);
            if !taken {
                found.skip();
            }
        }
        None => take(raw),
    }
}

/// The elements that a pointer leads to.
pub(super) fn pointer<'b>(
    json: &'b str,
    selection: &Selection,
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    let path: Vec<String> = selection
        .pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut is_there = false;
    let mut each = |raw: &'b str| {
        is_there = true;
        elements(raw, &mut |raw| {
            address(raw, selection.field.as_deref(), found);
        });
    };
    select(json, &path, &mut each).map_err(|error| damaged(&error))?;
    if is_there {
        Ok(())
    } else {
        Err(Refusal::OtherKind(
            "a JSON document without what the pointer leads to",
        ))
    }
}

/// Each member if it is an array, else itself. What was found by `select` is valid JSON.
fn elements<'b>(raw: &'b str, each: &mut dyn FnMut(&'b str)) {
    if raw.starts_with('[') {
        let _ = select(raw, &["*"], each);
    } else {
        each(raw);
    }
}

fn damaged(error: &serde_json::Error) -> Refusal {
    Refusal::DamagedJson(error.to_string())
}

pub(super) fn feodo<'b>(json: &'b str, found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut each = |raw| address(raw, Some("ip_address"), found);
    select(json, &["*"], &mut each).map_err(|error| damaged(&error))
}

pub(super) fn ipverse<'b>(json: &'b str, found: &mut Collector<'b>) -> Result<(), Refusal> {
    for family in ["ipv4", "ipv6"] {
        let mut each = |raw| address(raw, None, found);
        select(json, &["prefixes", family, "*"], &mut each).map_err(|error| damaged(&error))?;
    }
    Ok(())
}

/// A line of Spamhaus DROP.
#[derive(Deserialize)]
struct DropLine<'b> {
    #[serde(borrow)]
    cidr: Option<Cow<'b, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'b, str>>,
    records: Option<u64>,
    asn: Option<u64>,
}

/// The last line says how many there are: without it, or with another number, the list is cut off.
pub(super) fn spamhaus<'b>(json: &'b str, found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut records = None;
    let mut autonomous_systems = 0;
    for line in lines(json.as_bytes()) {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice::<DropLine<'_>>(line) {
            Ok(entry) if entry.kind.as_deref() == Some("metadata") => {
                found.comment();
                records = entry.records;
            }
            Ok(DropLine {
                cidr: Some(cidr), ..
            }) => found.item(line, item(cidr.as_bytes())),
            Ok(entry) if entry.asn.is_some() => autonomous_systems += 1,
            _ => found.invalid(line, "is no entry"),
        }
    }
    let there = found.entries() as u64;
    if autonomous_systems > 0 && there == 0 {
        return Err(Refusal::OtherKind("a list of autonomous systems"));
    }
    match records {
        Some(records) if records == there => Ok(()),
        Some(records) => Err(Refusal::Incomplete(format!(
            "its last line says {records} records, there are {there}"
        ))),
        None => Err(Refusal::Incomplete(
            "its last line, the metadata, is missing".to_owned(),
        )),
    }
}

/// A decision of CrowdSec.
#[derive(Deserialize)]
struct Decision<'b> {
    #[serde(borrow)]
    value: Option<Cow<'b, str>>,
    #[serde(borrow)]
    scope: Option<Cow<'b, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'b, str>>,
}

/// A file of decisions, or a stream of new ones; those it deletes are not among them.
pub(super) fn crowdsec<'b>(json: &'b str, found: &mut Collector<'b>) -> Result<(), Refusal> {
    let path: &[&str] = if json.trim_start().starts_with('[') {
        &["*"]
    } else {
        &["new", "*"]
    };
    let mut each = |raw: &'b str| match serde_json::from_str::<Decision<'_>>(raw) {
        Ok(decision) => {
            let is = |text: &Option<Cow<'_, str>>, words: &[&str]| {
                let is_one = |text: &str| words.iter().any(|word| text.eq_ignore_ascii_case(word));
                text.as_deref().is_none_or(is_one)
            };
            match decision.value {
                Some(value)
                    if is(&decision.scope, &["ip", "range"]) && is(&decision.kind, &["ban"]) =>
                {
                    found.item(raw.as_bytes(), item(value.as_bytes()));
                }
                _ => found.skip(),
            }
        }
        Err(_) => found.invalid(raw.as_bytes(), "is no decision"),
    };
    select(json, path, &mut each).map_err(|error| damaged(&error))
}

/// A command or an object of `nft -j`.
#[derive(Deserialize)]
struct Object<'b> {
    #[serde(borrow)]
    set: Option<Set<'b>>,
    #[serde(borrow)]
    element: Option<Set<'b>>,
    #[serde(borrow)]
    add: Option<Box<Added<'b>>>,
}

#[derive(Deserialize)]
struct Added<'b> {
    #[serde(borrow)]
    set: Option<Set<'b>>,
    #[serde(borrow)]
    element: Option<Set<'b>>,
}

#[derive(Deserialize)]
struct Set<'b> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'b RawValue>,
    #[serde(borrow)]
    elem: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Elem<'b> {
    Address(#[serde(borrow)] Cow<'b, str>),
    Prefix { prefix: Prefix<'b> },
    Range { range: (String, String) },
    WithAttributes { elem: Attributes<'b> },
}

#[derive(Deserialize)]
struct Prefix<'b> {
    #[serde(borrow)]
    addr: Cow<'b, str>,
    len: u8,
}

#[derive(Deserialize)]
struct Attributes<'b> {
    #[serde(borrow)]
    val: Box<Elem<'b>>,
}

pub(super) fn nft<'b>(json: &'b str, found: &mut Collector<'b>) -> Result<(), Refusal> {
    let mut each = |raw: &'b str| {
        let Ok(object) = serde_json::from_str::<Object<'_>>(raw) else {
            return found.comment();
        };
        let added = object.add.map(|added| [added.set, added.element]);
        let sets = [object.set, object.element]
            .into_iter()
            .chain(added.into_iter().flatten());
        for set in sets.flatten() {
            let is_of_addresses =
                |kind: &RawValue| matches!(kind.get(), r#""ipv4_addr""# | r#""ipv6_addr""#);
            let is_skipped = set.kind.is_some_and(|kind| !is_of_addresses(kind));
            let elem = set.elem.map_or("[]", RawValue::get);
            elements(
                elem,
                &mut |raw| match serde_json::from_str::<Elem<'_>>(raw) {
                    Ok(elem) if !is_skipped => found.item(raw.as_bytes(), elem.item()),
                    Ok(_) => found.skip(),
                    Err(_) if is_skipped => found.skip(),
                    Err(_) => found.invalid(raw.as_bytes(), Wrong::Address),
                },
            );
        }
    };
    select(json, &["nftables", "*"], &mut each).map_err(|error| damaged(&error))
}

impl Elem<'_> {
    fn item(&self) -> Result<super::super::token::Item, Wrong> {
        match self {
            Self::Address(addr) => item(addr.as_bytes()),
            Self::Prefix { prefix: net } => {
                prefix(net.addr.as_bytes(), net.len.to_string().as_bytes())
            }
            Self::Range {
                range: (start, end),
            } => match (single(start.as_bytes()), single(end.as_bytes())) {
                (Some(start), Some(end)) => range(start, end),
                _ => Err(Wrong::Address),
            },
            // The parser bounds how deep this nests.
            Self::WithAttributes { elem } => elem.val.item(),
        }
    }
}
