//! The micro-kernels: a few pixels times a few registers of channels, summed in registers.
//!
//! A panel is as wide as [`Registers`] says: whole registers, and perhaps one of half their width at the end, so that 50
//! channels take 56 lanes instead of 64. The order of each sum is that of the kernel's positions and channels, whatever
//! the tile.

use crate::isa::Isa;
use crate::matmul::vector::{Lanes, Vector};

/// The most pixels of a tile.
pub(super) const MAX_PIXELS: usize = 14;

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
    pub(super) out: *mut f32,
    /// From a pixel of the result to the next.
    pub(super) out_row: usize,
    /// Columns of the last register that exist.
    pub(super) last: usize,
    /// Whether to add to what the result holds.
    pub(super) accumulate: bool,
    /// Whether the right operand's last register is only readable for the columns that exist.
    pub(super) right_masked: bool,
}

pub(super) type TileKernel = unsafe fn(&Tile);

/// How many registers a panel has, and whether one of half their width follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    pub(super) whole: usize,
    pub(super) half: bool,
}

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

/// A tile of `M` pixels and `N` registers of `V`, and one of `H` if `HALF`.
///
/// # Safety
/// The walk must stay in the operands, the tile in the result, and the caller must have the level of the registers.
#[inline(always)]
unsafe fn tile<V, H, const M: usize, const N: usize, const HALF: bool>(t: &Tile)
where
    V: Vector<Element = f32>,
    H: Vector<Element = f32>,
{
    // SAFETY: as the caller vouches.
    unsafe {
        let mut sums = [[V::zero(); N]; M];
        let mut halves = [H::zero(); M];
        let (full_mask, half_mask) =
            (V::mask(if HALF { V::LANES } else { t.last }), H::mask(if HALF { t.last } else { H::LANES }));
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
                            *register = if !HALF && j + 1 == N && t.right_masked {
                                V::load_masked(pointer, full_mask)
                            } else {
                                V::load(pointer)
                            };
                        }
                        let pointer = row.wrapping_add(N * V::LANES);
                        let half = if !HALF {
                            H::zero()
                        } else if t.right_masked {
                            H::load_masked(pointer, half_mask)
                        } else {
                            H::load(pointer)
                        };
                        for_pixels!(i in M {
                            let pixel = pointers[i / PER_POINTER].wrapping_add(i % PER_POINTER * t.left_row);
                            if N > 0 {
                                let x = V::splat(pixel);
                                for (sum, weight) in sums[i].iter_mut().zip(weights) {
                                    *sum = x.multiply_add(weight, *sum);
                                }
                            }
                            if HALF {
                                halves[i] = H::splat(pixel).multiply_add(half, halves[i]);
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
        for_pixels!(i in M {
            let out = t.out.wrapping_add(i * t.out_row);
            for (j, sum) in sums[i].iter().enumerate() {
                let pointer = out.wrapping_add(j * V::LANES);
                let last = !HALF && j + 1 == N;
                let mut sum = *sum;
                if t.accumulate {
                    let held = if last { V::load_masked(pointer, full_mask) } else { V::load(pointer) };
                    sum = held.add(sum);
                }
                if last { sum.store_masked(pointer, full_mask) } else { sum.store(pointer) }
            }
            if HALF {
                let pointer = out.wrapping_add(N * V::LANES);
                let mut sum = halves[i];
                if t.accumulate {
                    sum = H::load_masked(pointer, half_mask).add(sum);
                }
                sum.store_masked(pointer, half_mask);
            }
        });
    }
}

/// The micro-kernels of a level.
#[derive(Clone, Copy)]
pub(super) struct Kernels {
    /// Elements of a register.
    pub(super) lanes: usize,
    /// Elements of a register of half the width; 0 where the level uses none.
    pub(super) half: usize,
    /// The most registers of a panel.
    pub(super) registers: usize,
    /// The most pixels of a tile.
    pub(super) pixels: usize,
    /// The kernel for so many pixels and registers, within these.
    select: fn(usize, Registers) -> Option<TileKernel>,
}

impl Kernels {
    /// The kernel for so many pixels and registers.
    ///
    /// # Panics
    /// If there is none: a fault of the plan.
    pub(super) fn kernel(&self, pixels: usize, registers: Registers) -> TileKernel {
        (self.select)(pixels, registers).expect("the plan asks for tiles of the table")
    }

    /// Columns in panels: the number of panels of each width.
    pub(super) fn panels(&self, columns: usize) -> Vec<Panel> {
        let unit = if self.half > 0 { self.half } else { self.lanes };
        let units = columns.div_ceil(unit).max(1);
        let most = self.registers * self.lanes / unit;
        let count = units.div_ceil(most);
        let mut panels = Vec::with_capacity(count);
        let mut start = 0;
        for index in 0..count {
            // The first ones are the wider; a width is even where it can be, so that whole registers do.
            let rest = units - start;
            let width = rest.div_ceil(count - index);
            let width = if self.half > 0 && width % 2 == 1 && index + 1 < count { width + 1 } else { width }
                .min(rest);
            let per = self.lanes / unit;
            let registers = Registers { whole: width / per, half: width % per != 0 };
            let first = start * unit;
            let existing = columns.saturating_sub(first).min(width * unit);
            let last_unit = if registers.half { self.half } else { self.lanes };
            panels.push(Panel {
                first,
                width: width * unit,
                registers,
                last: existing - (width * unit - last_unit),
            });
            start += width;
        }
        panels
    }
}

/// Columns that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// The first column.
    pub(super) first: usize,
    /// Columns of the panel with those that do not exist.
    pub(super) width: usize,
    pub(super) registers: Registers,
    /// Columns of the last register that exist.
    pub(super) last: usize,
}

/// Makes a table of kernels: for each number of registers the numbers of pixels.
macro_rules! kernels {
    ($name:ident: $vector:ty, $half:ty, $half_lanes:expr, $pixels:literal, $registers:literal, $(#[$feature:meta])*
     [$(($n:literal, $is_half:literal): $($m:literal)*;)*]) => {
        const $name: Kernels = {
            $(#[$feature])*
            unsafe fn run<const M: usize, const N: usize, const HALF: bool>(t: &Tile) {
                // SAFETY: as the caller vouches; this function has the level of the registers.
                unsafe { tile::<$vector, $half, M, N, HALF>(t) }
            }
            fn select(pixels: usize, registers: Registers) -> Option<TileKernel> {
                match (pixels, registers.whole, registers.half) {
                    $($(($m, $n, $is_half) => Some(run::<$m, $n, $is_half>),)*)*
                    _ => None,
                }
            }
            Kernels {
                lanes: <$vector as Vector>::LANES,
                half: $half_lanes,
                registers: $registers,
                pixels: $pixels,
                select,
            }
        };
    };
}

kernels!(PORTABLE: Lanes<f32, 8>, Lanes<f32, 8>, 0, 3, 1, [(1, false): 1 2 3;]);

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::*;
    use crate::matmul::x86::{F32x8, F32x16};

    // 16 registers: the sums, a row of the panel and one broadcast element.
    kernels!(AVX2: F32x8, F32x8, 0, 6, 2, #[target_feature(enable = "avx2,fma")]
        [(1, false): 1 2 3 4 5 6; (2, false): 1 2 3 4 5 6;]);
    // 32 registers, likewise.
    kernels!(AVX512: F32x16, F32x8, 8, 14, 2,
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
        [(0, true): 1 2 3 4 5 6 7 8 9 10 11 12 13 14; (1, false): 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
         (1, true): 1 2 3 4 5 6 7 8 9 10 11 12 13 14; (2, false): 1 2 3 4 5 6 7 8 9 10 11 12 13 14;]);

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
