//! What a kernel sees of memory while it runs.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::dtype::Element;
use crate::memory::ALIGNMENT;
use crate::pool::Pool;

/// The work of one step of a plan.
///
/// A kernel holds everything that is known when the plan is made (sizes, strides, the code for the instruction-set
/// level) and allocates nothing when it runs. What it computes for a row never depends on the other rows.
pub trait Kernel: Debug + Send + Sync {
    /// Reads the inputs, writes every byte of the outputs.
    fn run(&self, io: &mut Io<'_>);
}

/// A resolved region: see [`Region`](crate::memory::Region).
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawView {
    pub(crate) pointer: *mut u8,
    pub(crate) rows: usize,
    pub(crate) row_bytes: usize,
    pub(crate) stride_bytes: usize,
    // What every kernel asks in every run, found out once:
    /// Bytes of all rows together.
    bytes: usize,
    /// The bits of the start, the rows' length and their distance: the low ones are 0 where all of these are multiples.
    bits: usize,
    has_gaps: bool,
}

impl RawView {
    pub(crate) const EMPTY: RawView = RawView {
        pointer: std::ptr::without_provenance_mut(ALIGNMENT),
        rows: 0,
        row_bytes: 0,
        stride_bytes: 0,
        bytes: 0,
        bits: ALIGNMENT,
        has_gaps: false,
    };

    pub(crate) fn new(pointer: *mut u8, rows: usize, row_bytes: usize, stride_bytes: usize) -> RawView {
        let distance = if rows > 1 { stride_bytes } else { 0 };
        RawView {
            pointer,
            rows,
            row_bytes,
            stride_bytes,
            bytes: rows * row_bytes,
            bits: pointer.addr() | row_bytes | distance,
            has_gaps: rows > 1 && row_bytes != stride_bytes,
        }
    }

    pub(crate) fn is_contiguous(&self) -> bool {
        !self.has_gaps
    }

    /// Bytes of all rows together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether start, rows and their distances are multiples of an element's size, a power of two.
    pub(crate) fn is_whole(&self, element_bytes: usize) -> bool {
        self.bits & (element_bytes - 1) == 0
    }

    fn check<T: Element>(&self, contiguous: bool) {
        assert!(
            self.is_whole(size_of::<T>()),
            "a region of the plan does not hold whole elements of {} bytes",
            size_of::<T>()
        );
        assert!(!contiguous || self.is_contiguous(), "the kernel did not say that it takes strided regions");
    }
}

/// The operands of a step: inputs to read, outputs to write, scratch to use, threads to share the work.
///
/// Each output, and the scratch, is handed out once; an input that lies where an output is written (see
/// [`Io::in_place`]) is not handed out at all. So no two borrows ever meet.
#[derive(Debug)]
pub struct Io<'a> {
    pub(crate) inputs: &'a [RawView],
    pub(crate) outputs: &'a [RawView],
    pub(crate) in_place: &'a [(usize, usize)],
    pub(crate) scratch: RawView,
    pub(crate) pool: &'a Pool,
    /// Outputs handed out so far, a bit each; bit 63 is the scratch.
    pub(crate) taken: u64,
}

const SCRATCH_BIT: usize = 63;

impl<'a> Io<'a> {
    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// The threads that may share the work.
    pub fn pool(&self) -> &'a Pool {
        self.pool
    }

    /// The output that input `index` shares its bytes with, when the planner took up the kernel's offer to
    /// work in place. The output then holds the input's elements until they are overwritten.
    pub fn in_place(&self, index: usize) -> Option<usize> {
        self.in_place.iter().find(|(input, _)| *input == index).map(|(_, output)| *output)
    }

    /// The elements of a contiguous input.
    ///
    /// # Panics
    /// If the input is strided, shares its bytes with an output, or does not hold whole `T`s.
    pub fn input<T: Element>(&self, index: usize) -> &'a [T] {
        let view = self.readable::<T>(index, true);
        // SAFETY: the region lies in a live block for `'a` (`Program::run`), is aligned and whole (checked), and
        // no output overlaps it: regions were checked when the program was made, and the one exception,
        // in-place inputs, is refused by `readable`.
        unsafe { std::slice::from_raw_parts(view.pointer.cast(), view.bytes() / size_of::<T>()) }
    }

    /// The rows of an input, which may be strided.
    ///
    /// # Panics
    /// If the input shares its bytes with an output or does not hold whole `T`s.
    pub fn input_rows<T: Element>(&self, index: usize) -> Rows<'a, T> {
        let view = self.readable::<T>(index, false);
        Rows { view, marker: PhantomData }
    }

    /// The elements of a contiguous output, to write; each output can be taken once.
    ///
    /// # Panics
    /// If the output is strided, was taken before, or does not hold whole `T`s.
    pub fn output<T: Element>(&mut self, index: usize) -> &'a mut [T] {
        let view = self.writable::<T>(index, true);
        // SAFETY: as in `input`; the borrow is unique because each output is handed out once and no other region
        // of the step overlaps it.
        unsafe { std::slice::from_raw_parts_mut(view.pointer.cast(), view.bytes() / size_of::<T>()) }
    }

    /// The rows of an output, which may be strided; each output can be taken once.
    ///
    /// # Panics
    /// If the output was taken before or does not hold whole `T`s.
    pub fn output_rows<T: Element>(&mut self, index: usize) -> RowsMut<'a, T> {
        let view = self.writable::<T>(index, false);
        RowsMut { view, marker: PhantomData }
    }

    /// The scratch that the step asked for; it can be taken once, and what it holds at first is arbitrary.
    ///
    /// # Panics
    /// If it was taken before.
    pub fn scratch<T: Element>(&mut self) -> &'a mut [T] {
        assert!(self.taken & (1 << SCRATCH_BIT) == 0, "the scratch was taken before");
        self.taken |= 1 << SCRATCH_BIT;
        // SAFETY: the scratch region overlaps no other region of the step (checked when the program was made), is
        // aligned to 64 bytes, and is handed out once.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.scratch.pointer.cast(),
                self.scratch.row_bytes / size_of::<T>(),
            )
        }
    }

    fn readable<T: Element>(&self, index: usize, contiguous: bool) -> RawView {
        assert!(self.in_place(index).is_none(), "input {index} shares its bytes with an output");
        let view = self.inputs[index];
        view.check::<T>(contiguous);
        view
    }

    fn writable<T: Element>(&mut self, index: usize, contiguous: bool) -> RawView {
        assert!(index < SCRATCH_BIT && self.taken & (1 << index) == 0, "output {index} was taken before");
        self.taken |= 1 << index;
        let view = self.outputs[index];
        view.check::<T>(contiguous);
        view
    }
}

