//! Kernels that read with strides and write in order.

use std::ops::Range;

use crate::disjoint::Disjoint;
use crate::dtype::Element;
use crate::io::{Io, Kernel};

/// Below so many bytes waking threads costs more than it saves.
const PARALLEL_BYTES: usize = 256 * 1024;
/// Bytes that a thread writes at a time, about.
const TASK_BYTES: usize = 64 * 1024;
/// The side of a block of a transposition: a block's cache lines, read and written, stay in the L1 cache.
const SIDE: usize = 16;
/// Lines of a plane that are written together: what is read lies side by side in so many elements.
const LINES: usize = 4 * SIDE;

/// Reads elements at `start + Σ indexᵢ·strideᵢ` and writes them in order.
#[derive(Debug)]
struct Strided {
    element_bytes: usize,
    /// Axes of length 1 are left out, and axes that are one run in the input are merged; at least one axis is left.
    dims: Vec<usize>,
    start: usize,
    strides: Vec<isize>,
    /// The axis along which the input's elements lie side by side, if it is not the last.
    side_by_side: Option<usize>,
}

impl Strided {
    fn new(element_bytes: usize, dims: &[usize], start: usize, strides: &[isize]) -> Strided {
        // Elements of other sizes are runs of bytes.
        let odd = !matches!(element_bytes, 1 | 4 | 8);
        let unit = if odd { element_bytes } else { 1 };
        let mut merged: Vec<(usize, isize)> = if odd { vec![(element_bytes, 1)] } else { Vec::new() };
        for (&extent, &stride) in dims.iter().zip(strides).rev().filter(|(extent, _)| **extent != 1) {
            let stride = stride * unit as isize;
            match merged.last_mut() {
                Some((length, inner)) if stride == *inner * *length as isize => *length *= extent,
                _ => merged.push((extent, stride)),
            }
        }
        if merged.is_empty() {
            merged.push((1, 1));
        }
        merged.reverse();
        let last = merged.len() - 1;
        let side_by_side = (0..last).rev().find(|&axis| merged[axis].1 == 1 && merged[last].1 != 1);
        Strided {
            element_bytes: if odd { 1 } else { element_bytes },
            dims: merged.iter().map(|(extent, _)| *extent).collect(),
            start: start * unit,
            strides: merged.iter().map(|(_, stride)| *stride).collect(),
            side_by_side,
        }
    }

    fn run(&self, io: &mut Io<'_>) {
        match self.element_bytes {
            4 => self.typed::<u32>(io),
            8 => self.typed::<u64>(io),
            _ => self.typed::<u8>(io),
        }
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>) {
        let (input, output) = (io.input::<T>(0), io.output::<T>(0));
        if output.is_empty() {
            return;
        }
        let (total, bytes) = (output.len(), size_of_val(output));
        // A unit is a row of the output, or some lines of a plane of which one side lies in order in the input.
        let (units, unit) = match self.side_by_side {
            Some(first) => {
                let line: usize = self.dims[first + 1..].iter().product();
                let outer: usize = self.dims[..first].iter().product();
                (outer * self.dims[first].div_ceil(LINES), line * LINES)
            }
            None => (total / self.dims[self.dims.len() - 1], self.dims[self.dims.len() - 1]),
        };
        let output = Disjoint::new(output);
        let work = |units: Range<usize>| match self.side_by_side {
            Some(first) => units.for_each(|unit| self.lines(input, first, unit, &output)),
            None => self.rows(input, units, &output),
        };
        if bytes < PARALLEL_BYTES {
            work(0..units);
            return;
        }
        let per_task = (TASK_BYTES / (unit * size_of::<T>())).max(1);
        io.pool().for_each(units.div_ceil(per_task), &|task| {
            work(task * per_task..units.min((task + 1) * per_task))
        });
    }

    /// Where the element with that number in the first axes is, from the start.
    fn offset(&self, axes: Range<usize>, number: usize) -> isize {
        let (mut rest, mut offset) = (number, 0);
        for axis in axes.rev() {
            offset += (rest % self.dims[axis]) as isize * self.strides[axis];
            rest /= self.dims[axis];
        }
        offset
    }

    /// Some rows of the output.
    fn rows<T: Element>(&self, input: &[T], rows: Range<usize>, output: &Disjoint<'_, T>) {
        let last = self.dims.len() - 1;
        let (width, stride) = (self.dims[last], self.strides[last]);
        let (period, step) = if last == 0 { (1, 0) } else { (self.dims[last - 1], self.strides[last - 1]) };
        // SAFETY: tasks have rows of their own.
        let output = unsafe { output.part(rows.start * width..rows.end * width) };
        let mut from = 0;
        for (number, row) in rows.zip(output.chunks_exact_mut(width)) {
            // Divisions only where an axis further out moves on, and at the start.
            if number % period == 0 || from == 0 {
                from = self.start as isize + self.offset(0..last, number);
            } else {
                from += step;
            }
            copy_row(input, from, stride, row);
        }
    }

