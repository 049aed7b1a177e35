//! Reductions over any set of axes.

use super::stage::{Code, Stage};
use crate::disjoint::Disjoint;
use crate::dtype::{DType, Element};
use crate::elementwise::markers::{Add, And, Maximum, Minimum, Multiply, Or};
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// Below so many elements waking threads costs more than it saves.
const PARALLEL_ELEMENTS: usize = 256 * 1024;
/// Elements that a thread takes at a time.
const TASK_ELEMENTS: usize = 16 * 1024;

/// How elements are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum; 0 of nothing. Integers wrap around; truth values: *or*.
    Sum,
    /// The largest; NaN if one is NaN; the type's least number (−∞ for floats) of nothing.
    Max,
    /// The smallest; NaN if one is NaN; the type's greatest number (∞ for floats) of nothing.
    Min,
    /// The product; 1 of nothing. Integers wrap around; truth values: *and*.
    Product,
    /// Bitwise *and*, not for floats; all bits set of nothing.
    And,
    /// Bitwise *or*, not for floats; 0 of nothing.
    Or,
}

impl Reduction {
    /// Whether elements of this type can be combined so.
    pub fn takes(self, dtype: DType) -> bool {
        !(dtype.is_float() && matches!(self, Reduction::And | Reduction::Or))
    }
}

/// A reduction over a set of axes, which vanish from the result. Inputs and outputs are contiguous.
///
/// The order in which elements are combined depends on the reduced axes' lengths only; at [`Isa::Reference`] it is the
/// plain order, in double precision.
#[derive(Debug)]
pub struct Reduce {
    reduction: Reduction,
    dtype: DType,
    /// One that this machine has.
    isa: Isa,
    /// Axes of length 1 left out, neighbours of one kind merged: (length, is reduced).
    groups: Vec<(usize, bool)>,
    stages: Vec<Stage>,
}

impl Reduce {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If there is no such axis, or [`Reduction::takes`] refuses the type.
    pub fn new(reduction: Reduction, dtype: DType, dims: &[usize], axes: &[usize], isa: Isa) -> Reduce {
        assert!(reduction.takes(dtype), "{reduction:?} does not take {dtype}");
        assert!(axes.iter().all(|axis| *axis < dims.len()), "axes {axes:?} of {dims:?}");
        let mut groups: Vec<(usize, bool)> = Vec::new();
        for (axis, &extent) in dims.iter().enumerate().filter(|(_, extent)| **extent != 1) {
            let reduced = axes.contains(&axis);
            match groups.last_mut().filter(|(_, last)| *last == reduced) {
                Some((length, _)) => *length *= extent,
                None => groups.push((extent, reduced)),
            }
        }
        let mut rest = groups.clone();
        let mut stages = Vec::new();
        while let Some(position) = rest.iter().rposition(|(_, reduced)| *reduced) {
            let (n, _) = rest.remove(position);
            let product = |groups: &[(usize, bool)]| groups.iter().map(|(length, _)| length).product();
            stages.push(Stage { outer: product(&rest[..position]), n, inner: product(&rest[position..]) });
        }
        // Asked once: a small reduction takes no longer than the question.
        let isa = if isa.is_available() { isa } else { Isa::Portable };
        Reduce { reduction, dtype, isa, groups, stages }
    }

    /// Bytes of scratch that the kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        if self.isa == Isa::Reference || self.is_empty() {
            return 0;
        }
        (0..self.stages.len()).map(|stage| self.scratch_elements(stage)).sum::<usize>() * self.dtype.size()
    }

    /// Whether there is nothing to combine.
    fn is_empty(&self) -> bool {
        self.groups.iter().any(|(length, _)| *length == 0)
    }

    /// A stage needs room for its blocks' results, but the last stage's lie in the output where they are its elements.
    fn scratch_elements(&self, stage: usize) -> usize {
        let is_last = stage + 1 == self.stages.len();
        let stage = &self.stages[stage];
        if is_last && stage.blocks() == 1 { 0 } else { stage.partial_results() }
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>, identity: T, code: &Code<T>) {
        if self.isa == Isa::Reference {
            return self.plain::<T, T>(io, identity, code.pair, |x| x);
        }
        let (mut input, output, pool) = (io.input::<T>(0), io.output::<T>(0), io.pool());
        if self.is_empty() {
            output.fill(identity);
            return;
        }
        if self.stages.is_empty() {
            output.copy_from_slice(input);
            return;
        }
        let mut scratch: &mut [T] = if self.scratch_bytes() > 0 { io.scratch::<T>() } else { &mut [] };
        for (index, stage) in self.stages.iter().enumerate() {
            let (room, rest) = scratch.split_at_mut(self.scratch_elements(index));
            scratch = rest;
            let results = if room.is_empty() { &mut output[..] } else { &mut room[..] };
            run_stage(stage, identity, code, input, results, pool);
            code.combine(stage, results);
            if room.is_empty() {
                return;
            }
            // The results of block 0 are the stage's; they move together, or to the output.
            let (blocks, inner) = (stage.blocks(), stage.inner);
            if index + 1 == self.stages.len() {
                for (to, from) in output.chunks_exact_mut(inner).zip(room.chunks_exact(blocks * inner)) {
                    to.copy_from_slice(&from[..inner]);
                }
                return;
            }
            for outer in 1..stage.outer {
                room.copy_within(outer * blocks * inner..outer * blocks * inner + inner, outer * inner);
            }
            input = &room[..stage.outer * inner];
        }
    }

    /// Every result by itself, its elements in the plain order.
    fn plain<T: Element, A: Copy>(
        &self,
        io: &mut Io<'_>,
        identity: A,
        combine: fn(A, T) -> A,
        narrow: fn(A) -> T,
    ) {
        let (input, output) = (io.input::<T>(0), io.output::<T>(0));
        let count: usize =
            self.groups.iter().filter(|(_, reduced)| *reduced).map(|(length, _)| length).product();
        for (at, result) in output.iter_mut().enumerate() {
            let combined = (0..count).fold(identity, |sum, index| {
                let (mut kept, mut reduced, mut offset, mut step) = (at, index, 0, 1);
                for &(length, is_reduced) in self.groups.iter().rev() {
                    let rest = if is_reduced { &mut reduced } else { &mut kept };
                    offset += *rest % length * step;
                    *rest /= length;
                    step *= length;
                }
                combine(sum, input[offset])
            });
            *result = narrow(combined);
        }
    }
}

