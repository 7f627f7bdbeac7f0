//! The kernel's LPM trie, filled with as few system calls as it allows. aya fills it one element a call.

use ipnet::IpNet;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_MAP_UPDATE_BATCH: libc::c_long = 26;
const LPM_TRIE: u32 = 11;
const NO_PREALLOC: u32 = 1;
const AT_ONCE: usize = 65_536;

/// The beginning of `bpf_attr` for `BPF_MAP_CREATE` (linux/bpf.h); what follows counts as zero.
#[repr(C)]
struct Create {
    kind: u32,
    key_bytes: u32,
    value_bytes: u32,
    entries: u32,
    flags: u32,
}

/// `bpf_attr` for the batch commands.
#[repr(C)]
struct Batch {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

trait Attr {}
impl Attr for Create {}
impl Attr for Batch {}

/// `struct bpf_lpm_trie_key`: an address of `N` bytes, in wire order.
#[repr(C)]
#[derive(Clone, Copy)]
struct Key<const N: usize> {
    length: u32,
    address: [u8; N],
}

/// Makes a trie for each family and fills it with the prefixes. They live as long as the descriptors.
pub(super) fn fill(nets: &[IpNet]) -> io::Result<Vec<OwnedFd>> {
    let v4 = nets.iter().filter_map(|net| match net {
        IpNet::V4(net) => Some(Key {
            length: net.prefix_len().into(),
            address: net.addr().octets(),
        }),
        IpNet::V6(_) => None,
    });
    let v6 = nets.iter().filter_map(|net| match net {
        IpNet::V4(_) => None,
        IpNet::V6(net) => Some(Key {
            length: net.prefix_len().into(),
            address: net.addr().octets(),
        }),
    });
    Ok(vec![
        family(&v4.collect::<Vec<_>>())?,
        family(&v6.collect::<Vec<_>>())?,
    ])
}

fn family<const N: usize>(keys: &[Key<N>]) -> io::Result<OwnedFd> {
    let mut create = Create {
        kind: LPM_TRIE,
        key_bytes: size_of::<Key<N>>() as u32,
        value_bytes: size_of::<u64>() as u32,
        entries: keys.len().max(1) as u32,
        flags: NO_PREALLOC,
    };
    let fd = bpf(BPF_MAP_CREATE, &mut create)?;
    // SAFETY: the kernel made this descriptor for us just now; nobody else knows of it.
    let map = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    let values = vec![1u64; AT_ONCE.min(keys.len())];
    for chunk in keys.chunks(AT_ONCE) {
        let mut batch = Batch {
            in_batch: 0,
            out_batch: 0,
            keys: chunk.as_ptr().addr() as u64,
            values: values.as_ptr().addr() as u64,
            count: chunk.len() as u32,
            map_fd: map.as_raw_fd() as u32,
            elem_flags: 0,
            flags: 0,
        };
        bpf(BPF_MAP_UPDATE_BATCH, &mut batch)?;
    }
    Ok(map)
}

fn bpf<A: Attr>(command: libc::c_long, attr: &mut A) -> io::Result<libc::c_long> {
    // SAFETY: `attr` is a whole attribute of the size given; its pointers are to slices of the callers, which hold
    // as many keys and values as its count says and live for the call.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attr, size_of::<A>()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