    /// Some lines of a plane spanned by the axis `first` and the last, for all axes between them, in blocks.
    fn lines<T: Element>(&self, input: &[T], first: usize, unit: usize, output: &Disjoint<'_, T>) {
        let last = self.dims.len() - 1;
        let (height, width, stride) = (self.dims[first], self.dims[last], self.strides[last]);
        let planes: usize = self.dims[first + 1..last].iter().product();
        let (groups, pitch) = (height.div_ceil(LINES), planes * width);
        let (outer, top) = (unit / groups, unit % groups * LINES);
        let lines = LINES.min(height - top);
        let begin = (outer * height + top) * pitch;
        // SAFETY: units have lines of their own, and each is in one task only.
        let output = unsafe { output.part(begin..begin + lines * pitch) };
        let start = self.start as isize + self.offset(0..first, outer) + top as isize;
        for plane in 0..planes {
            let from = start + self.offset(first + 1..last, plane);
            let to = &mut output[plane * width..];
            for left in (0..width).step_by(SIDE) {
                for top in (0..lines).step_by(SIDE) {
                    let corner = from + top as isize + left as isize * stride;
                    let sides = (SIDE.min(lines - top), SIDE.min(width - left));
                    block(input, corner, stride, sides, &mut to[top * pitch + left..], pitch);
                }
            }
        }
    }
}

/// A row of the output.
#[inline]
fn copy_row<T: Element>(input: &[T], start: isize, stride: isize, output: &mut [T]) {
    let first = start as usize;
    if stride == 1 {
        output.copy_from_slice(&input[first..first + output.len()]);
    } else if stride > 1 {
        output
            .iter_mut()
            .zip(input[first..].iter().step_by(stride as usize))
            .for_each(|(to, from)| *to = *from);
    } else if stride == -1 {
        let last = first + 1 - output.len();
        output.iter_mut().zip(input[last..=first].iter().rev()).for_each(|(to, from)| *to = *from);
    } else {
        output
            .iter_mut()
            .enumerate()
            .for_each(|(at, to)| *to = input[(start + at as isize * stride) as usize]);
    }
}

/// A block of a plane: `height` elements lie side by side in the input, `width` in the output.
#[inline]
fn block<T: Element>(
    input: &[T],
    corner: isize,
    stride: isize,
    (height, width): (usize, usize),
    output: &mut [T],
    pitch: usize,
) {
    if (height, width) == (SIDE, SIDE) {
        // Through a buffer of known size, so that neither loop checks bounds element by element.
        let mut turned = [[T::default(); SIDE]; SIDE];
        for left in 0..SIDE {
            let from = (corner + left as isize * stride) as usize;
            let column: &[T; SIDE] = input[from..from + SIDE].try_into().expect("a side");
            turned.iter_mut().zip(column).for_each(|(line, &x)| line[left] = x);
        }
        for (top, line) in turned.iter().enumerate() {
            output[top * pitch..top * pitch + SIDE].copy_from_slice(line);
        }
        return;
    }
    for left in 0..width {
        let from = (corner + left as isize * stride) as usize;
        for (top, x) in input[from..from + height].iter().enumerate() {
            output[top * pitch + left] = *x;
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
        let dense = dense_strides(dims);
        let turned: Vec<usize> = permutation.iter().map(|&axis| dims[axis]).collect();
        let strides: Vec<isize> = permutation.iter().map(|&axis| dense[axis]).collect();
        Transpose(Strided::new(element_bytes, &turned, 0, &strides))
    }
}

impl Kernel for Transpose {
    fn run(&self, io: &mut Io<'_>) {
        self.0.run(io);
    }
}

/// A part of the operand: along each axis the elements `starts, starts + strides, …` below `limits`. Regions are
/// contiguous.
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
        let taken: Vec<usize> =
            axes.clone().map(|a| limits[a].saturating_sub(starts[a]).div_ceil(strides[a])).collect();
        let start = axes.clone().map(|a| starts[a] * dense[a] as usize).sum();
        let steps: Vec<isize> = axes.map(|a| strides[a] as isize * dense[a]).collect();
        Slice(Strided::new(element_bytes, &taken, start, &steps))
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
    /// For an operand of these dimensions; an axis that is named twice is turned once.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn new(element_bytes: usize, dims: &[usize], axes: &[usize]) -> Reverse {
        let mut strides = dense_strides(dims);
        let mut start = 0;
        for &axis in axes {
            if strides[axis] > 0 {
                start += dims[axis].saturating_sub(1) * strides[axis] as usize;
                strides[axis] = -strides[axis];
            }
        }
        Reverse(Strided::new(element_bytes, dims, start, &strides))
    }
}

impl Kernel for Reverse {
    fn run(&self, io: &mut Io<'_>) {
        self.0.run(io);
    }
}
