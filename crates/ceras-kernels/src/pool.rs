//! The parallel loop.
//!
//! A task's work depends on its number only, never on which thread runs it or on how many there are, so
//! results have the same bits on any number of threads. A loop allocates nothing.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{JoinHandle, available_parallelism};

/// A worker looks this often for the next loop before it sleeps: some tens of microseconds, the time between two
/// steps of a plan.
const SPINS: u32 = 4_000;

/// The bit of [`Shared::gate`] that says that workers may enter.
const OPEN: usize = 1 << (usize::BITS - 1);

/// A fixed set of threads that share the iterations of a loop.
pub struct Pool {
    shared: Arc<Shared>,
    /// Held while a loop runs; a second loop at the same time runs on its own thread alone.
    turn: Mutex<()>,
    workers: Vec<JoinHandle<()>>,
}

type Task = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Counts loops; a change is the signal to start.
    epoch: AtomicU64,
    /// The body of the current loop and the number of its tasks.
    job: UnsafeCell<Option<(Task, usize)>>,
    /// The next task to take.
    next: AtomicUsize,
    /// How many workers are inside of the current loop, and [`OPEN`] while more may enter. A worker that comes when
    /// the tasks are all taken stays outside, so a loop never waits for one that is asleep.
    gate: AtomicUsize,
    stop: AtomicBool,
    /// How many workers have begun their work; a thread allocates until then.
    begun: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    sleep: Mutex<()>,
    wake: Condvar,
}

