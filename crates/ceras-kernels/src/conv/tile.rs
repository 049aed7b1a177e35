//! The micro-kernels: a few pixels times a few registers of channels, summed in registers.
//!
//! The order of each sum is that of the kernel's positions and channels, whatever the tile. (Registers of half the width
//! for the last channels, so that 50 take 56 lanes, win nothing: a processor multiplies as few of them in a cycle.)

use super::tail;
use crate::isa::Isa;
use crate::matmul::vector::{Lanes, Vector};

/// The most pixels of a tile.
pub(super) const MAX_PIXELS: usize = 14;
/// The most registers of a panel.
const MAX_REGISTERS: usize = 3;
/// The most channels of a tail, and the pixels and the registers of its tiles.
pub(super) const MAX_TAIL: usize = 4;
pub(super) const TAIL_PIXELS: usize = 4;
pub(super) const TAIL_REGISTERS: usize = 4;

/// A walk over the operands of a sum: `counts` steps along four axes, the last innermost.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub(super) counts: [usize; 4],
    /// Elements of the left operand that a step is.
    pub(super) left: [usize; 4],
    /// Elements of the right operand that a step is.
    pub(super) right: [usize; 4],
}

/// The operands of a micro-kernel.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) walk: Walk,
    pub(super) left: *const f32,
    /// From a pixel of the left operand to the next.
    pub(super) left_row: usize,
    pub(super) right: *const f32,
    /// From a channel of the right operand to the next, in a tail.
    pub(super) right_column: usize,
    pub(super) out: *mut f32,
    /// From a pixel of the result to the next.
    pub(super) out_row: usize,
    /// Columns of the last register that exist.
    pub(super) last: usize,
    /// Whether to add to what the result holds.
    pub(super) accumulate: bool,
    /// Whether the right operand's last register is only readable for the columns that exist.
    pub(super) right_masked: bool,
    /// What to add to each pixel's channels, or null.
    pub(super) bias: *const f32,
    /// What is the least that a result may be (`maximum`), or null.
    pub(super) floor: *const f32,
}

pub(super) type TileKernel = unsafe fn(&Tile);

/// The compiler stops short of unrolling a loop over so many pixels, and sums of a loop that is not unrolled live in memory.
macro_rules! for_pixels {
    ($i:ident in $m:ident $body:block) => {
        for_pixels!($i in $m $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    ($i:ident in $m:ident $body:block $($row:literal)*) => {$(
        if $row < $m {
            let $i: usize = $row;
            $body
        }
    )*};
}

/// Pixels whose addresses are counted from one pointer: x86 addresses `base + stride·{1, 2, 4, 8}`.
const PER_POINTER: usize = 3;

/// A tile of `M` pixels and `N` registers.
///
/// # Safety
/// The walk must stay in the operands, the tile in the result, and the caller must have the level of the registers.
#[inline(always)]
unsafe fn tile<V: Vector<Element = f32>, const M: usize, const N: usize>(t: &Tile) {
    // SAFETY: as the caller vouches.
    unsafe {
        // A masked load costs far more than another, on some processors more than a multiplication.
        let sums = if t.right_masked && t.last < V::LANES {
            sums::<V, M, N, true>(t)
        } else {
            sums::<V, M, N, false>(t)
        };
        finish::<V, M, N>(t, sums, V::mask(t.last));
    }
}

/// The sums of a tile; `MASKED` says that only the columns that exist may be read of the last register.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn sums<V: Vector<Element = f32>, const M: usize, const N: usize, const MASKED: bool>(
    t: &Tile,
) -> [[V; N]; M] {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut sums = [[V::zero(); N]; M];
        let mask = V::mask(t.last);
        let Walk { counts, left, right } = t.walk;
        for a in 0..counts[0] {
            for b in 0..counts[1] {
                for c in 0..counts[2] {
                    let base = t.left.wrapping_add(a * left[0] + b * left[1] + c * left[2]);
                    let mut pointers = [base; MAX_PIXELS.div_ceil(PER_POINTER)];
                    for (index, pointer) in pointers.iter_mut().enumerate() {
                        *pointer = base.wrapping_add(index * PER_POINTER * t.left_row);
                    }
                    let mut row = t.right.wrapping_add(a * right[0] + b * right[1] + c * right[2]);
                    for _ in 0..counts[3] {
                        let mut weights = [V::zero(); N];
                        for (j, register) in weights.iter_mut().enumerate() {
                            let pointer = row.wrapping_add(j * V::LANES);
                            *register = if MASKED && j + 1 == N {
                                V::load_masked(pointer, mask)
                            } else {
                                V::load(pointer)
                            };
                        }
                        for_pixels!(i in M {
                            let pixel = pointers[i / PER_POINTER].wrapping_add(i % PER_POINTER * t.left_row);
                            let x = V::splat(pixel);
                            for (sum, weight) in sums[i].iter_mut().zip(weights) {
                                *sum = x.multiply_add(weight, *sum);
                            }
                        });
                        for pointer in pointers.iter_mut().take(M.div_ceil(PER_POINTER)) {
                            *pointer = pointer.wrapping_add(left[3]);
                        }
                        row = row.wrapping_add(right[3]);
                    }
                }
            }
        }
        sums
    }
}

