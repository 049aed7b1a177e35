//! How tiles of a body lie in its operands.

use crate::io::RawView;

/// The most axes that remain after merging.
const MAX_AXES: usize = 16;

/// How an operand is reached from a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Element `i` of the body is element `i` of the operand.
    Linear,
    /// One element for all.
    Splat,
    /// The same row for all rows.
    Pattern,
    /// Anything else.
    General,
}

/// An operand's strides over the merged axes.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) size: usize,
    pub(super) kind: Kind,
    outer: Vec<usize>,
    inner: usize,
    /// How many elements the operand must have.
    elements: usize,
}

/// The axes of a body after merging: rows of `inner` elements.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    outer: Vec<usize>,
    pub(super) rows: usize,
    pub(super) inner: usize,
    pub(super) accesses: Vec<Access>,
}

/// A block of elements: `rows` rows from `row` on, and of each the `width` elements from `column` on. If there are
/// several rows they are whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) column: usize,
    pub(super) width: usize,
}

impl Tile {
    pub(super) fn len(&self) -> usize {
        self.rows * self.width
    }
}

impl Layout {
    /// Merges neighbouring axes where every operand steps through them as through one. With `keep_last` the last
    /// axis stays by itself, as the rows of strided regions need it.
    ///
    /// The operands are given by element size and strides.
    pub(super) fn new(
        shape: &[usize],
        operands: &[(usize, &[usize])],
        keep_last: bool,
    ) -> Result<Layout, String> {
        let mut dims: Vec<usize> = Vec::new();
        let mut strides: Vec<Vec<usize>> = vec![Vec::new(); operands.len()];
        // From the last axis to the first; the lists are turned round below.
        for (from_end, (axis, &extent)) in shape.iter().enumerate().rev().enumerate() {
            let pinned = keep_last && from_end == 0;
            if extent == 1 && !pinned {
                continue;
            }
            let at_pinned = keep_last && dims.len() == 1;
            let merges = !dims.is_empty()
                && !at_pinned
                && operands.iter().zip(&strides).all(|((_, operand), merged)| {
                    merged
                        .last()
                        .zip(dims.last())
                        .is_some_and(|(stride, extent)| operand[axis] == stride * extent)
                });
            match dims.last_mut().filter(|_| merges) {
                Some(last) => *last *= extent,
                None => {
                    dims.push(extent);
                    strides
                        .iter_mut()
                        .zip(operands)
                        .for_each(|(merged, (_, operand))| merged.push(operand[axis]));
                }
            }
        }
        if dims.len() > MAX_AXES {
            return Err(format!("a body of {} axes that do not merge; {MAX_AXES} are the most", dims.len()));
        }
        let inner = if dims.is_empty() { 1 } else { dims.remove(0) };
        dims.reverse();
        let accesses = operands
            .iter()
            .zip(strides)
            .map(|((size, _), mut merged)| {
                let first = if merged.is_empty() { 1 } else { merged.remove(0) };
                merged.reverse();
                let kind = kind(&dims, inner, &merged, first);
                let elements = elements(&dims, inner, &merged, first);
                Access { size: *size, kind, outer: merged, inner: first, elements }
            })
            .collect();
        Ok(Layout { rows: dims.iter().product(), outer: dims, inner, accesses })
    }

    /// How many elements an operand must have.
    pub(super) fn elements(&self, operand: usize) -> usize {
        self.accesses[operand].elements
    }

    /// Where a row of the body starts in an operand, in elements, and its place in the outer axes.
    fn row_start(&self, access: &Access, row: usize, index: &mut [usize; MAX_AXES]) -> usize {
        let (mut rest, mut offset) = (row, 0);
        for axis in (0..self.outer.len()).rev() {
            index[axis] = rest % self.outer[axis];
            rest /= self.outer[axis];
            offset += index[axis] * access.outer[axis];
        }
        offset
    }

    /// The next row's start.
    fn next_row(&self, access: &Access, index: &mut [usize; MAX_AXES], mut offset: usize) -> usize {
        for axis in (0..self.outer.len()).rev() {
            index[axis] += 1;
            offset += access.outer[axis];
            if index[axis] < self.outer[axis] {
                break;
            }
            offset -= index[axis] * access.outer[axis];
            index[axis] = 0;
        }
        offset
    }

