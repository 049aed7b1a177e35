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
    /// Whether the operands have changed places and the product is turned when it is complete.
    pub(super) flipped: bool,
    pub(super) prologue: Option<Body>,
    pub(super) epilogue: Option<Body>,
}

/// A product of at most so many columns, with more rows, of operands that both lie side by side across the sums, is computed
/// turned: its long side fills registers better, and is cut into larger pieces…
const FLIP_COLUMNS: usize = 128;
/// … if it has so many rows, and sums so long that turning the product does not matter.
const FLIP_ROWS: usize = 128;
const FLIP_LENGTH: usize = 512;

impl Problem {
    pub(super) fn new(spec: Spec) -> Problem {
        Problem::as_it_is(spec).fold().swap().flip()
    }

    /// Whether the left operand is the kernel's second input.
    pub(super) fn exchanged(&self) -> bool {
        self.swapped || self.flipped
    }

    /// The problem without rewriting.
    pub(super) fn as_it_is(spec: Spec) -> Problem {
        let Spec { batch, m, n, k, lhs, rhs, prologue, epilogue, .. } = spec;
        Problem { batch, m, n, k, lhs, rhs, swapped: false, flipped: false, prologue, epilogue }
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
        self.exchange();
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

    /// The gradient of a kernel with many inputs and few outputs is computed turned.
    fn flip(mut self) -> Problem {
        let bare = self.prologue.is_none() && self.epilogue.is_none() && self.batch == 1 && !self.swapped;
        let across = self.lhs.row == 1 && self.rhs.col == 1;
        let sizes = (2..=FLIP_COLUMNS).contains(&self.n) && self.m >= FLIP_ROWS.max(self.n + 1);
        if bare && across && sizes && self.k >= FLIP_LENGTH {
            self.exchange();
            (self.m, self.n) = (self.n, self.m);
            self.flipped = true;
        }
        self
    }

    fn exchange(&mut self) {
        let turn = |strides: Strides| Strides { batch: strides.batch, row: strides.col, col: strides.row };
        (self.lhs, self.rhs) = (turn(self.rhs), turn(self.lhs));
    }
}