/// Adds what the result holds, bias and floor to the sums of a tile and writes them.
///
/// # Safety
/// As [`tile`].
#[allow(clippy::needless_range_loop, reason = "j counts the registers of every pixel")]
#[inline(always)]
unsafe fn finish<V: Vector<Element = f32>, const M: usize, const N: usize>(
    t: &Tile,
    mut sums: [[V; N]; M],
    mask: V::Mask,
) {
    // SAFETY: as the caller vouches; the mask keeps the last register inside of the columns.
    unsafe {
        let load = |pointer: *const f32, j: usize| {
            let pointer = pointer.wrapping_add(j * V::LANES);
            if j + 1 == N { V::load_masked(pointer, mask) } else { V::load(pointer) }
        };
        if t.accumulate {
            for_pixels!(i in M {
                let out = t.out.wrapping_add(i * t.out_row);
                for (j, sum) in sums[i].iter_mut().enumerate() {
                    *sum = load(out, j).add(*sum);
                }
            });
        }
        if !t.bias.is_null() {
            for j in 0..N {
                let bias = load(t.bias, j);
                for_pixels!(i in M { sums[i][j] = sums[i][j].add(bias); });
            }
        }
        if !t.floor.is_null() {
            let floor = V::splat(t.floor);
            for_pixels!(i in M {
                for sum in &mut sums[i] {
                    *sum = sum.maximum(floor);
                }
            });
        }
        for_pixels!(i in M {
            let out = t.out.wrapping_add(i * t.out_row);
            for (j, sum) in sums[i].iter().enumerate() {
                let pointer = out.wrapping_add(j * V::LANES);
                if j + 1 == N { sum.store_masked(pointer, mask) } else { sum.store(pointer) }
            }
        });
    }
}

/// The micro-kernels of a level.
#[derive(Clone, Copy)]
pub(super) struct Kernels {
    /// Elements of a register.
    pub(super) lanes: usize,
    /// For each number of registers, from 1 on, the most pixels of a tile.
    pixels: [usize; MAX_REGISTERS],
    /// The kernel for so many pixels and registers, within these.
    select: fn(usize, usize) -> Option<TileKernel>,
    /// The kernels of a tail: for one pixel or [`TAIL_PIXELS`], and for so many registers, times so many channels.
    tails: [[TileKernel; MAX_TAIL]; 2],
    tail_gradients: [[TileKernel; MAX_TAIL]; TAIL_REGISTERS],
}

impl Kernels {
    /// The kernel for so many pixels and registers.
    ///
    /// # Panics
    /// If there is none: a fault of the plan.
    pub(super) fn kernel(&self, pixels: usize, registers: usize) -> TileKernel {
        (self.select)(pixels, registers).expect("the plan asks for tiles of the table")
    }

    /// The most pixels of a tile of so many registers.
    pub(super) fn pixels(&self, registers: usize) -> usize {
        self.pixels[registers - 1]
    }

    /// The kernel of a tail for so many pixels (as many as are taken is the second result) and channels.
    pub(super) fn tail(&self, pixels: usize, channels: usize) -> (TileKernel, usize) {
        let several = pixels >= TAIL_PIXELS;
        (self.tails[usize::from(several)][channels - 1], if several { TAIL_PIXELS } else { 1 })
    }

    /// The kernel of a tail's gradient for so many registers and channels.
    pub(super) fn tail_gradient(&self, registers: usize, channels: usize) -> TileKernel {
        self.tail_gradients[registers - 1][channels - 1]
    }

