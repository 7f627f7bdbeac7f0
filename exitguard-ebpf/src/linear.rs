//! Packet bytes by pointer: the only pointer code on packets, for TC and XDP alike.

use core::arch::asm;
use exitguard_common::packet::Header;

use crate::opaque::hide;

/// Headers are looked for no further than this into the packet; an upper bound that the verifier can see.
const MAX_OFFSET: usize = 2_047;

/// Copies `N` bytes from `offset` out of the bytes between two packet pointers, or none.
#[inline(always)]
pub(crate) fn copy<const N: usize>(data: usize, data_end: usize, offset: u32) -> Option<Header<N>> {
    // What is compared is the very register that is added; the optimiser would compare a narrower copy.
    let offset = hide(offset as usize);
    if offset > MAX_OFFSET {
        return None;
    }
    let start = data + offset;
    // The optimiser would turn `start + 1 > end` into `start >= end`, which tells the verifier nothing.
    if hide(start + N) > data_end {
        return None;
    }
    // SAFETY: `start..start + N` was just compared with the end of the packet.
    Some(unsafe { load(start) })
}

/// # Safety
/// `N` bytes at `start` are packet bytes, within bounds that the verifier has seen compared.
#[inline(always)]
unsafe fn load<const N: usize>(start: usize) -> Header<N> {
    let part = |at: usize| {
        // SAFETY: each reads no further than `N`, and the caller's promise.
        unsafe {
            match N.saturating_sub(at) {
                0 => 0,
                1 => u64::from(*((start + at) as *const u8)),
                2 => eight_or_fewer::<2>(start + at),
                4 => eight_or_fewer::<4>(start + at),
                _ => eight_or_fewer::<8>(start + at),
            }
        }
    };
    const { assert!(N % 8 <= 2 || N % 8 == 4) };
    Header::from_words([part(0), part(8), part(16), part(24), part(32)])
}

/// Two, four or eight bytes in one load, wherever they start. In Rust an unaligned read becomes as many loads
/// as it has bytes; the machines that we run on do not mind, and where they do, the verifier refuses it.
///
/// # Safety
/// As [`load`].
#[inline(always)]
unsafe fn eight_or_fewer<const BYTES: usize>(address: usize) -> u64 {
    let value: u64;
    // SAFETY: the caller's promise.
    unsafe {
        match BYTES {
            2 => {
                asm!("{value} = *(u16 *)({address} + 0)", address = in(reg) address, value = out(reg) value, options(pure, readonly, nostack))
            }
            4 => {
                asm!("{value} = *(u32 *)({address} + 0)", address = in(reg) address, value = out(reg) value, options(pure, readonly, nostack))
            }
            _ => {
                asm!("{value} = *(u64 *)({address} + 0)", address = in(reg) address, value = out(reg) value, options(pure, readonly, nostack))
            }
        }
    }
    value
}
