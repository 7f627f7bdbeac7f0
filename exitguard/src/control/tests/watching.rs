//! What watchers are told.

use super::*;
use crate::filter::tests::reports::denied;
use crate::lists::Standing;
use crate::output::{FlowReport, Format, ListReport, LostReport, Report, StateEvent, StateReport};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

impl Answering {
    pub(super) fn tell(&self, report: Report) {
        self.feed.as_ref().unwrap().push(Arc::new(report));
    }

    pub(super) fn watch(&self, question: &Value) -> Watcher {
        let mut watcher = Watcher(BufReader::new(self.connect()));
        watcher.say(question);
        watcher
    }

    /// One that is told everything.
    pub(super) fn watch_all(&self) -> Watcher {
        let mut watcher = self.watch(&json!({"op": "watch"}));
        assert_eq!(watcher.next(), Some(json!({"v": 1, "ok": {}})));
        watcher
    }
}

pub(super) struct Watcher(pub(super) BufReader<UnixStream>);

impl Watcher {
    pub(super) fn say(&mut self, question: &Value) {
        let line = format!("{question}\n");
        self.0.get_mut().write_all(line.as_bytes()).unwrap();
    }

    /// The next line; nothing at the end.
    pub(super) fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            // Closed with something of ours unread.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            read => (read.unwrap() > 0).then(|| serde_json::from_str(&line).unwrap()),
        }
    }

    /// The flow that is told about next.
    pub(super) fn flow(&mut self) -> u64 {
        let told = self.next().unwrap();
        let id = told["event"]["flow_id"].as_u64();
        id.unwrap_or_else(|| panic!("{told}"))
    }
}

/// About a denied packet to a port, which is the number of its flow.
pub(super) fn flow(number: u16) -> Report {
    Report::Flow(Box::new(FlowReport {
        flow_id: number.into(),
        destination_port: Some(number),
        ..denied(false)
    }))
}

fn state(event: StateEvent) -> Report {
    Report::State(StateReport {
        time: Timestamp::UNIX_EPOCH,
        interface: "tailscale0".to_owned(),
        event,
        generation: 1,
        mode: "enforce",
        message: "as it is".to_owned(),
    })
}

fn list() -> Report {
    Report::List(ListReport {
        time: Timestamp::UNIX_EPOCH,
        interface: "tailscale0".to_owned(),
        list: "bad".to_owned(),
        standing: Standing::Current,
        why: None,
        entries: 1,
        age: None,
    })
}

fn lost() -> Report {
    Report::Lost(LostReport {
        time: Timestamp::UNIX_EPOCH,
        interface: "tailscale0".to_owned(),
        kernel: 5,
        output: 0,
        file: 0,
    })
}

#[test]
fn a_watcher_is_told_what_happened_and_what_happens() {
    let answering = Answering::start();
    for number in 1..=3 {
        answering.tell(flow(number));
    }
    let mut watcher = answering.watch(&json!({"op": "watch", "last": 2}));
    assert_eq!(watcher.next(), Some(json!({"v": 1, "ok": {}})));
    assert_eq!((watcher.flow(), watcher.flow()), (2, 3));
    answering.tell(flow(4));
    assert_eq!(watcher.flow(), 4);
    answering.assert_answers();
}

#[test]
fn what_happened_before_is_counted_after_the_filter_and_has_a_bound() {
    let answering = Answering::start();
    for number in 1..=5_000 {
        answering.tell(flow(number));
    }
    let question = json!({"op": "watch", "last": 2, "filter": "port:4000-4010"});
    let mut watcher = answering.watch(&question);
    watcher.next();
    assert_eq!((watcher.flow(), watcher.flow()), (4_009, 4_010));
    let mut greedy = answering.watch(&json!({"op": "watch", "last": 1_000_000_000}));
    greedy.next();
    let first = 5_000 - KEPT_REPORTS as u64 + 1;
    assert!((first..=5_000).all(|number| greedy.flow() == number));
}

