//! Hears what happens, while somebody wants to.

use super::input::Input;
use super::model::Event;
use crate::control::{Client, ClientError, Told, Unwatch, Watch};
use crate::diagnostic::printable;
use crate::output::Format;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Of what happened before.
const LAST: usize = 200;
/// Until it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Hears what happens. At most one thread does; it has a connection of its own.
pub(super) struct Watcher {
    socket: PathBuf,
    inputs: SyncSender<Input>,
    running: Option<Arc<Running>>,
}

/// A thread that listens, and how to end it.
#[derive(Debug, Default)]
struct Running {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_ended: bool,
    /// Ends what the thread waits for.
    unwatch: Option<Unwatch>,
}

impl Watcher {
    pub(super) const fn new(socket: PathBuf, inputs: SyncSender<Input>) -> Self {
        Self {
            socket,
            inputs,
            running: None,
        }
    }

    /// From now on what a filter matches, and nothing else; or nothing at all.
    pub(super) fn watch(&mut self, number: u64, filter: Option<String>) {
        if let Some(running) = self.running.take() {
            running.end();
        }
        let Some(filter) = filter else {
            return;
        };
        let running = Arc::new(Running::default());
        let listening = Listening {
            number,
            filter,
            inputs: self.inputs.clone(),
            running: Arc::clone(&running),
        };
        let socket = self.socket.clone();
        let started = thread::Builder::new()
            .name("top-hears".to_owned())
            .spawn(move || listening.run(&socket));
        match started {
            Ok(_) => self.running = Some(running),
            Err(error) => {
                // It comes back to the thread that is here now, which must not wait for itself.
                let _ = self
                    .inputs
                    .try_send(Input::NoEvents(number, error.to_string()));
            }
        }
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut state = self.lock();
        state.is_ended = true;
        if let Some(unwatch) = state.unwatch.take() {
            unwatch.end();
        }
        self.ended.notify_all();
    }

    /// Waits a little; whether it has ended meanwhile.
    fn pause(&self) -> bool {
        let waited = self
            .ended
            .wait_timeout_while(self.lock(), PAUSE, |state| !state.is_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_ended
    }
}

struct Listening {
    number: u64,
    filter: String,
    inputs: SyncSender<Input>,
    running: Arc<Running>,
}

impl Listening {
    fn run(&self, socket: &Path) {
        loop {
            let why = match self.listen(socket) {
                Ok(()) => "the daemon has ended".to_owned(),
                Err(error) => error.to_string(),
            };
            if self.running.lock().is_ended || !self.send(Input::NoEvents(self.number, why)) {
                return;
            }
            if self.running.pause() {
                return;
            }
        }
    }

    /// Whether anybody wants to know.
    fn send(&self, input: Input) -> bool {
        self.inputs.send(input).is_ok()
    }

    fn listen(&self, socket: &Path) -> Result<(), ClientError> {
        let watching = Client::connect(socket)?.watch(Watch {
            last: LAST,
            filter: self.filter.clone(),
            format: Format::Text,
        })?;
        {
            let mut state = self.running.lock();
            if state.is_ended {
                return Ok(());
            }
            state.unwatch = watching.unwatch().map(Some).map_err(ClientError::Silent)?;
        }
        if !self.send(Input::Events(self.number)) {
            return Ok(());
        }
        for told in watching {
            if let Told::Line(line) = told?
                && !self.send(Input::Event(self.number, event(&line, Timestamp::now())))
            {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// A line of `exitguard run`: a moment, then what happened.
fn event(line: &str, now: Timestamp) -> Event {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (time, text) = match first.parse() {
        Ok(time) => (time, rest),
        Err(_) => (now, line),
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    Event {
        time,
        text: printable(&words.join(" ")),
        is_denied: matches!(words.first(), Some(&("DENY" | "REJECT"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_moment_and_what_happened() {
        let now = Timestamp::UNIX_EPOCH;
        let line = "2026-01-02T12:00:00.000Z DENY       tcp    100.64.0.9:1 -> 203.0.113.7:25   port \u{1b}";
        let told = event(line, now);
        assert_eq!(told.time.to_string(), "2026-01-02T12:00:00Z");
        assert_eq!(
            told.text,
            "DENY tcp 100.64.0.9:1 -> 203.0.113.7:25 port \\u{1b}"
        );
        assert!(told.is_denied);
        let odd = event("something else", now);
        assert_eq!((odd.time, odd.text.as_str()), (now, "something else"));
        assert!(!odd.is_denied && !event("", now).is_denied);
        assert!(event("2026-01-02T12:00:00Z REJECT     tcp", now).is_denied);
    }
}
