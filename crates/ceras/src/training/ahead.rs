//! Batches that are read by other threads, ahead of the steps that need them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ceras_graph::Tensor;

use super::data::{Dataset, check_finite};
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};

/// Batches that wait, beyond those being read.
const WAITING: usize = 2;

/// What was read of a batch: the inputs, then the targets; `None` for those that are in memory anyway.
pub(crate) type Read = Vec<Option<Tensor>>;

/// What the threads tell each other.
#[derive(Default)]
struct Desk {
    /// The batch that the next free thread reads.
    next: usize,
    /// The batch that is worked on.
    done: usize,
    /// Batches that have been read.
    ready: BTreeMap<usize, Result<Read>>,
    /// Nothing more is wanted.
    over: bool,
}

/// Calls `step` for each batch in turn, with what was read for it; other threads read the next ones meanwhile. `place` says where
/// a batch is, for the error of one that cannot be read. The order of
/// the batches, and so every bit of what follows, does not depend on the number of threads.
///
/// # Errors
/// That of the first batch that cannot be read or worked on, in the order of the batches.
pub(crate) fn each_batch(
    data: &Dataset,
    batches: &[Vec<usize>],
    place: impl Fn(usize) -> String,
    mut step: impl FnMut(usize, &Read) -> Result<()>,
) -> Result<()> {
    let threads = ceras_kernels::Pool::default_threads().clamp(1, batches.len().max(1));
    let (desk, news) = (Mutex::new(Desk::default()), Condvar::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| read_ahead(data, batches, threads + WAITING, &desk, &news));
        }
        // However this ends, the threads must hear of it.
        let _over = Over { desk: &desk, news: &news };
        (0..batches.len()).try_for_each(|number| {
            let read = fetch(number, &desk, &news).map_err(|error| error.context(place(number)))?;
            step(number, &read)
        })
    })
}

struct Over<'a> {
    desk: &'a Mutex<Desk>,
    news: &'a Condvar,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        lock(self.desk).over = true;
        self.news.notify_all();
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a>(news: &Condvar, desk: MutexGuard<'a, Desk>) -> MutexGuard<'a, Desk> {
    news.wait(desk).unwrap_or_else(PoisonError::into_inner)
}

/// The batch of this number, as soon as it is there.
fn fetch(number: usize, desk: &Mutex<Desk>, news: &Condvar) -> Result<Read> {
    let mut open = lock(desk);
    open.done = number;
    news.notify_all();
    loop {
        match open.ready.remove(&number) {
            Some(read) => return read,
            None => open = wait(news, open),
        }
    }
}

/// Reads batches until there are no more, never more than `window` beyond the one that is worked on.
fn read_ahead(data: &Dataset, batches: &[Vec<usize>], window: usize, desk: &Mutex<Desk>, news: &Condvar) {
    loop {
        let mut open = lock(desk);
        while !open.over && open.next < batches.len() && open.next >= open.done + window {
            open = wait(news, open);
        }
        let number = open.next;
        if open.over || number >= batches.len() {
            return;
        }
        open.next += 1;
        drop(open);
        // Rows are read by code of users, too; a thread that ended there would let the others wait for ever.
        let read = catch_unwind(AssertUnwindSafe(|| read(data, &batches[number])));
        let read = read.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Data, "what reads the rows has panicked")
                .detail("its message is above"))
        });
        lock(desk).ready.insert(number, read);
        news.notify_all();
    }
}

/// Reads a batch of everything that is not in memory.
///
/// # Errors
/// It cannot be read, or holds numbers that are not finite.
fn read(data: &Dataset, rows: &[usize]) -> Result<Read> {
    let one = |(name, source): (&str, &Source)| -> Result<Option<Tensor>> {
        if !source.is_streamed() {
            return Ok(None);
        }
        let tensor = source.read(rows).map_err(|error| error.context(format!("while reading `{name}`")))?;
        // Predictions of what is no number are no numbers; training on it would spoil everything.
        if !data.y.is_empty() {
            check_finite(name, &tensor, Some(rows))?;
        }
        Ok(Some(tensor))
    };
    let x = data.x.iter().map(|source| ("x", source));
    x.chain(data.y.iter().map(|source| ("y", source))).map(one).collect()
}
