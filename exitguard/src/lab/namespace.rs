//! Network namespaces that leave nothing behind.
//!
//! A namespace exists as long as a descriptor, a thread or a socket holds it, and has no name in the file
//! system: whatever ends the process, also SIGKILL, ends the namespace and every link, route and rule in it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::panic;
use std::thread;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use super::error::{LabError, is_denied};
use super::links::Links;

/// A network namespace, held open by this value.
#[derive(Debug)]
pub struct Namespace {
    name: &'static str,
    net: File,
    mounts: Option<File>,
}

impl Namespace {
    /// Makes a network namespace with its loopback device up. `name` is for messages and thread names.
    ///
    /// # Errors
    /// [`LabError::NotPermitted`] without CAP_SYS_ADMIN, and whatever else the kernel refuses.
    pub fn new(name: &'static str) -> Result<Self, LabError> {
        Self::create(name, false)
    }

    /// Makes a network namespace that also has its own `/sys` and an empty BPF file system at `/sys/fs/bpf`.
    ///
    /// Programs pinned from within are invisible to the machine, and the machine's to them; `/sys/class/net`
    /// shows the links of the namespace. As `ip netns exec` does it, but for the fresh BPF file system.
    ///
    /// # Errors
    /// As [`Self::new`]; and the mounts can be refused.
    pub fn with_private_bpffs(name: &'static str) -> Result<Self, LabError> {
        Self::create(name, true)
    }

    fn create(name: &'static str, private_bpffs: bool) -> Result<Self, LabError> {
        on_thread(name, move || {
            let failed = |action| move |error| failure(name, action, error);
            let here = |path| File::open(path).map_err(failed("open"));

            unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| failed("create")(errno.into()))?;
            let net = here("/proc/thread-self/ns/net")?;
            let mounts = if private_bpffs {
                mount_private_sysfs()
                    .map_err(|errno| failed("mount /sys and /sys/fs/bpf in")(errno.into()))?;
                Some(here("/proc/thread-self/ns/mnt")?)
            } else {
                None
            };
            Links::here()?.set_up("lo")?;
            Ok(Self { name, net, mounts })
        })?
    }

    /// Its name in the lab.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs `work` on a thread inside the namespace and gives back its value. A panic in `work` goes on here.
    ///
    /// Sockets and descriptors opened inside stay in the namespace wherever they are used later, and threads
    /// started inside run in it.
    ///
    /// # Errors
    /// The thread could not be started, or not enter the namespace.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        on_thread(self.name, || self.move_here().map(|()| work()))?
    }

    /// Starts a thread inside the namespace.
    ///
    /// # Errors
    /// The thread could not be started, or not enter the namespace.
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<thread::JoinHandle<T>, LabError> {
        // Namespaces pass to the threads that a thread starts.
        self.enter(|| start(name, work))?
    }

    /// Writes kernel settings of the namespace, as `sysctl -w key=value` does, in their order.
    ///
    /// # Errors
    /// [`LabError::Sysctl`] with the first that the kernel refuses.
    pub fn sysctls(&self, settings: &[(&str, &str)]) -> Result<(), LabError> {
        // /proc/sys/net shows the namespace of the thread that opens it, so there is nothing to mount.
        self.enter(|| {
            settings.iter().try_for_each(|&(key, value)| {
                let path = format!("/proc/sys/{}", key.replace('.', "/"));
                std::fs::write(path, value).map_err(|error| LabError::Sysctl {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    error,
                })
            })
        })?
    }

    /// The descriptor of the network namespace, for messages that name a namespace by one.
    pub(super) fn net_fd(&self) -> RawFd {
        self.net.as_raw_fd()
    }

    /// Moves the calling thread in, for good.
    fn move_here(&self) -> Result<(), LabError> {
        let enter = || -> Result<(), Errno> {
            if let Some(mounts) = &self.mounts {
                // setns(2): a thread that shares its working directory with others cannot change mounts.
                unshare(CloneFlags::CLONE_FS)?;
                setns(mounts.as_fd(), CloneFlags::CLONE_NEWNS)?;
            }
            setns(self.net.as_fd(), CloneFlags::CLONE_NEWNET)
        };
        enter().map_err(|errno| failure(self.name, "enter", errno.into()))
    }
}

fn failure(namespace: &'static str, action: &'static str, error: io::Error) -> LabError {
    if is_denied(&error) {
        let what = format!("{action} a network namespace");
        return LabError::NotPermitted { what };
    }
    LabError::Namespace {
        action,
        namespace,
        error,
    }
}

/// Gives the calling thread a mount namespace with a fresh `/sys` and `/sys/fs/bpf`.
fn mount_private_sysfs() -> Result<(), Errno> {
    const NOTHING: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // Else the mounts below would spread to the machine, where `/` is shared by default.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOTHING, "/", NOTHING, private, NOTHING)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("sysfs"), "/sys", Some("sysfs"), flags, NOTHING)?;
    mount(
        Some("bpf"),
        "/sys/fs/bpf",
        Some("bpf"),
        flags,
        Some("mode=0700"),
    )
}

/// Runs `work` on a thread of its own, because what a thread does to its namespaces cannot be undone.
fn on_thread<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name(format!("lab-{name}"))
            .spawn_scoped(scope, work)
            .map_err(|error| LabError::Thread {
                name: name.to_owned(),
                error,
            })?;
        Ok(thread
            .join()
            .unwrap_or_else(|panic| panic::resume_unwind(panic)))
    })
}

/// Starts a named thread.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, LabError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| LabError::Thread {
            name: name.to_owned(),
            error,
        })
}
