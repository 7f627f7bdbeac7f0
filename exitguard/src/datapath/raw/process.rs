//! What the process asks of the kernel and of its C library: other processors, memory, the clock, a word when there is
//! something to read.

use crate::datapath::events::EventSource;
use std::io;
use std::thread;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Bytes of memory that are given back when they are free. Buffers that come and go all the time have fewer.
#[cfg(target_env = "gnu")]
const LONG_BUFFER: libc::c_int = 1 << 20;

/// Waits until all programs that run now have ended (`MEMBARRIER_CMD_GLOBAL`, Linux 4.3: every processor goes through
/// a state in which no program runs). With `nohz_full` the kernel refuses, and a while has to do in which no program
/// could still be at work: they take microseconds, and are not interrupted by others.
pub(in crate::datapath) fn wait_for_programs() {
    const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
    const WHILE: Duration = Duration::from_millis(5);
    // SAFETY: a system call on numbers alone.
    let refused = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) } != 0;
    if refused {
        thread::sleep(WHILE);
    }
}

/// Gives free memory back to the system. After long lists were read and compiled the C library keeps some tens of
/// megabytes for later, and what comes next would be on top of them.
pub(in crate::datapath) fn give_back_free_memory() {
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

/// Whether somebody (NTP, PTP) keeps the clock of this machine right, as they tell the kernel.
pub(in crate::datapath) fn is_clock_kept() -> Option<bool> {
    // SAFETY: a `timex` is made of integers, which may all be zero. That also means: change nothing.
    let mut clock: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the whole `timex` that it is given, and keeps no pointer to it.
    let state = unsafe { libc::adjtimex(&raw mut clock) };
    (state >= 0).then_some(clock.status & libc::STA_UNSYNC == 0)
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
