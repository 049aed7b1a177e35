//! The micro-kernel: one tile of the product, held in registers while it runs along k.

use super::dots::{Dots, dots};
use super::epilogue::{Affine, affine_row};
use super::pack::{self, LINE_BYTES, Transpose};
use super::split::{AddUp, Partials, add_up};
use super::vector::{Lanes, Vector, prefetch};
use crate::isa::Isa;

/// The most elements of k that are summed in registers before they are added to the product.
pub(super) const fn block<T>() -> usize {
    1024 / size_of::<T>()
}

/// How many blocks a sum of `k` elements has, and how many elements each has but for the last.
///
/// The sum of an element is the sum, in order, of the sums of its blocks, and the sum of a block runs along k from zero.
/// That order is the same in every path (large, small, edge, any number of threads), so the bits are too. Blocks also
/// keep the rounding error of a long sum near that of its block. They are of even size, because a short one would cost
/// a pass over the product all the same.
pub(super) const fn blocks<T>(k: usize) -> (usize, usize) {
    if k == 0 {
        return (1, 0);
    }
    let len = k.div_ceil(k.div_ceil(block::<T>()));
    (k.div_ceil(len), len)
}

/// The most rows that a tile may have.
pub(super) const MAX_ROWS: usize = 16;

/// The most registers that a row of a tile may have.
pub(super) const MAX_REGISTERS: usize = 8;

/// The operands of a micro-kernel.
#[derive(Clone, Copy)]
pub(super) struct Tile<T> {
    /// Length of the sum.
    pub(super) k: usize,
    /// The left operand: row `i`, element `k` is at `i·lhs_row + k·lhs_column`.
    pub(super) lhs: *const T,
    pub(super) lhs_row: usize,
    pub(super) lhs_column: usize,
    /// The right operand: element `k`, column `j` is at `k·rhs_row + j`.
    pub(super) rhs: *const T,
    pub(super) rhs_row: usize,
    /// The product: row `i`, column `j` is at `i·out_row + j`.
    pub(super) out: *mut T,
    pub(super) out_row: usize,
    /// How many rows of the product to ask for while the sums run; at most those of the tile.
    pub(super) ahead: usize,
    /// Columns that exist; the last register of the tile may reach beyond them.
    pub(super) columns: usize,
    /// How many rows of the right operand, from the first on, can be read for whole registers all the same.
    pub(super) open: usize,
    /// Whether the product holds the sum of earlier blocks.
    pub(super) accumulate: bool,
    /// What to add to each row when the sum is complete, or null.
    pub(super) bias: *const T,
    /// What is the least that a result may be (`maximum`), or null.
    pub(super) floor: *const T,
}

/// A kernel of products of one column.
pub(super) type DotKernel<T> = unsafe fn(&Dots<T>);

/// A kernel of `maximum(x · factor + shift, floor)`: the operands, the row, its length, the target.
pub(super) type AffineKernel<T> = unsafe fn(&Affine<T>, *const T, usize, *mut T);

/// A micro-kernel for a number of rows and registers.
pub(super) type TileKernel<T> = unsafe fn(&Tile<T>);

/// A tile's rows, four pointers apart: x86 addresses `base + stride·{1, 2, 4, 8}`, so that one base serves several rows.
const ROWS_PER_POINTER: usize = 3;

/// How many rows of the right operand a large tile asks for ahead of their use.
const ROWS_AHEAD: usize = 6;

/// From how many sums on a tile asks for memory ahead; smaller ones belong to products that the L1 cache holds.
const LARGE: usize = 12;

