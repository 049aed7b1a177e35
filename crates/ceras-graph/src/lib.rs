//! The graph of ceras: about sixty primitive ops with StableHLO's names, their shape rules, gradients and
//! kernels, and the passes over graphs of them.
//!
//! A [`Graph`] is a list of nodes in order of execution. It is built by [tracing](Function::trace) a Rust function
//! over [`Value`]s; [`grad`](function::grad) turns a function into the one that computes its gradient.

pub mod autodiff;
#[cfg(any(test, feature = "check"))]
pub mod check;
pub mod compose;
pub mod error;
pub mod eval;
pub mod function;
pub mod graph;
pub mod op;
pub mod ops;
pub mod passes;
pub mod tensor;
pub mod text;
pub mod types;
pub mod verify;

pub use ceras_kernels::{DType, Isa};
pub use error::{GraphError, Rule};
pub use function::Function;
pub use graph::{Graph, Node, Scope, Value};
pub use op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
pub use tensor::Tensor;
pub use types::{Dim, Shape, TensorType};
