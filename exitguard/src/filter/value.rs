//! Reading: what values mean.

use super::parse::KEYS;
use super::term::{Client, Term, Test, Word};
use crate::config::{Problem, closest, parse_prefix, protocol_names, protocol_number};
use crate::control::{Decided, FlowState};
use exitguard_common::abi::Reason;
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::{Range, RangeInclusive};

/// A value as it was written, without its quotes.
pub(super) struct Value<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) span: Range<usize>,
    pub(super) is_quoted: bool,
}

pub(super) fn client(value: &Value<'_>) -> Result<Client, Problem> {
    let of_an_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
    let is_address = value.text.contains(['.', ':']) && value.text.chars().all(of_an_address);
    if is_address && !value.is_quoted {
        net(value).map(Client::Net)
    } else {
        name(value).map(Client::Name)
    }
}

/// Names are those of a configuration, which is not known here.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one of several functions that read a value"
)]
pub(super) fn name(value: &Value<'_>) -> Result<String, Problem> {
    Ok(value.text.clone().into_owned())
}

pub(super) fn net(value: &Value<'_>) -> Result<IpNet, Problem> {
    let wrong = match parse_prefix(&value.text) {
        Ok((net, _)) => return Ok(net),
        Err(wrong) => wrong,
    };
    let parts = value.text.rsplit_once(':');
    let parts = parts.map(|(addr, port)| (addr.trim_matches(['[', ']']), port));
    Err(match parts {
        Some((addr, port)) if is_address(addr) => {
            let hint = format!("the port is a term of its own, as in {addr} port:{port}");
            Problem::new(wrong.message, hint)
        }
        _ => wrong,
    })
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

pub(super) fn ports(value: &Value<'_>) -> Result<RangeInclusive<u16>, Problem> {
    let text = &*value.text;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(text, first)?, port(text, last)?);
    if first > last {
        let message = format!("the range {text} is reversed");
        return Err(Problem::new(message, format!("write {last}-{first}")));
    }
    Ok(first..=last)
}

fn port(text: &str, digits: &str) -> Result<u16, Problem> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("\"{text}\" is no port and no range of ports");
        return Err(Problem::new(message, "write it as 443 or 8000-8100"));
    }
    digits.parse().map_err(|_| {
        let message = format!("there is no port {digits}");
        Problem::new(message, "ports are at most 65535")
    })
}

pub(super) fn protocol(value: &Value<'_>) -> Result<u8, Problem> {
    let text = value.text.to_ascii_lowercase();
    let by_name = protocol_number(&text);
    by_name.or_else(|| text.parse().ok()).ok_or_else(|| {
        let hint = match closest(&text, protocol_names()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "write tcp, udp, icmp, another name such as gre, or a number up to 255".into(),
        };
        Problem::new(format!("\"{}\" is no IP protocol", value.text), hint)
    })
}

pub(super) fn reason(value: &Value<'_>) -> Result<Reason, Problem> {
    one_of("reason", &value.text, Reason::ALL, Reason::name)
}

pub(super) fn state(value: &Value<'_>) -> Result<FlowState, Problem> {
    one_of("state", &value.text, FlowState::ALL, FlowState::name)
}

/// By its name, of all that there are.
fn one_of<T: Copy, const N: usize>(
    what: &str,
    text: &str,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, Problem> {
    let named = all.into_iter().find(|one| name(*one) == text);
    named.ok_or_else(|| {
        let names = all.map(name);
        let hint = match closest(text, names) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("there are {}", names.join(", ")),
        };
        Problem::new(format!("there is no {what} \"{text}\""), hint)
    })
}

pub(super) fn word(value: &Value<'_>) -> Result<Word, Problem> {
    let text = &*value.text;
    if let Some(verdict) = verdict(text) {
        return Ok(Word::Verdict(verdict));
    }
    match net(value) {
        Ok(net) => Ok(Word::Net(net)),
        Err(wrong) if text.contains(['.', ':', '/']) => Err(wrong),
        Err(_) => {
            let message = format!("\"{text}\" means nothing here");
            Err(Problem::new(message, key_for(text)))
        }
    }
}

fn verdict(text: &str) -> Option<Decided> {
    let text = text.replace('-', "_");
    Decided::ALL
        .into_iter()
        .find(|verdict| verdict.name() == text)
}

/// The term that somebody who wrote only its value may have meant.
fn key_for(text: &str) -> String {
    let key = if KEYS.contains(&text) {
        return format!("a colon and a value belong behind it: {text}:…");
    } else if Reason::ALL.map(Reason::name).contains(&text) {
        "reason"
    } else if FlowState::ALL.map(FlowState::name).contains(&text) {
        "state"
    } else if protocol_number(text).is_some() {
        "proto"
    } else if text.starts_with(|c: char| c.is_ascii_digit()) {
        "port"
    } else if let Some(meant) = closest(text, Decided::ALL.map(Decided::name)) {
        return format!("did you mean {meant}?");
    } else {
        let test = Test::Client(vec![Client::Name(text.to_owned())]);
        let is_negated = false;
        return format!("did you mean {}?", Term { is_negated, test });
    };
    format!("did you mean {key}:{text}?")
}
