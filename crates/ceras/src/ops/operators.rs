//! `+ - * / % -x` on symbolic tensors.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::{Term, add, mod_, multiply, negative, power, subtract, true_divide};
use crate::error::Result;
use crate::models::KerasTensor;

/// The tensor of a call; an error is kept in it, since operators cannot return one.
fn kept(result: Result<KerasTensor>, like: &KerasTensor) -> KerasTensor {
    result.unwrap_or_else(|error| KerasTensor::broken(error, like))
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $function:ident;)*) => {$(
        impl<T: Into<Term>> $trait<T> for &KerasTensor {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: T) -> KerasTensor {
                kept($function(self, other), self)
            }
        }

        impl<T: Into<Term>> $trait<T> for KerasTensor {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: T) -> KerasTensor {
                kept($function(&self, other), &self)
            }
        }

        operators!(@number $trait, $method, $function, f64);
        operators!(@number $trait, $method, $function, i64);
    )*};
    (@number $trait:ident, $method:ident, $function:ident, $number:ty) => {
        impl $trait<&KerasTensor> for $number {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: &KerasTensor) -> KerasTensor {
                kept($function(self, other), other)
            }
        }

        impl $trait<KerasTensor> for $number {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: KerasTensor) -> KerasTensor {
                kept($function(self, &other), &other)
            }
        }
    };
}

operators! {
    Add, add, add;
    Sub, sub, subtract;
    Mul, mul, multiply;
    Div, div, true_divide;
    Rem, rem, mod_;
}

impl Neg for &KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        kept(negative(self), self)
    }
}

impl Neg for KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        -&self
    }
}

impl KerasTensor {
    /// To the power of a number or a tensor: Keras' `x ** y`.
    #[must_use]
    #[track_caller]
    pub fn pow(&self, exponent: impl Into<Term>) -> KerasTensor {
        kept(power(self, exponent), self)
    }
}
