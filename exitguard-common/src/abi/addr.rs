//! Addresses as the kernel programs compare and store them.

/// An IP address: 16 bytes in wire order, IPv4 as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
///
/// Stored as two words so that copying and comparing cost two instructions each. Packets that carry a
/// mapped address on the wire are malformed ([`crate::packet::ParseError::MappedAddress`]), so the two
/// families never meet in one value.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addr {
    words: [u64; 2],
}

/// An IPv6 address as a number, for ordered comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct V6Bits {
    /// The first 64 bits.
    pub high: u64,
    /// The last 64 bits.
    pub low: u64,
}

/// What stands before the address itself in the low half of a mapped IPv4 address.
const MAPPED_TAG: u64 = 0xffff << 32;

impl Addr {
    /// `::`, which stands for "no address".
    pub const UNSPECIFIED: Self = Self { words: [0; 2] };

    /// An IPv4 address from its number.
    #[inline(always)]
    pub const fn from_v4(bits: u32) -> Self {
        Self::from_bits(V6Bits {
            high: 0,
            low: MAPPED_TAG | bits as u64,
        })
    }

    /// An address from all its 128 bits, as [`Addr::bits`] gives them.
    #[inline(always)]
    pub const fn from_bits(V6Bits { high, low }: V6Bits) -> Self {
        Self {
            words: [high.to_be(), low.to_be()],
        }
    }

    /// The IPv4 address as a number, or `None` for IPv6.
    #[inline(always)]
    pub const fn as_v4(self) -> Option<u32> {
        let V6Bits { high, low } = self.bits();
        if high == 0 && low >> 32 == MAPPED_TAG >> 32 {
            Some(low as u32)
        } else {
            None
        }
    }

    /// All 128 bits as a number, IPv4 in its mapped form.
    #[inline(always)]
    pub const fn bits(self) -> V6Bits {
        let [high, low] = self.words;
        V6Bits {
            high: u64::from_be(high),
            low: u64::from_be(low),
        }
    }

    /// The 16 bytes in wire order.
    pub const fn octets(self) -> [u8; 16] {
        let V6Bits { high, low } = self.bits();
        (((high as u128) << 64) | low as u128).to_be_bytes()
    }
}

impl From<core::net::Ipv4Addr> for Addr {
    fn from(addr: core::net::Ipv4Addr) -> Self {
        Self::from_v4(addr.to_bits())
    }
}

impl From<core::net::Ipv6Addr> for Addr {
    fn from(addr: core::net::Ipv6Addr) -> Self {
        let bits = addr.to_bits();
        Self::from_bits(V6Bits {
            high: (bits >> 64) as u64,
            low: bits as u64,
        })
    }
}

impl From<core::net::IpAddr> for Addr {
    fn from(addr: core::net::IpAddr) -> Self {
        match addr {
            core::net::IpAddr::V4(addr) => addr.into(),
            core::net::IpAddr::V6(addr) => addr.into(),
        }
    }
}

impl From<Addr> for core::net::IpAddr {
    fn from(addr: Addr) -> Self {
        match addr.as_v4() {
            Some(bits) => core::net::Ipv4Addr::from_bits(bits).into(),
            None => core::net::Ipv6Addr::from(addr.octets()).into(),
        }
    }
}

impl core::fmt::Debug for Addr {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(&core::net::IpAddr::from(*self), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::IpAddr;

    #[test]
    fn survives_the_round_trip_through_core_net() {
        for text in [
            "0.0.0.0",
            "192.0.2.1",
            "255.255.255.255",
            "::",
            "::1",
            "2001:db8::7",
            "fe80::1",
        ] {
            let addr: IpAddr = text.parse().unwrap();
            assert_eq!(IpAddr::from(Addr::from(addr)), addr, "{text}");
            assert_eq!(
                Addr::from_bits(Addr::from(addr).bits()),
                Addr::from(addr),
                "{text}"
            );
        }
    }

    #[test]
    fn tells_the_families_apart() {
        assert_eq!(Addr::from_v4(0xc000_0201).as_v4(), Some(0xc000_0201));
        assert_eq!(Addr::from("::1".parse::<IpAddr>().unwrap()).as_v4(), None);
        assert_eq!(Addr::UNSPECIFIED.as_v4(), None);
    }

    #[test]
    fn orders_as_the_numbers_do() {
        let bits = |text: &str| Addr::from(text.parse::<IpAddr>().unwrap()).bits();
        assert!(bits("2001:db8::1") < bits("2001:db8::2"));
        assert!(bits("2001:db8:0:1::") > bits("2001:db8::ffff:ffff:ffff:ffff"));
    }
}
