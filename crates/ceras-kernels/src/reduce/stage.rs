//! One reduction along one axis, and its order.
//!
//! The order in which the `n` elements of a result are combined depends on `n` only, so neither threads nor the size of
//! other axes (a batch's, say) change a bit:
//!
//! 1. Elements are taken in blocks of 1024. In a block, element `i` goes to partial result `i mod 16`.
//! 2. The 16 partial results are folded in halves: `p` with `p + 8`, then with `p + 4`, `p + 2`, `p + 1`.
//! 3. The results of blocks are combined two neighbours at a time, then pairs, fours and so on.
//!
//! Sums of floats thus lose about log₂ n + 64 roundings at the worst, instead of n.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::dtype::Element;
#[cfg(target_arch = "x86_64")]
use crate::elementwise::kernel::Fma;
use crate::elementwise::kernel::{Level, Map2, Portable, Reference};
use crate::isa::Isa;

/// Elements of a block.
const BLOCK: usize = 1024;
/// Partial results of a block.
const PARTIALS: usize = 16;
/// Results that are worked on at a time when they lie side by side; their partial results fill half an L1 cache.
const STRIP: usize = 256;
/// Runs that are worked on at a time: so many chains of additions overlap.
const RUNS: usize = 4;
/// Rows up to this length are turned, so that the results of several lie side by side.
const SHORT: usize = 16;
/// Rows up to this length are reduced one by one, in registers.
const FEW: usize = 4;

/// The reduction of `[outer, n, inner]` to `[outer, inner]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub(super) outer: usize,
    pub(super) n: usize,
    pub(super) inner: usize,
}

impl Stage {
    /// Blocks along the reduced axis.
    pub(super) fn blocks(&self) -> usize {
        self.n.div_ceil(BLOCK)
    }

    fn strips(&self) -> usize {
        self.inner.div_ceil(STRIP)
    }

    /// Pieces of work that are independent of one another.
    pub(super) fn units(&self) -> usize {
        self.outer * self.blocks() * self.strips()
    }

    /// Elements that a unit reads.
    pub(super) fn unit_elements(&self) -> usize {
        self.n.min(BLOCK) * self.inner.min(STRIP)
    }

    /// Results of all blocks.
    pub(super) fn partial_results(&self) -> usize {
        self.outer * self.blocks() * self.inner
    }
}

/// The code of a stage for a type, a way to combine and a level.
pub(super) struct Code<T> {
    accumulate: Accumulate<T>,
    fold: Fold<T>,
    columns: Columns<T>,
    few: Few<T>,
    combine: fn(&Stage, &mut [T]),
    /// Combines two elements.
    pub(super) pair: fn(T, T) -> T,
}

/// Adds to the partial results of four runs: elements, distance between the runs' starts, length of a run.
type Accumulate<T> = unsafe fn(&[T], usize, usize, &mut [T; RUNS * PARTIALS]);
/// Folds the partial results of four runs.
type Fold<T> = unsafe fn(&[T; RUNS * PARTIALS]) -> [T; RUNS];
/// Reduces some columns of a block: elements, elements of a row, first column, partial results, results.
type Columns<T> = unsafe fn(&[T], usize, usize, &mut [T], &mut [T]);

/// Reduces runs of at most [`FEW`] elements: elements, length of a run, identity, results.
type Few<T> = unsafe fn(&[T], usize, T, &mut [T]);

