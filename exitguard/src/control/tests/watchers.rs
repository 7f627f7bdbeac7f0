//! Watchers who are many, deaf, slow or gone.

use super::watching::flow;
use super::*;
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, yield_now};

#[test]
fn so_many_may_watch_and_one_who_goes_makes_room() {
    let answering = Answering::start();
    let mut watchers: Vec<_> = (0..32).map(|_| answering.watch_all()).collect();
    let refused = answering.watch(&json!({"op": "watch"})).next().unwrap();
    assert_eq!(refused["error"]["kind"], "busy");
    answering.assert_answers();
    answering.tell(flow(1));
    assert!(watchers.iter_mut().all(|watcher| watcher.flow() == 1));
    // Nothing happens any more: that it is gone has to be noticed all the same.
    watchers.pop();
    let deadline = std::time::Instant::now() + SOON;
    let is_refused = || {
        let answer = answering.watch(&json!({"op": "watch"})).next().unwrap();
        answer.get("ok").is_none()
    };
    while is_refused() {
        let is_late = std::time::Instant::now() > deadline;
        assert!(!is_late, "nobody else may watch");
        thread::yield_now();
    }
}

#[test]
fn a_watcher_who_never_reads_harms_nobody_who_does() {
    let answering = Answering::start();
    let _deaf: Vec<_> = (0..8).map(|_| answering.watch_all()).collect();
    let mut half = answering.watch_all();
    half.0.get_mut().write_all(b"{\"op\":").unwrap();
    let mut watcher = answering.watch_all();
    for number in 1..=3_000 {
        answering.tell(flow(number));
        assert_eq!(watcher.flow(), u64::from(number));
    }
    answering.assert_answers();
}

#[test]
fn who_was_overrun_is_told_how_much_is_missing() {
    const SENT: u64 = 20_000;
    let answering = Answering::start();
    let mut watcher = answering.watch_all();
    for number in 1..=SENT as u16 {
        answering.tell(flow(number));
    }
    let mut next = 1;
    let mut missing = 0;
    while next <= SENT {
        let told = watcher.next().unwrap();
        if let Some(lost) = told["event"]["exitguard"]["output"].as_u64() {
            missing += lost;
            next += lost;
        } else {
            assert_eq!(told["event"]["flow_id"], next);
            next += 1;
        }
    }
    assert!(missing > 0, "nobody was overrun");
}

/// On a clock that goes on as soon as everybody waits.
fn in_no_time(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(test);
}

/// A watcher that was told that it is one, and what serves it.
async fn watching(feed: &Feed) -> (DuplexStream, JoinHandle<()>) {
    let (mut near, far) = duplex(4_096);
    let following = feed.following();
    let connection = tokio::spawn(async move {
        let (inquiries, _) = mpsc::channel(1);
        talk(far, &Peer::reader("watcher"), &inquiries, &following).await;
    });
    near.write_all(b"{\"op\":\"watch\"}\n").await.unwrap();
    let mut ok = [0; 16];
    near.read_exact(&mut ok).await.unwrap();
    (near, connection)
}

#[test]
fn a_watcher_who_never_reads_is_cut() {
    in_no_time(async {
        let feed = Feed::default();
        let (_near, connection) = watching(&feed).await;
        for number in 1..100 {
            feed.push(Arc::new(flow(number)));
        }
        let start = tokio::time::Instant::now();
        connection.await.unwrap();
        // Twice the patience if part of it could still be written.
        let seconds = start.elapsed().as_secs();
        assert!((5..=10).contains(&seconds), "{seconds} s");
    });
}

#[test]
fn a_quiet_watch_is_not_cut() {
    in_no_time(async {
        let feed = Feed::default();
        let (mut near, connection) = watching(&feed).await;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert!(!connection.is_finished());
        feed.push(Arc::new(flow(7)));
        let mut told = [0; 20];
        near.read_exact(&mut told).await.unwrap();
        drop(near);
        while !connection.is_finished() {
            yield_now().await;
        }
    });
}