    /// Where a tile's elements of an operand lie in one run: in the operand itself where it has them so, else in
    /// `stage`, to which they are copied.
    ///
    /// # Safety
    /// `view` holds the operand (`elements` says how many elements) and `stage` has room for the tile.
    #[inline]
    pub(super) unsafe fn fetch(
        &self,
        operand: usize,
        view: &RawView,
        tile: &Tile,
        stage: *mut u8,
    ) -> *mut u8 {
        let access = &self.accesses[operand];
        if access.kind == Kind::Linear && view.is_contiguous() {
            return view.pointer.wrapping_add((tile.row * self.inner + tile.column) * access.size);
        }
        if let ([_], [stride], 0, 4) = (&self.outer[..], &access.outer[..], access.inner, access.size)
            && view.is_contiguous()
        {
            let source = view.pointer.cast::<u32>().wrapping_add(tile.row * stride);
            // SAFETY: the rows' elements lie in the operand and their copies in the stage, as the caller vouches.
            unsafe { repeat_each(source, *stride, stage.cast(), tile.rows, tile.width) }
            return stage;
        }
        let mut index = [0; MAX_AXES];
        let mut offset = self.row_start(access, tile.row, &mut index) + tile.column * access.inner;
        if tile.rows == 1 && access.inner == 1 && fits(view, offset, tile.width, access.size) {
            return locate(view, offset, access.size);
        }
        for row in 0..tile.rows {
            // SAFETY: the row lies in the operand and its copy in the stage, as the caller vouches.
            unsafe {
                let target = stage.add(row * tile.width * access.size);
                load_row(view, access, offset, target, tile.width);
            }
            offset = self.next_row(access, &mut index, offset);
        }
        stage
    }

    /// Fills the stage of an operand that is the same for every tile of whole rows.
    ///
    /// # Safety
    /// As for `fetch`; the stage has room for `rows` rows.
    pub(super) unsafe fn prepare(
        &self,
        operand: usize,
        view: &RawView,
        rows: usize,
        width: usize,
        stage: *mut u8,
    ) {
        let access = &self.accesses[operand];
        let total = rows * width * access.size;
        let mut done = width * access.size;
        // SAFETY: the first row, then copies of what is there already: each lies within the stage.
        unsafe {
            load_row(view, access, 0, stage, width);
            while done < total {
                let more = done.min(total - done);
                std::ptr::copy_nonoverlapping(stage, stage.add(done), more);
                done += more;
            }
        }
    }

    /// Copies a tile from `source` to where it belongs in a contiguous or strided output.
    ///
    /// # Safety
    /// `view` holds an element for each of the body's; `source` holds the tile and does not overlap it.
    pub(super) unsafe fn store(&self, view: &RawView, size: usize, tile: &Tile, source: *const u8) {
        let start = tile.row * self.inner + tile.column;
        if view.is_contiguous() {
            // SAFETY: as the caller vouches.
            unsafe { copy_run(source, view.pointer.add(start * size), tile.len(), size) }
            return;
        }
        for row in 0..tile.rows {
            let (first, from) = (start + row * self.inner, row * tile.width);
            let whole = fits(view, first, tile.width, size);
            let step = if whole { tile.width } else { 1 };
            for at in (0..tile.width).step_by(step.max(1)) {
                // SAFETY: the run lies in one row of the region and in the tile.
                unsafe {
                    copy_run(source.add((from + at) * size), locate(view, first + at, size), step, size)
                }
            }
        }
    }
}

/// How many elements an operand with these strides must have.
fn elements(outer: &[usize], inner: usize, strides: &[usize], inner_stride: usize) -> usize {
    if inner == 0 || outer.contains(&0) {
        return 0;
    }
    let last: usize = outer.iter().zip(strides).map(|(extent, stride)| (extent - 1) * stride).sum();
    last + (inner - 1) * inner_stride + 1
}

fn kind(outer: &[usize], inner: usize, strides: &[usize], inner_stride: usize) -> Kind {
    let mut dense = inner;
    let mut linear = inner_stride == 1 || inner == 1;
    for (extent, stride) in outer.iter().zip(strides).rev() {
        linear &= *stride == dense;
        dense *= extent;
    }
    let repeats = strides.iter().all(|&stride| stride == 0);
    match inner_stride {
        _ if linear => Kind::Linear,
        0 if repeats => Kind::Splat,
        1 if repeats => Kind::Pattern,
        _ => Kind::General,
    }
}

/// The address of an element of a region.
#[inline]
pub(super) fn locate(view: &RawView, element: usize, size: usize) -> *mut u8 {
    let byte = element * size;
    if view.is_contiguous() {
        return view.pointer.wrapping_add(byte);
    }
    view.pointer.wrapping_add(byte / view.row_bytes * view.stride_bytes + byte % view.row_bytes)
}

/// Whether a run of elements lies in one piece.
#[inline]
pub(super) fn fits(view: &RawView, element: usize, len: usize, size: usize) -> bool {
    view.is_contiguous() || element * size % view.row_bytes + len * size <= view.row_bytes
}

/// Copies one row of an operand.
///
/// # Safety
/// `view` holds the row, `target` has room for it.
unsafe fn load_row(view: &RawView, access: &Access, offset: usize, target: *mut u8, width: usize) {
    // SAFETY: all addresses are elements of the row, as the caller vouches; regions and stages are aligned for
    // their elements.
    unsafe {
        match access.inner {
            0 => fill(locate(view, offset, access.size), target, width, access.size),
            1 if fits(view, offset, width, access.size) => {
                copy_run(locate(view, offset, access.size), target, width, access.size);
            }
            step => {
                for at in 0..width {
                    let source = locate(view, offset + at * step, access.size);
                    copy_run(source, target.add(at * access.size), 1, access.size);
                }
            }
        }
    }
}

