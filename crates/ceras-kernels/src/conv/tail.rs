//! The few channels that are left when whole registers are filled, 2 of 50, say: a register for them alone would be nearly
//! empty, so its lanes are given to what is summed over, or to the kernel's rows, instead.

use super::tile::{MAX_TAIL, Tile, Walk};
use crate::matmul::vector::{Float, Vector};

/// The most lanes of a register.
const MAX_LANES: usize = 16;

/// `M` pixels times `R` channels: the lanes run along the elements of the image that a pixel meets, and are added up at the
/// end.
///
/// # Safety
/// As for a tile; the elements of the innermost walk lie one after the other in both operands, and channel `j` of the right
/// operand is `j · right_column` further on.
#[inline(always)]
pub(super) unsafe fn forward<V: Vector<Element = f32>, const M: usize, const R: usize>(t: &Tile) {
    // SAFETY: as the caller vouches; the last register of a run is masked.
    unsafe {
        let mut sums = [[V::zero(); R]; M];
        let Walk { counts, left, right } = t.walk;
        let (whole, rest) = (counts[3] / V::LANES, counts[3] % V::LANES);
        let mask = V::mask(rest.max(1));
        for a in 0..counts[0] {
            for b in 0..counts[1] {
                for c in 0..counts[2] {
                    let mut x = t.left.wrapping_add(a * left[0] + b * left[1] + c * left[2]);
                    let mut w = t.right.wrapping_add(a * right[0] + b * right[1] + c * right[2]);
                    for _ in 0..whole {
                        let weights: [V; R] =
                            std::array::from_fn(|j| V::load(w.wrapping_add(j * t.right_column)));
                        for (i, sums) in sums.iter_mut().enumerate() {
                            let pixel = V::load(x.wrapping_add(i * t.left_row));
                            for (sum, weight) in sums.iter_mut().zip(weights) {
                                *sum = pixel.multiply_add(weight, *sum);
                            }
                        }
                        (x, w) = (x.wrapping_add(V::LANES), w.wrapping_add(V::LANES));
                    }
                    if rest > 0 {
                        for (i, sums) in sums.iter_mut().enumerate() {
                            let pixel = V::load_masked(x.wrapping_add(i * t.left_row), mask);
                            for (j, sum) in sums.iter_mut().enumerate() {
                                let weight = V::load_masked(w.wrapping_add(j * t.right_column), mask);
                                *sum = pixel.multiply_add(weight, *sum);
                            }
                        }
                    }
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                let mut sum = sum.sum();
                if !t.bias.is_null() {
                    sum = sum.add(*t.bias.add(j));
                }
                if !t.floor.is_null() {
                    sum = Float::maximum(sum, *t.floor);
                }
                *t.out.add(i * t.out_row + j) = sum;
            }
        }
    }
}

/// `N` registers of the kernel's rows, which lie one after the other in the image, times `R` channels of the cotangent, over
/// the pixels of the walk; added to what the result holds.
///
/// # Safety
/// As for a tile; the last register has `last` rows.
#[inline(always)]
pub(super) unsafe fn gradient<V: Vector<Element = f32>, const N: usize, const R: usize>(t: &Tile) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mask = V::mask(t.last);
        let mut sums = [[V::zero(); N]; R];
        let Walk { counts, left, right } = t.walk;
        for c in 0..counts[2] {
            let mut x = t.left.wrapping_add(c * left[2]);
            let mut g = t.right.wrapping_add(c * right[2]);
            for _ in 0..counts[3] {
                let rows: [V; N] = std::array::from_fn(|n| {
                    let from = x.wrapping_add(n * V::LANES);
                    if n + 1 == N { V::load_masked(from, mask) } else { V::load(from) }
                });
                for (j, sums) in sums.iter_mut().enumerate() {
                    let cotangent = V::splat(g.wrapping_add(j));
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        *sum = cotangent.multiply_add(row, *sum);
                    }
                }
                (x, g) = (x.wrapping_add(left[3]), g.wrapping_add(right[3]));
            }
        }
        let mut lanes = [0.0f32; MAX_LANES];
        for (j, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                sum.store(lanes.as_mut_ptr());
                let count = if n + 1 == N { t.last } else { V::LANES };
                for (lane, sum) in lanes[..count].iter().enumerate() {
                    let out = t.out.add((n * V::LANES + lane) * t.out_row + j);
                    *out += sum;
                }
            }
        }
    }
}

/// How many of so many channels are left for the tail, of registers of so many lanes and sums of so many elements: few, and
/// where the sums are long.
pub(super) fn left_over(channels: usize, lanes: usize, run: usize, sum: usize) -> usize {
    let rest = channels % lanes;
    let few = rest > 0 && rest <= MAX_TAIL && 4 * rest <= lanes;
    if few && channels > lanes && run >= 2 * lanes && sum >= 4 * lanes { rest } else { 0 }
}
