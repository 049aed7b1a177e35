//! The registers of AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::vector::Vector;

macro_rules! avx512 {
    ($name:ident, $register:ty, $element:ty, $half:ident, $low:ident, $mask:ty, $lanes:literal, $zero:ident, $splat:ident, $load:ident,
     $load_masked:ident, $store:ident, $store_masked:ident, $fma:ident, $add:ident, $max:ident, $unordered:ident,
     $blend:ident, $and:ident, $sum:ident) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        // SAFETY (all blocks): the caller is inlined into a function with AVX-512 switched on, and its pointers are
        // readable or writable for the lanes that are touched.
        impl Vector for $name {
            type Element = $element;
            type Mask = $mask;
            type Half = $half;
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn mask(count: usize) -> $mask {
                ((1u32 << count) - 1) as $mask
            }
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: see above.
                $name(unsafe { $zero() })
            }
            #[inline(always)]
            unsafe fn splat(pointer: *const $element) -> Self {
                // SAFETY: see above.
                $name(unsafe { $splat(*pointer) })
            }
            #[inline(always)]
            unsafe fn load(pointer: *const $element) -> Self {
                // SAFETY: see above.
                $name(unsafe { $load(pointer) })
            }
            #[inline(always)]
            unsafe fn load_masked(pointer: *const $element, mask: $mask) -> Self {
                // SAFETY: see above.
                $name(unsafe { $load_masked(mask, pointer) })
            }
            #[inline(always)]
            unsafe fn store(self, pointer: *mut $element) {
                // SAFETY: see above.
                unsafe { $store(pointer, self.0) }
            }
            #[inline(always)]
            unsafe fn store_masked(self, pointer: *mut $element, mask: $mask) {
                // SAFETY: see above.
                unsafe { $store_masked(pointer, mask, self.0) }
            }
            #[inline(always)]
            unsafe fn multiply_add(self, other: Self, sum: Self) -> Self {
                // SAFETY: see above.
                $name(unsafe { $fma(self.0, other.0, sum.0) })
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: see above.
                $name(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn low(self) -> $half {
                // SAFETY: see above.
                $half(unsafe { $low(self.0) })
            }
            #[inline(always)]
            unsafe fn sum(self) -> $element {
                // SAFETY: see above.
                unsafe { $sum(self.0) }
            }
            #[inline(always)]
            unsafe fn maximum(self, floor: Self) -> Self {
                // The instruction gives its second operand when both are zeros or either is NaN: the first is mended
                // by taking the bits that both orders agree on, the second by the sum, which is NaN as well.
                // SAFETY: see above.
                $name(unsafe {
                    let nan = $unordered::<_CMP_UNORD_Q>(self.0, floor.0);
                    let larger = $and($max(self.0, floor.0), $max(floor.0, self.0));
                    $blend(nan, larger, $add(self.0, floor.0))
                })
            }
        }
    };
}

avx512!(
    F32x16,
    __m512,
    f32,
    F32x8,
    _mm512_castps512_ps256,
    __mmask16,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_maskz_loadu_ps,
    _mm512_storeu_ps,
    _mm512_mask_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_max_ps,
    _mm512_cmp_ps_mask,
    _mm512_mask_blend_ps,
    _mm512_and_ps,
    sum_512_f32
);
avx512!(
    F64x8,
    __m512d,
    f64,
    F64x4,
    _mm512_castpd512_pd256,
    __mmask8,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_maskz_loadu_pd,
    _mm512_storeu_pd,
    _mm512_mask_storeu_pd,
    _mm512_fmadd_pd,
    _mm512_add_pd,
    _mm512_max_pd,
    _mm512_cmp_pd_mask,
    _mm512_mask_blend_pd,
    _mm512_and_pd,
    sum_512_f64
);

/// Ones then zeros: eight lanes from index `8 - count` on are the mask of `count` lanes of four bytes.
static MASK_F32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static MASK_F64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

/// A lane mask and its count: a masked store is many times slower than the pieces of a register.
#[derive(Clone, Copy)]
pub(crate) struct Prefix(__m256i, usize);

