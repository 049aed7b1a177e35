//! How transposed convolutions place what they spread.

use ceras_graph::{Graph, Value, ops};

use super::common::Moves;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::spatial::Padding;

/// That `output_padding` is less than the strides.
pub(super) fn check(moves: &Moves<'_>, output_padding: Option<&[usize]>) -> Result<()> {
    let mut pairs = output_padding.into_iter().flatten().zip(moves.strides);
    match pairs.find(|(padding, stride)| padding >= stride) {
        None => Ok(()),
        Some((padding, stride)) => {
            let text = format!(
                "`output_padding` must be less than `strides`; it is {padding}, and the stride {stride}"
            );
            Err(Error::new(ErrorKind::Usage, text))
        }
    }
}

/// Positions of the result along an axis for `input` positions.
fn positions(moves: &Moves<'_>, axis: usize, input: usize, output_padding: Option<usize>) -> Option<usize> {
    let (reach, stride) = (moves.reach(axis), moves.strides[axis]);
    let spread = input.checked_mul(stride)?;
    match (moves.padding, output_padding) {
        (Padding::Same, None) => Some(spread),
        (Padding::Same, Some(more)) => (spread + reach + more).checked_sub(stride + 2 * (reach / 2)),
        (_, None) => Some(spread + reach.saturating_sub(stride)),
        (_, Some(more)) => (spread + reach + more).checked_sub(stride),
    }
}

/// The transposed convolution of an image with the channels last.
pub(super) fn convolve(
    moves: &Moves<'_>,
    output_padding: Option<&[usize]>,
    g: &mut Graph,
    image: Value,
    kernel: Value,
) -> Result<Value> {
    let shape = g.ty(image).shape.clone();
    let mut window = ops::ConvolutionWindow {
        lhs_dilation: moves.strides.to_vec(),
        rhs_dilation: moves.dilation_rate.to_vec(),
        ..ops::ConvolutionWindow::plain(moves.kernel_size.len())
    };
    for axis in 0..moves.kernel_size.len() {
        let (reach, stride) = (moves.reach(axis), moves.strides[axis]);
        let Some(input) = shape.dim(axis + 1) else { continue };
        let more = output_padding.map(|padding| padding[axis]);
        let output = positions(moves, axis, input, more).ok_or_else(|| {
            let text = format!("an image of shape {shape} gives {} no result", moves.class_name);
            Error::new(ErrorKind::Shape, text)
        })?;
        // The convolution whose transpose this is goes from `output` to `input` positions and pads so much before.
        let low = moves.padding.around(Some(output), reach, stride).0;
        let low = if moves.padding == Padding::Same { low } else { 0 };
        window.low[axis] = reach as i64 - 1 - low as i64;
        let dilated = if input == 0 { 0 } else { (input - 1) * stride + 1 };
        window.high[axis] = (output + reach) as i64 - 1 - dilated as i64 - window.low[axis];
    }
    Ok(ops::convolution_transposed(g, image, kernel, &window)?)
}
