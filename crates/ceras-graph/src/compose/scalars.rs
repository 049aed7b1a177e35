//! A value and one number, which takes the value's type.

use ceras_kernels::DType;

use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::ops;

/// A single number of a type.
///
/// # Errors
/// None today.
#[track_caller]
pub fn scalar(g: &mut Graph, number: f64, dtype: DType) -> Result<Value, GraphError> {
    ops::scalar_constant(g, number, dtype)
}

macro_rules! with_scalar {
    ($($(#[$doc:meta])* $name:ident, $builder:ident;)*) => {$(
        $(#[$doc])*
        /// The number is rounded to the type of `x`.
        ///
        /// # Errors
        /// `x` is `bool`.
        #[track_caller]
        pub fn $name(g: &mut Graph, x: Value, number: f64) -> Result<Value, GraphError> {
            let number = ops::full_like(g, x, number)?;
            ops::$builder(g, x, number)
        }
    )*};
}

with_scalar! {
    /// x + number.
    add_scalar, add;
    /// x − number.
    subtract_scalar, subtract;
    /// x · number.
    multiply_scalar, multiply;
    /// x / number.
    divide_scalar, divide;
    /// The larger of x and the number; where they tie, the gradient goes to x.
    maximum_scalar, maximum;
    /// The smaller of x and the number; where they tie, the gradient goes to x.
    minimum_scalar, minimum;
    /// x to the power of the number.
    power_scalar, power;
}

/// number − x. The number is rounded to the type of `x`.
///
/// # Errors
/// `x` is `bool`.
#[track_caller]
pub fn subtract_from_scalar(g: &mut Graph, number: f64, x: Value) -> Result<Value, GraphError> {
    let number = ops::full_like(g, x, number)?;
    ops::subtract(g, number, x)
}
