//! What a micro-kernel needs of a register, and the registers of the portable level.

use crate::dtype::Element;

/// A floating-point element that has fast kernels.
pub(crate) trait Float: Element {
    const ZERO: Self;
    const MINUS_ZERO: Self;
    fn multiply(self, other: Self) -> Self;
    fn add(self, other: Self) -> Self;
    /// The larger one, as the elementwise function `maximum` has it; NaN if either is.
    fn maximum(self, other: Self) -> Self;
}

macro_rules! float {
    ($($rust:ty),*) => {$(
        impl Float for $rust {
            const ZERO: Self = 0.0;
            const MINUS_ZERO: Self = -0.0;
            #[inline(always)]
            fn multiply(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                // Not `max`, which drops NaN; a zero with a plus wins over one with a minus.
                let larger = if self > other || self.is_nan() { self } else { other };
                if self == other { <$rust>::from_bits(self.to_bits() & other.to_bits()) } else { larger }
            }
        }
    )*};
}

float!(f32, f64);

/// Asks for the cache line of an address, which need not be one of an operand.
#[inline(always)]
pub(super) fn prefetch<T>(pointer: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, and it faults on no address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(pointer.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = pointer;
}

/// As [`prefetch`], into a cache further out.
#[inline(always)]
pub(super) fn prefetch_far<T>(pointer: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(pointer.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = pointer;
}

/// A register of `LANES` elements.
///
/// The methods are `unsafe` because they touch memory through pointers and because they must be inlined into a
/// function that has the instruction-set level switched on.
pub(crate) trait Vector: Copy {
    type Element: Float;
    /// Selects the first lanes of a register.
    type Mask: Copy;
    /// A register of half as many lanes, where a sum of such takes half the time; else the register itself.
    type Half: Vector<Element = Self::Element>;
    const LANES: usize;

    /// The mask of the first `count` lanes, `1..=LANES`.
    unsafe fn mask(count: usize) -> Self::Mask;
    unsafe fn zero() -> Self;
    unsafe fn splat(pointer: *const Self::Element) -> Self;
    unsafe fn load(pointer: *const Self::Element) -> Self;
    /// Lanes outside of the mask are zero, and their memory is not touched.
    unsafe fn load_masked(pointer: *const Self::Element, mask: Self::Mask) -> Self;
    unsafe fn store(self, pointer: *mut Self::Element);
    unsafe fn store_masked(self, pointer: *mut Self::Element, mask: Self::Mask);
    /// `self · other + sum`, rounded once where the level has such an instruction.
    unsafe fn multiply_add(self, other: Self, sum: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    /// The lower lanes.
    unsafe fn low(self) -> Self::Half;
    /// [`Float::maximum`], lane by lane.
    unsafe fn maximum(self, floor: Self) -> Self;
    /// The sum of the lanes, by halves.
    #[inline(always)]
    unsafe fn sum(self) -> Self::Element {
        let mut lanes = [Self::Element::ZERO; MAX_LANES];
        // SAFETY: there are at least `LANES` of them.
        unsafe { self.store(lanes.as_mut_ptr()) };
        let mut half = Self::LANES / 2;
        while half > 0 {
            for index in 0..half {
                lanes[index] = lanes[index].add(lanes[index + half]);
            }
            half /= 2;
        }
        lanes[0]
    }
}

/// The most lanes of a register.
const MAX_LANES: usize = 16;

/// Two registers' worth of elements on any processor with 16-byte registers; plain loops that the compiler vectorises.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<T, const N: usize>([T; N]);

impl<T: Float, const N: usize> Vector for Lanes<T, N> {
    type Element = T;
    type Mask = usize;
    type Half = Self;
    const LANES: usize = N;

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        Lanes([T::ZERO; N])
    }
    #[inline(always)]
    unsafe fn splat(pointer: *const T) -> Self {
        // SAFETY: the caller's pointer is readable.
        Lanes([unsafe { *pointer }; N])
    }
    #[inline(always)]
    unsafe fn load(pointer: *const T) -> Self {
        // SAFETY: the caller's pointer is readable for `N` elements.
        Lanes(unsafe { pointer.cast::<[T; N]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_masked(pointer: *const T, mask: usize) -> Self {
        let mut lanes = [T::ZERO; N];
        for (index, lane) in lanes.iter_mut().enumerate().take(mask) {
            // SAFETY: the caller's pointer is readable for `mask` elements.
            *lane = unsafe { *pointer.add(index) };
        }
        Lanes(lanes)
    }
    #[inline(always)]
    unsafe fn store(self, pointer: *mut T) {
        // SAFETY: the caller's pointer is writable for `N` elements.
        unsafe { pointer.cast::<[T; N]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn store_masked(self, pointer: *mut T, mask: usize) {
        for (index, lane) in self.0.iter().enumerate().take(mask) {
            // SAFETY: the caller's pointer is writable for `mask` elements.
            unsafe { *pointer.add(index) = *lane }
        }
    }
    #[inline(always)]
    unsafe fn multiply_add(mut self, other: Self, sum: Self) -> Self {
        // Two roundings: a fused one would be a slow call on processors that lack it.
        for ((a, b), s) in self.0.iter_mut().zip(other.0).zip(sum.0) {
            *a = a.multiply(b).add(s);
        }
        self
    }
    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = a.add(b);
        }
        self
    }
    #[inline(always)]
    unsafe fn low(self) -> Self {
        self
    }
    #[inline(always)]
    unsafe fn maximum(mut self, floor: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(floor.0) {
            *a = a.maximum(b);
        }
        self
    }
}