macro_rules! avx2 {
    ($name:ident, $register:ty, $element:ty, $table:ident, $lanes:literal, $zero:ident, $splat:ident, $load:ident,
     $load_masked:ident, $store:ident, $fma:ident, $add:ident, $max:ident, $compare:ident, $blend:ident,
     $pieces:ident, $and:ident, $sum:ident) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        // SAFETY (all blocks): the caller is inlined into a function with AVX2 and FMA switched on, and its pointers
        // are readable or writable for the lanes that are touched.
        impl Vector for $name {
            type Element = $element;
            type Mask = Prefix;
            type Half = Self;
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn mask(count: usize) -> Prefix {
                // SAFETY: see above; the table holds `LANES` elements from `LANES - count` on.
                unsafe { Prefix(_mm256_loadu_si256($table.as_ptr().add($lanes - count).cast()), count) }
            }
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: see above.
                $name(unsafe { $zero() })
            }
            #[inline(always)]
            unsafe fn splat(pointer: *const $element) -> Self {
                // SAFETY: see above.
                $name(unsafe { $splat(*pointer) })
            }
            #[inline(always)]
            unsafe fn load(pointer: *const $element) -> Self {
                // SAFETY: see above.
                $name(unsafe { $load(pointer) })
            }
            #[inline(always)]
            unsafe fn load_masked(pointer: *const $element, mask: Prefix) -> Self {
                // SAFETY: see above.
                $name(unsafe { $load_masked(pointer, mask.0) })
            }
            #[inline(always)]
            unsafe fn store(self, pointer: *mut $element) {
                // SAFETY: see above.
                unsafe { $store(pointer, self.0) }
            }
            #[inline(always)]
            unsafe fn store_masked(self, pointer: *mut $element, mask: Prefix) {
                // SAFETY: see above.
                unsafe { $pieces(self.0, pointer, mask.1) }
            }
            #[inline(always)]
            unsafe fn multiply_add(self, other: Self, sum: Self) -> Self {
                // SAFETY: see above.
                $name(unsafe { $fma(self.0, other.0, sum.0) })
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: see above.
                $name(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn low(self) -> Self {
                self
            }
            #[inline(always)]
            unsafe fn sum(self) -> $element {
                // SAFETY: see above.
                unsafe { $sum(self.0) }
            }
            #[inline(always)]
            unsafe fn maximum(self, floor: Self) -> Self {
                // As with AVX-512.
                // SAFETY: see above.
                $name(unsafe {
                    let nan = $compare::<_CMP_UNORD_Q>(self.0, floor.0);
                    let larger = $and($max(self.0, floor.0), $max(floor.0, self.0));
                    $blend(larger, $add(self.0, floor.0), nan)
                })
            }
        }
    };
}

avx2!(
    F32x8,
    __m256,
    f32,
    MASK_F32,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_maskload_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_max_ps,
    _mm256_cmp_ps,
    _mm256_blendv_ps,
    store_f32,
    _mm256_and_ps,
    sum_256_f32
);
avx2!(
    F64x4,
    __m256d,
    f64,
    MASK_F64,
    4,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_maskload_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd,
    _mm256_add_pd,
    _mm256_max_pd,
    _mm256_cmp_pd,
    _mm256_blendv_pd,
    store_f64,
    _mm256_and_pd,
    sum_256_f64
);

/// Stores the first `count` lanes in pieces of 8, 4, 2 and 1.
#[inline(always)]
unsafe fn store_f32(value: __m256, mut pointer: *mut f32, count: usize) {
    // SAFETY: the caller has AVX2, and `pointer` is writable for `count` elements; the pieces add up to `count`.
    unsafe {
        if count == 8 {
            _mm256_storeu_ps(pointer, value);
            return;
        }
        let mut rest = _mm256_castps256_ps128(value);
        if count & 4 != 0 {
            _mm_storeu_ps(pointer, rest);
            pointer = pointer.add(4);
            rest = _mm256_extractf128_ps::<1>(value);
        }
        if count & 2 != 0 {
            _mm_storel_pd(pointer.cast(), _mm_castps_pd(rest));
            pointer = pointer.add(2);
            rest = _mm_movehl_ps(rest, rest);
        }
        if count & 1 != 0 {
            _mm_store_ss(pointer, rest);
        }
    }
}

