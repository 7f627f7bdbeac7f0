//! Addresses as keys of a range table.

use crate::abi::V6Bits;

/// An address of one family, ordered as a number.
pub trait RangeKey: Copy + PartialOrd {
    /// The top 16 bits.
    fn bucket(self) -> u32;

    /// The `bits` address bits after the top 16.
    fn slot(self, bits: u32) -> u32;
}

/// An IPv4 address in host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct V4(pub u32);

/// An IPv6 address.
pub type V6 = V6Bits;

impl RangeKey for V4 {
    #[inline(always)]
    fn bucket(self) -> u32 {
        self.0 >> 16
    }

    #[inline(always)]
    fn slot(self, bits: u32) -> u32 {
        (self.0 & 0xffff) >> 16u32.saturating_sub(bits)
    }
}

impl RangeKey for V6 {
    #[inline(always)]
    fn bucket(self) -> u32 {
        (self.high >> 48) as u32
    }

    #[inline(always)]
    fn slot(self, bits: u32) -> u32 {
        // 64 bits wide, so that a shift by all 32 (no slot bits at all) is defined.
        ((self.high >> 16 & 0xffff_ffff) >> 32u32.saturating_sub(bits)) as u32
    }
}
