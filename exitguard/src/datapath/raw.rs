//! What of this room needs `unsafe`: arrays that are filled like memory, whole maps in few system calls, links
//! taken off their hooks at once, the ring's descriptor for the runtime, free memory given back, and the state of the
//! clock.
//!
//! aya has no batches (Linux 5.6) and maps no arrays (Linux 5.5). One element a call, a million prefixes take a
//! second to fill; in batches a fifth of that; as memory, milliseconds. Nor does it detach links (Linux 5.9) other
//! than by closing them.

use super::events::EventSource;
use aya::Pod;
use exitguard_common::abi::Current;
use std::ffi::CString;
use std::io;
use std::iter::Zip;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use std::vec::IntoIter;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// `bpf_attr` for `BPF_MAP_CREATE`, up to the name.
#[repr(C)]
struct CreateAttr {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
    numa_node: u32,
    map_name: [u8; NAME_BYTES],
}

/// Bytes of memory that are given back when they are free. Buffers that come and go all the time have fewer.
#[cfg(target_env = "gnu")]
const LONG_BUFFER: libc::c_int = 1 << 20;

/// `BPF_OBJ_NAME_LEN`, with the zero at the end.
const NAME_BYTES: usize = 16;

/// `bpf_attr` for the batch commands (linux/bpf.h, `struct { /* struct used by BPF_MAP_*_BATCH */ }`).
#[repr(C)]
struct BatchAttr {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

/// `bpf_attr` for `BPF_OBJ_GET`.
#[repr(C)]
struct ObjectAttr {
    path: u64,
    fd: u32,
    file_flags: u32,
}

/// `bpf_attr` for `BPF_LINK_DETACH`.
#[repr(C)]
struct LinkAttr {
    fd: u32,
}

/// `bpf_attr` for `BPF_PROG_QUERY`, as far as it is read before Linux 6.6 and written since.
#[repr(C)]
struct QueryAttr {
    device: u32,
    attach_type: u32,
    query_flags: u32,
    attach_flags: u32,
    programs: u64,
    count: u32,
    zero: u32,
    program_flags: u64,
    links: u64,
    link_flags: u64,
    revision: u64,
}

/// The attributes that [`bpf`] takes. Each is a beginning of the kernel's union, which counts as zero after it.
trait Attr {}
impl Attr for CreateAttr {}
impl Attr for BatchAttr {}
impl Attr for ObjectAttr {}
impl Attr for LinkAttr {}
impl Attr for QueryAttr {}

const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_OBJ_GET: libc::c_long = 7;
const BPF_PROG_QUERY: libc::c_long = 16;
const BPF_LINK_DETACH: libc::c_long = 34;
const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;
const BPF_MAP_UPDATE_BATCH: libc::c_long = 26;

/// `BPF_TCX_INGRESS` and `BPF_TCX_EGRESS` of `enum bpf_attach_type`.
pub(super) const TCX_INGRESS: u32 = 46;
pub(super) const TCX_EGRESS: u32 = 47;

fn bpf<A: Attr>(command: libc::c_long, attr: &mut A) -> io::Result<libc::c_long> {
    // SAFETY: `attr` is a whole attribute of the size given; its pointers are to buffers of the callers
    // below, live for the call and as long as its lengths say.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attr, size_of::<A>()) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Takes a pinned link off its hook: no packet meets its program any more when this returns. Without the pin
/// it would end as well, but only when the kernel gets around to it.
///
/// # Errors
/// What the kernel says; [`io::ErrorKind::NotFound`] when there is no such pin.
pub(super) fn detach_link(pin: &Path) -> io::Result<()> {
    let path = CString::new(pin.as_os_str().as_bytes())?;
    let mut object = ObjectAttr {
        path: path.as_ptr().addr() as u64,
        fd: 0,
        file_flags: 0,
    };
    let fd = bpf(BPF_OBJ_GET, &mut object)?;
    // SAFETY: the kernel made this descriptor for us just now; nobody else knows of it.
    let link = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    let mut detach = LinkAttr {
        fd: link.as_raw_fd() as u32,
    };
    bpf(BPF_LINK_DETACH, &mut detach).map(drop)
}

/// Numbers of the programs of tcx links on a device, in the order in which they run. aya can only ask for all about
/// them, which takes `CAP_SYS_ADMIN`.
///
/// # Errors
/// What the kernel says; `EINVAL` before Linux 6.6.
pub(super) fn tcx_programs(device: u32, hook: u32) -> io::Result<Vec<u32>> {
    // More than the kernel takes on a hook (`BPF_MPROG_MAX`).
    let mut programs = vec![0u32; 64];
    let mut attr = QueryAttr {
        device,
        attach_type: hook,
        query_flags: 0,
        attach_flags: 0,
        programs: programs.as_mut_ptr().addr() as u64,
        count: programs.len() as u32,
        zero: 0,
        program_flags: 0,
        links: 0,
        link_flags: 0,
        revision: 0,
    };
    bpf(BPF_PROG_QUERY, &mut attr)?;
    programs.truncate(attr.count as usize);
    Ok(programs)
}

/// Whether somebody (NTP, PTP) keeps the clock of this machine right, as they tell the kernel.
pub(super) fn is_clock_kept() -> Option<bool> {
    // SAFETY: a `timex` is made of integers, which may all be zero. That also means: change nothing.
    let mut clock: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the whole `timex` that it is given, and keeps no pointer to it.
    let state = unsafe { libc::adjtimex(&raw mut clock) };
    (state >= 0).then_some(clock.status & libc::STA_UNSYNC == 0)
}

fn address<T>(buffer: &[T]) -> u64 {
    buffer.as_ptr().addr() as u64
}

/// Gives free memory back to the system. After long lists were read and compiled the C library keeps some tens of
/// megabytes for later, and what comes next would be on top of them.
pub(super) fn give_back_free_memory() {
    // SAFETY: no preconditions; it looks at nothing but the allocator's own state, under its locks.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Has the C library give back what is long as soon as it is free. Else it learns from every long buffer that the next
/// ones are better kept, and a daemon that read a long list or told of many flows once keeps twice the memory it needs.
pub fn keep_no_long_buffers() {
    #[cfg(target_env = "gnu")]
    for threshold in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: no preconditions; it sets a number of the allocator, under its lock. One that it does not take changes
        // nothing.
        unsafe { libc::mallopt(threshold, LONG_BUFFER) };
    }
}

/// Makes an array map that [`write_array`] can fill.
///
/// # Errors
/// What the kernel says.
pub(super) fn create_array<T: Pod>(name: &str, entries: u32) -> io::Result<OwnedFd> {
    const BPF_MAP_TYPE_ARRAY: u32 = 2;
    const BPF_F_MMAPABLE: u32 = 1 << 10;
    let mut map_name = [0; NAME_BYTES];
    // The last byte stays zero.
    let letters = name.bytes().take(NAME_BYTES - 1);
    map_name
        .iter_mut()
        .zip(letters)
        .for_each(|(to, from)| *to = from);
    let mut attr = CreateAttr {
        map_type: BPF_MAP_TYPE_ARRAY,
        key_size: size_of::<u32>() as u32,
        value_size: size_of::<T>() as u32,
        max_entries: entries,
        map_flags: BPF_F_MMAPABLE,
        inner_map_fd: 0,
        numa_node: 0,
        map_name,
    };
    let fd = bpf(BPF_MAP_CREATE, &mut attr)?;
    // SAFETY: the kernel made this descriptor for us just now; nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Writes an array of [`create_array`] from its first element on, as memory.
///
/// # Errors
/// What the kernel says; elements before that place are written.
pub(super) fn write_array<T: Pod>(map: BorrowedFd<'_>, values: &[T]) -> io::Result<()> {
    // The kernel puts elements at multiples of eight bytes.
    const { assert!(size_of::<T>().is_multiple_of(8)) };
    // A window at a time: what is mapped counts as memory of this process. A multiple of any page there is.
    const WINDOW: usize = 1 << 20;
    const { assert!(WINDOW.is_multiple_of(size_of::<T>())) };
    for (number, chunk) in values.chunks(WINDOW / size_of::<T>()).enumerate() {
        let bytes = size_of_val(chunk);
        let offset = (number * WINDOW) as libc::off_t;
        // SAFETY: a new mapping, at a place of the kernel's choice; it replaces none.
        let window = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                offset,
            )
        };
        if window == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the window is `bytes` long, as is the chunk; it was mapped for writing just now, aligned to a
        // page, and nothing in this process refers to it.
        unsafe { std::ptr::copy_nonoverlapping(chunk.as_ptr().cast::<u8>(), window.cast(), bytes) };
        // SAFETY: the whole of the mapping made above, which nothing refers to.
        if unsafe { libc::munmap(window, bytes) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Writes the one element of an array of programs that run, all of it at once.
///
/// # Errors
/// What the kernel says; then nothing is written.
pub(super) fn store_current(map: BorrowedFd<'_>, current: Current) -> io::Result<()> {
    let Current {
        generation,
        changes,
    } = current;
    const { assert!(size_of::<Current>() == size_of::<AtomicU64>()) };
    // SAFETY: a new mapping, at a place of the kernel's choice; it replaces none.
    let page = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size_of::<Current>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            map.as_raw_fd(),
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let (first, second) = (generation.to_ne_bytes(), changes.to_ne_bytes());
    let mut both = [0; size_of::<Current>()];
    both.iter_mut()
        .zip(first.into_iter().chain(second))
        .for_each(|(to, from)| *to = from);
    // SAFETY: the element begins with the page, which was mapped for writing just now; programs read its words as
    // words.
    let element = unsafe { AtomicU64::from_ptr(page.cast()) };
    element.store(u64::from_ne_bytes(both), Ordering::Release);
    // SAFETY: the whole of the mapping made above; the reference to it is not used any more.
    if unsafe { libc::munmap(page, size_of::<Current>()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Waits until all programs that run now have ended (`MEMBARRIER_CMD_GLOBAL`, Linux 4.3: every processor goes through
/// a state in which no program runs). With `nohz_full` the kernel refuses, and a while has to do in which no program
/// could still be at work: they take microseconds, and are not interrupted by others.
pub(super) fn wait_for_programs() {
    const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
    const WHILE: Duration = Duration::from_millis(5);
    // SAFETY: a system call on numbers alone.
    let refused = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) } != 0;
    if refused {
        thread::sleep(WHILE);
    }
}

/// Writes an array map from its first element on.
///
/// # Errors
/// What the kernel says; elements before the failing one are written.
pub(super) fn fill_array<T: Pod>(map: BorrowedFd<'_>, values: &[T]) -> io::Result<()> {
    const AT_ONCE: usize = 65_536;
    let mut first = 0u32;
    for chunk in values.chunks(AT_ONCE) {
        let keys: Vec<u32> = (first..).take(chunk.len()).collect();
        let mut attr = BatchAttr {
            in_batch: 0,
            out_batch: 0,
            keys: address(&keys),
            values: address(chunk),
            count: chunk.len() as u32,
            map_fd: map.as_raw_fd() as u32,
            elem_flags: 0,
            flags: 0,
        };
        bpf(BPF_MAP_UPDATE_BATCH, &mut attr)?;
        first += chunk.len() as u32;
    }
    Ok(())
}

/// Reads a whole hash map, batch by batch. Entries that come or go meanwhile may or may not be among those read.
/// After an error nothing more comes.
pub(super) fn read_hash<K: Pod, V: Pod>(map: OwnedFd) -> HashEntries<K, V> {
    HashEntries {
        map,
        // The kernel hands out whole buckets; one that does not fit is an error, and room is then doubled.
        room: 4_096,
        position: None,
        is_over: false,
        batch: Vec::new().into_iter().zip(Vec::new()),
    }
}

/// The entries of a hash map: see [`read_hash`].
pub(super) struct HashEntries<K, V> {
    map: OwnedFd,
    room: usize,
    position: Option<u32>,
    is_over: bool,
    batch: Batch<K, V>,
}

type Batch<K, V> = Zip<IntoIter<K>, IntoIter<V>>;

impl<K: Pod, V: Pod> Iterator for HashEntries<K, V> {
    type Item = io::Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.batch.next() {
                return Some(Ok(entry));
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.read() {
                self.is_over = true;
                return Some(Err(error));
            }
        }
    }
}

impl<K: Pod, V: Pod> HashEntries<K, V> {
    /// Reads the next batch.
    fn read(&mut self) -> io::Result<()> {
        let room = self.room;
        let mut keys: Vec<K> = Vec::with_capacity(room);
        let mut values: Vec<V> = Vec::with_capacity(room);
        let start = self.position.unwrap_or_default();
        let mut next = 0u32;
        let mut attr = BatchAttr {
            in_batch: self
                .position
                .map_or(0, |_| (&raw const start).addr() as u64),
            out_batch: (&raw mut next).addr() as u64,
            keys: keys.as_mut_ptr().addr() as u64,
            values: values.as_mut_ptr().addr() as u64,
            count: room as u32,
            map_fd: self.map.as_raw_fd() as u32,
            elem_flags: 0,
            flags: 0,
        };
        let result = bpf(BPF_MAP_LOOKUP_BATCH, &mut attr);
        let errno = result.as_ref().err().and_then(io::Error::raw_os_error);
        if errno == Some(libc::ENOSPC) {
            self.room *= 2;
            return Ok(());
        }
        self.is_over = errno == Some(libc::ENOENT);
        if !self.is_over {
            result?;
        }
        let count = (attr.count as usize).min(room);
        // SAFETY: the kernel wrote `count` whole keys and values (it reports the number in `count`, also
        // with ENOENT at the end), there is room for them, and `Pod` types accept every byte pattern.
        unsafe { keys.set_len(count) };
        // SAFETY: as above.
        unsafe { values.set_len(count) };
        self.batch = keys.into_iter().zip(values);
        self.position = Some(next);
        Ok(())
    }
}

/// The event source as the runtime wants it: it tells when there is something to read. Has to be called on a
/// tokio runtime.
///
/// # Errors
/// When the runtime cannot wait for it.
pub fn awaitable(source: EventSource) -> io::Result<AsyncFd<EventSource>> {
    // SAFETY: the source owns the map whose descriptor it hands out, never gives either away, and
    // deregisters by being dropped with the `AsyncFd`.
    let registered = unsafe { AsyncFd::register_with_interest(source, Interest::READABLE) };
    registered.map_err(Into::into)
}