#[test]
fn with_a_filter_the_guard_itself_is_still_told_about() {
    let answering = Answering::start();
    let mut filtered = answering.watch(&json!({"op": "watch", "filter": "port:7"}));
    filtered.next();
    let mut all = answering.watch_all();
    for report in [
        flow(6),
        list(),
        lost(),
        flow(7),
        state(StateEvent::Reloaded),
    ] {
        answering.tell(report);
    }
    let told = |watcher: &mut Watcher, count| -> Vec<Value> {
        let told = (0..count).map(|_| watcher.next().unwrap());
        told.map(|told| told["event"]["event_type"].clone())
            .collect()
    };
    assert_eq!(told(&mut filtered, 3), ["lost", "drop", "state"]);
    assert_eq!(
        told(&mut all, 5),
        ["drop", "lists", "lost", "drop", "state"]
    );
}

#[test]
fn text_is_what_the_daemon_writes() {
    let answering = Answering::start();
    let mut watcher = answering.watch(&json!({"op": "watch", "format": "text"}));
    watcher.next();
    answering.tell(flow(7));
    let line = Format::Text.render(&flow(7));
    assert_eq!(watcher.next(), Some(json!({"v": 1, "line": line})));
}

#[test]
fn a_wrong_filter_is_pointed_at_and_another_may_follow() {
    let answering = Answering::start();
    let mut watcher = answering.watch(&json!({"op": "watch", "filter": "port:7 dney"}));
    let answer = watcher.next().unwrap();
    assert_eq!(answer["error"]["kind"], "bad_request");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("\n         ^^^^\n"), "{message}");
    watcher.say(&json!({"op": "watch", "filter": "port:7 deny"}));
    assert_eq!(watcher.next(), Some(json!({"v": 1, "ok": {}})));
    for wrong in [
        json!({"op": "watch", "last": -1}),
        json!({"op": "watch", "format": "xml"}),
        json!({"op": "watch", "filtre": "deny"}),
    ] {
        let answer = answering.watch(&wrong).next().unwrap();
        assert_eq!(answer["error"]["kind"], "bad_request", "{wrong}");
    }
}

#[test]
fn whatever_a_watcher_says_ends_its_watch() {
    let answering = Answering::start();
    let mut watcher = answering.watch_all();
    watcher.say(&json!({"op": "status"}));
    assert_eq!(watcher.next(), None);
    answering.assert_answers();
}

#[test]
fn the_last_word_of_a_daemon_is_heard() {
    // More than a socket takes at once.
    const BEFORE: u16 = 2_000;
    let mut answering = Answering::start();
    let mut watcher = answering.watch_all();
    for number in 1..=BEFORE {
        answering.tell(flow(number));
    }
    answering.tell(state(StateEvent::Stopped));
    let socket = answering.path();
    let reading = thread::spawn(move || {
        // Not before it ends.
        while socket.exists() {
            thread::yield_now();
        }
        assert!((1..=BEFORE.into()).all(|number: u64| watcher.flow() == number));
        let last = watcher.next().unwrap();
        assert_eq!(last["event"]["exitguard"]["event"], "stopped");
        assert_eq!(watcher.next(), None);
    });
    drop(answering.feed.take());
    drop(answering.server.take());
    reading.join().unwrap();
}

#[test]
fn a_client_watches_until_another_thread_ends_it() {
    let answering = Answering::start();
    let client = Client::connect(&answering.path()).unwrap();
    let mut watching = client
        .watch(Watch {
            filter: "deny".to_owned(),
            ..Watch::default()
        })
        .unwrap();
    answering.tell(flow(7));
    let Told::Event(event) = watching.next().unwrap().unwrap() else {
        panic!("it is no event");
    };
    assert_eq!(event.get(), Format::Json.render(&flow(7)));
    let unwatch = watching.unwatch().unwrap();
    let waiting = thread::spawn(move || watching.next().is_none());
    unwatch.end();
    assert!(waiting.join().unwrap());

    let client = Client::connect(&answering.path()).unwrap();
    let wrong = Watch {
        filter: "dney".to_owned(),
        ..Watch::default()
    };
    assert!(matches!(client.watch(wrong), Err(ClientError::Refused(_))));
}
