//! How many numbers flow into and out of a unit.

use crate::error::{Error, ErrorKind, Result};

/// How many numbers flow into and out of a unit of a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fans {
    /// Inputs of each unit.
    pub fan_in: f64,
    /// Units that each input feeds.
    pub fan_out: f64,
}

/// The fans of a weight of these dimensions, as Keras counts them.
///
/// A matrix has its rows and columns; a kernel of a convolution (`[…, input channels, filters]`) has those times the
/// number of its places; a vector has its length twice. With `input_axes` and `output_axes`, the products of those axes.
///
/// # Errors
/// There is no such axis.
///
/// # Examples
/// ```
/// use ceras::initializers::{Fans, compute_fans};
/// assert_eq!(compute_fans(&[3, 3, 8, 16], None, None)?, Fans { fan_in: 72.0, fan_out: 144.0 });
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn compute_fans(dims: &[usize], input_axes: Option<&[i64]>, output_axes: Option<&[i64]>) -> Result<Fans> {
    let product = |dims: &[usize]| dims.iter().map(|&dim| dim as f64).product::<f64>();
    if let (Some(input), Some(output)) = (input_axes, output_axes) {
        return Ok(Fans { fan_in: along(dims, input)?, fan_out: along(dims, output)? });
    }
    Ok(match dims {
        [] => Fans { fan_in: 1.0, fan_out: 1.0 },
        [length] => Fans { fan_in: *length as f64, fan_out: *length as f64 },
        [places @ .., inputs, outputs] => {
            let field = product(places);
            Fans { fan_in: field * *inputs as f64, fan_out: field * *outputs as f64 }
        }
    })
}

fn along(dims: &[usize], axes: &[i64]) -> Result<f64> {
    let mut product = 1.0;
    for &axis in axes {
        let index = if axis < 0 { axis + dims.len() as i64 } else { axis };
        let dim = usize::try_from(index).ok().and_then(|index| dims.get(index)).ok_or_else(|| {
            Error::new(ErrorKind::Shape, format!("a weight of rank {} has no axis {axis}", dims.len()))
        })?;
        product *= *dim as f64;
    }
    Ok(product)
}
