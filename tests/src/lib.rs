//! What the tests and benches with a real kernel share.
