//! Layers that move elements about.

pub mod flatten;

pub use flatten::Flatten;