/// Runs a block for `$i` from 0 to `$m`, at most [`MAX_ROWS`]. The compiler stops short of unrolling a loop of so many rows,
/// and the sums of a loop that is not unrolled live in memory.
macro_rules! for_rows {
    ($i:ident in $m:ident $body:block) => {
        for_rows!($i in $m $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($i:ident in $m:ident $body:block $($row:literal)*) => {$(
        if $row < $m {
            let $i: usize = $row;
            $body
        }
    )*};
}

/// The last register of a tile's rows is full…
const WHOLE: u8 = 0;
/// … or masked, where it must be: in the loop that costs a tenth of the time with AVX2, and more…
const MASKED: u8 = 1;
/// … or half a register is enough.
const HALF: u8 = 2;

/// Computes a tile of `M` rows and `N` registers; `EDGE` says how the last one is; `AHEAD` says that memory is asked for
/// ahead of its use.
///
/// # Safety
/// The operands must be readable, and the product writable, for the rows and columns of the tile, the first `open` rows of
/// the right operand for whole registers, and the caller must have the instruction-set level of `V`.
#[inline(always)]
unsafe fn tile<V: Vector, const M: usize, const N: usize, const EDGE: u8, const AHEAD: bool>(
    t: &Tile<V::Element>,
) {
    // SAFETY: as the caller vouches; the mask keeps the last register inside of the columns where it must.
    unsafe {
        let edge = t.columns - (N - 1) * V::LANES;
        let (mask, half_mask) = (V::mask(edge), V::Half::mask(edge.min(V::Half::LANES)));
        let full = if EDGE == HALF { N - 1 } else { N };
        let mut sums = [[V::zero(); N]; M];
        let mut halves = [[V::Half::zero(); 1]; M];
        let mut lhs = [t.lhs; MAX_ROWS.div_ceil(ROWS_PER_POINTER)];
        for (index, pointer) in lhs.iter_mut().enumerate() {
            *pointer = t.lhs.wrapping_add(index * ROWS_PER_POINTER * t.lhs_row);
        }
        let mut rhs = t.rhs;
        macro_rules! step {
            ($masked:expr) => {
                let mut right = [V::zero(); N];
                for (j, register) in right.iter_mut().enumerate() {
                    let pointer = rhs.add(j * V::LANES);
                    if AHEAD && j * V::LANES * size_of::<V::Element>() % LINE_BYTES == 0 {
                        prefetch(pointer.wrapping_add(ROWS_AHEAD * t.rhs_row));
                    }
                    if j < full {
                        *register = if $masked && j + 1 == N {
                            V::load_masked(pointer, mask)
                        } else {
                            V::load(pointer)
                        };
                    }
                }
                let right_half = if EDGE == HALF {
                    V::Half::load_masked(rhs.add(full * V::LANES), half_mask)
                } else {
                    V::Half::zero()
                };
                for_rows!(i in M {
                    let left = V::splat(lhs[i / ROWS_PER_POINTER].wrapping_add(i % ROWS_PER_POINTER * t.lhs_row));
                    for (sum, right) in sums[i].iter_mut().zip(right).take(full) {
                        *sum = left.multiply_add(right, *sum);
                    }
                    if EDGE == HALF {
                        halves[i][0] = left.low().multiply_add(right_half, halves[i][0]);
                    }
                });
                for pointer in lhs.iter_mut().take(M.div_ceil(ROWS_PER_POINTER)) {
                    *pointer = pointer.wrapping_add(t.lhs_column);
                }
                rhs = rhs.wrapping_add(t.rhs_row);
            };
        }
        let open = if EDGE == MASKED { t.open } else { t.k };
        let mut rest = open;
        if AHEAD {
            // The product's lines come while the first sums run, a row at a time: all at once they would keep the operands
            // waiting.
            let mut out = t.out;
            for _ in 0..t.ahead.min(rest) {
                for j in (0..N).step_by((LINE_BYTES / size_of::<V>()).max(1)) {
                    prefetch(out.wrapping_add(j * V::LANES));
                }
                out = out.wrapping_add(t.out_row);
                step!(false);
            }
            rest = rest.saturating_sub(t.ahead);
        }
        for _ in 0..rest {
            step!(false);
        }
        if EDGE == MASKED {
            for _ in open..t.k {
                step!(true);
            }
        }
        let out = (t.out, t.bias);
        finish::<V, M, N>(t, out, sums, full, (EDGE == MASKED).then_some(mask));
        if EDGE == HALF {
            let past = |pointer: *const V::Element| pointer.wrapping_add(full * V::LANES);
            let bias = if t.bias.is_null() { t.bias } else { past(t.bias) };
            finish::<V::Half, M, 1>(t, (past(t.out).cast_mut(), bias), halves, 1, Some(half_mask));
        }
    }
}

/// Adds earlier blocks, bias and floor to the sums of a tile and writes them: of the first `full` registers of each row,
/// the last of them within the mask if there is one; `out` and `bias` are where the product and the bias of these start.
///
/// # Safety
/// As [`tile`].
#[allow(clippy::needless_range_loop, reason = "j counts the registers of every row")]
#[inline(always)]
unsafe fn finish<V: Vector, const M: usize, const N: usize>(
    t: &Tile<V::Element>,
    (out, bias): (*mut V::Element, *const V::Element),
    mut sums: [[V; N]; M],
    full: usize,
    mask: Option<V::Mask>,
) {
    // SAFETY: as the caller vouches; the mask keeps the last register inside of the columns.
    unsafe {
        let masked = |j: usize| mask.filter(|_| j + 1 == full);
        let load = |pointer: *const V::Element, j: usize| {
            let pointer = pointer.add(j * V::LANES);
            if let Some(mask) = masked(j) { V::load_masked(pointer, mask) } else { V::load(pointer) }
        };
        if t.accumulate {
            for_rows!(i in M {
                let out = out.add(i * t.out_row);
                for (j, sum) in sums[i].iter_mut().enumerate().take(full) {
                    *sum = load(out, j).add(*sum);
                }
            });
        }
        if !bias.is_null() {
            for j in 0..full {
                let bias = load(bias, j);
                for_rows!(i in M { sums[i][j] = sums[i][j].add(bias); });
            }
        }
        if !t.floor.is_null() {
            let floor = V::splat(t.floor);
            for_rows!(i in M {
                for sum in sums[i].iter_mut().take(full) {
                    *sum = sum.maximum(floor);
                }
            });
        }
        for_rows!(i in M {
            let out = out.add(i * t.out_row);
            for (j, sum) in sums[i].iter().enumerate().take(full) {
                let pointer = out.add(j * V::LANES);
                if let Some(mask) = masked(j) { sum.store_masked(pointer, mask) } else { sum.store(pointer) }
            }
        });
    }
}

/// The micro-kernels of a level for one element type.
pub(super) struct Kernels<T> {
    /// Elements of a register.
    pub(super) lanes: usize,
    /// Whether the last register of a row may be half a one.
    pub(super) halves: bool,
    /// For each number of registers, 1 to [`MAX_REGISTERS`], the most rows.
    pub(super) rows: [usize; MAX_REGISTERS],
    /// The kernel for so many rows and registers, within `rows`.
    pub(super) select: fn(usize, usize) -> Option<TileKernel<T>>,
    /// The kernel of products of one column.
    pub(super) dots: DotKernel<T>,
    /// What adds up the sums of blocks.
    pub(super) add_up: AddUp<T>,
    /// Transposes blocks of elements.
    pub(super) transpose: Transpose<T>,
    /// What a prologue that the kernels know does to a row.
    pub(super) affine: AffineKernel<T>,
}

/// Makes a table of kernels: for each number of registers the numbers of rows.
macro_rules! kernels {
    ($name:ident: $element:ty, $vector:ty, $transpose:expr, $(#[$feature:meta])* [$($registers:literal: $($rows:literal)*;)*]) => {
        pub(super) const $name: Kernels<$element> = {
            const HALVES: bool = <<$vector as Vector>::Half as Vector>::LANES < <$vector as Vector>::LANES;
            $(#[$feature])*
            unsafe fn run<const M: usize, const N: usize>(t: &Tile<$element>) {
                // SAFETY: as the caller vouches; this function has the level of the vector.
                unsafe {
                    let lanes = <$vector as Vector>::LANES;
                    let whole = t.columns == N * lanes;
                    let half = HALVES && narrow(t.columns, lanes);
                    match (whole, half, t.ahead > 0 && M * N >= LARGE) {
                        (true, _, true) => tile::<$vector, M, N, WHOLE, true>(t),
                        (true, _, false) => tile::<$vector, M, N, WHOLE, false>(t),
                        (_, true, true) => tile::<$vector, M, N, HALF, true>(t),
                        (_, true, false) => tile::<$vector, M, N, HALF, false>(t),
                        (_, _, true) => tile::<$vector, M, N, MASKED, true>(t),
                        (_, _, false) => tile::<$vector, M, N, MASKED, false>(t),
                    }
                }
            }
            fn select(rows: usize, registers: usize) -> Option<TileKernel<$element>> {
                match (rows, registers) {
                    $($(($rows, $registers) => Some(run::<$rows, $registers>),)*)*
                    _ => None,
                }
            }
            $(#[$feature])*
            unsafe fn run_dots(d: &Dots<$element>) {
                // SAFETY: as the caller vouches; this function has the level of the vector.
                unsafe { dots::<$vector>(d) }
            }
            $(#[$feature])*
            unsafe fn run_add_up(p: &Partials<$element>) {
                // SAFETY: as the caller vouches; this function has the level of the vector.
                unsafe { add_up::<$vector>(p) }
            }
            $(#[$feature])*
            unsafe fn run_affine(by: &Affine<$element>, x: *const $element, len: usize, target: *mut $element) {
                // SAFETY: as the caller vouches; this function has the level of the vector.
                unsafe { affine_row::<$vector>(by, x, len, target) }
            }
            Kernels {
                affine: run_affine,
                dots: run_dots,
                add_up: run_add_up,
                lanes: <$vector as Vector>::LANES,
                halves: HALVES,
                rows: [$(last(&[$($rows),*])),*],
                select,
                transpose: $transpose,
            }
        };
    };
}

/// Whether half a register is enough for what so many columns leave over.
pub(super) const fn narrow(columns: usize, lanes: usize) -> bool {
    let over = columns % lanes;
    over > 0 && over <= lanes / 2
}

const fn last(rows: &[usize]) -> usize {
    if rows.is_empty() { 0 } else { rows[rows.len() - 1] }
}

/// Tables by element type.
pub(super) trait Tiled: super::vector::Float {
    /// The kernels of a level; those of the highest level below where this processor family has none.
    fn kernels(isa: Isa) -> Kernels<Self>;
}

const PLAIN_F32: Transpose<f32> = Transpose { block: 8, run: pack::transpose_block::<f32, 8> };
const PLAIN_F64: Transpose<f64> = Transpose { block: 4, run: pack::transpose_block::<f64, 4> };

kernels!(PORTABLE_F32: f32, Lanes<f32, 8>, PLAIN_F32, [1: 1 2 3 4; 2: 1 2; 3: 1 ; 4: 1; 5: ; 6: ; 7: ; 8: ;]);
kernels!(PORTABLE_F64: f64, Lanes<f64, 4>, PLAIN_F64, [1: 1 2 3 4; 2: 1 2; 3: 1 ; 4: 1; 5: ; 6: ; 7: ; 8: ;]);

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::super::x86::{self, F32x8, F32x16, F64x4, F64x8};
    use super::*;

    const WIDE_F32: Transpose<f32> = Transpose { block: 8, run: x86::transpose_f32 };
    const WIDE_F64: Transpose<f64> = Transpose { block: 4, run: x86::transpose_f64 };

    // 16 registers: the sums, a row of the right operand and one broadcast element.
    kernels!(AVX2_F32: f32, F32x8, WIDE_F32, #[target_feature(enable = "avx2,fma")]
        [1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3; 4: 1 2; 5: 1 2; 6: 1; 7: 1; 8: 1;]);
    kernels!(AVX2_F64: f64, F64x4, WIDE_F64, #[target_feature(enable = "avx2,fma")]
        [1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3; 4: 1 2; 5: 1 2; 6: 1; 7: 1; 8: 1;]);
    // 32 registers, likewise; but no more than eight rows: lines of a product whose rows lie a power of two apart share the
    // eight places of one set in the L1 cache.
    kernels!(AVX512_F32: f32, F32x16, WIDE_F32, #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
        [1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; 2: 1 2 3 4 5 6 7 8; 3: 1 2 3 4 5 6 7 8;
         4: 1 2 3 4 5 6; 5: 1 2; 6: 1 2; 7: 1 2; 8: 1 2;]);
    kernels!(AVX512_F64: f64, F64x8, WIDE_F64, #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
        [1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; 2: 1 2 3 4 5 6 7 8; 3: 1 2 3 4 5 6 7 8;
         4: 1 2 3 4 5 6; 5: 1 2; 6: 1 2; 7: 1 2; 8: 1 2;]);
}

macro_rules! tiled {
    ($($element:ty: $portable:ident $avx2:ident $avx512:ident;)*) => {$(
        impl Tiled for $element {
            fn kernels(isa: Isa) -> Kernels<$element> {
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 if isa.is_available() => wide::$avx512,
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 | Isa::Avx512 if Isa::Avx2.is_available() => wide::$avx2,
                    _ => $portable,
                }
            }
        }
    )*};
}

tiled!(f32: PORTABLE_F32 AVX2_F32 AVX512_F32; f64: PORTABLE_F64 AVX2_F64 AVX512_F64;);
