//! What the tests and benches with a real kernel share.
//!
//! A [`frame`] is built by a library that is not ours, a [`judge`] shows it to the programs of a policy, and
//! [`expect`] says whether all they did about it is what should have been done. [`oracle`] knows what
//! that is for any bytes. [`fuzz`] is what has to hold for any bytes.

pub mod expect;
pub mod frame;
pub mod fuzz;
pub mod judge;
pub mod oracle;
pub mod policy;
