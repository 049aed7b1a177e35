//! Matrix products.
//!
//! Each element of a product is a sum along k. Its order depends on k, and on whether the product has one column, alone:
//! not on the other sizes, not on how many threads work, and not on which of the paths is taken, so that a row of a large
//! product has the same bits as the product of that row alone (see `tile::blocks` and `dots`).
//!
//! # How a product is computed, and what was tried
//!
//! Panels of columns of the right operand (a block of k long) are copied into scratch, a slab at a time; a task takes some
//! rows, copies a block of them and runs a micro-kernel over the panels. Measured on a processor that multiplies one
//! 16-lane register a cycle, shares of the FMA peak of the same run (`benches/matmul.rs`), 1024 × 1024 × 1024, one thread:
//!
//! - The micro-kernels alone reach 98–99%; what is lost is memory. Asking for the product's lines while the first sums run
//!   gives 3%, all at once before the sums only 1%. Asking for the next rows of the left operand gives 2% where they are
//!   copied from, into the L2 cache and not the L1 cache, which the panel needs.
//! - Tiles of 8 × 48 instead of 14 × 32: 2%, because the product's rows lie a power of two apart and share cache sets.
//! - A masked load in the loop costs AVX2 10% (on a processor of 128-bit units 15%, where one register in seven is masked),
//!   AVX-512 1%: rows that may be read beyond their columns have none.
//! - Blocks of even size, 256 elements at most: 192 and 344 are equal within the noise at k = 1024, 512 loses 3%, and for
//!   k = 256 one block is 2% faster than two.
//! - Groups of 528 to 1152 columns are equal; the larger one is better for long sums of few rows.
//! - Copying a left operand that lies in columns tile by tile takes twice the time with 50 columns of the product, and 4%
//!   more with 1024: its columns are cut into panels run by run, as are the right operand's rows.
//! - Interleaving the left operand's rows in the copy costs more (4%) than the addresses that it saves.
//! - Huge pages for the operands would give 0.8%.
//!
//! Not reached, on that machine while other work loaded its memory: 94% for large squares (88–92%, with the `gemm` crate at
//! 88–94% beside it); the `gemm` crate at 6272 × 450 × 50 with AVX-512 (0.9 of it: 50 columns fill four registers by 78%, and
//! AVX2, which they fill by 89%, is level with it) and at its kernel's gradient, 450 × 6272 × 50 (0.6–0.8).

mod blocked;
mod dots;
mod epilogue;
mod finish;
mod left;
mod pack;
mod plain;
mod problem;
mod reference;
mod shape;
mod split;
#[cfg(test)]
mod tests;
mod tile;
pub(crate) mod vector;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

use std::sync::Arc;

use crate::dtype::{DType, Element};
use crate::elementwise::Body;
use crate::io::{Io, Kernel, RawView};
use crate::isa::Isa;

use blocked::Blocked;
pub(crate) use epilogue::{Epilogue, RowProgram, operand};
pub(crate) use left::Gather;
pub(crate) use pack::copy;
use reference::Reference;

/// Elements to step along the axes of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Strides {
    /// From a matrix to the next one of the batch; 0 uses one matrix for all.
    pub batch: usize,
    /// From a row to the next.
    pub row: usize,
    /// From a column to the next.
    pub col: usize,
}

/// A batch of products `out[b, i, j] = Σₖ lhs[b, i, k] · rhs[b, k, j]`.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The type of all elements; any but `bool`.
    pub dtype: DType,
    /// How many products.
    pub batch: usize,
    /// Rows of the left operand and of the product.
    pub m: usize,
    /// Columns of the right operand and of the product.
    pub n: usize,
    /// Length of the sums; with 0 the product is zero.
    pub k: usize,
    /// How the left operand is read; its rows are those of the product, its columns run along k.
    pub lhs: Strides,
    /// How the right operand is read; its rows run along k, its columns are those of the product.
    pub rhs: Strides,
    /// What is done to the elements of the left operand first: a body over `[batch, m, k]` whose operand 0 is the element.
    /// Its operands from 1 on are the kernel's inputs from 2 on. It may run more than once for an element.
    pub prologue: Option<Body>,
    /// What is done to the elements of the product: a body over `[batch, m, n]` whose operand 0 is the product's element.
    /// Its operands from 1 on are the kernel's inputs after those of the prologue, and are contiguous regions. It gives one
    /// output, of the type `dtype`.
    pub epilogue: Option<Body>,
}

impl Spec {
    /// Whether the prologue and the epilogue run over the operand and the product.
    fn check_bodies(&self) -> Result<(), String> {
        let &Spec { batch, m, n, k, .. } = self;
        for (body, width) in [(&self.prologue, k), (&self.epilogue, n)] {
            let fits = |shape: &[usize]| {
                shape
                    .split_last()
                    .is_some_and(|(last, rest)| *last == width && rest.iter().product::<usize>() == batch * m)
            };
            if let Some(body) = body.as_ref().filter(|body| !fits(&body.shape)) {
                return Err(format!("a body of shape {:?} does not fit [{batch}, {m}, {width}]", body.shape));
            }
        }
        Ok(())
    }
}

/// A left operand that is brought together, by type.
#[derive(Clone, Debug)]
pub(crate) enum Gathered {
    F32(Arc<dyn Gather<f32>>),
    F64(Arc<dyn Gather<f64>>),
}

