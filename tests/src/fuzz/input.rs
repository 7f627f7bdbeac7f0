//! Numbers out of a fuzzer's bytes.

/// Bytes that are taken from the front. When they are used up, numbers are 0.
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        for (place, byte) in array.iter_mut().zip(taken) {
            *place = *byte;
        }
        self.0 = rest;
        array
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }
}