/// A read-only matrix of rows that are a fixed distance apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T> {
    pub(crate) view: RawView,
    marker: PhantomData<&'a [T]>,
}

// SAFETY: like `&[T]`; elements are `Send + Sync`.
unsafe impl<T: Element> Send for Rows<'_, T> {}
// SAFETY: like `&[T]`.
unsafe impl<T: Element> Sync for Rows<'_, T> {}

impl<'a, T: Element> Rows<'a, T> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.view.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.view.rows == 0
    }

    /// Elements of a row.
    pub fn width(&self) -> usize {
        self.view.row_bytes / size_of::<T>()
    }

    /// Elements from the start of one row to the start of the next.
    pub fn stride(&self) -> usize {
        self.view.stride_bytes / size_of::<T>()
    }

    /// A row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, index: usize) -> &'a [T] {
        assert!(index < self.view.rows, "row {index} of {}", self.view.rows);
        // SAFETY: the row lies inside the region, which is readable for `'a` (see `Io::input_rows`).
        unsafe {
            std::slice::from_raw_parts(
                self.view.pointer.add(index * self.view.stride_bytes).cast(),
                self.width(),
            )
        }
    }

    /// All elements when the rows follow one another without gaps.
    pub fn as_slice(&self) -> Option<&'a [T]> {
        // SAFETY: contiguous, so the rows are one run of readable elements.
        self.view.is_contiguous().then(|| unsafe {
            std::slice::from_raw_parts(self.view.pointer.cast(), self.view.rows * self.width())
        })
    }
}

/// A matrix of rows to write, a fixed distance apart.
#[derive(Debug)]
pub struct RowsMut<'a, T> {
    pub(crate) view: RawView,
    marker: PhantomData<&'a mut [T]>,
}

// SAFETY: like `&mut [T]`.
unsafe impl<T: Element> Send for RowsMut<'_, T> {}
// SAFETY: shared, it lends nothing to write.
unsafe impl<T: Element> Sync for RowsMut<'_, T> {}

impl<'a, T: Element> RowsMut<'a, T> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.view.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.view.rows == 0
    }

    /// Elements of a row.
    pub fn width(&self) -> usize {
        self.view.row_bytes / size_of::<T>()
    }

    /// Elements from the start of one row to the start of the next.
    pub fn stride(&self) -> usize {
        self.view.stride_bytes / size_of::<T>()
    }

    /// A row to write.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&mut self, index: usize) -> &mut [T] {
        assert!(index < self.view.rows, "row {index} of {}", self.view.rows);
        let width = self.width();
        // SAFETY: the row lies inside the region, which is writable for `'a`, and `&mut self` makes the borrow unique.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.view.pointer.add(index * self.view.stride_bytes).cast(),
                width,
            )
        }
    }

    /// All elements when the rows follow one another without gaps.
    pub fn as_mut_slice(&mut self) -> Option<&mut [T]> {
        let len = self.view.rows * self.width();
        // SAFETY: contiguous, so the rows are one run of writable elements; `&mut self` makes the borrow unique.
        self.view
            .is_contiguous()
            .then(|| unsafe { std::slice::from_raw_parts_mut(self.view.pointer.cast(), len) })
    }
}
