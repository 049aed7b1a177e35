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

use std::ops::Range;

use crate::dtype::Element;
use crate::elementwise::kernel::{Fma, Level, Map2, Portable, Reference};
use crate::isa::Isa;

/// Elements of a block.
const BLOCK: usize = 1024;
/// Partial results of a block.
const PARTIALS: usize = 16;
/// Results that are worked on at a time when they lie side by side.
const STRIP: usize = 64;

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
    /// Works off some units: from the input to the blocks' results, `[outer, blocks, inner]`.
    blocks: unsafe fn(&Stage, T, &[T], *mut T, Range<usize>),
    /// Combines the blocks' results in place, so that those of block 0 become the stage's.
    combine: fn(&Stage, &mut [T]),
    /// Combines two elements.
    pub(super) pair: fn(T, T) -> T,
}

impl<T: Element> Code<T> {
    /// The code for a level that this machine has.
    pub(super) fn new<F: Map2<T, T, Out = T>>(isa: Isa) -> Code<T> {
        let blocks = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 if isa.is_available() => blocks_avx2::<T, F>,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if isa.is_available() => blocks_avx512::<T, F>,
            _ => blocks_portable::<T, F>,
        };
        Code { blocks, combine: combine::<T, F>, pair: F::map::<Reference> }
    }

    /// Works off some units.
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
        // SAFETY: passed on; the level is available (`new`).
        unsafe { (self.blocks)(stage, identity, x, results, units) }
    }

    /// Combines the blocks' results of `[outer, blocks, inner]`; block 0's are then the stage's.
    pub(super) fn combine(&self, stage: &Stage, results: &mut [T]) {
        (self.combine)(stage, results);
    }
}

unsafe fn blocks_portable<T: Element, F: Map2<T, T, Out = T>>(
    stage: &Stage,
    identity: T,
    x: &[T],
    results: *mut T,
    units: Range<usize>,
) {
    // SAFETY: passed on to the caller.
    unsafe { blocks::<T, F, Portable>(stage, identity, x, results, units) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn blocks_avx2<T: Element, F: Map2<T, T, Out = T>>(
    stage: &Stage,
    identity: T,
    x: &[T],
    results: *mut T,
    units: Range<usize>,
) {
    // SAFETY: passed on to the caller.
    unsafe { blocks::<T, F, Fma>(stage, identity, x, results, units) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn blocks_avx512<T: Element, F: Map2<T, T, Out = T>>(
    stage: &Stage,
    identity: T,
    x: &[T],
    results: *mut T,
    units: Range<usize>,
) {
    // SAFETY: passed on to the caller.
    unsafe { blocks::<T, F, Fma>(stage, identity, x, results, units) }
}

#[inline(always)]
unsafe fn blocks<T: Element, F: Map2<T, T, Out = T>, L: Level>(
    stage: &Stage,
    identity: T,
    x: &[T],
    results: *mut T,
    units: Range<usize>,
) {
    if stage.inner == 1 {
        // SAFETY: a unit is one result, written by nobody else (the caller vouches).
        let results = unsafe { std::slice::from_raw_parts_mut(results.add(units.start), units.len()) };
        rows::<T, F, L>(stage, identity, x, results, units.start);
        return;
    }
    for unit in units {
        let (strip, rest) = (unit % stage.strips(), unit / stage.strips());
        let (block, outer) = (rest % stage.blocks(), rest / stage.blocks());
        let (start, column) = (block * BLOCK, strip * STRIP);
        let rows = BLOCK.min(stage.n - start);
        let width = STRIP.min(stage.inner - column);
        let x = &x[(outer * stage.n + start) * stage.inner..][..rows * stage.inner];
        // SAFETY: these results belong to the unit alone.
        let results =
            unsafe { std::slice::from_raw_parts_mut(results.add(rest * stage.inner + column), width) };
        columns::<T, F, L>(x, identity, stage.inner, column, results);
    }
}

/// Units of single results: each is a run of elements.
#[inline(always)]
fn rows<T: Element, F: Map2<T, T, Out = T>, L: Level>(
    stage: &Stage,
    identity: T,
    x: &[T],
    results: &mut [T],
    first: usize,
) {
    let blocks = stage.blocks();
    let run = |unit: usize| {
        let start = unit % blocks * BLOCK;
        let begin = unit / blocks * stage.n + start;
        &x[begin..begin + BLOCK.min(stage.n - start)]
    };
    let mut at = 0;
    while at < results.len() {
        // Runs of equal length side by side: their chains of additions overlap in time.
        let group = [0, 1, 2, 3].map(|next| run((first + at + next).min(stage.units() - 1)));
        if at + 4 <= results.len() && group.iter().all(|run| run.len() == group[0].len()) {
            let values = fold_runs::<T, F, L, 4>(group, identity);
            results[at..at + 4].copy_from_slice(&values);
            at += 4;
        } else {
            results[at] = fold_runs::<T, F, L, 1>([group[0]], identity)[0];
            at += 1;
        }
    }
}

/// The blocks' results of `K` runs of equal length.
#[inline(always)]
fn fold_runs<T: Element, F: Map2<T, T, Out = T>, L: Level, const K: usize>(
    runs: [&[T]; K],
    identity: T,
) -> [T; K] {
    let mut partials = [[identity; PARTIALS]; K];
    let whole = runs[0].len() / PARTIALS * PARTIALS;
    let mut at = 0;
    while at < whole {
        for k in 0..K {
            let chunk: &[T; PARTIALS] = runs[k][at..at + PARTIALS].try_into().expect("16 elements");
            for lane in 0..PARTIALS {
                partials[k][lane] = F::map::<L>(partials[k][lane], chunk[lane]);
            }
        }
        at += PARTIALS;
    }
    for k in 0..K {
        for (partial, &x) in partials[k].iter_mut().zip(&runs[k][whole..]) {
            *partial = F::map::<L>(*partial, x);
        }
    }
    partials.map(|mut partials| {
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                partials[lane] = F::map::<L>(partials[lane], partials[lane + half]);
            }
        }
        partials[0]
    })
}

/// A block of rows, `inner` elements each, of which some columns are reduced.
#[inline(always)]
fn columns<T: Element, F: Map2<T, T, Out = T>, L: Level>(
    x: &[T],
    identity: T,
    inner: usize,
    column: usize,
    results: &mut [T],
) {
    let width = results.len();
    let mut partials = [identity; PARTIALS * STRIP];
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
    for half in [8, 4, 2, 1] {
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