/// Stores the first `count` lanes in pieces of 4, 2 and 1.
#[inline(always)]
unsafe fn store_f64(value: __m256d, mut pointer: *mut f64, count: usize) {
    // SAFETY: the caller has AVX2, and `pointer` is writable for `count` elements; the pieces add up to `count`.
    unsafe {
        if count == 4 {
            _mm256_storeu_pd(pointer, value);
            return;
        }
        let mut rest = _mm256_castpd256_pd128(value);
        if count & 2 != 0 {
            _mm_storeu_pd(pointer, rest);
            pointer = pointer.add(2);
            rest = _mm256_extractf128_pd::<1>(value);
        }
        if count & 1 != 0 {
            _mm_store_sd(pointer, rest);
        }
    }
}

/// Transposes eight rows of eight.
///
/// # Safety
/// The source must be readable and the target writable for eight rows of eight elements; the machine has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn transpose_f32(
    target: *mut f32,
    target_row: usize,
    source: *const f32,
    source_row: usize,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        // Rows i and i + 4 share a register, a half each: the four-by-four blocks are then transposed side by side.
        let row = |i: usize, half: usize| {
            let pointer = source.add(half * 4);
            let low = _mm256_castps128_ps256(_mm_loadu_ps(pointer.add(i * source_row)));
            _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(pointer.add((i + 4) * source_row)))
        };
        for half in 0..2 {
            let (a, b, c, d) = (row(0, half), row(1, half), row(2, half), row(3, half));
            let (ab, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let store =
                |i: usize, value: __m256| _mm256_storeu_ps(target.add((half * 4 + i) * target_row), value);
            store(0, _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd));
            store(1, _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd));
            store(2, _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high));
            store(3, _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high));
        }
    }
}

/// Transposes four rows of four.
///
/// # Safety
/// The source must be readable and the target writable for four rows of four elements; the machine has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn transpose_f64(
    target: *mut f64,
    target_row: usize,
    source: *const f64,
    source_row: usize,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let row = |i: usize| _mm256_loadu_pd(source.add(i * source_row));
        let (a, b, c, d) = (row(0), row(1), row(2), row(3));
        let (ab, ab_high) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
        let (cd, cd_high) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
        let store = |i: usize, value: __m256d| _mm256_storeu_pd(target.add(i * target_row), value);
        store(0, _mm256_permute2f128_pd::<0x20>(ab, cd));
        store(1, _mm256_permute2f128_pd::<0x20>(ab_high, cd_high));
        store(2, _mm256_permute2f128_pd::<0x31>(ab, cd));
        store(3, _mm256_permute2f128_pd::<0x31>(ab_high, cd_high));
    }
}

/// The sum of the lanes by halves, as [`Vector::sum`] has it.
#[inline(always)]
unsafe fn sum_512_f32(value: __m512) -> f32 {
    // SAFETY: the caller has AVX-512.
    unsafe {
        let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(value)));
        sum_256_f32(_mm256_add_ps(_mm512_castps512_ps256(value), high))
    }
}

/// As [`sum_512_f32`].
#[inline(always)]
unsafe fn sum_512_f64(value: __m512d) -> f64 {
    // SAFETY: the caller has AVX-512.
    unsafe { sum_256_f64(_mm256_add_pd(_mm512_castpd512_pd256(value), _mm512_extractf64x4_pd::<1>(value))) }
}

/// As [`sum_512_f32`].
#[inline(always)]
unsafe fn sum_256_f32(value: __m256) -> f32 {
    // SAFETY: the caller has AVX2.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps::<1>(value));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}

/// As [`sum_512_f32`].
#[inline(always)]
unsafe fn sum_256_f64(value: __m256d) -> f64 {
    // SAFETY: the caller has AVX2.
    unsafe {
        let two = _mm_add_pd(_mm256_castpd256_pd128(value), _mm256_extractf128_pd::<1>(value));
        _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
    }
}
