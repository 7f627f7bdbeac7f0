//! What the threads that send have in common.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Numbers of all threads, and the word to wait or to end.
#[derive(Debug)]
pub(crate) struct Shared {
    start: Instant,
    ends: AtomicBool,
    is_paused: Mutex<bool>,
    goes_on: Condvar,
    /// Sends of what is allowed, and of what is not. A burst is one.
    pub(crate) allowed: AtomicU64,
    pub(crate) forbidden: AtomicU64,
    /// Answers to what is allowed.
    pub(crate) answered: AtomicU64,
    /// Answers that must not have come.
    pub(crate) wrongly_answered: AtomicU64,
    last_answer_us: AtomicU64,
    longest_outage_us: AtomicU64,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            ends: AtomicBool::new(false),
            is_paused: Mutex::new(false),
            goes_on: Condvar::new(),
            allowed: AtomicU64::new(0),
            forbidden: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            wrongly_answered: AtomicU64::new(0),
            last_answer_us: AtomicU64::new(0),
            longest_outage_us: AtomicU64::new(0),
        }
    }

    /// Waits while there is a pause. False at the end.
    pub(crate) fn goes_on(&self) -> bool {
        let paused = self
            .is_paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self.goes_on.wait_while(paused, |paused| *paused);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        !self.ends.load(Ordering::Relaxed)
    }

    pub(crate) fn pause(&self) {
        *self
            .is_paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// After a pause, or to end.
    pub(crate) fn resume(&self) {
        *self
            .is_paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = false;
        self.reset_outage();
        self.goes_on.notify_all();
    }

    pub(crate) fn end(&self) {
        self.ends.store(true, Ordering::Relaxed);
        self.resume();
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// What is allowed was answered.
    pub(crate) fn note_answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let now = self.now_us();
        let last = self.last_answer_us.swap(now, Ordering::Relaxed);
        let outage = now.saturating_sub(last);
        self.longest_outage_us.fetch_max(outage, Ordering::Relaxed);
    }

    /// From now on.
    pub(crate) fn reset_outage(&self) {
        self.last_answer_us.store(self.now_us(), Ordering::Relaxed);
        self.longest_outage_us.store(0, Ordering::Relaxed);
    }

    /// The longest time without an answer.
    pub(crate) fn longest_outage(&self) -> Duration {
        let last = self.last_answer_us.load(Ordering::Relaxed);
        let current = self.now_us().saturating_sub(last);
        let longest = self.longest_outage_us.load(Ordering::Relaxed);
        Duration::from_micros(longest.max(current))
    }
}