/// The kernel of a [`Spec`].
///
/// Inputs: lhs, rhs, the operands of the prologue, the operands of the epilogue. Output: row-major `[batch, m, n]`,
/// contiguous or with strided rows of `n` elements. Operands may lie in regions with strided rows, if none of the strides
/// crosses the end of a row but by whole rows.
///
/// # Examples
/// ```
/// use ceras_kernels::matmul::{MatMul, Spec, Strides};
/// use ceras_kernels::{DType, Isa};
/// let (m, n, k) = (32, 10, 4);
/// let lhs = Strides { batch: m * k, row: k, col: 1 };
/// let rhs = Strides { batch: k * n, row: n, col: 1 };
/// let spec = Spec { dtype: DType::F32, batch: 1, m, n, k, lhs, rhs, prologue: None, epilogue: None };
/// assert_eq!(MatMul::new(spec, Isa::active()).scratch_bytes(), 0);
/// ```
#[derive(Debug)]
pub struct MatMul {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    F32(Blocked<f32>),
    F64(Blocked<f64>),
    Reference(Reference),
}

impl MatMul {
    /// The kernel of a product on a level.
    ///
    /// # Panics
    /// If the prologue or the epilogue does not fit the product, or the type is `bool`: faults of a pass, which
    /// [`MatMul::try_new`] reports.
    pub fn new(spec: Spec, isa: Isa) -> MatMul {
        MatMul::try_new(spec, isa).unwrap_or_else(|why| panic!("a pass made an illegal product: {why}"))
    }

    /// The kernel of a product on a level.
    ///
    /// # Errors
    /// The prologue or the epilogue does not fit the product, or the type is `bool`.
    pub fn try_new(spec: Spec, isa: Isa) -> Result<MatMul, String> {
        spec.check_bodies()?;
        let zero_sized = spec.batch == 0 || spec.m == 0 || spec.n == 0;
        let engine = match spec.dtype {
            DType::Bool => return Err("there is no product of truth values".into()),
            DType::F32 if isa != Isa::Reference && !zero_sized => Engine::F32(Blocked::new(spec, isa)?),
            DType::F64 if isa != Isa::Reference && !zero_sized => Engine::F64(Blocked::new(spec, isa)?),
            _ => Engine::Reference(Reference::new(spec, isa)?),
        };
        Ok(MatMul { engine })
    }

    /// The kernel of one product whose left operand is brought together while it is copied; [`Spec::lhs`] is not used.
    ///
    /// # Errors
    /// The product has no elements, is one of several or has a prologue, or the epilogue does not fit.
    pub(crate) fn gathered(spec: Spec, isa: Isa, lhs: Gathered) -> Result<MatMul, String> {
        spec.check_bodies()?;
        if spec.m == 0 || spec.n == 0 {
            return Err("a product of gathered rows must have elements".into());
        }
        let engine = match lhs {
            Gathered::F32(gather) => Engine::F32(Blocked::gathered(spec, isa, gather)?),
            Gathered::F64(gather) => Engine::F64(Blocked::gathered(spec, isa, gather)?),
        };
        Ok(MatMul { engine })
    }

    /// How much scratch a step with this kernel needs; it follows from the spec and the level.
    pub fn scratch_bytes(&self) -> usize {
        match &self.engine {
            Engine::F32(engine) => engine.scratch_bytes(),
            Engine::F64(engine) => engine.scratch_bytes(),
            Engine::Reference(engine) => engine.scratch_bytes(),
        }
    }
}

impl Kernel for MatMul {
    fn run(&self, io: &mut Io<'_>) {
        match &self.engine {
            Engine::F32(engine) => engine.run(io),
            Engine::F64(engine) => engine.run(io),
            Engine::Reference(engine) => engine.run(io),
        }
    }
}

/// An operand of a step: where it starts and how it is read.
#[derive(Clone, Copy)]
struct Matrix<T> {
    pointer: *const T,
    strides: Strides,
}

impl<T: Element> Matrix<T> {
    /// The operand in a region, for `[batch, rows, columns]`.
    ///
    /// # Panics
    /// If the strides leave the region.
    fn new(view: RawView, strides: Strides, [batch, rows, columns]: [usize; 3]) -> Matrix<T> {
        let axes = [(batch, strides.batch), (rows, strides.row), (columns, strides.col)];
        let last = |axes: &[(usize, usize)]| {
            axes.iter().map(|(extent, stride)| extent.saturating_sub(1) * stride).sum()
        };
        let pointer: *const T = view.pointer.cast();
        if [batch, rows, columns].contains(&0) {
            return Matrix { pointer, strides };
        }
        if view.is_contiguous() {
            let last: usize = last(&axes);
            let elements = view.bytes() / size_of::<T>();
            assert!(last < elements, "an operand is smaller than its matrices");
            return Matrix { pointer, strides };
        }
        let (width, stride) = (view.row_bytes / size_of::<T>(), view.stride_bytes / size_of::<T>());
        let whole = |step: usize| step.is_multiple_of(width);
        // Axes that step by whole rows, and those that stay inside of one; an axis that is left out has length 1.
        let keep =
            |kept| axes.map(|(extent, step)| if whole(step) == kept { (extent, step) } else { (1, 0) });
        let (down, across): (usize, usize) = (last(&keep(true)), last(&keep(false)));
        assert!(
            across < width && down / width < view.rows,
            "an operand's strides leave the rows of its region"
        );
        let map = |step: usize| if whole(step) { step / width * stride } else { step };
        let strides = Strides { batch: map(strides.batch), row: map(strides.row), col: map(strides.col) };
        Matrix { pointer, strides }
    }
}

/// Where the rows of a product start: element `row · stride` of the output.
///
/// # Panics
/// If the output is not `rows` rows of `n` elements.
pub(crate) fn output_stride(view: RawView, element_bytes: usize, rows: usize, n: usize) -> usize {
    if view.is_contiguous() {
        assert!(view.bytes() == rows * n * element_bytes, "the output is not {rows} rows of {n}");
        return n;
    }
    assert!(view.rows == rows && view.row_bytes == n * element_bytes, "the output is not {rows} rows of {n}");
    view.stride_bytes / element_bytes
}
