//! Layers that move elements about.

pub mod flatten;
pub mod permute;
pub mod repeat_vector;
pub mod reshape;

pub use flatten::Flatten;
pub use permute::Permute;
pub use repeat_vector::RepeatVector;
pub use reshape::Reshape;
