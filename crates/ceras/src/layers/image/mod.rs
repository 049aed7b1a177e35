//! Layers that resize pictures and vary them while training.

mod resize;

pub use resize::Interpolation;
pub(crate) use resize::resize;
