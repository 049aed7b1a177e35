//! Layers that prepare data.

pub mod rescaling;

pub use rescaling::Rescaling;
