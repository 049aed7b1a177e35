//! Copies of operands in the order in which the micro-kernel reads them.

use crate::dtype::Element;

/// Copies `k` rows of `columns` elements into a panel whose rows are `width` apart.
///
/// # Safety
/// The source must be readable for the elements that the strides reach; the panel must be writable for `k · width`.
pub(super) unsafe fn panel<T: Element>(
    panel: *mut T,
    width: usize,
    source: *const T,
    (row, column): (usize, usize),
    k: usize,
    columns: usize,
) {
    // SAFETY: as the caller vouches: all indices stay below `k` and `columns`.
    unsafe {
        if column == 1 {
            for index in 0..k {
                std::ptr::copy_nonoverlapping(source.add(index * row), panel.add(index * width), columns);
            }
        } else if row == 1 {
            transpose(panel, width, source, column, k, columns);
        } else {
            for index in 0..k {
                for j in 0..columns {
                    *panel.add(index * width + j) = *source.add(index * row + j * column);
                }
            }
        }
    }
}

/// `panel[i, j] = source[j, i]` for `rows` × `columns` elements, in blocks that fit in registers.
///
/// # Safety
/// As [`panel`], with `source` rows `source_row` apart.
unsafe fn transpose<T: Element>(
    panel: *mut T,
    width: usize,
    source: *const T,
    source_row: usize,
    rows: usize,
    columns: usize,
) {
    const BLOCK: usize = 8;
    // SAFETY: as the caller vouches: all indices stay below `rows` and `columns`.
    unsafe {
        let whole = rows / BLOCK * BLOCK;
        for i in (0..whole).step_by(BLOCK) {
            for j in 0..columns {
                let block = source.add(j * source_row + i).cast::<[T; BLOCK]>().read_unaligned();
                for (index, value) in block.into_iter().enumerate() {
                    *panel.add((i + index) * width + j) = value;
                }
            }
        }
        for i in whole..rows {
            for j in 0..columns {
                *panel.add(i * width + j) = *source.add(j * source_row + i);
            }
        }
    }
}
