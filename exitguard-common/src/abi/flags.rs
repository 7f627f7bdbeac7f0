//! What all sets of flags can do.

/// Gives a number of flags its operations.
macro_rules! flags {
    ($($name:ident),+ $(,)?) => {$(
        impl $name {
            /// Whether any flag of `other` is set.
            #[inline(always)]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Both together.
            #[inline(always)]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }
    )+};
}

pub(super) use flags;
