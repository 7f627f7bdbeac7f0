//! UNIX sockets that are listened at.

use nix::unistd::{Gid, Group, chown};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Its members may connect.
const GROUP: &str = "exitguard";

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody listens there.
    #[error("another daemon answers at {}; name another {key}", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
        /// Where the configuration names it.
        key: &'static str,
    },
    /// The system says no.
    #[error("cannot listen at {place}: {error}")]
    Listen {
        /// The socket, or the address.
        place: String,
        /// What the system said.
        error: io::Error,
    },
}

/// The file of a socket. It is removed with this value.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Another one at the path is not ours to remove.
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|socket| socket.ino() == self.inode) {
            // Whoever comes next removes what nobody listens at.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens at a path, which `key` of the configuration names. The listener does not block.
pub(crate) fn listen(
    path: &Path,
    key: &'static str,
) -> Result<(UnixListener, SocketFile), ListenError> {
    let refused = |error| ListenError::Listen {
        place: path.display().to_string(),
        error,
    };
    match UnixStream::connect(path) {
        Ok(_) => {
            return Err(ListenError::Taken {
                path: path.to_owned(),
                key,
            });
        }
        // What a daemon that was killed left. The system says the same of a file that is no socket.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(path) => {
            fs::remove_file(path).map_err(refused)?;
        }
        Err(_) => {}
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(refused)?;
    }
    bind(path).map_err(refused)
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Nobody but root, and the group if there is one.
fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    let group: Option<Gid> = Group::from_name(GROUP)
        .ok()
        .flatten()
        .map(|group| group.gid);
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    chown(path, None, group)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    let file = SocketFile {
        path: path.to_owned(),
        inode: fs::symlink_metadata(path)?.ino(),
    };
    Ok((listener, file))
}
