//! Telling a watcher what happens, as it happens.

use super::feed::{Following, MAX_WATCHERS};
use super::protocol::{RefusalKind, Reply, VERSION, Watch};
use super::talk::{Lines, SLOWNESS, send};
use crate::filter::Filter;
use crate::output::{Format, LostReport, Report};
use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;
use tokio_util::codec::LinesCodecError;

/// Reports that are written before it is seen to whether they are read.
const AT_ONCE: usize = 128;

/// Tells until one side ends it; or says why not.
pub(super) async fn watch<S>(
    lines: &mut Lines<S>,
    wanted: Watch,
    following: &Following,
) -> Option<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let filter = match Filter::parse(&wanted.filter) {
        Ok(filter) => filter,
        Err(error) => return Some(Reply::error(RefusalKind::BadRequest, error.render())),
    };
    let Some(place) = following.place() else {
        let full = format!("{MAX_WATCHERS} others watch");
        return Some(Reply::error(RefusalKind::Busy, full));
    };
    let mut watcher = Watcher {
        lines,
        filter,
        format: wanted.format,
        lost: 0,
    };
    // Whoever is gone or does not read wants no more.
    if watcher.tell(following, wanted.last).await.is_ok() {
        drop(place);
        // Nothing comes any more. The connection ends with the socket, so that who asks anew then finds nobody.
        let _ = watcher.lines.next().await;
    }
    None
}

/// There is nobody to tell any more.
struct Gone;

struct Watcher<'a, S> {
    lines: &'a mut Lines<S>,
    filter: Filter,
    format: Format,
    /// Reports that were not told, and neither was that.
    lost: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watcher<'_, S> {
    async fn tell(&mut self, following: &Following, last: usize) -> Result<(), Gone> {
        let (recent, live) = following.follow();
        in_time(send(self.lines, &Reply::ok(&serde_json::json!({})))).await?;
        let wanted = recent.iter().rev().filter(|report| self.wants(report));
        let mut backlog: Vec<_> = wanted.take(last).cloned().collect();
        drop(recent);
        backlog.reverse();
        for report in backlog.drain(..) {
            self.write(&report).await?;
        }
        self.flush().await?;
        let Some(mut live) = live else {
            return Ok(());
        };
        loop {
            let first = tokio::select! {
                first = live.recv() => first,
                // Whatever is said, and the end of the connection, ends it.
                _ = self.lines.next() => return Err(Gone),
            };
            let mut next = match first {
                Ok(report) => Ok(report),
                Err(RecvError::Lagged(lost)) => Err(TryRecvError::Lagged(lost)),
                Err(RecvError::Closed) => return Ok(()),
            };
            let mut written = 0;
            loop {
                match next {
                    Ok(report) => self.write(&report).await?,
                    Err(TryRecvError::Lagged(lost)) => self.lost += lost,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
                written += 1;
                if written == AT_ONCE {
                    break;
                }
                next = live.try_recv();
            }
            self.flush().await?;
        }
    }

    /// Of flows those that match; of the guard itself everything that says how far what is told is true.
    fn wants(&self, report: &Report) -> bool {
        match report {
            Report::Flow(flow) => self.filter.matches(flow.as_ref()),
            Report::State(_) | Report::Lost(_) => true,
            Report::List(_) | Report::Stats(_) => self.filter.is_empty(),
        }
    }

    /// If it is wanted; and before it, what is missing.
    async fn write(&mut self, report: &Report) -> Result<(), Gone> {
        if self.lost > 0 {
            let lost = Report::Lost(LostReport {
                time: Timestamp::now(),
                interface: report.interface().to_owned(),
                kernel: 0,
                output: std::mem::take(&mut self.lost),
                file: 0,
            });
            let line = self.line(&lost);
            in_time(self.lines.feed(line)).await?;
        }
        if self.wants(report) {
            let line = self.line(report);
            in_time(self.lines.feed(line)).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        in_time(SinkExt::<String>::flush(self.lines)).await
    }

    fn line(&self, report: &Report) -> String {
        let rendered = self.format.render(report);
        match self.format {
            Format::Json => format!("{{\"v\":{VERSION},\"event\":{rendered}}}"),
            Format::Text => {
                // A string is never refused.
                let line = serde_json::to_string(&rendered).unwrap_or_default();
                format!("{{\"v\":{VERSION},\"line\":{line}}}")
            }
        }
    }
}

/// Cuts off who does not read.
async fn in_time(sent: impl Future<Output = Result<(), LinesCodecError>>) -> Result<(), Gone> {
    match timeout(SLOWNESS, sent).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}
