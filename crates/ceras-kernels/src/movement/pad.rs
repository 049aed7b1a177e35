//! Padding.

use crate::io::{Io, Kernel};

/// The operand (input 0) with the pad value (input 1, a scalar) around and between its elements; negative amounts at an
/// edge cut elements off. Inputs and the output are contiguous.
#[derive(Debug)]
pub struct Pad {
    element_bytes: usize,
    dims: Vec<usize>,
    low: Vec<i64>,
    interior: Vec<usize>,
    output: Vec<usize>,
}

impl Pad {
    /// For an operand of these dimensions: along axis `a` the result has
    /// `low + dims + (dims − 1)·interior + high` elements, element `i` of the operand at `low + i·(interior + 1)`.
    ///
    /// # Panics
    /// If an amount is missing.
    pub fn new(element_bytes: usize, dims: &[usize], low: &[i64], high: &[i64], interior: &[usize]) -> Pad {
        let output = (0..dims.len())
            .map(|axis| {
                let spread = dims[axis] + dims[axis].saturating_sub(1) * interior[axis];
                usize::try_from(spread as i64 + low[axis] + high[axis]).unwrap_or(0)
            })
            .collect();
        Pad { element_bytes, dims: dims.to_vec(), low: low.to_vec(), interior: interior.to_vec(), output }
    }
}

impl Kernel for Pad {
    fn run(&self, io: &mut Io<'_>) {
        let (operand, value, output) = (io.input::<u8>(0), io.input::<u8>(1), io.output::<u8>(0));
        let size = self.element_bytes;
        output.chunks_exact_mut(size).for_each(|element| element.copy_from_slice(value));
        'elements: for (index, element) in operand.chunks_exact(size).enumerate() {
            let (mut rest, mut target, mut step) = (index, 0, 1);
            for axis in (0..self.dims.len()).rev() {
                let at = (rest % self.dims[axis] * (self.interior[axis] + 1)) as i64 + self.low[axis];
                rest /= self.dims[axis];
                match usize::try_from(at) {
                    Ok(at) if at < self.output[axis] => target += at * step,
                    _ => continue 'elements,
                }
                step *= self.output[axis];
            }
            output[target * size..(target + 1) * size].copy_from_slice(element);
        }
    }
}
