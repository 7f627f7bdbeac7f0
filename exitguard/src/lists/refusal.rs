//! Why a list is not taken.

use super::{MAX_BYTES, MAX_ENTRIES};
use ipnet::IpNet;
use std::fmt;

/// Why nothing of a file is taken. What was there before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// A page for people.
    #[error("it is a web page (HTML or XML), not a list")]
    Html,
    /// Not text.
    #[error("it is not text: byte {offset} is {byte:#04x}")]
    Binary {
        /// Where, from 0.
        offset: usize,
        /// What.
        byte: u8,
    },
    /// Text of two bytes a letter.
    #[error("it is UTF-16 text")]
    Utf16,
    /// An archive, or a compression that is not known.
    #[error("it is a {0} file")]
    Packed(&'static str),
    /// More than anybody needs.
    #[error("it has more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// Compressed to hurt.
    #[error("it unpacks to more than {0} times its size")]
    Bomb(usize),
    /// Compressed and broken.
    #[error("its gzip data ends early or is damaged: {0}")]
    DamagedGzip(String),
    /// A line that no list has.
    #[error("line {line} is longer than 64 KiB")]
    LongLine {
        /// From 1.
        line: usize,
    },
    /// No format fits.
    #[error("its format is not known")]
    Unknown,
    /// Less is there than it says.
    #[error("it is not complete: {0}")]
    Incomplete(String),
    /// Not even JSON.
    #[error("its JSON ends early or is damaged: {0}")]
    DamagedJson(String),
    /// A list of other things than addresses and names.
    #[error("it is {0}")]
    OtherKind(&'static str),
    /// It would leave nothing to reach.
    #[error("line {line} blocks everything there is")]
    Everything {
        /// From 1.
        line: usize,
    },
    /// More than fit.
    #[error("it has more than {} million entries", MAX_ENTRIES / 1_000_000)]
    TooMany,
    /// Nothing in it that can be blocked.
    #[error("none of its {0} entries is of a kind that can be blocked")]
    Useless(usize),
    /// More of the Internet than a blocklist is about.
    #[error(
        "it covers {:.1} % of all IPv4 addresses, more than {allowed} %",
        *addresses as f64 / (1u64 << 32) as f64 * 100.0
    )]
    TooBroad {
        /// What it covers.
        addresses: u64,
        /// What it may cover, in percent.
        allowed: u8,
    },
    /// Something that the configuration wants to be in it is not.
    #[error(
        "it lacks {}{} of must_contain",
        Shown(first),
        if *lacking > 1 { format!(" and {} more", lacking - 1) } else { String::new() }
    )]
    Lacks {
        /// The first that is missing.
        first: IpNet,
        /// How many are.
        lacking: usize,
    },
    /// Too much of it makes no sense.
    #[error("{invalid} of its {of} entries cannot be read")]
    Invalid {
        /// Those that make no sense.
        invalid: usize,
        /// All.
        of: usize,
    },
}

impl Refusal {
    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Empty => "if it is meant to be empty, write a comment into it: # empty",
            Self::Html => "look at it in a browser: the address may have moved, or ask for a login",
            Self::Binary { .. } => {
                "download it again; exitguard reads text, and text packed with gzip"
            }
            Self::Utf16 => "save it as UTF-8",
            Self::Packed(_) => "unpack it first; exitguard unpacks gzip only",
            Self::TooLarge => "split it into several lists",
            Self::Bomb(_) => "do not use this source: no list packs that well",
            Self::DamagedGzip(_) | Self::Incomplete(_) | Self::DamagedJson(_) => {
                "download it again; keep the old file until the new one is complete"
            }
            Self::LongLine { .. } => "look at the file: a list has one short entry per line",
            Self::Unknown => {
                "look at the file; if it is a list, name its format with format = \"…\", or describe its columns"
            }
            Self::OtherKind(_) => "use a list of addresses, prefixes or names",
            Self::Everything { .. } => "take that line out, or do not use this list",
            Self::TooMany => "use fewer or coarser prefixes",
            Self::Useless(_) => "use another list, or name the format with format = \"…\"",
            Self::TooBroad { .. } => {
                "look at it with `exitguard lists check`; if it is meant to block that much, set its max_coverage in the configuration"
            }
            Self::Lacks { .. } => {
                "look at the list; if that entry is gone for good, change must_contain in the configuration"
            }
            Self::Invalid { .. } => {
                "correct these lines, or, if it is another format, name it with format = \"…\""
            }
        }
    }
}

/// A prefix, or an address without its length.
struct Shown<'n>(&'n IpNet);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            self.0.fmt(f)
        }
    }
}
