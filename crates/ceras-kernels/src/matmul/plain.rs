//! The plain product: the reference of the fast ones, and the only one for integers.

use super::Strides;
use crate::dtype::Element;

/// Elements that can be multiplied and added; integers wrap around.
pub(super) trait Number: Element {
    fn add_product(self, a: Self, b: Self) -> Self;
}

macro_rules! integer {
    ($($rust:ty),*) => {$(
        impl Number for $rust {
            fn add_product(self, a: Self, b: Self) -> Self {
                self.wrapping_add(a.wrapping_mul(b))
            }
        }
    )*};
}

integer!(u8, i32, u32, i64, u64);

impl Number for f32 {
    fn add_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }
}

impl Number for f64 {
    fn add_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }
}

/// One row of a product: `out[j] = Σ lhs[k] · rhs[k, j]`, with k in order.
///
/// # Safety
/// `lhs` must be readable for `k` elements `lhs_column` apart, `rhs` for the elements that its strides reach.
pub(super) unsafe fn row<T: Number>(
    out: &mut [T],
    k: usize,
    lhs: *const T,
    lhs_column: usize,
    rhs: *const T,
    strides: Strides,
) {
    for (j, out) in out.iter_mut().enumerate() {
        let mut sum = T::default();
        for k in 0..k {
            // SAFETY: as the caller vouches.
            let (a, b) = unsafe { (*lhs.add(k * lhs_column), *rhs.add(k * strides.row + j * strides.col)) };
            sum = sum.add_product(a, b);
        }
        *out = sum;
    }
}
