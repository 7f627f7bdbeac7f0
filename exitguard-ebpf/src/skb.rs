//! Packet bytes at TC. The only code that touches an skb.

use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{
        bpf_l4_csum_replace, bpf_redirect, bpf_skb_change_tail, bpf_skb_load_bytes,
        bpf_skb_store_bytes,
    },
    programs::TcContext,
};
use core::mem::MaybeUninit;
use exitguard_common::packet::{Header, PacketSource};

use crate::linear;
use crate::opaque::opaque;

/// On the stack, words have to be aligned.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Aligned<const N: usize>([u8; N]);

/// The skb of this run of the program.
#[derive(Clone, Copy)]
pub(crate) struct Skb(*mut __sk_buff);

impl Skb {
    #[inline(always)]
    pub(crate) fn new(ctx: &TcContext) -> Self {
        Self(ctx.skb.skb)
    }

    /// Payload bytes of each segment of a GSO super-packet, or 0.
    #[inline(always)]
    pub(crate) fn gso_size(&self) -> u32 {
        // SAFETY: as in `frame_bytes`; the field is readable in TC programs since Linux 5.7.
        unsafe { (*self.0).gso_size }
    }

    /// Adds bits to the mark of the packet.
    #[inline(always)]
    pub(crate) fn mark(&self, bits: u32) {
        // SAFETY: as in `frame_bytes`; the field is writable in TC programs since Linux 4.1.
        unsafe { (*self.0).mark |= bits }
    }

    /// Copies bytes wherever they are.
    #[inline(always)]
    pub(crate) fn copy<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        let mut bytes = MaybeUninit::<Aligned<N>>::uninit();
        // SAFETY: the helper writes exactly the `N` bytes it is told of.
        let result = unsafe {
            bpf_skb_load_bytes(self.0.cast(), offset, bytes.as_mut_ptr().cast(), N as u32)
        };
        if result != 0 {
            return None;
        }
        // SAFETY: it wrote all of them.
        Some(unsafe { bytes.assume_init() }.0)
    }

    /// Makes the packet `bytes` long, dropping what is beyond and its GSO state.
    #[inline(always)]
    pub(crate) fn resize(&self, bytes: u32) -> Option<()> {
        // SAFETY: the helper checks the length; no pointer into the packet is held across the call.
        let result = unsafe { bpf_skb_change_tail(self.0, bytes, 0) };
        (result == 0).then_some(())
    }

    /// Overwrites the packet from `offset`.
    #[inline(always)]
    pub(crate) fn write<const N: usize>(&self, offset: u32, bytes: &[u8; N]) -> Option<()> {
        // SAFETY: the helper reads exactly the `N` bytes it is told of, and checks the offset.
        let result = unsafe {
            bpf_skb_store_bytes(self.0.cast(), offset, bytes.as_ptr().cast(), N as u32, 0)
        };
        (result == 0).then_some(())
    }

    /// Whether the kernel will finish the transport checksum (`CHECKSUM_PARTIAL`). Leaves the two bytes
    /// at `checksum_at`, where that checksum is, changed.
    ///
    /// There is no field for it: a checksum update without the pseudo-header flag is skipped for such
    /// packets and only for them.
    #[inline(always)]
    pub(crate) fn is_checksum_partial(&self, checksum_at: u32) -> Option<bool> {
        self.write(checksum_at, &[0, 0])?;
        const SIZE_OF_CHANGE: u64 = 4;
        // SAFETY: the helper checks the offset; no pointer into the packet is held across the call.
        let result =
            unsafe { bpf_l4_csum_replace(self.0.cast(), checksum_at, 0, 1, SIZE_OF_CHANGE) };
        if result != 0 {
            return None;
        }
        Some(self.copy::<2>(checksum_at)? == [0, 0])
    }

    /// Sends the packet out of the interface it came from; the return code of the program.
    #[inline(always)]
    pub(crate) fn send_back(&self) -> i32 {
        // SAFETY: as in `frame_bytes`.
        let interface = unsafe { (*self.0).ifindex };
        // SAFETY: only records the target; the kernel acts on it after the program returned its code.
        unsafe { bpf_redirect(interface, 0) as i32 }
    }
}

impl PacketSource for Skb {
    #[inline(always)]
    fn frame_bytes(&self) -> u32 {
        // SAFETY: the context the kernel called the program with, valid until it returns.
        unsafe { (*self.0).len }
    }

    /// By pointer where the bytes are linear, which headers are but for odd packets; by helper, which costs
    /// as much as everything else about a known flow, where they are not: of a super-packet only the headers
    /// are linear, and of a packet that another program touched perhaps not even those.
    #[inline(always)]
    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        // SAFETY: as in `frame_bytes`.
        let (data, data_end) = unsafe { ((*self.0).data as usize, (*self.0).data_end as usize) };
        match linear::copy(data, data_end, offset) {
            Some(header) => Some(header),
            None => self.read_rare(offset),
        }
    }

    #[inline(always)]
    fn read_rare<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        self.copy(offset).map(|bytes| Header::from_bytes(&bytes))
    }

    #[inline(always)]
    fn forget(number: u64) -> u64 {
        opaque(number)
    }
}
