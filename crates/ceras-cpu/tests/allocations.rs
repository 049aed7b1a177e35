//! A run allocates nothing. The allocator counts for the whole process, and the test harness has a thread of its own that allocates
//! when it pleases; so this file is a plain program (`harness = false`), with no thread but its own and the engine's.

#![allow(clippy::print_stdout)]

mod support;

use std::sync::Arc;

use ceras_cpu::{Memory, Options, compile};
use ceras_kernels::Pool;
use ceras_testkit::allocator::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::new();

fn main() {
    a_training_step_allocates_nothing();
    println!("test a_training_step_allocates_nothing ... ok");
}

fn a_training_step_allocates_nothing() {
    let step = support::training_step(32, 20, 48);
    for threads in [1, 2] {
        let mut plan = compile(&step.graph, &step.signature, &Options::default()).unwrap();
        let mut memory = Memory::new(Arc::new(Pool::new(threads)));
        step.fill(&plan, &mut memory);
        assert!(plan.run(&mut memory).committed());
        let before = ALLOCATOR.allocations();
        for _ in 0..20 {
            plan.input_slice_mut::<f32>(&mut memory, 0)[0] += 0.5;
            let outputs = plan.run(&mut memory);
            assert!(outputs.committed() && outputs.slice::<f32>(0)[0].is_finite());
        }
        assert_eq!(ALLOCATOR.allocations() - before, 0, "on {threads} threads");
    }
}
