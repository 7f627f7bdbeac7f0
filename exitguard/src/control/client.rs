//! Asking a daemon.

use super::protocol::{Outcome, Refusal, Reply, Request, Status, VERSION};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a daemon may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer.
const MAX_REPLY: u64 = 1 << 20;

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
        match self.ask(&Request::Status)?.outcome {
            Outcome::Ok(status) => Ok(*status),
            Outcome::Error(refusal) => Err(refusal.into()),
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
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
        serde_json::from_slice(&answer).map_err(foreign)
    }
}

/// Of an answer in any version.
#[derive(serde::Deserialize)]
struct Version {
    v: u32,
}
