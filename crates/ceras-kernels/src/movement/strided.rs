//! Kernels that read with strides and write in order.

use crate::io::{Io, Kernel};

/// Reads elements at `start + Σ indexᵢ·strideᵢ` and writes them in order.
#[derive(Debug)]
struct Strided {
    element_bytes: usize,
    dims: Vec<usize>,
    start: usize,
    strides: Vec<isize>,
}

impl Strided {
    fn run(&self, io: &mut Io<'_>) {
        let (input, output) = (io.input::<u8>(0), io.output::<u8>(0));
        let size = self.element_bytes;
        for (index, element) in output.chunks_exact_mut(size).enumerate() {
            let (mut rest, mut source) = (index, self.start as isize);
            for (extent, stride) in self.dims.iter().zip(&self.strides).rev() {
                source += (rest % extent) as isize * stride;
                rest /= extent;
            }
            let source = source as usize * size;
            element.copy_from_slice(&input[source..source + size]);
        }
    }
}

fn dense_strides(dims: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis] as isize;
    }
    strides
}

/// The axes in another order: axis `i` of the result is axis `permutation[i]` of the operand. Regions are contiguous.
#[derive(Debug)]
pub struct Transpose(Strided);

impl Transpose {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If the permutation names an axis that does not exist.
    pub fn new(element_bytes: usize, dims: &[usize], permutation: &[usize]) -> Transpose {
        let strides = dense_strides(dims);
        Transpose(Strided {
            element_bytes,
            dims: permutation.iter().map(|&axis| dims[axis]).collect(),
            start: 0,
            strides: permutation.iter().map(|&axis| strides[axis]).collect(),
        })
    }
}

impl Kernel for Transpose {
    fn run(&self, io: &mut Io<'_>) {
        self.0.run(io);
    }
}

/// A part of the operand: along each axis the elements `starts, starts + strides, …` below `limits`. Regions are contiguous.
#[derive(Debug)]
pub struct Slice(Strided);

impl Slice {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If a start, limit or stride is missing, or a stride is 0.
    pub fn new(
        element_bytes: usize,
        dims: &[usize],
        starts: &[usize],
        limits: &[usize],
        strides: &[usize],
    ) -> Slice {
        let dense = dense_strides(dims);
        let axes = 0..dims.len();
        Slice(Strided {
            element_bytes,
            dims: axes.clone().map(|a| limits[a].saturating_sub(starts[a]).div_ceil(strides[a])).collect(),
            start: axes.clone().map(|a| starts[a] * dense[a] as usize).sum(),
            strides: axes.map(|a| strides[a] as isize * dense[a]).collect(),
        })
    }
}

impl Kernel for Slice {
    fn run(&self, io: &mut Io<'_>) {
        self.0.run(io);
    }
}

/// The elements in opposite order along some axes. Regions are contiguous.
#[derive(Debug)]
pub struct Reverse(Strided);

impl Reverse {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn new(element_bytes: usize, dims: &[usize], axes: &[usize]) -> Reverse {
        let mut strides = dense_strides(dims);
        let mut start = 0;
        for &axis in axes {
            start += dims[axis].saturating_sub(1) * strides[axis] as usize;
            strides[axis] = -strides[axis];
        }
        Reverse(Strided { element_bytes, dims: dims.to_vec(), start, strides })
    }
}

impl Kernel for Reverse {
    fn run(&self, io: &mut Io<'_>) {
        self.0.run(io);
    }
}

/// The bytes of the input. Both regions may be strided.
#[derive(Debug, Default)]
pub struct Copy;

impl Copy {
    /// The kernel.
    pub fn new() -> Copy {
        Copy
    }
}

impl Kernel for Copy {
    fn run(&self, io: &mut Io<'_>) {
        let (input, mut output) = (io.input_rows::<u8>(0), io.output_rows::<u8>(0));
        if let (Some(from), Some(to)) = (input.as_slice(), output.as_mut_slice()) {
            to.copy_from_slice(from);
            return;
        }
        for row in 0..output.len() {
            if input.width() == output.width() {
                output.row(row).copy_from_slice(input.row(row));
            }
        }
    }
}
