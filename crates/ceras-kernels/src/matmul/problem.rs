//! A product in its simplest form.

use super::{Spec, Strides};
use crate::elementwise::Body;

/// The sizes and strides of a [`Spec`] after rewriting that leaves every element's sum as it is.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) batch: usize,
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) lhs: Strides,
    pub(super) rhs: Strides,
    /// Whether the operands have changed places: the product is a column, computed as a row.
    pub(super) swapped: bool,
    pub(super) prologue: Option<Body>,
    pub(super) epilogue: Option<Body>,
}

impl Problem {
    pub(super) fn new(spec: Spec) -> Problem {
        Problem::as_it_is(spec).fold().swap()
    }

    /// The problem without rewriting.
    pub(super) fn as_it_is(spec: Spec) -> Problem {
        let Spec { batch, m, n, k, lhs, rhs, prologue, epilogue, .. } = spec;
        Problem { batch, m, n, k, lhs, rhs, swapped: false, prologue, epilogue }
    }

    /// A batch of left operands with one right operand is one taller product.
    fn fold(mut self) -> Problem {
        if self.m == 1 {
            self.lhs.row = self.lhs.batch;
        }
        let one_matrix = self.batch == 1 || self.lhs.batch == self.m * self.lhs.row;
        if self.batch > 1 && self.rhs.batch == 0 && one_matrix {
            // The bodies count rows over all axes but the last, so that nothing changes for them.
            self.m *= self.batch;
            self.batch = 1;
        }
        self
    }

    /// A product with one column is computed as a row, so that registers run along it.
    fn swap(mut self) -> Problem {
        let cubic = self.epilogue.as_ref().is_none_or(|body| body.shape == [self.batch, self.m, self.n]);
        if self.n != 1 || self.prologue.is_some() || !cubic {
            return self;
        }
        let turn = |strides: Strides| Strides { batch: strides.batch, row: strides.col, col: strides.row };
        (self.lhs, self.rhs) = (turn(self.rhs), turn(self.lhs));
        (self.m, self.n) = (1, self.m);
        if let Some(body) = &mut self.epilogue {
            body.shape.swap(1, 2);
            body.inputs
                .iter_mut()
                .filter(|input| input.strides.len() == 3)
                .for_each(|input| input.strides.swap(1, 2));
        }
        self.swapped = true;
        self
    }
}
