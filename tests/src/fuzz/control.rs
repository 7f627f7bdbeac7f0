//! Questions to the daemon.

use exitguard::control::{
    Feed, Inquiry, MAX_LINE, Peer, RefusalKind, Reply, Request, VERSION, talk,
};
use exitguard::filter::Filter;
use serde_json::Value;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

/// What somebody sends who may connect: each line is answered by one line of JSON, up to one that is too long or no
/// text, or after which it watches, which ends it.
pub(super) fn control(bytes: &[u8]) {
    let said = said(bytes.to_vec());
    assert!(said.is_ok(), "{said:?}");
    let said = said.unwrap_or_default();
    let lines: Vec<&str> = said.split_terminator('\n').collect();
    for line in &lines {
        let answer: Value = serde_json::from_str(line).unwrap_or_default();
        let is_answer = answer.get("v") == Some(&VERSION.into());
        let outcomes = ["ok", "error"].map(|key| usize::from(answer.get(key).is_some()));
        assert!(is_answer && outcomes.iter().sum::<usize>() == 1, "{line}");
    }
    assert!(said.is_empty() || said.ends_with('\n'), "{said}");
    assert_eq!(lines.len(), questions(bytes), "{said}");
}

fn questions(bytes: &[u8]) -> usize {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    // Behind the last line there is another one only if there is something in it.
    if lines
        .last()
        .is_some_and(|last| [&b""[..], b"\r"].contains(last))
    {
        lines.pop();
    }
    let is_last =
        |line: &&&[u8]| line.len() > MAX_LINE || str::from_utf8(line).is_err() || watches(line);
    let asked = lines.iter().take_while(|line| !is_last(line)).count();
    lines.len().min(asked + 1)
}

/// Nothing is said to a watcher when nothing happens any more.
fn watches(line: &[u8]) -> bool {
    let Ok(Request::Watch(watch)) = serde_json::from_slice(line) else {
        return false;
    };
    Filter::parse(&watch.filter).is_ok()
}

/// Everything that comes back.
fn said(bytes: Vec<u8>) -> io::Result<String> {
    const BUFFER: usize = 4_096;
    let runtime = Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let (near, far) = duplex(BUFFER);
        let (sender, mut inquiries) = mpsc::channel::<Inquiry>(1);
        tokio::spawn(async move {
            let over = Feed::default().following();
            talk(far, &Peer::reader("fuzz"), &sender, &over).await;
        });
        tokio::spawn(async move {
            while let Some(inquiry) = inquiries.recv().await {
                // Whoever asked may have been cut off meanwhile.
                let reply = Reply::error(RefusalKind::Ending, "asked");
                let _ = inquiry.reply.send(reply.into());
            }
        });
        let (mut read, mut write) = split(near);
        tokio::spawn(async move {
            // Who is cut off cannot send the rest.
            if write.write_all(&bytes).await.is_ok() {
                let _ = write.shutdown().await;
            }
        });
        let mut said = String::new();
        read.read_to_string(&mut said).await?;
        Ok(said)
    })
}
