//! What exitguard's kernel programs and its userspace must agree on.
//!
//! - [`abi`]: the `repr(C)` types that cross the border between kernel and userspace.
//! - [`packet`]: bytes to [`packet::Packet`], or the reason why not.
//! - [`policy`]: may this packet pass? The precedence of rules is documented there, and nowhere else.
//! - [`ranges`]: address to class, over millions of sorted disjoint ranges.
//! - [`flow`]: which flow a packet belongs to and what it changes there.
//! - [`reply`]: the packet that answers a rejected one.
//!
//! The crate is `no_std` and runs unchanged in the kernel and on the host: what a host test proves of
//! it holds for the kernel programs. The feature `user` adds what only userspace needs.

#![cfg_attr(not(any(test, feature = "user")), no_std)]
#![cfg_attr(not(feature = "user"), forbid(unsafe_code))]

pub mod abi;
pub mod flow;
pub mod packet;
pub mod policy;
pub mod ranges;
pub mod reply;
