//! Core layers.

pub mod activation;
pub mod dense;
pub mod einsum_dense;
pub mod embedding;
mod equation;
pub mod identity;
pub mod input_layer;
pub mod masking;

pub use activation::Activation;
pub use dense::Dense;
pub use einsum_dense::EinsumDense;
pub use embedding::Embedding;
pub use identity::Identity;
pub use input_layer::{Input, InputLayer};
pub use masking::Masking;
