//! Time.

use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_ktime_get_ns};

/// Nanoseconds of `CLOCK_MONOTONIC`. Some 35 ns.
#[inline(always)]
pub(crate) fn now_ns() -> u64 {
    // SAFETY: takes nothing, returns a number.
    unsafe { bpf_ktime_get_ns() }
}

/// The kernel's tick, 1 to 10 ms long; its low half. One load (Linux 5.6).
#[inline(always)]
pub(crate) fn tick() -> u32 {
    // SAFETY: takes nothing, returns a number.
    unsafe { bpf_jiffies64() as u32 }
}
