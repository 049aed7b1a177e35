//! Activation functions as layers, with all their arguments.

pub mod elu;
pub mod leaky_relu;
pub mod prelu;
pub mod relu;
pub mod softmax;

pub use elu::ELU;
pub use leaky_relu::LeakyReLU;
pub use prelu::PReLU;
pub use relu::ReLU;
pub use softmax::Softmax;

use crate::error::Result;
use crate::layers::declare::unusable;

/// Fails where an argument of an activation is negative or not a number.
fn check_not_negative(name: &str, value: f64) -> Result<()> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(unusable(format!("`{name}` must be 0 or more; it is {value}")))
}
