//! Reading: terms, keys, and what values are between.

use super::MAX_FILTER;
use super::error::FilterError;
use super::term::{Term, Test};
use super::value::{Value, client, name, net, ports, protocol, reason, state, word};
use crate::config::{Problem, closest, parse_prefix};
use std::borrow::Cow;
use std::ops::Range;

pub(super) const KEYS: [&str; 8] = [
    "client", "dst", "proto", "port", "reason", "list", "rule", "state",
];
/// What people write who know other languages of this kind.
const OTHER_KEYS: [(&str, &str); 12] = [
    ("src", "client"),
    ("source", "client"),
    ("from", "client"),
    ("dest", "dst"),
    ("destination", "dst"),
    ("remote", "dst"),
    ("to", "dst"),
    ("host", "dst"),
    ("dport", "port"),
    ("dst_port", "port"),
    ("protocol", "proto"),
    ("blocklist", "list"),
];

pub(super) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    if text.len() > MAX_FILTER {
        let rest = text.ceil_char_boundary(MAX_FILTER)..text.len();
        let shown = text.get(..rest.start).unwrap_or_default();
        return Err(FilterError::new(
            shown,
            rest.start..rest.start,
            format!("a filter has at most {MAX_FILTER} bytes"),
            "use prefixes and ranges",
        ));
    }
    let mut cursor = Cursor { text, at: 0 };
    let mut terms = Vec::new();
    while cursor.goes_on() {
        terms.push(cursor.term()?);
    }
    Ok(terms)
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// To the next term, if there is one.
    fn goes_on(&mut self) -> bool {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at < self.text.len()
    }

    fn eat(&mut self, c: char) -> bool {
        let is_next = self.rest().starts_with(c);
        if is_next {
            self.at += c.len_utf8();
        }
        is_next
    }

    fn wrong(
        &self,
        span: Range<usize>,
        message: impl AsRef<str>,
        hint: impl AsRef<str>,
    ) -> FilterError {
        FilterError::new(self.text, span, message, hint)
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        let is_negated = self.eat('!') || self.eat('-');
        if is_negated && self.rest().chars().next().is_none_or(char::is_whitespace) {
            return Err(self.wrong(
                start..self.at,
                "nothing is turned around here",
                "write it right before a term, as in !port:443",
            ));
        }
        let test = match self.key()? {
            Some("client") => Test::Client(self.values(client)?),
            Some("dst") => Test::Dst(self.values(net)?),
            Some("port") => Test::Port(self.values(ports)?),
            Some("proto") => Test::Proto(self.values(protocol)?),
            Some("reason") => Test::Reason(self.values(reason)?),
            Some("list") => Test::List(self.values(name)?),
            Some("rule") => Test::Rule(self.values(name)?),
            Some(_) => Test::State(self.values(state)?),
            None => Test::Word(self.values(word)?),
        };
        Ok(Term { is_negated, test })
    }

    /// What stands before a colon, unless that is part of an address.
    fn key(&mut self) -> Result<Option<&'static str>, FilterError> {
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '"');
        let word = self.rest().split(ends).next().unwrap_or_default();
        let Some((key, _)) = word.split_once(':') else {
            return Ok(None);
        };
        let is_key = key.starts_with(char::is_alphabetic);
        if !is_key || parse_prefix(word).is_ok() {
            return Ok(None);
        }
        if let Some(known) = KEYS.into_iter().find(|known| *known == key) {
            self.at += key.len() + 1;
            return Ok(Some(known));
        }
        let span = self.at..self.at + key.len();
        let others = OTHER_KEYS.into_iter();
        let meant = others
            .filter_map(|(other, meant)| (other == key).then_some(meant))
            .next();
        let hint = match meant.or_else(|| closest(key, KEYS)) {
            Some(meant) => format!("did you mean {meant}:?"),
            None => format!("the keys are {}:", KEYS.join(":, ")),
        };
        Err(self.wrong(span, format!("there is no key \"{key}\""), hint))
    }

    /// With commas between them.
    fn values<T>(
        &mut self,
        read: impl Fn(&Value<'_>) -> Result<T, Problem>,
    ) -> Result<Vec<T>, FilterError> {
        let mut values = Vec::new();
        loop {
            let value = self.value()?;
            let meant = read(&value);
            let span = value.span;
            values.push(meant.map_err(|wrong| self.wrong(span, wrong.message, wrong.hint))?);
            if !self.eat(',') {
                return Ok(values);
            }
        }
    }

    fn value(&mut self) -> Result<Value<'t>, FilterError> {
        let start = self.at;
        if self.eat('"') {
            return self.quoted(start);
        }
        let ends = |c: char| c.is_whitespace() || c == ',';
        let text = self.rest().split(ends).next().unwrap_or_default();
        self.at += text.len();
        let span = start..self.at;
        if text.is_empty() {
            return Err(self.wrong(
                span,
                "a value is missing here",
                "write values right behind the colon, with commas and no spaces between them, as in port:80,443",
            ));
        }
        Ok(Value {
            text: Cow::Borrowed(text),
            span,
            is_quoted: false,
        })
    }

    /// Behind the first quote.
    fn quoted(&mut self, start: usize) -> Result<Value<'t>, FilterError> {
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((place, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += place + 1;
                    return self.behind_quotes(start, text);
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => text.push(c),
            }
        }
        Err(self.wrong(
            start..self.text.len(),
            "these quotes do not end",
            "write another \" behind the name",
        ))
    }

    fn behind_quotes(&self, start: usize, text: String) -> Result<Value<'t>, FilterError> {
        match self.rest().chars().next() {
            Some(c) if !c.is_whitespace() && c != ',' => Err(self.wrong(
                self.at..self.at + c.len_utf8(),
                "there is more behind the quotes",
                "write a space or a comma behind them",
            )),
            _ => Ok(Value {
                text: Cow::Owned(text),
                span: start..self.at,
                is_quoted: true,
            }),
        }
    }
}
