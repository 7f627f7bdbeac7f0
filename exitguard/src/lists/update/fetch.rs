//! One request for one list.

#[cfg(test)]
mod tests;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::header::{
    ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use ureq::http::{HeaderMap, StatusCode};
use ureq::{Agent, Timeout};

/// What a server may take of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until it answers at all.
    pub connect: Duration,
    /// From beginning to end.
    pub total: Duration,
    /// How often it may send elsewhere.
    pub redirects: u32,
    /// How much it may send.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(120),
            redirects: 5,
            bytes: 32 << 20,
        }
    }
}

/// What the server called the version that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The version that is known is the newest.
    NotModified,
    /// A version, whole.
    Body {
        /// As it came.
        bytes: Vec<u8>,
        /// What it is called.
        validators: Validators,
    },
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// An answer without a list.
    #[error("the server says {status}")]
    Status {
        /// Which.
        status: StatusCode,
        /// When it may be asked again.
        retry_after: Option<Timestamp>,
    },
    /// It takes too long.
    #[error("no complete answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// It sends elsewhere too often.
    #[error("it redirects more than {0} times")]
    Redirects(u32),
    /// It sends to where anybody can change what comes.
    #[error("it redirects from https to http, where anybody on the way could change the list")]
    Downgrade,
    /// It sends too much.
    #[error("it has more than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// The connection ended before the body did.
    #[error("the connection ended before all of it had come")]
    Incomplete,
    /// Anything else.
    #[error("cannot download it: {0}")]
    Other(String),
}

impl FetchError {
    /// When the server wants to be asked again.
    pub const fn retry_after(&self) -> Option<Timestamp> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Asks servers for lists.
#[derive(Clone, Debug)]
pub struct Fetcher {
    agent: Agent,
    limits: Limits,
    progress: Option<Arc<dyn Progress>>,
}

/// Hears how far a download is.
pub trait Progress: fmt::Debug + Send + Sync {
    /// So much has come, of so much if the server said that.
    fn at(&self, bytes: u64, of: Option<u64>);
}

/// Bytes between two words about progress.
const STEP: u64 = 64 << 10;

impl Fetcher {
    /// Within these limits. A proxy is taken from the environment, as `https_proxy`.
    pub fn new(limits: Limits) -> Self {
        let agent = config(limits).new_agent();
        Self {
            agent,
            limits,
            progress: None,
        }
    }

    /// The same, and tells how far it is.
    #[must_use]
    pub fn telling(self, progress: Arc<dyn Progress>) -> Self {
        Self {
            progress: Some(progress),
            ..self
        }
    }

    fn tell(&self, bytes: u64, of: Option<u64>) {
        if let Some(progress) = &self.progress {
            progress.at(bytes, of);
        }
    }

    /// Asks for what is there, unless it is what is known. What the server says about time counts from `now`.
    ///
    /// # Errors
    /// When nothing comes, not all of it, or too much.
    pub fn fetch(
        &self,
        url: &str,
        known: &Validators,
        now: Timestamp,
    ) -> Result<Fetched, FetchError> {
        let mut request = self.agent.get(url);
        if let Some(etag) = &known.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = &known.last_modified {
            request = request.header(IF_MODIFIED_SINCE, last_modified);
        }
        self.tell(0, None);
        // Also of redirects: what began encrypted stays encrypted.
        let https_only = url.starts_with("https:");
        let mut response = request
            .config()
            .https_only(https_only)
            .build()
            .call()
            .map_err(|error| self.explain(error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(Fetched::NotModified),
            status => {
                return Err(FetchError::Status {
                    status,
                    retry_after: retry_after(response.headers(), now),
                });
            }
        }
        let validators = Validators {
            etag: text(response.headers(), ETAG),
            last_modified: text(response.headers(), LAST_MODIFIED),
        };
        let body = response.body_mut();
        let length = body.content_length();
        let mut reader = body.as_reader().take(self.limits.bytes + 1);
        let mut bytes = Vec::new();
        let mut read = |bytes: &mut Vec<u8>| reader.by_ref().take(STEP).read_to_end(bytes);
        while read(&mut bytes).map_err(|error| self.explain(error.into()))? > 0 {
            self.tell(bytes.len() as u64, length);
        }
        if bytes.len() as u64 > self.limits.bytes {
            return Err(FetchError::TooLarge(self.limits.bytes));
        }
        Ok(Fetched::Body { bytes, validators })
    }

    fn explain(&self, error: ureq::Error) -> FetchError {
        match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                FetchError::Timeout(self.limits.connect)
            }
            ureq::Error::Timeout(_) => FetchError::Timeout(self.limits.total),
            ureq::Error::TooManyRedirects => FetchError::Redirects(self.limits.redirects),
            ureq::Error::RequireHttpsOnly(_) => FetchError::Downgrade,
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof => FetchError::Incomplete,
                _ => FetchError::Other(error.to_string()),
            },
            error => FetchError::Other(error.to_string()),
        }
    }
}

fn config(limits: Limits) -> Config {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(limits.redirects)
        .timeout_connect(Some(limits.connect))
        .timeout_global(Some(limits.total))
        .user_agent(concat!("exitguard/", env!("CARGO_PKG_VERSION")))
        .build()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Seconds or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = text(headers, RETRY_AFTER)?;
    match text.trim().parse::<u32>() {
        Ok(seconds) => now
            .checked_add(SignedDuration::from_secs(seconds.into()))
            .ok(),
        Err(_) => DateTimeParser::new().parse_timestamp(text.trim()).ok(),
    }
}
