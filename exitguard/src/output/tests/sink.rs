//! Readers who are slow, or gone.

use crate::output::{Reader, Sink};
use std::io::{self, Read, Write, pipe};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Writes lines as they are.
struct Plain<W>(W);

impl<W: Write + Send> Reader<String> for Plain<W> {
    fn take(&mut self, line: &String) -> io::Result<()> {
        writeln!(self.0, "{line}")
    }

    fn caught_up(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn every_line_reaches_a_reader_who_reads() {
    let (mut reader, writer) = pipe().unwrap();
    let mut sink = Sink::new(Plain(writer), || panic!("the reader is there")).unwrap();
    for number in 0..100 {
        sink.send(format!("line {number}"));
    }
    assert_eq!(sink.lost(), 0);
    sink.finish(PATIENCE);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    let expected: String = (0..100).map(|number| format!("line {number}\n")).collect();
    assert_eq!(text, expected);
}

#[test]
fn a_reader_who_does_not_read_costs_lines_and_no_time() {
    let (reader, writer) = pipe().unwrap();
    let mut sink = Sink::new(Plain(writer), || ()).unwrap();
    let line = "x".repeat(1_000);
    let start = Instant::now();
    let lines = 50_000;
    for _ in 0..lines {
        sink.send(line.clone());
    }
    // 50 MB do not fit into the queue, so most are lost; waiting for the reader would have been for ever.
    assert!(sink.lost() > lines / 2, "{} lost", sink.lost());
    assert!(start.elapsed() < PATIENCE);
    sink.finish(Duration::from_millis(10));
    drop(reader);
}

#[test]
fn lines_are_not_lost_while_the_queue_has_room_for_them() {
    let (mut reader, writer) = pipe().unwrap();
    let mut sink = Sink::new(Plain(writer), || ()).unwrap();
    // More than a pipe holds, less than the queue.
    for number in 0..8_000 {
        sink.send(format!("{number:0100}"));
    }
    assert_eq!(sink.lost(), 0);
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .map(|_| text.lines().count())
    });
    sink.finish(PATIENCE);
    assert_eq!(read.join().unwrap().unwrap(), 8_000);
}

#[test]
fn a_reader_who_is_gone_is_told_once_and_is_no_error() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let (tell, told) = channel();
    let mut sink = Sink::new(Plain(writer), move || tell.send(()).unwrap()).unwrap();
    sink.send("into the void".to_owned());
    told.recv_timeout(PATIENCE).unwrap();
    assert!(sink.is_closed());
    sink.send("and again".to_owned());
    sink.finish(PATIENCE);
    assert!(told.recv_timeout(PATIENCE).is_err(), "told twice");
}

#[test]
fn what_is_waiting_is_shown_as_soon_as_nothing_else_waits() {
    let (mut reader, writer) = pipe().unwrap();
    let target = Plain(io::BufWriter::new(writer));
    let mut sink = Sink::new(target, || ()).unwrap();
    sink.send("now".to_owned());
    // Would block for ever if the line stayed in the buffer.
    let mut line = [0; 4];
    reader.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"now\n");
    sink.finish(PATIENCE);
}
