//! The loop of `fit` around the step allocates nothing: an epoch of twice as many batches allocates as often as one of so
//! many. A plain program (`harness = false`), as the allocator counts for the whole process.

#![allow(clippy::print_stdout)]

use ceras::optimizers::schedules::ExponentialDecay;
use ceras::prelude::*;
use ceras_testkit::allocator::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::new();

const BATCH: usize = 8;

fn model(optimizer: Adam) -> Model {
    let mut model = Sequential::new()
        .add(Input::new([4]))
        .add(Dense::new(16).activation("relu"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.2))
        .add(Dense::new(3))
        .build()
        .unwrap();
    let loss = SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(Compile::new(loss).optimizer(optimizer).metrics(["accuracy"])).unwrap();
    model
}

fn data(batches: usize) -> (Tensor, Tensor) {
    let rows = batches * BATCH;
    let x: Vec<f32> = (0..rows * 4).map(|n| ((n * 29 + 3) % 97) as f32 / 50.0 - 1.0).collect();
    let y: Vec<i32> = (0..rows).map(|n| (n * 7 % 3) as i32).collect();
    (Tensor::new(&[rows, 4], x).unwrap(), Tensor::new(&[rows], y).unwrap())
}

/// Allocations of a call of `fit`, when all plans are there.
fn allocations(model: &mut Model, batches: usize) -> u64 {
    let (x, y) = data(batches);
    let fit = || Fit::new().epochs(2).batch_size(BATCH).validation_split(0.25).verbose(Verbose::Silent);
    model.fit(&x, &y, fit()).unwrap();
    let before = ALLOCATOR.allocations();
    model.fit(&x, &y, fit()).unwrap();
    ALLOCATOR.allocations() - before
}

fn main() {
    let schedule = ExponentialDecay::new(0.01, 100, 0.9);
    for (name, optimizer) in
        [("a fixed learning rate", Adam::new()), ("a schedule", Adam::new().learning_rate(schedule))]
    {
        let mut model = model(optimizer);
        let (few, many) = (allocations(&mut model, 16), allocations(&mut model, 32));
        assert_eq!(few, many, "{name}: 16 batches allocate {few} times, 32 batches {many} times");
        println!("test fit_allocates_nothing_in_a_step, {name} ... ok ({few} in a call)");
    }
}