    /// Columns in panels, of even width as far as can be, and a tail of so many columns.
    pub(super) fn panels(&self, columns: usize, tail: usize) -> Vec<Panel> {
        let mut panels = self.whole_panels(columns - tail);
        if tail > 0 {
            let (first, registers) = (columns - tail, 0);
            panels.push(Panel { first, width: tail, registers, last: 0, tail });
        }
        panels
    }

    fn whole_panels(&self, columns: usize) -> Vec<Panel> {
        let total = columns.div_ceil(self.lanes).max(1);
        let most = self.pixels.iter().filter(|pixels| **pixels > 0).count();
        let count = total.div_ceil(most);
        let mut first = 0;
        let panel = |index: usize| {
            let registers = total / count + usize::from(index < total % count);
            let width = registers * self.lanes;
            let existing = columns.saturating_sub(first).min(width);
            let panel = Panel { first, width, registers, last: existing - (width - self.lanes), tail: 0 };
            first += width;
            panel
        };
        (0..count).map(panel).collect()
    }
}

/// Columns that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// The first column.
    pub(super) first: usize,
    /// Columns of the panel with those that do not exist.
    pub(super) width: usize,
    pub(super) registers: usize,
    /// Columns of the last register that exist.
    pub(super) last: usize,
    /// Columns of a tail, whose rows lie column by column; 0 for a panel of registers.
    pub(super) tail: usize,
}

/// Makes a table of kernels: for each number of registers the numbers of pixels.
macro_rules! kernels {
    ($name:ident: $vector:ty, $pixels:expr, $(#[$feature:meta])* [$($n:literal: $($m:literal)*;)*]) => {
        const $name: Kernels = {
            $(#[$feature])*
            unsafe fn run<const M: usize, const N: usize>(t: &Tile) {
                // SAFETY: as the caller vouches; this function has the level of the registers.
                unsafe { tile::<$vector, M, N>(t) }
            }
            fn select(pixels: usize, registers: usize) -> Option<TileKernel> {
                match (pixels, registers) {
                    $($(($m, $n) => Some(run::<$m, $n>),)*)*
                    _ => None,
                }
            }
            $(#[$feature])*
            unsafe fn tail<const M: usize, const R: usize>(t: &Tile) {
                // SAFETY: as above.
                unsafe { tail::forward::<$vector, M, R>(t) }
            }
            $(#[$feature])*
            unsafe fn gradient<const N: usize, const R: usize>(t: &Tile) {
                // SAFETY: as above.
                unsafe { tail::gradient::<$vector, N, R>(t) }
            }
            Kernels {
                lanes: <$vector as Vector>::LANES,
                pixels: $pixels,
                select,
                tails: [
                    [tail::<1, 1>, tail::<1, 2>, tail::<1, 3>, tail::<1, 4>],
                    [tail::<4, 1>, tail::<4, 2>, tail::<4, 3>, tail::<4, 4>],
                ],
                tail_gradients: [
                    [gradient::<1, 1>, gradient::<1, 2>, gradient::<1, 3>, gradient::<1, 4>],
                    [gradient::<2, 1>, gradient::<2, 2>, gradient::<2, 3>, gradient::<2, 4>],
                    [gradient::<3, 1>, gradient::<3, 2>, gradient::<3, 3>, gradient::<3, 4>],
                    [gradient::<4, 1>, gradient::<4, 2>, gradient::<4, 3>, gradient::<4, 4>],
                ],
            }
        };
    };
}

kernels!(PORTABLE: Lanes<f32, 8>, [3, 0, 0], [1: 1 2 3;]);

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::*;
    use crate::matmul::x86::{F32x8, F32x16};

    // 16 registers: the sums, a row of the panel and one broadcast element.
    kernels!(AVX2: F32x8, [6, 6, 4], #[target_feature(enable = "avx2,fma")]
        [1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3 4;]);
    // 32 registers, likewise.
    kernels!(AVX512: F32x16, [14, 14, 9], #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
        [1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14; 2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14; 3: 1 2 3 4 5 6 7 8 9;]);

    pub(super) fn kernels(isa: Isa) -> Option<Kernels> {
        match isa {
            Isa::Avx512 if isa.is_available() => Some(AVX512),
            Isa::Avx2 | Isa::Avx512 if Isa::Avx2.is_available() => Some(AVX2),
            _ => None,
        }
    }
}

/// The kernels of a level.
pub(super) fn kernels(isa: Isa) -> Kernels {
    #[cfg(target_arch = "x86_64")]
    if let Some(kernels) = wide::kernels(isa) {
        return kernels;
    }
    let _ = isa;
    PORTABLE
}