/// Copies elements; short runs without a call.
///
/// # Safety
/// Both runs hold `len` aligned elements and do not overlap.
#[inline]
pub(super) unsafe fn copy_run(source: *const u8, target: *mut u8, len: usize, size: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        match size {
            4 if len < 32 => copy_few(source.cast::<u32>(), target.cast::<u32>(), len),
            8 if len < 16 => copy_few(source.cast::<u64>(), target.cast::<u64>(), len),
            _ => std::ptr::copy_nonoverlapping(source, target, len * size),
        }
    }
}

#[inline(always)]
unsafe fn copy_few<T: Copy>(source: *const T, target: *mut T, len: usize) {
    for at in 0..len {
        // SAFETY: `at < len`; as the caller of `copy_run` vouches.
        unsafe { target.add(at).write(source.add(at).read()) }
    }
}

/// Repeats each of some elements, one for each of so many rows.
///
/// # Safety
/// There are `rows` elements `stride` apart, and room for as many rows of `width`; both are aligned.
unsafe fn repeat_each(source: *const u32, stride: usize, target: *mut u32, rows: usize, width: usize) {
    // SAFETY: as the caller vouches; a width is at most the number of elements of its case.
    unsafe {
        let done = match (width, stride) {
            (2, 1) => repeat_side_by_side::<2, { 2 * SIDE }>(source, target, rows),
            (3, 1) => repeat_side_by_side::<3, { 3 * SIDE }>(source, target, rows),
            (4, 1) => repeat_side_by_side::<4, { 4 * SIDE }>(source, target, rows),
            _ => 0,
        };
        let (source, target, rows) = (source.add(done * stride), target.add(done * width), rows - done);
        let done = match width {
            1..=4 => repeat_short::<4>(source, stride, target, rows, width),
            5..=16 => repeat_short::<16>(source, stride, target, rows, width),
            _ => 0,
        };
        for row in done..rows {
            fill_with(target.add(row * width), source.add(row * stride).read(), width);
        }
    }
}

/// Rows whose elements are repeated at a time where they lie side by side.
const SIDE: usize = 16;

/// Repeats elements that lie side by side, `WIDTH` times each, as far as they are a multiple of [`SIDE`]: a permutation of
/// a register instead of a store for each. `TOTAL` is `WIDTH · SIDE`. Gives the number of rows.
///
/// # Safety
/// As for `repeat_each`.
#[inline(always)]
unsafe fn repeat_side_by_side<const WIDTH: usize, const TOTAL: usize>(
    source: *const u32,
    target: *mut u32,
    rows: usize,
) -> usize {
    let whole = rows / SIDE * SIDE;
    for row in (0..whole).step_by(SIDE) {
        // SAFETY: `row + SIDE ≤ rows`; there are as many elements, and room for as many rows.
        unsafe {
            let elements = source.add(row).cast::<[u32; SIDE]>().read();
            let repeated: [u32; TOTAL] = std::array::from_fn(|at| elements[at / WIDTH]);
            target.add(row * WIDTH).cast::<[u32; TOTAL]>().write(repeated);
        }
    }
    whole
}

/// Repeats elements where rows are short: `N` times each, over the start of what comes after it, as far as there is room
/// for so many. Gives the number of rows.
///
/// # Safety
/// As for `repeat_each`; `width` is 1 to `N`.
#[inline(always)]
unsafe fn repeat_short<const N: usize>(
    source: *const u32,
    stride: usize,
    target: *mut u32,
    rows: usize,
    width: usize,
) -> usize {
    let whole = (rows * width).checked_sub(N).map_or(0, |last| last / width + 1);
    for row in 0..whole {
        // SAFETY: `row · width + N ≤ rows · width`, so the run lies in the room; the element is the caller's.
        unsafe { target.add(row * width).cast::<[u32; N]>().write([source.add(row * stride).read(); N]) }
    }
    whole
}

/// Repeats an element.
///
/// # Safety
/// `source` is an aligned element, `target` has room for `len`.
#[inline]
pub(super) unsafe fn fill(source: *const u8, target: *mut u8, len: usize, size: usize) {
    // SAFETY: as the caller vouches; uninitialised memory is written, not read.
    unsafe {
        match size {
            1 => std::ptr::write_bytes(target, source.read(), len),
            4 => fill_with(target.cast::<u32>(), source.cast::<u32>().read(), len),
            _ => fill_with(target.cast::<u64>(), source.cast::<u64>().read(), len),
        }
    }
}

#[inline(always)]
unsafe fn fill_with<T: Copy>(target: *mut T, value: T, len: usize) {
    for at in 0..len {
        // SAFETY: `at < len`; as the caller of `fill` vouches.
        unsafe { target.add(at).write(value) }
    }
}
