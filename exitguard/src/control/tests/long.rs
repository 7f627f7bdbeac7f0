//! Answers of many megabytes.

use super::super::long::Long;
use serde::ser::{Serialize, Serializer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use tokio::io::{AsyncReadExt, duplex};
use tokio::time::timeout;

use super::*;

const NUMBERS: usize = 1_000_000;

/// Many numbers, made one after the other.
struct Numbers {
    made: Arc<AtomicUsize>,
    _ends: Option<Sender<()>>,
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..NUMBERS).inspect(|number| {
            self.made.store(number + 1, Ordering::Relaxed);
        }))
    }
}

#[test]
fn a_long_answer_is_one_line_that_is_made_while_it_is_read() {
    let made = Arc::<AtomicUsize>::default();
    let numbers = Numbers {
        made: Arc::clone(&made),
        _ends: None,
    };
    let (mut near, mut far) = duplex(1_024);
    let text = Runtime::new().unwrap().block_on(async move {
        let sending =
            tokio::spawn(async move { Long::new(|| numbers).send(&mut near, SOON).await });
        let mut text = vec![0];
        far.read_exact(&mut text).await.unwrap();
        let made = made.load(Ordering::Relaxed);
        assert!(made < NUMBERS / 5, "{made} were made before any was read");
        timeout(SOON, far.read_to_end(&mut text))
            .await
            .unwrap()
            .unwrap();
        sending.await.unwrap().unwrap();
        text
    });
    let (end, line) = text.split_last().unwrap();
    assert_eq!(*end, b'\n');
    assert!(!line.contains(&b'\n'));
    let answer: serde_json::Value = serde_json::from_slice(line).unwrap();
    assert_eq!(answer["v"], VERSION);
    let expected: Vec<usize> = (0..NUMBERS).collect();
    assert_eq!(answer["ok"], serde_json::json!(expected));
}

#[test]
fn an_answer_that_nobody_reads_any_more_is_not_made_further() {
    let made = Arc::<AtomicUsize>::default();
    let (ends, ended) = channel();
    let numbers = Numbers {
        made: Arc::clone(&made),
        _ends: Some(ends),
    };
    let runtime = Runtime::new().unwrap();
    let (mut near, far) = duplex(1_024);
    drop(far);
    let sent = runtime.block_on(Long::new(|| numbers).send(&mut near, SOON));
    assert_eq!(sent.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    // Nothing is sent there: it is dropped with what is made.
    assert!(ended.recv_timeout(SOON).is_err());
    assert!(made.load(Ordering::Relaxed) < NUMBERS / 5);
}

#[test]
fn who_does_not_read_gets_no_more_of_a_long_answer() {
    let numbers = Numbers {
        made: Arc::default(),
        _ends: None,
    };
    let runtime = Runtime::new().unwrap();
    let (mut near, far) = duplex(1_024);
    let patience = Duration::from_millis(20);
    let sending = async { Long::new(|| numbers).send(&mut near, patience).await };
    let sent = runtime.block_on(async { timeout(SOON, sending).await.unwrap() });
    assert_eq!(sent.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    drop(far);
}
