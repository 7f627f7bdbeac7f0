//! Packet bytes at XDP. The only code that touches an `xdp_md`.

use aya_ebpf::{bindings::xdp_md, programs::XdpContext};
use exitguard_common::packet::{Header, PacketSource};

use crate::linear;
use crate::opaque::opaque;

/// The frame of this run of the program.
#[derive(Clone, Copy)]
pub(crate) struct XdpFrame(*mut xdp_md);

impl XdpFrame {
    #[inline(always)]
    pub(crate) fn new(ctx: &XdpContext) -> Self {
        Self(ctx.ctx)
    }

    /// Where the frame starts and ends.
    #[inline(always)]
    fn bounds(self) -> (usize, usize) {
        // SAFETY: the context the kernel called the program with, valid until it returns.
        unsafe { ((*self.0).data as usize, (*self.0).data_end as usize) }
    }
}

impl PacketSource for XdpFrame {
    #[inline(always)]
    fn frame_bytes(&self) -> u32 {
        let (start, end) = self.bounds();
        (end - start) as u32
    }

    #[inline(always)]
    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        let (data, data_end) = self.bounds();
        linear::copy(data, data_end, offset)
    }

    #[inline(always)]
    fn forget(number: u64) -> u64 {
        opaque(number)
    }
}
