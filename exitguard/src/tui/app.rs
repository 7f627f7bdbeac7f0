//! The loop: an input, what comes of it, and the screen.

use super::input::{Effect, Input};
use super::model::Model;
use super::reduce::reduce;
use super::terminal::Screen;
use super::theme::Theme;
use super::watcher::Watcher;
use super::worker::{Guarded, Order, Worker};
use super::{draw, signals, terminal};
use jiff::Timestamp;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Nobody reads faster. Keys are answered at once.
const FRAME: Duration = Duration::from_millis(100);
/// Inputs that wait for a terminal that is slow; who sends more waits, too.
const WAITING: usize = 256;

/// What is needed for the screen.
pub struct Options {
    /// Where the daemon answers.
    pub socket: PathBuf,
    /// Where the session of this terminal comes from, which no change is to cut by accident.
    pub session: Option<IpAddr>,
    /// What the terminal can show.
    pub theme: Theme,
    /// Looks whether the interface is guarded when no daemon answers; nothing if this user may not know.
    pub guarded: Guarded,
}

/// Why the screen ended, when nobody wanted it to.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// Of the terminal, or of a thread that could not be started.
    #[error("cannot draw on this terminal: {0}")]
    Terminal(#[from] io::Error),
    /// It panicked.
    #[error("a part of it has failed; what is in force stays in force")]
    Broken,
}

/// Shows the screen until somebody wants it to end. The terminal is as it was when this returns.
///
/// # Errors
/// When the terminal is not there any more.
pub fn run(options: Options) -> Result<(), TopError> {
    let (sender, inputs) = sync_channel(WAITING);
    signals::forward(sender.clone())?;
    let mut screen = Screen::open()?;
    terminal::forward(sender.clone())?;
    let mut asks = Asks {
        watcher: Watcher::new(options.socket.clone(), sender.clone()),
        worker: Worker::start(options.socket, options.session, options.guarded, sender)?,
    };
    let result = show(&mut screen, &inputs, &mut asks, options.theme);
    drop(screen);
    result
}

/// Those who ask the daemon.
struct Asks {
    worker: Worker,
    watcher: Watcher,
}

impl Asks {
    /// Has an effect done; whether there is anything left to do.
    fn act(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Quit => return false,
            Effect::Wish(wish) => self.worker.order(Order::Wish(wish)),
            Effect::WantFlows(wanted) => self.worker.order(Order::WantFlows(wanted)),
            Effect::WantEvents { number, filter } => self.watcher.watch(number, filter),
        }
        true
    }
}

fn show(
    screen: &mut Screen,
    inputs: &Receiver<Input>,
    asks: &mut Asks,
    theme: Theme,
) -> Result<(), TopError> {
    let mut model = Model::new(screen.size()?, Timestamp::now());
    let mut drawn: Option<Instant> = None;
    let mut is_urgent = true;
    let mut is_dirty = true;
    loop {
        let due = drawn.map_or(Duration::ZERO, |at| FRAME.saturating_sub(at.elapsed()));
        if is_dirty && (is_urgent || due.is_zero()) {
            model.settle();
            screen.draw(|buffer| draw::draw(&model, theme, buffer))?;
            drawn = Some(Instant::now());
            (is_dirty, is_urgent) = (false, false);
        }
        let received = if is_dirty {
            inputs.recv_timeout(due)
        } else {
            // Nothing is drawn, and nothing wakes up, until something comes.
            inputs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let first = match received {
            Ok(input) => input,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Err(TopError::Broken),
        };
        for input in [first].into_iter().chain(inputs.try_iter().take(WAITING)) {
            if matches!(input, Input::Broken) {
                return Err(TopError::Broken);
            }
            is_urgent |= matches!(input, Input::Key(_) | Input::Mouse(_) | Input::Resize(..));
            is_dirty = true;
            let (next, effects) = reduce(model, input, Timestamp::now());
            model = next;
            for effect in effects {
                if !asks.act(effect) {
                    return Ok(());
                }
            }
        }
    }
}
