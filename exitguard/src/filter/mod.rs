//! Which flows: the small language of `watch`, `flows` and `top`.
//!
//! Terms with spaces between them, all of which have to hold: `client:web1 port:443,8000-8100 !reason:blocklist deny`.
//! A term is a key with values, any of which will do, or values without a key: verdicts, and addresses of either side.
//! `!` or `-` right before a term turns it around. A name with spaces or commas stands in double quotes, where `\` goes
//! before a double quote or another `\`.

mod error;
mod parse;
mod subject;
mod term;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub use error::FilterError;
pub use subject::Subject;

use std::fmt;
use std::str::FromStr;
use term::Term;

/// Longest filter, in bytes. It is kept for as long as somebody watches.
pub const MAX_FILTER: usize = 4_096;

/// Which flows. The empty one: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When something in it means nothing.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::terms(text).map(|terms| Self { terms })
    }

    /// Whether everything matches.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether all terms hold.
    pub fn matches<'a>(&self, subject: impl Into<Subject<'a>>) -> bool {
        let subject = subject.into();
        self.terms.iter().all(|term| term.holds(&subject))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// Another way to write the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, term) in self.terms.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}
