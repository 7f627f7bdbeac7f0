//! Where packet bytes come from, and how fields are read out of them.

/// Longest header that is copied in one go: IPv6's.
pub const MAX_HEADER: usize = 40;
const WORDS: usize = MAX_HEADER / 8;

/// `N` bytes copied out of a packet, `N` up to [`MAX_HEADER`].
///
/// Kept as words, not as bytes: fields are cut out of a few registers. As an array, a compiler that sees two
/// ways to fill it keeps every byte in a register of its own, of which BPF has ten.
#[derive(Clone, Copy, Debug)]
pub struct Header<const N: usize> {
    /// Bytes 8n to 8n + 7, the first of them lowest.
    words: [u64; WORDS],
}

impl<const N: usize> Header<N> {
    /// A header out of words that hold its bytes, the first byte of a word lowest. What is beyond `N` bytes
    /// is never looked at.
    #[inline(always)]
    pub const fn from_words(words: [u64; WORDS]) -> Self {
        const { assert!(N <= MAX_HEADER) };
        Self { words }
    }

    /// A header out of its bytes.
    #[inline(always)]
    pub fn from_bytes(bytes: &[u8; N]) -> Self {
        let (whole, rest) = bytes.as_chunks::<8>();
        let last = rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        let word = |at: usize| match whole.get(at) {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => last,
        };
        Self::from_words([word(0), word(1), word(2), word(3), word(4)])
    }

    /// The word that has the byte at a place.
    #[expect(
        clippy::indexing_slicing,
        reason = "the compiler has compared the index with the length"
    )]
    #[inline(always)]
    const fn word<const AT: usize>(&self) -> u64 {
        const { assert!(AT / 8 < WORDS) };
        self.words[AT / 8]
    }

    /// The byte at a place.
    #[inline(always)]
    pub const fn byte<const AT: usize>(&self) -> u8 {
        const { assert!(AT < N) };
        (self.word::<AT>() >> (AT % 8 * 8)) as u8
    }

    /// Two bytes of the wire as a number. They may not straddle two words.
    #[inline(always)]
    pub const fn be16<const AT: usize>(&self) -> u16 {
        const { assert!(AT + 2 <= N && AT % 8 <= 6) };
        ((self.word::<AT>() >> (AT % 8 * 8)) as u16).swap_bytes()
    }

    /// Four bytes of the wire as a number. They may not straddle two words.
    #[inline(always)]
    pub const fn be32<const AT: usize>(&self) -> u32 {
        const { assert!(AT + 4 <= N && AT % 8 <= 4) };
        ((self.word::<AT>() >> (AT % 8 * 8)) as u32).swap_bytes()
    }

    /// Eight bytes of the wire as a number. They may not straddle two words.
    #[inline(always)]
    pub const fn be64<const AT: usize>(&self) -> u64 {
        const { assert!(AT + 8 <= N && AT.is_multiple_of(8)) };
        self.word::<AT>().swap_bytes()
    }
}

/// A frame that can be read at any offset.
pub trait PacketSource {
    /// Bytes of the frame, from its link-layer header on.
    fn frame_bytes(&self) -> u32;

    /// Copies `N` bytes from `offset`, or nothing at all when the frame ends before.
    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>>;

    /// As [`PacketSource::read`], for headers that few packets have: it may take longer, for less code.
    #[inline(always)]
    fn read_rare<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        self.read(offset)
    }

    /// The same number, of which the kernel's verifier knows nothing any more.
    ///
    /// Loops hand their position through here: what the verifier learnt about it on one way through the loop
    /// would make it follow all that comes after once more for each way. And so does everything that is left
    /// in a [`super::Packet`], for a graver reason: before Linux 6.8 the verifier loses track of numbers that
    /// lie on the stack and are read through a pointer (repaired by the kernel's commit 41f6f64e6999). What it
    /// knew of one of them on the first path it followed it then takes for granted on all others, and
    /// removes the branches that this rules out.
    #[inline(always)]
    fn forget(number: u64) -> u64 {
        number
    }
}

impl PacketSource for &[u8] {
    fn frame_bytes(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        self.get(offset as usize..)?
            .first_chunk::<N>()
            .map(Header::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_field_where_it_is() {
        let bytes: [u8; 40] = core::array::from_fn(|place| place as u8 + 1);
        let header = Header::from_bytes(&bytes);
        assert_eq!(header.byte::<0>(), 1);
        assert_eq!(header.byte::<39>(), 40);
        assert_eq!(header.be16::<6>(), 0x0708);
        assert_eq!(header.be16::<38>(), 0x2728);
        assert_eq!(header.be32::<12>(), 0x0d0e_0f10);
        assert_eq!(header.be64::<24>(), 0x191a_1b1c_1d1e_1f20);
        let short = Header::from_bytes(&[0x12, 0x34]);
        assert_eq!(short.be16::<0>(), 0x1234);
    }

    #[test]
    fn reads_all_of_it_or_nothing() {
        let frame: &[u8] = &[1, 2, 3];
        assert!(frame.read::<3>(0).is_some());
        assert!(frame.read::<4>(0).is_none());
        assert!(frame.read::<1>(3).is_none());
        assert!(frame.read::<1>(u32::MAX).is_none());
    }
}
