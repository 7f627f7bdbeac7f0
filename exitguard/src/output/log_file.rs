//! A file that grows by whole lines, and that others may move away.

use nix::errno::Errno;
use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::unistd::{Gid, Group, Uid, fchown};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Its members may read what is logged.
const READERS: &str = "exitguard";
/// Written by the owner, read by the group.
const MODE: u32 = 0o640;
/// Looks at a file that ends within a line. A line is written in less than the time between two.
const LOOKS: usize = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A file of lines. It is opened when there is something to write, and made with its folder if it is not there.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Device and inode.
    identity: (u64, u64),
    /// It ends within a line, which is no reason to spoil the next.
    is_torn: bool,
}

impl LogFile {
    /// At a path; nothing is touched yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it if it is not open, to find out whether that is possible.
    ///
    /// # Errors
    /// When it is not.
    pub fn open(&mut self) -> io::Result<()> {
        self.current().map(drop)
    }

    /// What is written next goes where the path leads then.
    pub fn reopen(&mut self) {
        self.open = None;
    }

    /// Adds lines, each with its end, by one call of the system: those of other writers do not get in between. All of
    /// them are there afterwards, or none.
    ///
    /// # Errors
    /// When they are not there. The next ones are tried all the same.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let open = self.current()?;
        let written = if open.is_torn {
            open.write(&[b"\n", lines].concat())
        } else {
            open.write(lines)
        };
        open.is_torn = false;
        if written.is_err() {
            // Whatever it was may be over with the next try, which looks anew how the file ends.
            self.open = None;
        }
        written
    }

    fn current(&mut self) -> io::Result<&mut Open> {
        let still = match self.open.take() {
            Some(open) if identity(&fs::metadata(&self.path)) == Some(open.identity) => open,
            // Moved or removed by whoever rotates logs.
            _ => Open::at(&self.path)?,
        };
        Ok(self.open.insert(still))
    }
}

fn identity(metadata: &io::Result<fs::Metadata>) -> Option<(u64, u64)> {
    let metadata = metadata.as_ref().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        // Not to wait for a reader of what turns out to be a pipe, and not to be ended by a terminal.
        let mut options = OpenOptions::new();
        options.read(true).append(true).mode(MODE);
        options.custom_flags(O_NONBLOCK | O_NOCTTY);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let file = options.create(true).open(path)?;
                // Whatever the umask of the service says. Without the group, its owner reads it.
                file.set_permissions(Permissions::from_mode(MODE))?;
                let _ = fchown(&file, None, readers());
                file
            }
            other => {
                let file = other?;
                if is_without_readers(&file.metadata()?) {
                    let _ = fchown(&file, None, readers());
                }
                file
            }
        };
        Ok(Self {
            identity: identity(&file.metadata()).unwrap_or_default(),
            is_torn: is_torn(&file)?,
            file,
        })
    }

    fn write(&self, lines: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = loop {
            match (&self.file).write(lines) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if written == lines.len() {
            return Ok(());
        }
        // The disk has become full. A piece of a line helps nobody; what somebody else wrote after it stays.
        let end = before + u64::try_from(written).unwrap_or_default();
        if self.file.metadata()?.len() == end {
            self.file.set_len(before)?;
        }
        Err(Errno::ENOSPC.into())
    }
}

/// Whether it ends within a line, and not because somebody is writing one: the length grows while they do.
fn is_torn(file: &File) -> io::Result<bool> {
    for look in 0..LOOKS {
        if look > 0 {
            thread::sleep(BETWEEN_LOOKS);
        }
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        if last == *b"\n" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether it is as this user makes it where there is no group of readers, or was none.
fn is_without_readers(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
        && metadata.mode() & 0o7777 == MODE
        && metadata.uid() == Uid::effective().as_raw()
        && metadata.gid() == Gid::effective().as_raw()
}

fn readers() -> Option<Gid> {
    let group = Group::from_name(READERS).ok().flatten();
    group.map(|group| group.gid)
}