/// One function at the level of this machine: the wrappers tell the compiler which instructions there are.
macro_rules! at_level {
    ($isa:ident, $body:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?) => {{
        unsafe fn portable<T: Element, F: Map2<T, T, Out = T>>($($argument: $type),*) $(-> $result)? {
            $body::<T, F, Portable>($($argument),*)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<T: Element, F: Map2<T, T, Out = T>>($($argument: $type),*) $(-> $result)? {
            $body::<T, F, Fma>($($argument),*)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
        unsafe fn avx512<T: Element, F: Map2<T, T, Out = T>>($($argument: $type),*) $(-> $result)? {
            $body::<T, F, Fma>($($argument),*)
        }
        match $isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::<T, F>,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::<T, F>,
            _ => portable::<T, F>,
        }
    }};
}

impl<T: Element> Code<T> {
    /// The code for a level that this machine has.
    pub(super) fn new<F: Map2<T, T, Out = T>>(isa: Isa) -> Code<T> {
        Code {
            accumulate: at_level!(
                isa,
                accumulate(x: &[T], stride: usize, len: usize, partials: &mut [T; RUNS * PARTIALS])
            ),
            fold: at_level!(isa, fold(partials: &[T; RUNS * PARTIALS]) -> [T; RUNS]),
            columns: at_level!(
                isa,
                columns(x: &[T], inner: usize, column: usize, partials: &mut [T], results: &mut [T])
            ),
            few: at_level!(isa, few(x: &[T], n: usize, identity: T, results: &mut [T])),
            combine: combine::<T, F>,
            pair: F::map::<Reference>,
        }
    }

    /// Works off some units: from the input to the blocks' results, `[outer, blocks, inner]`.
    ///
    /// # Safety
    /// `results` points to `stage.partial_results()` elements, and no two calls at a time work on the same unit.
    pub(super) unsafe fn blocks(
        &self,
        stage: &Stage,
        identity: T,
        x: &[T],
        results: *mut T,
        units: Range<usize>,
    ) {
        assert!(
            x.len() == stage.outer * stage.n * stage.inner && units.end <= stage.units(),
            "units of {stage:?}"
        );
        if stage.inner == 1 {
            // SAFETY: a unit is one result, written by nobody else (the caller vouches).
            let results = unsafe { std::slice::from_raw_parts_mut(results.add(units.start), units.len()) };
            if stage.n <= FEW {
                let runs = &x[units.start * stage.n..units.end * stage.n];
                // SAFETY: the code is for this machine.
                unsafe { (self.few)(runs, stage.n, identity, results) };
            } else if stage.n <= SHORT {
                self.short_rows(&x[units.start * stage.n..units.end * stage.n], identity, stage.n, results);
            } else {
                self.rows(stage, identity, x, results, units.start);
            }
            return;
        }
        // Not initialised as a whole: that takes longer than a small reduction.
        let mut room = MaybeUninit::<[T; PARTIALS * STRIP]>::uninit();
        for unit in units {
            let (strip, rest) = (unit % stage.strips(), unit / stage.strips());
            let (block, outer) = (rest % stage.blocks(), rest / stage.blocks());
            let (start, column) = (block * BLOCK, strip * STRIP);
            let rows = BLOCK.min(stage.n - start);
            let width = STRIP.min(stage.inner - column);
            let x = &x[(outer * stage.n + start) * stage.inner..][..rows * stage.inner];
            let first = room.as_mut_ptr().cast::<T>();
            // SAFETY: `width ≤ STRIP`, so the partial results lie in the room, and each is written before the slice is
            // made; these results belong to the unit alone; the code is for this machine.
            unsafe {
                (0..PARTIALS * width).for_each(|at| first.add(at).write(identity));
                let partials = std::slice::from_raw_parts_mut(first, PARTIALS * width);
                let results = std::slice::from_raw_parts_mut(results.add(rest * stage.inner + column), width);
                (self.columns)(x, stage.inner, column, partials, results);
            }
        }
    }

    /// Units of single results: each is a run of elements, and four are worked on at a time.
    fn rows(&self, stage: &Stage, identity: T, x: &[T], results: &mut [T], first: usize) {
        let blocks = stage.blocks();
        let stride = if blocks == 1 { stage.n } else { BLOCK };
        let place = |unit: usize| {
            let start = unit % blocks * BLOCK;
            (unit / blocks * stage.n + start, BLOCK.min(stage.n - start))
        };
        let mut at = 0;
        while at < results.len() {
            let (start, len) = place(first + at);
            let even = |next: usize| place(first + at + next) == (start + next * stride, len);
            if at + RUNS <= results.len() && (1..RUNS).all(even) {
                let values = self.runs(&x[start..start + (RUNS - 1) * stride + len], stride, len, identity);
                results[at..at + RUNS].copy_from_slice(&values);
                at += RUNS;
            } else {
                // Four times the same takes no longer than once.
                results[at] = self.runs(&x[start..start + len], 0, len, identity)[0];
                at += 1;
            }
        }
    }

    /// The results of four runs that start `stride` elements apart.
    fn runs(&self, x: &[T], stride: usize, len: usize, identity: T) -> [T; RUNS] {
        let mut partials = [identity; RUNS * PARTIALS];
        let whole = len / PARTIALS * PARTIALS;
        // SAFETY: the code is for this machine.
        unsafe { (self.accumulate)(x, stride, whole, &mut partials) };
        if whole < len {
            let mut rest = [identity; RUNS * PARTIALS];
            for (run, rest) in rest.chunks_exact_mut(PARTIALS).enumerate() {
                rest[..len - whole].copy_from_slice(&x[run * stride + whole..run * stride + len]);
            }
            // SAFETY: as above.
            unsafe { (self.accumulate)(&rest, PARTIALS, PARTIALS, &mut partials) };
        }
        // SAFETY: as above.
        unsafe { (self.fold)(&partials) }
    }

    /// Rows of `n` elements, `n ≤ SHORT`: sixteen at a time are turned into columns.
    fn short_rows(&self, x: &[T], identity: T, n: usize, results: &mut [T]) {
        const ROWS: usize = 16;
        let mut turned = [identity; SHORT * ROWS];
        for (x, results) in x.chunks(n * ROWS).zip(results.chunks_mut(ROWS)) {
            let rows = x.len() / n;
            for (column, turned) in turned.chunks_exact_mut(ROWS).take(n).enumerate() {
                for (row, to) in turned[..rows].iter_mut().enumerate() {
                    *to = x[row * n + column];
                }
            }
            let mut partials = [identity; PARTIALS * ROWS];
            let mut folded = [identity; ROWS];
            // SAFETY: the code is for this machine.
            unsafe { (self.columns)(&turned[..n * ROWS], ROWS, 0, &mut partials, &mut folded) };
            results.copy_from_slice(&folded[..results.len()]);
        }
    }

    /// Combines the blocks' results of `[outer, blocks, inner]`; block 0's are then the stage's.
    pub(super) fn combine(&self, stage: &Stage, results: &mut [T]) {
        (self.combine)(stage, results);
    }
}

#[inline(always)]
fn accumulate<T: Element, F: Map2<T, T, Out = T>, L: Level>(
    x: &[T],
    stride: usize,
    len: usize,
    partials: &mut [T; RUNS * PARTIALS],
) {
    for at in (0..len).step_by(PARTIALS) {
        // Copied together first: in this shape the compiler keeps the partial results in registers.
        let mut elements = [T::default(); RUNS * PARTIALS];
        for run in 0..RUNS {
            let from = &x[run * stride + at..run * stride + at + PARTIALS];
            elements[run * PARTIALS..(run + 1) * PARTIALS].copy_from_slice(from);
        }
        for lane in 0..RUNS * PARTIALS {
            partials[lane] = F::map::<L>(partials[lane], elements[lane]);
        }
    }
}

#[inline(always)]
fn fold<T: Element, F: Map2<T, T, Out = T>, L: Level>(partials: &[T; RUNS * PARTIALS]) -> [T; RUNS] {
    std::array::from_fn(|run| {
        let mut partials: [T; PARTIALS] = std::array::from_fn(|lane| partials[run * PARTIALS + lane]);
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                partials[lane] = F::map::<L>(partials[lane], partials[lane + half]);
            }
        }
        partials[0]
    })
}

