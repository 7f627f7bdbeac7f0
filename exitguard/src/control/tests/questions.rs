//! What is answered, whoever asks and however.

use super::*;
use std::io::ErrorKind;

#[test]
fn the_answer_is_one_line_in_the_order_of_the_questions() {
    let answering = Answering::start();
    let question = b"{\"op\":\"status\"}\n{\"op\":\"sing\"}\n{\"op\":\"status\"}\n";
    let answers = answers(answering.connect(), question);
    let [first, second, third] = answers.as_slice() else {
        panic!("{answers:#?}");
    };
    assert_eq!(first["v"], 1);
    assert_eq!(first["ok"]["generation"], 7);
    assert_eq!(first, third);
    assert_eq!(second["error"]["kind"], "bad_request");
    let message = second["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("sing") && message.contains("status"),
        "{message}"
    );
}

#[test]
fn nonsense_is_answered_by_what_is_wrong_with_it() {
    let answering = Answering::start();
    for question in [
        &b"\n"[..],
        b"{}\n",
        b"[1]\n",
        b"status\n",
        b"{\"op\":7}\n",
        b"\0\n",
    ] {
        let answers = answers(answering.connect(), question);
        assert_eq!(answers.len(), 1, "{question:?}");
        assert_eq!(answers[0]["error"]["kind"], "bad_request", "{question:?}");
    }
    answering.assert_answers();
}

#[test]
fn a_question_that_is_too_long_or_no_text_ends_the_connection() {
    let answering = Answering::start();
    let long = [b"{\"op\":\"".as_slice(), &[b'x'; 70_000], b"\"}\n"].concat();
    for (question, word) in [(long.as_slice(), "bytes"), (b"\xff\xfe\n", "UTF-8")] {
        let question = [question, b"{\"op\":\"status\"}\n"].concat();
        let answers = answers(answering.connect(), &question);
        assert_eq!(answers.len(), 1, "{answers:?}");
        let message = answers[0]["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
    }
    answering.assert_answers();
}

#[test]
fn half_a_question_keeps_nobody_else_waiting() {
    let answering = Answering::start();
    let mut halves: Vec<UnixStream> = (0..20).map(|_| answering.connect()).collect();
    for half in &mut halves {
        half.write_all(b"{\"op\":").unwrap();
    }
    answering.assert_answers();
    let rest = answers(halves.pop().unwrap(), b"\"status\"}\n");
    assert_eq!(rest[0]["ok"]["generation"], 7);
}

#[test]
fn whoever_asks_and_never_reads_keeps_nobody_else_waiting() {
    let answering = Answering::start();
    let stream = answering.connect();
    stream.set_nonblocking(true).unwrap();
    let mut greedy = &stream;
    // Until its buffers and ours are full.
    loop {
        match greedy.write(b"{\"op\":\"status\"}\n") {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    answering.assert_answers();
}

#[test]
fn a_thousand_connections_are_answered_or_refused_and_the_next_one_is_answered() {
    let answering = Answering::start();
    let (mut served, mut refused) = (Vec::new(), 0);
    for _ in 0..1_000 {
        let mut stream = answering.connect();
        // One that was refused may be closed already.
        let _ = stream.write_all(b"{\"op\":\"status\"}\n");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        if line.contains("\"busy\"") {
            refused += 1;
        } else {
            assert!(line.contains("\"ok\""), "{line}");
            served.push(stream);
        }
    }
    assert_eq!((served.len(), refused), (64, 936));
    drop(served);
    let deadline = std::time::Instant::now() + SOON;
    while Client::connect(&answering.path())
        .unwrap()
        .status()
        .is_err()
    {
        assert!(
            std::time::Instant::now() < deadline,
            "nobody is served any more"
        );
        thread::yield_now();
    }
}
