//! From a function of elements to code that maps runs of elements, one copy for each instruction-set level.
//!
//! The body of a function is written once, free of branches, and inlined into a loop that is compiled for every level.
//! Every operation in a body is exactly rounded, so an element gets the same bits in the vectorised part of the loop and
//! in its tail: results do not depend on where in a run an element stands.

use std::marker::PhantomData;

use super::TileKernel;
use crate::isa::Isa;

/// A level at which bodies are compiled.
pub(crate) trait Level {
    /// Whether a fused multiply-add is one machine instruction.
    const FMA: bool;
    /// Whether this is the reference level, which calls the standard library's functions.
    const REFERENCE: bool = false;

    /// `a·b + c`, rounded once where the level has the instruction and twice where not.
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        if Self::FMA { a.mul_add(b, c) } else { a * b + c }
    }

    /// The same in double precision.
    #[inline(always)]
    fn fma64(a: f64, b: f64, c: f64) -> f64 {
        if Self::FMA { a.mul_add(b, c) } else { a * b + c }
    }
}

/// [`Isa::Reference`].
pub(crate) enum Reference {}
/// [`Isa::Portable`].
pub(crate) enum Portable {}
/// [`Isa::Avx2`] and [`Isa::Avx512`], which have the same operations in other widths.
#[cfg(target_arch = "x86_64")]
pub(crate) enum Fma {}

impl Level for Reference {
    const FMA: bool = false;
    const REFERENCE: bool = true;
}
impl Level for Portable {
    const FMA: bool = cfg!(target_arch = "aarch64");
}
#[cfg(target_arch = "x86_64")]
impl Level for Fma {
    const FMA: bool = true;
}

/// A truth value as it is stored: a byte that is 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub(crate) struct Truth(pub(crate) u8);

/// A function of one element.
pub(crate) trait Map1<A> {
    /// What it gives.
    type Out;
    /// Whether there are elements that the body is not made for; those are done one by one in a second pass.
    const PARTIAL: bool = false;

    /// The body; implementations are `#[inline(always)]` and free of branches where they should vectorise.
    fn map<L: Level>(a: A) -> Self::Out;

    /// Whether the body is made for this element.
    #[inline(always)]
    fn covers(_: A) -> bool {
        true
    }

    /// The result for an element that the body is not made for.
    fn elsewhere(a: A) -> Self::Out {
        Self::map::<Reference>(a)
    }
}

/// A function of two elements.
pub(crate) trait Map2<A, B> {
    /// What it gives.
    type Out;
    /// The body; see [`Map1::map`].
    fn map<L: Level>(a: A, b: B) -> Self::Out;
}

/// A function of three elements.
pub(crate) trait Map3<A, B, C> {
    /// What it gives.
    type Out;
    /// The body; see [`Map1::map`].
    fn map<L: Level>(a: A, b: B, c: C) -> Self::Out;
}

/// A loop over runs of elements that [`compile`] turns into code for a level.
pub(crate) trait Loop {
    /// Runs it.
    ///
    /// # Safety
    /// The pointers are aligned and valid for `len` elements of the loop's types, and the output overlaps no input.
    unsafe fn run<L: Level>(inputs: [*const u8; 3], output: *mut u8, len: usize);
}

/// The loop of a function of one element.
pub(crate) struct Loop1<F, A>(PhantomData<(F, A)>);
/// The loop of a function of two elements.
pub(crate) struct Loop2<F, A, B>(PhantomData<(F, A, B)>);
/// The loop of a function of three elements.
pub(crate) struct Loop3<F, A, B, C>(PhantomData<(F, A, B, C)>);

impl<A: Copy, F: Map1<A>> Loop for Loop1<F, A> {
    #[inline(always)]
    unsafe fn run<L: Level>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
        let (a, out) = (inputs[0].cast::<A>(), output.cast::<F::Out>());
        for i in 0..len {
            // SAFETY: `i < len`, and the caller vouches for `len` elements behind each pointer.
            unsafe { out.add(i).write(F::map::<L>(a.add(i).read())) }
        }
        if F::PARTIAL && !L::REFERENCE {
            // SAFETY: as above.
            let covered = (0..len).fold(true, |all, i| all & F::covers(unsafe { a.add(i).read() }));
            if !covered {
                // SAFETY: as above.
                unsafe { repair::<F, A>(a, out, len) }
            }
        }
    }
}

