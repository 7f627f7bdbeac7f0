//! Links and programs on hooks.

use super::{Attr, bpf};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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

impl Attr for ObjectAttr {}
impl Attr for LinkAttr {}
impl Attr for QueryAttr {}

const BPF_OBJ_GET: libc::c_long = 7;
const BPF_PROG_QUERY: libc::c_long = 16;
const BPF_LINK_DETACH: libc::c_long = 34;

/// `BPF_TCX_INGRESS` and `BPF_TCX_EGRESS` of `enum bpf_attach_type`.
pub(in crate::datapath) const TCX_INGRESS: u32 = 46;
pub(in crate::datapath) const TCX_EGRESS: u32 = 47;

/// Takes a pinned link off its hook: no packet meets its program any more when this returns. Without the pin
/// it would end as well, but only when the kernel gets around to it.
///
/// # Errors
/// What the kernel says; [`io::ErrorKind::NotFound`] when there is no such pin.
pub(in crate::datapath) fn detach_link(pin: &Path) -> io::Result<()> {
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
pub(in crate::datapath) fn tcx_programs(device: u32, hook: u32) -> io::Result<Vec<u32>> {
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
