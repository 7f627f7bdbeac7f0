//! The screen without a daemon and without a terminal.

mod acting;
mod geometry;
mod looking;
mod moving;
pub(crate) mod sample;
mod screens;
mod stage;
mod typing;
