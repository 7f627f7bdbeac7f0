//! Where metrics are scraped.

use super::check::{SOCKET_PATH, folder};
use super::model::Listen;
use super::report::{Problem, Report};
use super::section::Section;
use super::value::Value;
use std::net::SocketAddr;
use std::path::Path;

const HINT: &str =
    "write listen = \"unix:/run/exitguard/metrics.sock\", or listen = \"127.0.0.1:9469\"";

/// The section. `socket` is the one that answers questions already.
pub(super) fn read_metrics(
    mut section: Section<'_>,
    socket: &Path,
    report: &mut Report<'_>,
) -> Option<Listen> {
    let folder = folder(report);
    let listen = section
        .get("listen")
        .and_then(|value| report.read(&value, |value| read(value, &folder, socket)));
    section.finish(report);
    listen
}

fn read(value: &Value<'_>, folder: &Path, socket: &Path) -> Result<Listen, Problem> {
    let text = value.string()?;
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(value, path, folder, socket);
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| value.has_to_be("a loopback address with a port, or a UNIX socket", HINT))?;
    if !address.ip().is_loopback() {
        let message = format!(
            "metrics have no password, and are for this machine only: not for whoever reaches {}",
            address.ip()
        );
        return Err(Problem::new(message, HINT));
    }
    if address.port() == 0 {
        let message = "port 0 is none that anybody could ask";
        return Err(Problem::new(
            message,
            "choose one, as in \"127.0.0.1:9469\"",
        ));
    }
    Ok(Listen::Tcp(address))
}

fn unix(value: &Value<'_>, path: &str, folder: &Path, socket: &Path) -> Result<Listen, Problem> {
    let path_of = folder.join(path);
    if path.is_empty() || path.ends_with('/') {
        return Err(value.has_to_be("the path of a socket after unix:", HINT));
    }
    if path_of == socket {
        let message = "the daemon answers questions at this socket already";
        return Err(Problem::new(message, "choose another one for metrics"));
    }
    match path_of.as_os_str().len() {
        ..=SOCKET_PATH => Ok(Listen::Unix(path_of)),
        length => {
            let message = format!("a socket cannot have a path of {length} bytes");
            let hint = format!("name a path of at most {SOCKET_PATH} bytes");
            Err(Problem::new(message, hint))
        }
    }
}
