//! nftables sets as text: what `nft list set` prints, and `add element` commands.

use super::super::token::{Wrong, item, range, single};
use super::super::{Collector, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'b> {
    Word(&'b [u8]),
    /// In double quotes: a comment or the name of a file, which may hold any punctuation.
    Quoted,
    Mark(u8),
    /// A quote without its end.
    Cut,
}

/// The file in tokens. Line ends mean nothing that matters here.
struct Tokens<'b> {
    rest: &'b [u8],
    comments: usize,
}

impl<'b> Iterator for Tokens<'b> {
    type Item = Token<'b>;

    fn next(&mut self) -> Option<Token<'b>> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            let first = *self.rest.first()?;
            match first {
                b'#' => {
                    self.comments += 1;
                    self.take(|byte| byte == b'\n' || byte == b'\r');
                }
                b'"' => {
                    self.rest = self.rest.get(1..).unwrap_or_default();
                    self.take(|byte| byte == b'"');
                    let is_closed = !self.rest.is_empty();
                    self.rest = self.rest.get(1..).unwrap_or_default();
                    return Some(if is_closed { Token::Quoted } else { Token::Cut });
                }
                _ if is_mark(first) => {
                    self.rest = self.rest.get(1..).unwrap_or_default();
                    return Some(Token::Mark(first));
                }
                _ => {
                    let ends = |byte: u8| {
                        byte.is_ascii_whitespace() || is_mark(byte) || matches!(byte, b'"' | b'#')
                    };
                    return Some(Token::Word(self.take(ends)));
                }
            }
        }
    }
}

const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b',' | b';' | b'=')
}

impl<'b> Tokens<'b> {
    fn take(&mut self, ends: impl Fn(u8) -> bool) -> &'b [u8] {
        let length = self.rest.iter().position(|byte| ends(*byte));
        let (taken, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }
}

/// Reads the elements of every set of addresses; sets of other things are skipped.
pub(super) fn read<'b>(bytes: &'b [u8], found: &mut Collector<'b>) -> Result<(), Refusal> {
    found.set_hint("an element is one address, prefix or range; variables and names are not read");
    let mut tokens = Tokens {
        rest: bytes,
        comments: 0,
    };
    let mut depth = 0usize;
    let mut is_of_addresses = true;
    // The words since the last mark: what an opening brace belongs to.
    let mut statement: Vec<&[u8]> = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => {
                if matches!(word, b"set" | b"map") {
                    is_of_addresses = word == b"set";
                } else if is_of_addresses && follows(&statement, &[b"type", b"typeof"]) {
                    is_of_addresses = is_address_type(word);
                } else if word == b"." && statement.iter().any(|word| word.starts_with(b"type")) {
                    is_of_addresses = false;
                }
                statement.push(word);
            }
            Token::Mark(b'{') if is_elements(&statement) => {
                elements(&mut tokens, is_of_addresses, found)?;
                statement.clear();
            }
            Token::Mark(b'{') => {
                depth += 1;
                statement.clear();
            }
            Token::Mark(b'}') => {
                depth = depth.saturating_sub(1);
                statement.clear();
            }
            // `elements = {`
            Token::Mark(b'=') | Token::Quoted => {}
            Token::Mark(_) => statement.clear(),
            Token::Cut => return Err(cut()),
        }
        // Long statements are of no interest, and memory must not follow them.
        if statement.len() > STATEMENT_WORDS {
            statement.drain(..STATEMENT_WORDS / 2);
        }
    }
    (0..tokens.comments).for_each(|_| found.comment());
    if depth > 0 { Err(cut()) } else { Ok(()) }
}

const STATEMENT_WORDS: usize = 64;

fn cut() -> Refusal {
    Refusal::Incomplete("a brace or a quote is not closed".to_owned())
}

fn follows(statement: &[&[u8]], words: &[&[u8]]) -> bool {
    statement.last().is_some_and(|last| words.contains(last))
}

/// `typeof` names a field of a packet instead: `ip saddr`.
fn is_address_type(word: &[u8]) -> bool {
    matches!(word, b"ipv4_addr" | b"ipv6_addr" | b"ip" | b"ip6")
}

/// `elements = {`, or `add element inet filter blocked {`.
fn is_elements(statement: &[&[u8]]) -> bool {
    let mut backwards = statement.iter().rev();
    if backwards.next().is_some_and(|last| *last == b"elements") {
        return true;
    }
    let command = |words: &[&[u8]]| match words {
        [verb, object] => matches!(*verb, b"add" | b"create") && *object == b"element",
        _ => false,
    };
    // The family may be left out.
    [4, 5].into_iter().any(|words| {
        let start = statement.len().checked_sub(words);
        let start = start.and_then(|start| statement.get(start..start + 2));
        start.is_some_and(command)
    })
}

/// Elements up to the closing brace, with attributes that do not matter.
fn elements<'b>(
    tokens: &mut Tokens<'b>,
    is_of_addresses: bool,
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    let mut element = Element::default();
    loop {
        match tokens.next() {
            Some(Token::Word(word)) => element.push(word),
            Some(Token::Mark(mark @ (b',' | b'}'))) => {
                std::mem::take(&mut element).finish(is_of_addresses, found);
                if mark == b'}' {
                    return Ok(());
                }
            }
            Some(Token::Quoted | Token::Mark(_)) => {}
            Some(Token::Cut) | None => return Err(cut()),
        }
    }
}

#[derive(Default)]
struct Element<'b> {
    first: Option<&'b [u8]>,
    /// The end of a range with blanks around its dash.
    end: Option<&'b [u8]>,
    has_dash: bool,
    /// A concatenation, or a mapping to something.
    is_compound: bool,
}

impl<'b> Element<'b> {
    fn push(&mut self, word: &'b [u8]) {
        if self.first.is_none() {
            self.first = Some(word);
        } else if self.has_dash && self.end.is_none() {
            self.end = Some(word);
        }
        self.has_dash |= word == b"-";
        self.is_compound |= matches!(word, b"." | b":");
    }

    fn finish(self, is_of_addresses: bool, found: &mut Collector<'b>) {
        let Some(first) = self.first else { return };
        if self.is_compound || !is_of_addresses {
            return found.skip();
        }
        let Some(end) = self.end else {
            return found.item(first, item(first));
        };
        match (single(first), single(end)) {
            (Some(start), Some(end)) => found.item(first, range(start, end)),
            _ => found.invalid(first, Wrong::Address),
        }
    }
}