/// Does again what the body of a partial function is not made for.
///
/// # Safety
/// As for [`Loop::run`].
#[cold]
unsafe fn repair<F: Map1<A>, A: Copy>(a: *const A, out: *mut F::Out, len: usize) {
    for i in 0..len {
        // SAFETY: `i < len`, and the caller vouches for `len` elements behind each pointer.
        unsafe {
            let a = a.add(i).read();
            if !F::covers(a) {
                out.add(i).write(F::elsewhere(a));
            }
        }
    }
}

impl<A: Copy, B: Copy, F: Map2<A, B>> Loop for Loop2<F, A, B> {
    #[inline(always)]
    unsafe fn run<L: Level>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
        let (a, b, out) = (inputs[0].cast::<A>(), inputs[1].cast::<B>(), output.cast::<F::Out>());
        for i in 0..len {
            // SAFETY: `i < len`, and the caller vouches for `len` elements behind each pointer.
            unsafe { out.add(i).write(F::map::<L>(a.add(i).read(), b.add(i).read())) }
        }
    }
}

impl<A: Copy, B: Copy, C: Copy, F: Map3<A, B, C>> Loop for Loop3<F, A, B, C> {
    #[inline(always)]
    unsafe fn run<L: Level>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
        let (a, b, c) = (inputs[0].cast::<A>(), inputs[1].cast::<B>(), inputs[2].cast::<C>());
        let out = output.cast::<F::Out>();
        for i in 0..len {
            // SAFETY: `i < len`, and the caller vouches for `len` elements behind each pointer.
            unsafe { out.add(i).write(F::map::<L>(a.add(i).read(), b.add(i).read(), c.add(i).read())) }
        }
    }
}

unsafe fn reference<T: Loop>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { T::run::<Reference>(inputs, output, len) }
}

unsafe fn portable<T: Loop>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { T::run::<Portable>(inputs, output, len) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<T: Loop>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { T::run::<Fma>(inputs, output, len) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn avx512<T: Loop>(inputs: [*const u8; 3], output: *mut u8, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { T::run::<Fma>(inputs, output, len) }
}

/// The code of a loop for a level; `None` when this machine lacks the level.
pub(crate) fn compile<T: Loop>(isa: Isa) -> Option<TileKernel> {
    if !isa.is_available() {
        return None;
    }
    Some(match isa {
        Isa::Reference => reference::<T>,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::<T>,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::<T>,
        _ => portable::<T>,
    })
}

/// The loop of a function whose arguments are of one type.
macro_rules! same_type {
    (@loop 1, $function:ident, $rust:ty) => { crate::elementwise::kernel::Loop1<$function, $rust> };
    (@loop 2, $function:ident, $rust:ty) => { crate::elementwise::kernel::Loop2<$function, $rust, $rust> };
    (@loop 3, $function:ident, $rust:ty) => { crate::elementwise::kernel::Loop3<$function, $rust, $rust, $rust> };
}

/// Defines the public static of a function whose arguments and result are of one type.
macro_rules! function {
    ($(#[$doc:meta])* $static:ident, $name:literal, $arity:tt, $marker:ident, [$($dtype:ident => $rust:ty),* $(,)?]) => {
        $(#[$doc])*
        pub static $static: crate::elementwise::Function = crate::elementwise::Function {
            name: $name,
            arity: $arity,
            result: |types| {
                let taken = [$(crate::DType::$dtype),*].contains(&types[0]);
                (taken && types.iter().all(|dtype| *dtype == types[0])).then_some(types[0])
            },
            select: |isa, types| {
                $(if types[0] == crate::DType::$dtype {
                    return crate::elementwise::kernel::compile::<
                        crate::elementwise::kernel::same_type!(@loop $arity, $marker, $rust),
                    >(isa);
                })*
                None
            },
        };
    };
}

pub(crate) use {function, same_type};
