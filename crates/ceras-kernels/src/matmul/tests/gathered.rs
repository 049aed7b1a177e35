use std::ops::Range;
use std::sync::Arc;

use super::*;

/// Patches of a signal: row `i` has the elements from `i · step` on, as a convolution along one axis reads them.
#[derive(Debug)]
struct Patches {
    rows: usize,
    step: usize,
    k: usize,
    by_columns: bool,
}

// SAFETY: element `(i, k)` is the signal's element `i · step + k`, below `elements`; only the block is written.
unsafe impl<T: Element> Gather<T> for Patches {
    fn elements(&self) -> usize {
        (self.rows - 1) * self.step + self.k
    }
    fn by_columns(&self) -> bool {
        self.by_columns
    }
    unsafe fn copy(
        &self,
        source: *const T,
        rows: Range<usize>,
        k: Range<usize>,
        target: *mut T,
        stride: usize,
    ) {
        for (i, row) in rows.enumerate() {
            for (index, k) in k.clone().enumerate() {
                let at = if self.by_columns { index * stride + i } else { i * stride + index };
                // SAFETY: as the caller vouches.
                unsafe { *target.add(at) = *source.add(row * self.step + k) }
            }
        }
    }
}

#[test]
fn gathered_rows_are_like_rows_in_memory() {
    for isa in levels().filter(|isa| *isa != Isa::Reference) {
        for (m, n, k, step) in [(5, 3, 4, 2), (33, 50, 27, 3), (100, 70, 300, 1), (203, 17, 515, 4)] {
            let matrix = row_major([1, m, n, k]);
            let signal = of::<f32>(&numbers((m - 1) * step + k, 6));
            let (lhs, rhs) = (
                (0..m).flat_map(|row| signal[row * step..][..k].to_vec()).collect::<Vec<f32>>(),
                of::<f32>(&numbers(k * n, 7)),
            );
            let expected = run(&matrix, isa, &Pool::new(1), &[&lhs, &rhs], 0);
            for by_columns in [false, true] {
                let patches = Gathered::F32(Arc::new(Patches { rows: m, step, k, by_columns }));
                let kernel = MatMul::gathered(matrix.clone(), isa, patches).unwrap();
                let out = run_kernel(kernel, &matrix, &Pool::new(2), &[&signal, &rhs], 0);
                assert_eq!(out, expected, "{isa} {m} {n} {k} {by_columns}");
            }
        }
    }
}
