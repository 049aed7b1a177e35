//! Padding.

use std::ops::Range;

use crate::dtype::Element;
use crate::io::{Io, Kernel};

/// The operand (input 0) with the pad value (input 1, a scalar) around and between its elements; negative amounts at an
/// edge cut elements off. Inputs and the output are contiguous.
#[derive(Debug)]
pub struct Pad {
    element_bytes: usize,
    /// Elements that stay together: those of the trailing axes that are not padded.
    run: usize,
    axes: Vec<Axis>,
}

#[derive(Debug)]
struct Axis {
    length: usize,
    /// The operand's indices that are not cut off.
    kept: Range<usize>,
    /// Where index `kept.start` goes.
    first: usize,
    step: usize,
    output: usize,
}

impl Axis {
    fn new(length: usize, low: i64, high: i64, interior: usize) -> Axis {
        let step = interior as i64 + 1;
        let spread = (length as i64 - 1).max(0) * step + (length as i64).min(1);
        let output = (low + spread + high).max(0);
        // Index i goes to low + i·step, which is to be in 0 … output − 1.
        let start = if low < 0 { (-low + step - 1) / step } else { 0 }.min(length as i64);
        let end = if low < output { (output - 1 - low) / step + 1 } else { 0 }.clamp(start, length as i64);
        Axis {
            length,
            kept: start as usize..end as usize,
            first: (low + start * step).max(0) as usize,
            step: step as usize,
            output: output as usize,
        }
    }

    fn is_plain(&self) -> bool {
        self.kept.len() == self.length && self.step == 1 && self.output == self.length
    }
}

impl Pad {
    /// For an operand of these dimensions: along axis `a` the result has
    /// `low + dims + (dims − 1)·interior + high` elements, element `i` of the operand at `low + i·(interior + 1)`.
    ///
    /// # Panics
    /// If an amount is missing.
    pub fn new(element_bytes: usize, dims: &[usize], low: &[i64], high: &[i64], interior: &[usize]) -> Pad {
        let mut axes: Vec<Axis> = (0..dims.len())
            .map(|axis| Axis::new(dims[axis], low[axis], high[axis], interior[axis]))
            .collect();
        let mut run = 1;
        while let Some(axis) = axes.pop_if(|axis| axis.is_plain()) {
            run *= axis.length;
        }
        Pad { element_bytes, run, axes }
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>, unit: usize) {
        let (operand, value, output) = (io.input::<T>(0), io.input::<T>(1), io.output::<T>(0));
        match *value {
            [value] => output.fill(value),
            _ => output.chunks_exact_mut(unit).for_each(|element| element.copy_from_slice(value)),
        }
        let run = self.run * unit;
        let Some((last, outer)) = self.axes.split_last() else {
            output.copy_from_slice(operand);
            return;
        };
        let rows: usize = outer.iter().map(|axis| axis.kept.len()).product();
        if run * last.kept.len() == 0 {
            return;
        }
        for row in 0..rows {
            let (mut rest, mut from, mut to, mut from_step, mut to_step) =
                (row, 0, 0, last.length, last.output);
            for axis in outer.iter().rev() {
                let index = rest % axis.kept.len();
                rest /= axis.kept.len();
                from += (axis.kept.start + index) * from_step;
                to += (axis.first + index * axis.step) * to_step;
                from_step *= axis.length;
                to_step *= axis.output;
            }
            let from = &operand[(from + last.kept.start) * run..(from + last.kept.end) * run];
            let to = &mut output[(to + last.first) * run..];
            if last.step == 1 {
                to[..from.len()].copy_from_slice(from);
            } else {
                let places = to.chunks_mut(run * last.step);
                places.zip(from.chunks_exact(run)).for_each(|(to, from)| to[..run].copy_from_slice(from));
            }
        }
    }
}

impl Kernel for Pad {
    fn run(&self, io: &mut Io<'_>) {
        match self.element_bytes {
            4 => self.typed::<u32>(io, 1),
            8 => self.typed::<u64>(io, 1),
            bytes => self.typed::<u8>(io, bytes),
        }
    }
}
