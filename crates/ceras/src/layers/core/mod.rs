//! Core layers.

pub mod activation;
pub mod dense;
pub mod input_layer;

pub use activation::Activation;
pub use dense::Dense;
pub use input_layer::{Input, InputLayer};