/// Runs of `n` elements, `n ≤ FEW`, in the order of a block of as many.
#[inline(always)]
fn few<T: Element, F: Map2<T, T, Out = T>, L: Level>(x: &[T], n: usize, identity: T, results: &mut [T]) {
    match n {
        1 => runs_of::<T, F, L, 1>(x, identity, results),
        2 => runs_of::<T, F, L, 2>(x, identity, results),
        3 => runs_of::<T, F, L, 3>(x, identity, results),
        _ => runs_of::<T, F, L, FEW>(x, identity, results),
    }
}

#[inline(always)]
fn runs_of<T: Element, F: Map2<T, T, Out = T>, L: Level, const N: usize>(
    x: &[T],
    identity: T,
    results: &mut [T],
) {
    // Many runs side by side first: one instruction then works on an element of each.
    const SIDE: usize = 16;
    let side = results.len() / SIDE * SIDE;
    let (together, single) = results.split_at_mut(side);
    for (runs, results) in x.chunks_exact(SIDE * N).zip(together.as_chunks_mut::<SIDE>().0) {
        *results = side_by_side::<T, F, L, N, SIDE>(runs, identity);
    }
    for (run, result) in x[side * N..].chunks_exact(N).zip(single) {
        [*result] = side_by_side::<T, F, L, N, 1>(run, identity);
    }
}

