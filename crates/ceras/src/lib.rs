//! **ceras** is Keras in Rust: the same words, the same files, the same numbers.
//!
//! # Examples
//! The lesson's XOR network: two inputs, two hidden neurons, one output, ReLU everywhere.
//! ```
//! use ceras::prelude::*;
//!
//! let mut xor = Sequential::new()
//!     .add(Input::new([2]))
//!     .add(Dense::new(2).activation("relu"))
//!     .add(Dense::new(1).activation("relu"))
//!     .build()?;
//! xor.set_weights(&[
//!     Tensor::new(&[2, 2], [1.0f32, 1.0, 1.0, 1.0])?,
//!     Tensor::new(&[2], [0.0f32, -1.0])?,
//!     Tensor::new(&[2, 1], [1.0f32, -2.0])?,
//!     Tensor::new(&[1], [0.0f32])?,
//! ])?;
//! let x = Tensor::new(&[4, 2], [0.0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0])?;
//! assert_eq!(xor.predict(&x)?.slice::<f32>(), [0.0, 1.0, 1.0, 0.0]);
//! # Ok::<(), ceras::Error>(())
//! ```

pub mod activations;
pub mod constraints;
pub mod data;
pub mod dtype_policy;
pub mod error;
pub mod files;
pub mod initializers;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod models;
mod nonfinite;
pub mod ops;
pub mod optimizers;
pub mod random;
pub mod registry;
pub mod regularizers;
pub mod saving;
pub mod training;

pub use ceras_cpu as cpu;
pub use ceras_graph as graph;
pub use ceras_graph::{DType, Shape, Tensor, TensorType};
pub use ceras_kernels::{Isa, Pool};
pub use dtype_policy::DTypePolicy;
pub use error::{Error, ErrorKind, Result};
pub use models::{KerasTensor, Model, Sequential};
pub use training::{Compile, Evaluate, Fit, History, Predictor, Profile, Verbose};

/// Everything that a program with a model in it usually needs.
pub mod prelude {
    pub use crate::activations::ActivationRef;
    pub use crate::layers::core::Input;
    pub use crate::layers::{
        Activation, Apply, BatchNormalization, Dense, Dropout, Flatten, Layer, LayerRef, Normalization,
    };
    pub use crate::losses::{
        BinaryCrossentropy, CategoricalCrossentropy, Huber, MeanSquaredError, SparseCategoricalCrossentropy,
    };
    pub use crate::optimizers::{Adam, Sgd};
    pub use crate::{
        Compile, DType, Error, Evaluate, Fit, History, KerasTensor, Model, Result, Sequential, Shape, Tensor,
        Verbose,
    };
}
