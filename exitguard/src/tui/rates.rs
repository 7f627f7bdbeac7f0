//! Rates, from two looks at counters.

use crate::control::{Flow, Flows};
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Looks that are closer say more about their own jitter than about traffic.
const SHORTEST: f64 = 0.05;

/// What a flow did between two looks, each second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// Bytes that the client sent.
    pub(crate) out: f64,
    /// Bytes that came for it.
    pub(crate) back: f64,
    /// Packets that were denied.
    pub(crate) denied: f64,
}

impl Rate {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            out: self.out + other.out,
            back: self.back + other.back,
            denied: self.denied + other.denied,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    out: u64,
    back: u64,
    denied: u64,
}

impl From<&Flow> for Counts {
    fn from(flow: &Flow) -> Self {
        Self {
            out: flow.sent.bytes,
            back: flow.received.bytes,
            denied: flow.denied_pkts,
        }
    }
}

impl Counts {
    const NONE: Self = Self {
        out: 0,
        back: 0,
        denied: 0,
    };

    fn since(self, before: Self, seconds: f64) -> Rate {
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        Rate {
            out: per_second(self.out, before.out),
            back: per_second(self.back, before.back),
            denied: per_second(self.denied, before.denied),
        }
    }
}

/// The last look at the flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    at: Option<Timestamp>,
    seen: HashMap<u64, Counts>,
}

impl Meter {
    /// The rate of every flow since the last look, in their order. There is none on the first look, nor for a flow
    /// that is older than that look and was not in it.
    pub(crate) fn measure(&mut self, flows: &Flows) -> Vec<Option<Rate>> {
        let last = self.at.replace(flows.time);
        let seconds = last.map_or(0.0, |last| flows.time.duration_since(last).as_secs_f64());
        let rates = flows.flows.iter().map(|flow| {
            if seconds < SHORTEST {
                return None;
            }
            let before = match self.seen.get(&flow.id) {
                Some(before) => *before,
                None if last.is_some_and(|last| flow.start >= last) => Counts::NONE,
                None => return None,
            };
            Some(Counts::from(flow).since(before, seconds))
        });
        let rates = rates.collect();
        self.seen.clear();
        let counts = flows.flows.iter().map(|flow| (flow.id, flow.into()));
        self.seen.extend(counts);
        rates
    }
}

/// A counter that only grows, and how fast it did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge {
    last: Option<(Timestamp, u64)>,
    rates: VecDeque<f64>,
}

impl Gauge {
    /// As many as the widest screen has room for.
    const ROOM: usize = 120;

    /// The counter now.
    pub(crate) fn put(&mut self, count: u64, at: Timestamp) {
        if let Some((then, before)) = self.last {
            let seconds = at.duration_since(then).as_secs_f64();
            if (0.0..SHORTEST).contains(&seconds) {
                return;
            }
            // A clock that was set back, or counters that began anew, say nothing.
            if seconds > 0.0 && count >= before {
                self.rates.push_back((count - before) as f64 / seconds);
                if self.rates.len() > Self::ROOM {
                    self.rates.pop_front();
                }
            }
        }
        self.last = Some((at, count));
    }

    /// How fast it grew last.
    pub(crate) fn now(&self) -> Option<f64> {
        self.rates.back().copied()
    }

    /// The last so many, the newest last.
    pub(crate) fn history(&self, length: usize) -> impl Iterator<Item = f64> {
        let skipped = self.rates.len().saturating_sub(length);
        self.rates.iter().skip(skipped).copied()
    }

    /// The next look is a first one: what was between is not known.
    pub(crate) fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::sample::{at, flow};

    fn look(second: f64, flows: Vec<Flow>) -> Flows {
        Flows {
            time: at(second),
            flows,
        }
    }

    fn with(id: u64, start: f64, sent: u64) -> Flow {
        let mut flow = flow(id);
        flow.start = at(start);
        flow.sent.bytes = sent;
        flow.received.bytes = sent * 2;
        flow.denied_pkts = sent / 100;
        flow
    }

    #[test]
    fn a_rate_is_what_was_added_between_two_looks() {
        let mut meter = Meter::default();
        let first = look(10.0, vec![with(1, 0.0, 1_000), with(2, 0.0, 500)]);
        assert_eq!(meter.measure(&first), [None, None]);
        let second = look(12.0, vec![with(2, 0.0, 500), with(1, 0.0, 5_000)]);
        let busy = Rate {
            out: 2_000.0,
            back: 4_000.0,
            denied: 20.0,
        };
        assert_eq!(meter.measure(&second), [Some(Rate::default()), Some(busy)]);
    }

    #[test]
    fn a_flow_that_began_between_two_looks_has_all_of_its_bytes_in_its_rate() {
        let mut meter = Meter::default();
        meter.measure(&look(10.0, vec![]));
        let rates = meter.measure(&look(12.0, vec![with(1, 11.0, 1_000), with(2, 9.0, 1_000)]));
        assert_eq!(rates[0].unwrap().out, 500.0);
        // One that was not there and is older: who knows when these bytes were.
        assert_eq!(rates[1], None);
    }

    #[test]
    fn two_looks_at_the_same_moment_have_no_rate() {
        let mut meter = Meter::default();
        let same = look(10.0, vec![with(1, 0.0, 1_000)]);
        meter.measure(&same);
        assert_eq!(meter.measure(&same), [None]);
    }

    #[test]
    fn a_gauge_remembers_as_much_as_a_screen_shows_and_survives_a_restart_of_counters() {
        let mut gauge = Gauge::default();
        for second in 0..300_u32 {
            gauge.put(u64::from(second) * 10, at(f64::from(second)));
        }
        assert_eq!(gauge.now(), Some(10.0));
        assert_eq!(gauge.history(1_000).count(), 120);
        assert_eq!(gauge.history(3).collect::<Vec<_>>(), [10.0; 3]);
        gauge.put(5, at(300.0));
        assert_eq!(gauge.now(), Some(10.0));
        gauge.put(25, at(301.0));
        assert_eq!(gauge.now(), Some(20.0));
    }
}
