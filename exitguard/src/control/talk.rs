//! One connection: questions in, answers out.

use super::feed::Following;
use super::long::Long;
use super::peer::{OPERATORS, Peer};
use super::protocol::{RefusalKind, Reply, Request, Right};
use super::watching::watch;
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// Bytes of a question.
pub const MAX_LINE: usize = 64 << 10;
/// How long a client may say nothing.
const IDLE: Duration = Duration::from_secs(60);
/// How long it may take to read an answer, or a piece of a long one.
pub(super) const SLOWNESS: Duration = Duration::from_secs(5);

/// A question, and where its answer goes.
#[derive(Debug)]
pub struct Inquiry {
    /// What is asked.
    pub request: Request,
    /// By whom; who may not change has not got this far with a change.
    pub peer: Peer,
    /// Takes the answer.
    pub reply: oneshot::Sender<Answer>,
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// One that is made.
    Short(Reply),
    /// One that is made where it is sent.
    Long(Long),
}

impl Answer {
    /// Made by `make` while it is sent, and never all of it in memory.
    pub fn later<T: Serialize>(make: impl FnOnce() -> T + Send + 'static) -> Self {
        Self::Long(Long::new(make))
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Short(reply)
    }
}

/// Answers what a peer asks over one connection, until it ends or is cut off.
pub async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: &Peer,
    inquiries: &mpsc::Sender<Inquiry>,
    following: &Following,
) {
    serve(lines(stream), peer, inquiries, following).await;
}

pub(super) type Lines<S> = Framed<S, LinesCodec>;

pub(super) fn lines<S: AsyncRead + AsyncWrite>(stream: S) -> Lines<S> {
    Framed::new(stream, LinesCodec::new_with_max_length(MAX_LINE))
}

pub(super) async fn serve<S>(
    mut lines: Lines<S>,
    peer: &Peer,
    inquiries: &mpsc::Sender<Inquiry>,
    following: &Following,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Ok(Some(line)) = timeout(IDLE, lines.next()).await {
        let (reply, goes_on) = match line {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(Request::Watch(wanted)) => match watch(&mut lines, wanted, following).await {
                    Some(refusal) => (refusal.into(), true),
                    None => return,
                },
                Ok(request) => (answer(request, peer, inquiries).await, true),
                Err(error) => {
                    let message = error.to_string();
                    (Reply::error(RefusalKind::BadRequest, message).into(), true)
                }
            },
            Err(LinesCodecError::MaxLineLengthExceeded) => {
                let message = format!("a question has at most {MAX_LINE} bytes");
                (Reply::error(RefusalKind::BadRequest, message).into(), false)
            }
            Err(LinesCodecError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                let message = "a question is text in UTF-8";
                (Reply::error(RefusalKind::BadRequest, message).into(), false)
            }
            Err(LinesCodecError::Io(_)) => return,
        };
        if send_answer(&mut lines, reply).await.is_err() || !goes_on {
            return;
        }
    }
}

async fn answer(request: Request, peer: &Peer, inquiries: &mpsc::Sender<Inquiry>) -> Answer {
    if request.right() > peer.right() {
        let message = match request.right() {
            Right::Everything => "only root may try another configuration".to_owned(),
            _ => format!(
                "only root and members of the group \"{OPERATORS}\" may change what is in force"
            ),
        };
        return Reply::error(RefusalKind::NotPermitted, message).into();
    }
    let (reply, answered) = oneshot::channel();
    let inquiry = Inquiry {
        request,
        peer: peer.clone(),
        reply,
    };
    if inquiries.send(inquiry).await.is_ok()
        && let Ok(answer) = answered.await
    {
        return answer;
    }
    Reply::error(RefusalKind::Ending, "the daemon is about to end").into()
}

async fn send_answer<S>(lines: &mut Lines<S>, answer: Answer) -> Result<(), LinesCodecError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match answer {
        Answer::Short(reply) => match timeout(SLOWNESS, send(lines, &reply)).await {
            Ok(sent) => sent,
            Err(late) => Err(io::Error::from(late).into()),
        },
        // Every line before it was sent whole.
        Answer::Long(long) => Ok(long.send(lines.get_mut(), SLOWNESS).await?),
    }
}

pub(super) async fn send<S>(lines: &mut Lines<S>, reply: &Reply) -> Result<(), LinesCodecError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Made of what was JSON already: there is nothing that could fail.
    let json = serde_json::to_string(reply).unwrap_or_default();
    lines.send(json).await
}
