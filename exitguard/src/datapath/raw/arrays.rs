//! Array maps, filled like memory. One element a call, a million prefixes take a second to fill; in batches a fifth of
//! that; as memory, milliseconds.

use super::{Attr, BatchAttr, bpf};
use aya::Pod;
use exitguard_common::abi::Current;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

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

impl Attr for CreateAttr {}

/// `BPF_OBJ_NAME_LEN`, with the zero at the end.
const NAME_BYTES: usize = 16;

const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_MAP_UPDATE_BATCH: libc::c_long = 26;

/// Makes an array map that [`write_array`] can fill.
///
/// # Errors
/// What the kernel says.
pub(in crate::datapath) fn create_array<T: Pod>(name: &str, entries: u32) -> io::Result<OwnedFd> {
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
pub(in crate::datapath) fn write_array<T: Pod>(
    map: BorrowedFd<'_>,
    values: &[T],
) -> io::Result<()> {
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
pub(in crate::datapath) fn store_current(map: BorrowedFd<'_>, current: Current) -> io::Result<()> {
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

/// Writes an array map from its first element on.
///
/// # Errors
/// What the kernel says; elements before the failing one are written.
pub(in crate::datapath) fn fill_array<T: Pod>(map: BorrowedFd<'_>, values: &[T]) -> io::Result<()> {
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

fn address<T>(buffer: &[T]) -> u64 {
    buffer.as_ptr().addr() as u64
}
