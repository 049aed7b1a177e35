//! Functions over ops: NumPy's broadcasting, and everything that can be composed of primitives.
//!
//! Axes are counted from the front; `Shape::axis` turns Keras' negative ones into these. Dimensions may be unknown.

mod broadcast;
mod contract;
mod einsum;
mod random;
mod reductions;
mod scalars;
mod shapes;
mod smooth;
#[cfg(test)]
mod tests;

pub use broadcast::{
    add, broadcast_to, clip, divide, equal, greater, greater_equal, less, less_equal, logical_and,
    logical_or, maximum, minimum, multiply, not_equal, power, remainder, select, subtract,
};
pub use contract::{dense, matmul};
pub use einsum::einsum;
pub use random::{bernoulli, key_type, normal, uniform};
pub use reductions::{log_sum_exp, max, mean, min, product, sum, variance};
pub use scalars::{
    add_scalar, divide_scalar, maximum_scalar, minimum_scalar, multiply_scalar, power_scalar, scalar,
    subtract_from_scalar, subtract_scalar,
};
pub use shapes::{expand_dims, one_hot, squeeze};
pub use smooth::{log_softmax, relu, shifted, softmax, softplus, square};
