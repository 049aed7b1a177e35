//! A run of elements that the tasks of a loop write different parts of.

use std::marker::PhantomData;
use std::ops::Range;

/// A mutable slice that is shared between threads, part by part.
pub(crate) struct Disjoint<'a, T> {
    pointer: *mut T,
    len: usize,
    marker: PhantomData<&'a mut [T]>,
}

// SAFETY: parts are lent under the contract of `part`, which lets no two borrows meet.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Takes the slice over.
    pub(crate) fn new(slice: &'a mut [T]) -> Disjoint<'a, T> {
        Disjoint { pointer: slice.as_mut_ptr(), len: slice.len(), marker: PhantomData }
    }

    /// The first element.
    pub(crate) fn pointer(&self) -> *mut T {
        self.pointer
    }

    /// A part to write.
    ///
    /// # Safety
    /// No two parts that are borrowed at a time overlap.
    ///
    /// # Panics
    /// If the range leaves the slice.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {} elements", self.len);
        // SAFETY: within the slice, which is borrowed for `'a`; apart from other parts as the caller vouches.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(range.start), range.len()) }
    }
}
