//! A list that is downloaded while the daemon runs.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use exitguard::lab::{Exchange, SERVER_V4};

use crate::exit_node::{ExitNode, LENIENT, OPEN};
use crate::is_state;

#[test]
#[ignore = "needs root"]
fn a_running_daemon_blocks_what_an_update_brings() {
    let node = ExitNode::new("");
    let listener = node.lab.exit().enter(|| TcpListener::bind("127.0.0.1:0"));
    let listener = listener.unwrap().unwrap();
    let address = listener.local_addr().unwrap();
    node.write(&format!(
        "{LENIENT}[[list]]\nname = \"feed\"\nsource = \"http://{address}/feed.txt\"\ninsecure = true\n\
         [lists]\ncache = \"cache\"\n"
    ));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend_from_slice(&byte);
        }
        let list = format!("{SERVER_V4}\n");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", list.len());
        stream.write_all((head + &list).as_bytes()).unwrap();
    });

    let daemon = node.guard();
    assert_eq!(node.ask(OPEN), Exchange::Answered);
    let mut update = node.command();
    update
        .args(["lists", "update", "--config"])
        .arg(node.config());
    let output = node.output(update);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "feed: accepted, 1 entries\n");
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), complaints.as_str()), (Some(0), ""));
    daemon.wait_for("the reload", |event| is_state(event, "reloaded"));
    assert_eq!(node.ask(OPEN), Exchange::Refused);
    server.join().unwrap();
}
