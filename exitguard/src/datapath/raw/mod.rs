//! What of this room needs `unsafe`, because aya has no batches (Linux 5.6), maps no arrays (Linux 5.5), and detaches
//! links (Linux 5.9) only by closing them; and what the process and its C library are told.

mod arrays;
mod entries;
mod links;
mod process;

pub(super) use arrays::{create_array, fill_array, store_current, write_array};
pub(super) use entries::read_hash;
pub(super) use links::{TCX_EGRESS, TCX_INGRESS, detach_link, tcx_programs};
pub use process::{awaitable, keep_no_long_buffers};
pub(super) use process::{give_back_free_memory, is_clock_kept, wait_for_programs};

use std::io;

/// What [`bpf`] takes. Each is a beginning of the kernel's union (linux/bpf.h), which counts as zero after it.
trait Attr {}

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

impl Attr for BatchAttr {}

fn bpf<A: Attr>(command: libc::c_long, attr: &mut A) -> io::Result<libc::c_long> {
    // SAFETY: `attr` is a whole attribute of the size given; its pointers are to buffers of the callers
    // in this room, live for the call and as long as its lengths say.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attr, size_of::<A>()) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
