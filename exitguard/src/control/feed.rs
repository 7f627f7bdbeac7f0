//! What happens, for whoever watches.

use crate::output::Report;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Reports that are kept for those who come later, and for those who are slow: a few megabytes.
pub const KEPT_REPORTS: usize = 4_096;

/// Those who follow at once: fewer than may connect, so that there is always somebody who can ask.
pub(super) const MAX_WATCHERS: usize = 32;

/// Takes reports; whoever follows gets them. Ends for all of them when it is dropped.
#[derive(Debug, Default)]
pub struct Feed {
    shared: Arc<Shared>,
}

/// Lets others follow a feed, and does not keep it from ending.
#[derive(Clone, Debug, Default)]
pub struct Following {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    recent: VecDeque<Arc<Report>>,
    /// Nothing when the feed has ended.
    live: Option<Sender<Arc<Report>>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                recent: VecDeque::new(),
                live: Some(channel(KEPT_REPORTS).0),
            }),
            places: Arc::new(Semaphore::new(MAX_WATCHERS)),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is half done in there at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// Hands over a report. Nobody who follows is waited for.
    pub fn push(&self, report: Arc<Report>) {
        let mut state = self.shared.state();
        if state.recent.len() == KEPT_REPORTS {
            state.recent.pop_front();
        }
        state.recent.push_back(Arc::clone(&report));
        if let Some(live) = &state.live {
            // Nobody follows: no failure.
            let _ = live.send(report);
        }
    }

    /// For those who may follow.
    pub fn following(&self) -> Following {
        Following {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.state().live = None;
    }
}

impl Following {
    /// To be held by whoever follows; nothing if there are too many already.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.places).try_acquire_owned().ok()
    }

    /// Waits until nobody follows any more.
    pub(super) async fn left(&self) {
        // Places are never taken away.
        let _ = self.shared.places.acquire_many(MAX_WATCHERS as u32).await;
    }

    /// What is kept, oldest first, and what comes after that, without a gap; nothing comes when the feed has ended.
    pub(super) fn follow(&self) -> (Vec<Arc<Report>>, Option<Receiver<Arc<Report>>>) {
        let state = self.shared.state();
        let live = state.live.as_ref().map(Sender::subscribe);
        (state.recent.iter().cloned().collect(), live)
    }
}