/// `SIDE` runs of `N` elements.
#[inline(always)]
fn side_by_side<T: Element, F: Map2<T, T, Out = T>, L: Level, const N: usize, const SIDE: usize>(
    runs: &[T],
    identity: T,
) -> [T; SIDE] {
    let mut partials = [[identity; SIDE]; FEW];
    for (at, partials) in partials.iter_mut().enumerate().take(N) {
        for (run, partial) in partials.iter_mut().enumerate() {
            *partial = F::map::<L>(*partial, runs[run * N + at]);
        }
    }
    for half in [2, 1].into_iter().filter(|half| *half < N) {
        for at in 0..half {
            let high = partials[at + half];
            for (low, high) in partials[at].iter_mut().zip(high) {
                *low = F::map::<L>(*low, high);
            }
        }
    }
    partials[0]
}

/// A block of rows, `inner` elements each, of which some columns are reduced; the partial results are the identity.
#[inline(always)]
fn columns<T: Element, F: Map2<T, T, Out = T>, L: Level>(
    x: &[T],
    inner: usize,
    column: usize,
    partials: &mut [T],
    results: &mut [T],
) {
    let width = results.len();
    if width == inner {
        // Sixteen rows are one run of elements, as their partial results are.
        for rows in x.chunks(PARTIALS * width) {
            for (partial, &x) in partials.iter_mut().zip(rows) {
                *partial = F::map::<L>(*partial, x);
            }
        }
    } else {
        for (row, x) in x.chunks_exact(inner).enumerate() {
            let partials = &mut partials[row % PARTIALS * width..][..width];
            for (partial, &x) in partials.iter_mut().zip(&x[column..column + width]) {
                *partial = F::map::<L>(*partial, x);
            }
        }
    }
    // Where there are fewer rows than partial results, the rest are the identity and change nothing.
    for half in [8, 4, 2, 1].into_iter().filter(|half| *half < x.len() / inner) {
        let (low, high) = partials.split_at_mut(half * width);
        for (low, &high) in low.iter_mut().zip(&high[..half * width]) {
            *low = F::map::<L>(*low, high);
        }
    }
    results.copy_from_slice(&partials[..width]);
}

fn combine<T: Element, F: Map2<T, T, Out = T>>(stage: &Stage, results: &mut [T]) {
    let (blocks, inner) = (stage.blocks(), stage.inner);
    for results in results.chunks_exact_mut((blocks * inner).max(1)) {
        let mut step = 1;
        while step < blocks {
            for block in (0..blocks - step).step_by(2 * step) {
                let (low, high) = results.split_at_mut((block + step) * inner);
                for (low, &high) in low[block * inner..][..inner].iter_mut().zip(&high[..inner]) {
                    *low = F::map::<Portable>(*low, high);
                }
            }
            step *= 2;
        }
    }
}
