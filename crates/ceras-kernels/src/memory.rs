//! Blocks of bytes and the regions within them.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ptr::NonNull;

use crate::dtype::Element;

/// Every region of a plan starts at a multiple of this many bytes: a cache line, and a full AVX-512 register.
pub const ALIGNMENT: usize = 64;

/// What an allocator aligns to in any case.
const PLAIN_ALIGNMENT: usize = 8;

/// An owned block of bytes, aligned to [`ALIGNMENT`] and zeroed when made.
pub struct Block {
    /// What the allocator gave; the block starts at its first aligned byte.
    allocation: NonNull<u8>,
    pointer: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a `Block` owns its allocation alone, as a `Box<[u8]>` does, and bytes may move between threads.
unsafe impl Send for Block {}
// SAFETY: a shared `Block` only lends shared slices; writing needs `&mut Block`.
unsafe impl Sync for Block {}

impl Block {
    /// A zeroed block of so many bytes.
    ///
    /// # Panics
    /// Only when the operating system has no such memory to give, as any Rust collection does.
    pub fn zeroed(bytes: usize) -> Block {
        if bytes == 0 {
            let pointer = NonNull::<Aligned>::dangling().cast();
            return Block { allocation: pointer, pointer, bytes };
        }
        let layout = Block::layout(bytes);
        // SAFETY: the layout's size is not zero, as checked above.
        let allocation = unsafe { alloc_zeroed(layout) };
        let Some(allocation) = NonNull::new(allocation) else { handle_alloc_error(layout) };
        let address = allocation.addr().get();
        let gap = address.next_multiple_of(ALIGNMENT) - address;
        // SAFETY: the allocation is larger than `bytes` by the largest gap that there can be.
        let pointer = unsafe { allocation.add(gap) };
        Block { allocation, pointer, bytes }
    }

    /// The size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The elements at a byte offset.
    ///
    /// # Panics
    /// When the range lies outside of the block or the offset is not a multiple of the element's size.
    pub fn slice<T: Element>(&self, offset: usize, len: usize) -> &[T] {
        self.check::<T>(offset, len);
        // SAFETY: the range is inside the block and aligned (checked), its bytes are initialised (zeroed at
        // birth), every bit pattern is a `T` (`Element`), and `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr().add(offset).cast(), len) }
    }

    /// The elements at a byte offset, to write.
    ///
    /// # Panics
    /// When the range lies outside of the block or the offset is not a multiple of the element's size.
    pub fn slice_mut<T: Element>(&mut self, offset: usize, len: usize) -> &mut [T] {
        self.check::<T>(offset, len);
        // SAFETY: as in `slice`, and `&mut self` makes the borrow unique.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr().add(offset).cast(), len) }
    }

    /// Makes the block at least so large; the old bytes are kept, the new ones are zero.
    pub fn grow(&mut self, bytes: usize) {
        if bytes > self.bytes {
            let mut larger = Block::zeroed(bytes);
            larger.slice_mut::<u8>(0, self.bytes).copy_from_slice(self.slice(0, self.bytes));
            *self = larger;
        }
    }

    pub(crate) fn base(&mut self) -> *mut u8 {
        self.pointer.as_ptr()
    }

    fn check<T: Element>(&self, offset: usize, len: usize) {
        let size = size_of::<T>();
        let end = len.checked_mul(size).and_then(|bytes| bytes.checked_add(offset));
        assert!(
            end.is_some_and(|end| end <= self.bytes) && offset.is_multiple_of(size),
            "{len} elements of {size} bytes at offset {offset} do not lie in a block of {} bytes",
            self.bytes
        );
    }

    /// Room for the block at any place. An allocator that is asked for an alignment of its own writes the zeros; asked for
    /// none it hands out pages that the system zeroes when they are first touched.
    fn layout(bytes: usize) -> Layout {
        let size = bytes.checked_add(ALIGNMENT - PLAIN_ALIGNMENT);
        size.and_then(|size| Layout::from_size_align(size, PLAIN_ALIGNMENT).ok())
            .expect("no block is larger than the address space")
    }
}

#[repr(align(64))]
struct Aligned;

impl Drop for Block {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: allocated in `zeroed` with this very layout, and dropped once.
            unsafe { dealloc(self.allocation.as_ptr(), Block::layout(self.bytes)) }
        }
    }
}

impl Clone for Block {
    fn clone(&self) -> Block {
        let mut copy = Block::zeroed(self.bytes);
        copy.slice_mut::<u8>(0, self.bytes).copy_from_slice(self.slice(0, self.bytes));
        copy
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes)", self.bytes)
    }
}

/// The block that a region lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Temporaries, inputs and outputs of a plan; plans of a model take turns in one block.
    Arena,
    /// Weights, optimizer slots, metric totals: what outlives a step.
    State,
    /// The constants of a program; never written.
    Constants,
}

/// Bytes of a block: `rows` runs of `row_bytes`, `stride_bytes` apart.
///
/// Most regions are [contiguous](Region::contiguous), one run. A region with several runs is a block of columns
/// in a wider buffer; it is how the input of a concatenation is written straight into its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Which block.
    pub space: Space,
    /// Where the first run starts, in bytes.
    pub offset: usize,
    /// How many runs.
    pub rows: usize,
    /// Bytes of a run.
    pub row_bytes: usize,
    /// From the start of a run to the start of the next, in bytes.
    pub stride_bytes: usize,
}

impl Region {
    /// One run of bytes.
    pub const fn contiguous(space: Space, offset: usize, bytes: usize) -> Region {
        Region { space, offset, rows: 1, row_bytes: bytes, stride_bytes: bytes }
    }

    /// Whether the bytes are one run.
    pub const fn is_contiguous(&self) -> bool {
        self.rows <= 1 || self.row_bytes == self.stride_bytes
    }

    /// Bytes that belong to the region, gaps left out.
    pub const fn bytes(&self) -> usize {
        self.rows * self.row_bytes
    }

    /// The first byte after the region; `None` when that is beyond what an address can be.
    pub fn end(&self) -> Option<usize> {
        if self.bytes() == 0 {
            return Some(self.offset);
        }
        (self.rows - 1).checked_mul(self.stride_bytes)?.checked_add(self.row_bytes)?.checked_add(self.offset)
    }

    /// Whether two regions share a byte. Exact for contiguous regions and for columns of one buffer
    /// (equal strides); otherwise two regions whose spans meet count as overlapping.
    pub fn overlaps(&self, other: &Region) -> bool {
        if self.space != other.space || self.bytes() == 0 || other.bytes() == 0 {
            return false;
        }
        let (Some(end), Some(other_end)) = (self.end(), other.end()) else { return true };
        if self.offset >= other_end || other.offset >= end {
            return false;
        }
        if self.is_contiguous() || other.is_contiguous() || self.stride_bytes != other.stride_bytes {
            return true;
        }
        let stride = self.stride_bytes;
        // How far the other's rows start after ours, on a circle of one stride: a row may reach over a multiple of it.
        let apart = (other.offset % stride + stride - self.offset % stride) % stride;
        apart < self.row_bytes || apart + other.row_bytes > stride
    }
}
