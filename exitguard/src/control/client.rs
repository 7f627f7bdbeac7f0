//! Asking a daemon.

use super::protocol::{Changed, Changes, Flows, NewChange, Refusal, Request, Status, VERSION};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Read, Write};
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

    fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, ClientError> {
        let foreign = |error: serde_json::Error| ClientError::Foreign(error.to_string());
        let mut line = serde_json::to_vec(request).map_err(foreign)?;
        line.push(b'\n');
        self.stream
            .get_mut()
            .write_all(&line)
            .map_err(ClientError::Silent)?;
        let mut answer = Vec::new();
        (&mut self.stream)
            .take(MAX_REPLY)
            .read_until(b'\n', &mut answer)
            .map_err(ClientError::Silent)?;
        if answer.last() != Some(&b'\n') {
            let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(ClientError::Silent(cut));
        }
        let version: Version = serde_json::from_slice(&answer).map_err(foreign)?;
        if version.v != VERSION {
            let what = format!("version {} instead of {VERSION}", version.v);
            return Err(ClientError::Foreign(what));
        }
        match serde_json::from_slice(&answer).map_err(foreign)? {
            Answer { ok: Some(ok), .. } => Ok(ok),
            Answer {
                error: Some(refusal),
                ..
            } => Err(refusal.into()),
            Answer { .. } => Err(ClientError::Foreign("neither ok nor error".to_owned())),
        }
    }
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