fn run_stage<T: Element>(
    stage: &Stage,
    identity: T,
    code: &Code<T>,
    input: &[T],
    results: &mut [T],
    pool: &crate::Pool,
) {
    let units = stage.units();
    let results = Disjoint::new(&mut results[..stage.partial_results()]);
    let work = |units: std::ops::Range<usize>| {
        // SAFETY: there is room for the results of all units, and each unit is in one task only.
        unsafe { code.blocks(stage, identity, input, results.pointer(), units) }
    };
    if input.len() < PARALLEL_ELEMENTS {
        work(0..units);
        return;
    }
    let per_task = (TASK_ELEMENTS / stage.unit_elements()).max(1);
    pool.for_each(units.div_ceil(per_task), &|task| work(task * per_task..units.min((task + 1) * per_task)));
}

macro_rules! integers {
    ($self:ident, $io:ident, $t:ty, $ones:expr, $truth:expr) => {{
        let isa = $self.isa;
        match $self.reduction {
            Reduction::Sum if $truth => $self.typed::<$t>($io, 0, &Code::new::<Or>(isa)),
            Reduction::Product if $truth => $self.typed::<$t>($io, 1, &Code::new::<And>(isa)),
            Reduction::Min if $truth => $self.typed::<$t>($io, 1, &Code::new::<And>(isa)),
            Reduction::Sum => $self.typed::<$t>($io, 0, &Code::new::<Add>(isa)),
            Reduction::Product => $self.typed::<$t>($io, 1, &Code::new::<Multiply>(isa)),
            Reduction::Max => $self.typed::<$t>($io, <$t>::MIN, &Code::new::<Maximum>(isa)),
            Reduction::Min => $self.typed::<$t>($io, <$t>::MAX, &Code::new::<Minimum>(isa)),
            Reduction::And => $self.typed::<$t>($io, $ones, &Code::new::<And>(isa)),
            Reduction::Or => $self.typed::<$t>($io, 0, &Code::new::<Or>(isa)),
        }
    }};
}

macro_rules! floats {
    ($self:ident, $io:ident, $t:ty) => {{
        let (isa, plain) = ($self.isa, $self.isa == Isa::Reference);
        match $self.reduction {
            Reduction::Sum if plain => {
                $self.plain::<$t, f64>($io, 0.0, |sum, x| sum + f64::from(x), |sum| sum as $t)
            }
            Reduction::Product if plain => {
                $self.plain::<$t, f64>($io, 1.0, |product, x| product * f64::from(x), |product| product as $t)
            }
            Reduction::Sum => $self.typed::<$t>($io, 0.0, &Code::new::<Add>(isa)),
            Reduction::Product => $self.typed::<$t>($io, 1.0, &Code::new::<Multiply>(isa)),
            Reduction::Max => $self.typed::<$t>($io, <$t>::NEG_INFINITY, &Code::new::<Maximum>(isa)),
            Reduction::Min => $self.typed::<$t>($io, <$t>::INFINITY, &Code::new::<Minimum>(isa)),
            // `new` refuses them.
            Reduction::And | Reduction::Or => {}
        }
    }};
}

impl Kernel for Reduce {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool => integers!(self, io, u8, 1, true),
            DType::U8 => integers!(self, io, u8, u8::MAX, false),
            DType::I32 => integers!(self, io, i32, -1, false),
            DType::U32 => integers!(self, io, u32, u32::MAX, false),
            DType::I64 => integers!(self, io, i64, -1, false),
            DType::U64 => integers!(self, io, u64, u64::MAX, false),
            DType::F32 => floats!(self, io, f32),
            DType::F64 => floats!(self, io, f64),
        }
    }
}
