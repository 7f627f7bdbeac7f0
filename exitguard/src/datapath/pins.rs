//! Where kernel state is kept alive: one folder an interface, in the BPF file system.
//!
//! `/sys/fs/bpf/exitguard/abi2/net4026531840-tailscale0/`: the version of the border types, so that two
//! versions never share a map; the network namespace, because interfaces of the same name live in many;
//! the interface. The folder is also the lock: whoever holds it is the one daemon of that interface.

use super::error::DatapathError;
use exitguard_common::abi::ABI_VERSION;
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{major, minor};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The folder of everything exitguard pins.
pub const PIN_ROOT: &str = "/sys/fs/bpf/exitguard";
const BPFFS: &str = "/sys/fs/bpf";

/// The pins of one interface in one network namespace.
#[derive(Clone, Debug)]
pub struct PinDir {
    path: PathBuf,
    interface: String,
}

/// Held by the one daemon of an interface.
#[derive(Debug)]
pub(super) struct Lock {
    _folder: Flock<File>,
}

impl PinDir {
    /// The pins of an interface in the network namespace of this thread.
    ///
    /// # Errors
    /// When `/proc` does not say which namespace that is.
    pub fn of(interface: &str) -> Result<Self, DatapathError> {
        let path = namespace_root()?.join(format!("{}{}", namespace_prefix()?, escape(interface)));
        Ok(Self {
            path,
            interface: interface.to_owned(),
        })
    }

    /// The interface.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// All that exist in the network namespace of this thread.
    ///
    /// # Errors
    /// When the folder cannot be read; a missing one means there are none.
    pub fn existing() -> Result<Vec<Self>, DatapathError> {
        let root = namespace_root()?;
        let prefix = namespace_prefix()?;
        let entries = match fs::read_dir(&root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(pin_error("read", &root, error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(|error| pin_error("read", &root, error))?
                .file_name();
            if let Some(interface) = name.to_str().and_then(|name| name.strip_prefix(&prefix)) {
                all.push(Self {
                    path: root.join(&name),
                    interface: unescape(interface),
                });
            }
        }
        Ok(all)
    }

    /// The pins that other versions of exitguard left for the same interface.
    ///
    /// # Errors
    /// When the folder of all versions cannot be read; a missing one means there are none.
    pub(super) fn of_other_versions(&self) -> Result<Vec<Self>, DatapathError> {
        let root = Path::new(PIN_ROOT);
        let entries = match fs::read_dir(root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(pin_error("read", root, error)),
        };
        let mut others = Vec::new();
        for entry in entries {
            let version = entry
                .map_err(|error| pin_error("read", root, error))?
                .path();
            let Some(folder) = self.path.file_name() else {
                continue;
            };
            let other = Self {
                path: version.join(folder),
                interface: self.interface.clone(),
            };
            if other.path != self.path && other.exists() {
                others.push(other);
            }
        }
        Ok(others)
    }

    /// Makes the folder, and mounts the BPF file system where nobody did.
    ///
    /// # Errors
    /// Without the privilege, or when there is no BPF file system in this kernel.
    pub fn create(&self) -> Result<(), DatapathError> {
        ensure_bpffs()?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(|error| pin_error("create", &self.path, error))
    }

    /// Takes the lock, for as long as the value lives.
    pub(super) fn lock(&self) -> Result<Lock, DatapathError> {
        let folder =
            File::open(&self.path).map_err(|error| pin_error("open", &self.path, error))?;
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(folder) => Ok(Lock { _folder: folder }),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Err(DatapathError::AlreadyRunning {
                interface: self.interface.clone(),
                pid: self
                    .holder()
                    .map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()),
            }),
            Err((_, errno)) => Err(pin_error("lock", &self.path, errno.into())),
        }
    }

    /// The process that holds the lock.
    pub fn holder(&self) -> Option<u32> {
        let folder = fs::metadata(&self.path).ok()?;
        let locks = fs::read_to_string("/proc/locks").ok()?;
        lock_holder(&locks, folder.dev(), folder.ino())
    }

