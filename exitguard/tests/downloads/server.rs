//! A server that says what it is told to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What it says to a request.
#[derive(Clone)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    /// Says no more, and does not hang up.
    stalls: bool,
}

impl Answer {
    pub(crate) fn new(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let length = format!("Content-Length: {}", body.as_ref().len());
        Self::raw(status, &[&[length.as_str()], headers].concat(), body)
    }

    /// With nothing but these headers.
    pub(crate) fn raw(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
        for header in headers {
            bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body.as_ref());
        Self {
            bytes,
            stalls: false,
        }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::new("200 OK", &[], body)
    }

    pub(crate) fn stalling(self) -> Self {
        Self {
            stalls: true,
            ..self
        }
    }
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// Listens on this machine only, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::<Shared>::default();
        Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::clone(&shared),
            thread: Some(std::thread::spawn(move || serve(&listener, &shared))),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on it says this; the last one to every further request.
    pub(crate) fn say(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.shared.answers.lock().unwrap() = answers.into_iter().collect();
    }

    /// What it was asked since this was last asked, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(listener: &TcpListener, shared: &Shared) {
    let mut stalled = Vec::new();
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::Acquire) {
            return;
        }
        let mut stream = stream.unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(length) => request.extend_from_slice(&buffer[..length]),
            }
        }
        let request = String::from_utf8_lossy(&request).to_lowercase();
        shared.requests.lock().unwrap().push(request);
        let mut answers = shared.answers.lock().unwrap();
        let answer = match answers.len() {
            0 => Answer::new("500 Nothing To Say", &[], ""),
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        };
        drop(answers);
        // Who hangs up early has its reasons.
        let _ = stream.write_all(&answer.bytes);
        if answer.stalls {
            stalled.push(stream);
        }
    }
}
