//! Asking a daemon.

use super::protocol::{
    Applied, Apply, Changed, Changes, Flows, NewChange, Observed, Refusal, Request, Status, Told,
    VERSION, Watch,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a daemon may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer: a full flow table of the largest size.
const MAX_REPLY: u64 = 1 << 30;

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens at the socket, or there is none.
    #[error("no daemon answers: {0}")]
    Absent(#[source] io::Error),
    /// Others may, this user may not.
    #[error("not permitted: {0}")]
    NotPermitted(#[source] io::Error),
    /// The connection broke, or took too long.
    #[error("the daemon does not answer: {0}")]
    Silent(#[source] io::Error),
    /// It says no.
    #[error("the daemon says: {0}")]
    Refused(#[from] Refusal),
    /// It is of another version, or something else altogether.
    #[error("what answers speaks another language ({0}); is the daemon of another version?")]
    Foreign(String),
}

impl From<serde_json::Error> for ClientError {
    fn from(error: serde_json::Error) -> Self {
        Self::Foreign(error.to_string())
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens, or this user may not.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => ClientError::NotPermitted(error),
            _ => ClientError::Absent(error),
        })?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .map_err(ClientError::Silent)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// How it is with the guard.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn status(&mut self) -> Result<Status, ClientError> {
        self.ask(&Request::Status)
    }

    /// The flows that the kernel knows.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn flows(&mut self) -> Result<Flows, ClientError> {
        self.ask(&Request::Flows)
    }

    /// What clients were seen to do, added up.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn observed(&mut self) -> Result<Observed, ClientError> {
        self.ask(&Request::Observed)
    }

    /// What was changed at run time and is in force.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn changes(&mut self) -> Result<Changes, ClientError> {
        self.ask(&Request::Changes)
    }

    /// Changes what is in force.
    ///
    /// # Errors
    /// When there is no answer, or the daemon says no.
    pub fn change(&mut self, change: NewChange) -> Result<Changed, ClientError> {
        self.ask(&Request::Change(change))
    }

    /// Takes a change back.
    ///
    /// # Errors
    /// When there is no answer, or the daemon says no.
    pub fn revert(&mut self, id: u32) -> Result<Changed, ClientError> {
        self.ask(&Request::Revert { id })
    }

    /// What happens, as it happens, until the daemon ends.
    ///
    /// # Errors
    /// When there is no answer, or the daemon says no.
    pub fn watch(mut self, watch: Watch) -> Result<Watching, ClientError> {
        let _: Begun = self.ask(&Request::Watch(watch))?;
        // Nothing may happen for long.
        let stream = self.stream.get_ref();
        stream.set_read_timeout(None).map_err(ClientError::Silent)?;
        Ok(Watching {
            stream: self.stream,
        })
    }

    /// Tries another configuration.
    ///
    /// # Errors
    /// When there is no answer, or the daemon says no.
    pub fn apply(&mut self, apply: Apply) -> Result<Applied, ClientError> {
        self.ask(&Request::Apply(apply))
    }

    /// What is on trial stays.
    ///
    /// # Errors
    /// When there is no answer, or nothing is on trial.
    pub fn confirm(&mut self) -> Result<Applied, ClientError> {
        self.ask(&Request::Confirm)
    }

    /// What is on trial goes.
    ///
    /// # Errors
    /// When there is no answer, or nothing is on trial.
    pub fn roll_back(&mut self) -> Result<Applied, ClientError> {
        self.ask(&Request::RollBack)
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, ClientError> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.stream
            .get_mut()
            .write_all(&line)
            .map_err(ClientError::Silent)?;
        let answer = line_of(&mut self.stream)?;
        let answer = answer.ok_or_else(|| ClientError::Silent(cut()))?;
        match serde_json::from_slice(&answer)? {
            Answer { ok: Some(ok), .. } => Ok(ok),
            Answer {
                error: Some(refusal),
                ..
            } => Err(refusal.into()),
            Answer { .. } => Err(ClientError::Foreign("neither ok nor error".to_owned())),
        }
    }
}

/// What happens: ends with the daemon.
#[derive(Debug)]
pub struct Watching {
    stream: BufReader<UnixStream>,
}

/// Ends a [`Watching`] that waits.
#[derive(Debug)]
pub struct Unwatch {
    stream: UnixStream,
}

impl Watching {
    /// Nothing more has come already: now is the time to show what there is.
    pub fn is_caught_up(&self) -> bool {
        self.stream.buffer().is_empty()
    }

    /// For another thread.
    ///
    /// # Errors
    /// When the process has no room for it.
    pub fn unwatch(&self) -> io::Result<Unwatch> {
        let stream = self.stream.get_ref().try_clone()?;
        Ok(Unwatch { stream })
    }
}

impl Unwatch {
    /// Nothing comes any more.
    pub fn end(self) {
        // It has ended already: no failure.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Iterator for Watching {
    type Item = Result<Told, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = line_of(&mut self.stream).transpose()?;
        Some(line.and_then(|line| told(&line)))
    }
}

fn told(line: &[u8]) -> Result<Told, ClientError> {
    match serde_json::from_slice(line)? {
        Happened {
            event: Some(event), ..
        } => Ok(Told::Event(event)),
        Happened {
            line: Some(line), ..
        } => Ok(Told::Line(line)),
        Happened { .. } => Err(ClientError::Foreign("neither event nor line".to_owned())),
    }
}

/// The next line, of this version; nothing when the other side has ended it.
fn line_of(stream: &mut BufReader<UnixStream>) -> Result<Option<Vec<u8>>, ClientError> {
    let mut line = Vec::new();
    stream
        .take(MAX_REPLY)
        .read_until(b'\n', &mut line)
        .map_err(ClientError::Silent)?;
    match line.last() {
        None => return Ok(None),
        Some(b'\n') => {}
        Some(_) => return Err(ClientError::Silent(cut())),
    }
    // As all begin that are written here: megabytes are not looked at twice.
    if line.starts_with(format!("{{\"v\":{VERSION},").as_bytes()) {
        return Ok(Some(line));
    }
    let version: Version = serde_json::from_slice(&line)?;
    if version.v != VERSION {
        let what = format!("version {} instead of {VERSION}", version.v);
        return Err(ClientError::Foreign(what));
    }
    Ok(Some(line))
}

fn cut() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Of an answer in any version.
#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// An answer of this version.
#[derive(Deserialize)]
struct Answer<T> {
    ok: Option<T>,
    error: Option<Refusal>,
}

/// The answer to the wish to watch.
#[derive(Deserialize)]
struct Begun {}

/// Something that happened, in this version.
#[derive(Deserialize)]
struct Happened {
    event: Option<Box<RawValue>>,
    line: Option<String>,
}