// SAFETY: `job` is written only by the thread that holds `turn` while the gate is shut and nobody is inside, and read
// by workers only inside (release/acquire on the gate); the task behind it is `Sync` and outlives the loop.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is used only between the start and the end of one loop.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool in which loops run on so many threads, the calling one among them; 0 counts as 1.
    pub fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared {
            epoch: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            next: AtomicUsize::new(0),
            gate: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            begun: AtomicUsize::new(0),
            panic: Mutex::new(None),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
        });
        let workers: Vec<JoinHandle<()>> = (1..threads)
            .filter_map(|index| {
                let shared = Arc::clone(&shared);
                // A machine that gives no more threads leaves a smaller pool with the same results.
                std::thread::Builder::new().name(format!("ceras-{index}")).spawn(move || shared.work()).ok()
            })
            .collect();
        // From here on nothing that a pool does allocates, the first loop included.
        while shared.begun.load(Ordering::Acquire) < workers.len() {
            std::thread::yield_now();
        }
        Pool { shared, turn: Mutex::new(()), workers }
    }

    /// The pool that everything uses unless told otherwise: `CERAS_THREADS` threads, or one for each core.
    pub fn global() -> &'static Arc<Pool> {
        static GLOBAL: OnceLock<Arc<Pool>> = OnceLock::new();
        GLOBAL.get_or_init(|| Arc::new(Pool::new(Pool::default_threads())))
    }

    /// How many threads [`Pool::global`] has: `CERAS_THREADS` if it is a number above 0, else the number of cores.
    pub fn default_threads() -> usize {
        std::env::var("CERAS_THREADS")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .filter(|&threads| threads > 0)
            .unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }

    /// How many threads a loop runs on.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `body(0)`, …, `body(tasks - 1)`, each once, in any order and on any thread; returns when all are done.
    ///
    /// # Panics
    /// With the panic of a task, after every thread has finished.
    pub fn for_each(&self, tasks: usize, body: &(dyn Fn(usize) + Sync)) {
        let turn = if tasks > 1 && !self.workers.is_empty() { self.turn.try_lock().ok() } else { None };
        if turn.is_none() {
            (0..tasks).for_each(body);
            return;
        }
        let shared = &*self.shared;
        // SAFETY: only the lifetime is changed. The pointer is gone from use when this function returns:
        // it waits until nobody is inside of the gate, also when a task panics (`run_tasks` catches).
        let task: Task = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync), Task>(body) };
        // SAFETY: `turn` is held and the gate is shut with nobody inside, so nobody reads `job` now.
        unsafe { *shared.job.get() = Some((task, tasks)) };
        shared.next.store(0, Ordering::Relaxed);
        shared.gate.store(OPEN, Ordering::Release);
        {
            let _asleep = shared.sleep.lock().unwrap_or_else(|poison| poison.into_inner());
            shared.epoch.fetch_add(1, Ordering::Release);
        }
        shared.wake.notify_all();
        shared.run_tasks(body, tasks);
        shared.gate.fetch_and(!OPEN, Ordering::AcqRel);
        let mut spins = 0u32;
        while shared.gate.load(Ordering::Acquire) > 0 {
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        let panic = shared.panic.lock().unwrap_or_else(|poison| poison.into_inner()).take();
        drop(turn);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Shared {
    /// The life of a worker.
    fn work(&self) {
        self.begun.fetch_add(1, Ordering::Release);
        let mut seen = 0;
        while self.wait(&mut seen) {
            if !self.enter() {
                continue;
            }
            // SAFETY: the gate was opened after `job` was written; it stays while somebody is inside.
            let job = unsafe { *self.job.get() };
            if let Some((task, tasks)) = job {
                // SAFETY: the caller of `for_each` keeps the closure alive while somebody is inside.
                self.run_tasks(unsafe { &*task }, tasks);
            }
            self.gate.fetch_sub(1, Ordering::Release);
        }
    }

    /// Goes inside of the current loop, if its gate is open. (It may be a later loop than the one that was seen; the
    /// worker then takes part in that one.)
    fn enter(&self) -> bool {
        let one_more = |gate: usize| (gate & OPEN != 0).then_some(gate + 1);
        self.gate.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
    }

    /// Waits for a new loop; false when the pool is gone.
    fn wait(&self, seen: &mut u64) -> bool {
        for _ in 0..SPINS {
            if self.changed(seen) {
                return !self.stop.load(Ordering::Relaxed);
            }
            std::hint::spin_loop();
        }
        let mut asleep = self.sleep.lock().unwrap_or_else(|poison| poison.into_inner());
        while !self.changed(seen) {
            asleep = self.wake.wait(asleep).unwrap_or_else(|poison| poison.into_inner());
        }
        !self.stop.load(Ordering::Relaxed)
    }

    fn changed(&self, seen: &mut u64) -> bool {
        let epoch = self.epoch.load(Ordering::Acquire);
        let changed = epoch != *seen;
        *seen = epoch;
        changed
    }

    fn run_tasks(&self, body: &(dyn Fn(usize) + Sync), tasks: usize) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            loop {
                let task = self.next.fetch_add(1, Ordering::Relaxed);
                if task >= tasks {
                    break;
                }
                body(task);
            }
        }));
        if let Err(panic) = outcome {
            self.next.store(tasks, Ordering::Relaxed);
            *self.panic.lock().unwrap_or_else(|poison| poison.into_inner()) = Some(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        {
            let _asleep = self.shared.sleep.lock().unwrap_or_else(|poison| poison.into_inner());
            self.shared.epoch.fetch_add(1, Ordering::Release);
        }
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches every panic of a task, so joining cannot fail; nothing is to be done if it did.
            let _ = worker.join();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} threads)", self.threads())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            let pool = Pool::new(threads);
            for tasks in [0, 1, 2, 7, 100] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.for_each(tasks, &|task| {
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.for_each(8, &|task| assert!(task != 3, "task three"));
        }));
        assert!(outcome.is_err());
        let count = AtomicUsize::new(0);
        pool.for_each(8, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.load(Ordering::Relaxed), 8);
    }

    #[test]
    fn many_short_loops_in_a_row() {
        let pool = Pool::new(4);
        let count = AtomicUsize::new(0);
        for round in 0..20_000 {
            let tasks = round % 5;
            pool.for_each(tasks, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            if round % 1000 == 0 {
                // Long enough for workers to fall asleep.
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        assert_eq!(count.load(Ordering::Relaxed), 40_000);
    }

    #[test]
    fn a_loop_within_a_loop_runs() {
        let pool = Pool::new(2);
        let count = AtomicUsize::new(0);
        pool.for_each(4, &|_| {
            pool.for_each(4, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(count.load(Ordering::Relaxed), 16);
    }
}