    /// The pin of a map or a link.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name.to_ascii_lowercase())
    }

    /// Whether anything was pinned and not removed.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// The pins whose names begin so.
    pub(super) fn with_prefix(&self, prefix: &str) -> Result<Vec<PathBuf>, DatapathError> {
        let names = self.names()?;
        Ok(names
            .into_iter()
            .filter(|name| name.starts_with(prefix))
            .map(|name| self.path.join(name))
            .collect())
    }

    /// Indices of the devices that links are pinned for.
    pub(super) fn link_indices(&self) -> Result<Vec<u32>, DatapathError> {
        let names = self.names()?;
        let links = names.iter().filter(|name| name.starts_with("link_"));
        Ok(links
            .filter_map(|name| name.rsplit('_').next()?.parse().ok())
            .collect())
    }

    fn names(&self) -> Result<Vec<String>, DatapathError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(pin_error("read", &self.path, error)),
        };
        entries
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| pin_error("read", &self.path, error))
    }

    /// Removes every pin and the folder. What nobody else holds is gone from the kernel with it.
    pub(super) fn remove(&self) -> Result<(), DatapathError> {
        if !self.exists() {
            return Ok(());
        }
        for name in self.names()? {
            remove_pin(&self.path.join(name))?;
        }
        fs::remove_dir(&self.path).map_err(|error| pin_error("remove", &self.path, error))?;
        // The folders above are shared with other interfaces and namespaces.
        for folder in self
            .path
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(PIN_ROOT))
        {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Who holds the lock on a file, by `/proc/locks`. Inode numbers are unique only within their file system.
fn lock_holder(locks: &str, device: u64, inode: u64) -> Option<u32> {
    let wanted = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 1234 00:2f:5678 0 EOF
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = fields.as_slice() else {
            return None;
        };
        (*place == wanted).then(|| pid.parse().ok()).flatten()
    })
}

/// Removes a pin; a missing one is fine.
pub(super) fn remove_pin(path: &Path) -> Result<(), DatapathError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(pin_error("remove", path, error))
        }
        _ => Ok(()),
    }
}

fn pin_error(action: &'static str, path: &Path, error: io::Error) -> DatapathError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return DatapathError::NotPermitted {
            what: "use the BPF file system",
        };
    }
    DatapathError::Pin {
        action,
        path: path.to_owned(),
        error,
    }
}

fn namespace_root() -> Result<PathBuf, DatapathError> {
    Ok(Path::new(PIN_ROOT).join(format!("abi{ABI_VERSION}")))
}

fn namespace_prefix() -> Result<String, DatapathError> {
    const NAMESPACE: &str = "/proc/thread-self/ns/net";
    let metadata =
        fs::metadata(NAMESPACE).map_err(|error| pin_error("read", Path::new(NAMESPACE), error))?;
    Ok(format!("net{}-", metadata.ino()))
}

/// Interface names may hold dots, names in the BPF file system may not; neither may hold a colon as an
/// interface name.
fn escape(interface: &str) -> String {
    interface.replace('.', ":")
}

fn unescape(name: &str) -> String {
    name.replace(':', ".")
}

pub(super) fn is_bpffs_mounted() -> bool {
    statfs(BPFFS).is_ok_and(|stat| stat.filesystem_type() == BPF_FS_MAGIC)
}

fn ensure_bpffs() -> Result<(), DatapathError> {
    if is_bpffs_mounted() {
        return Ok(());
    }
    mount(
        Some("bpf"),
        BPFFS,
        Some("bpf"),
        MsFlags::empty(),
        Some("mode=700"),
    )
    .map_err(|errno| DatapathError::NoBpffs {
        path: BPFFS.into(),
        error: errno.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::makedev;

    #[test]
    fn dots_in_interface_names_survive() {
        for name in ["tailscale0", "eth0.100", "a.b.c"] {
            assert!(!escape(name).contains('.'));
            assert_eq!(unescape(&escape(name)), name);
        }
    }

    #[test]
    fn a_lock_on_the_same_inode_of_another_file_system_is_not_ours() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 00:2f:5678 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 12 fe:01:5678 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 13 00:2f:5678 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 14 00:2f:5678 0 EOF\n";
        assert_eq!(lock_holder(locks, makedev(0, 0x2f), 5678), Some(14));
        assert_eq!(lock_holder(locks, makedev(0xfe, 1), 5678), Some(12));
        assert_eq!(lock_holder(locks, makedev(0, 0x2f), 567), None);
    }

    #[test]
    fn interfaces_and_versions_have_folders_of_their_own() {
        let (a, b) = (
            PinDir::of("tailscale0").unwrap(),
            PinDir::of("tailscale1").unwrap(),
        );
        assert_ne!(a.path, b.path);
        assert!(a.path("FLOWS").ends_with("flows"));
        assert!(
            a.path
                .to_str()
                .unwrap()
                .contains(&format!("/abi{ABI_VERSION}/net"))
        );
    }
}
