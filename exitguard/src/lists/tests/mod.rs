//! The formats, each from a small made-up list.
