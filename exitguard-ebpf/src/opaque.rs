//! Making the verifier forget.
//!
//! The verifier follows every path through a program. Where two paths meet, it goes on with only one of
//! them, unless it knows something different about a value that matters later. After parsing it knows a lot:
//! this is TCP, that was a fragment. It would then follow all that comes after parsing once for each. So
//! numbers pass through here when they leave a part of the program whose paths are of no interest later.

use core::arch::asm;

/// The same number, of which the verifier knows nothing.
#[inline(always)]
pub(crate) fn opaque(number: u64) -> u64 {
    number.wrapping_add(zero())
}

/// Zero, but an unknown number to the verifier: the difference of two stack pointers
/// (`adjust_reg_min_max_vals`, for programs that may leak pointers: CAP_PERFMON). Two instructions, no memory, and
/// the optimiser makes one of many.
#[inline(always)]
fn zero() -> u64 {
    let result: u64;
    // SAFETY: reads the frame pointer, writes `result`; touches no memory.
    unsafe {
        asm!(
            "{result} = r10",
            "{result} -= r10",
            result = out(reg) result,
            options(pure, nomem, nostack),
        );
    }
    result
}

/// The same number, of which the optimiser knows nothing.
///
/// One instruction, not none: two entries of the line table for one instruction, and the kernel refuses the
/// program.
#[inline(always)]
pub(crate) fn hide(number: usize) -> usize {
    let mut result = number;
    // SAFETY: moves a register to itself.
    unsafe {
        asm!("{result} = {result}", result = inout(reg) result, options(pure, nomem, nostack));
    }
    result
}
