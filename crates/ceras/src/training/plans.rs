//! Compiled steps, kept by what they were compiled for.

use ceras_graph::TensorType;

use super::step::StepPlan;

/// What a step is traced for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Train,
    Test,
    Predict,
}

/// Everything that a plan depends on. Learning rate, weights of classes, step and seed are inputs of the plan instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanKey {
    pub(crate) mode: Mode,
    pub(crate) x: Vec<TensorType>,
    pub(crate) y: Vec<TensorType>,
    /// The types of the sample weights of those outputs that have any.
    pub(crate) weighted: Vec<Option<TensorType>>,
    /// The weights that are trained.
    pub(crate) trainable: Vec<usize>,
    /// The layers that are frozen, by path: some compute otherwise then.
    pub(crate) frozen: Vec<String>,
}

impl PlanKey {
    /// The key of a forward pass over inputs of these types.
    pub(crate) fn predict(x: Vec<TensorType>) -> PlanKey {
        let (y, weighted) = (Vec::new(), Vec::new());
        PlanKey { mode: Mode::Predict, x, y, weighted, trainable: Vec::new(), frozen: Vec::new() }
    }
}

/// More shapes than this in use at once are rare, and a plan is cheap to make again.
const CAPACITY: usize = 16;

/// The plans of a model: the most recently used ones.
#[derive(Debug, Default)]
pub(crate) struct PlanCache {
    entries: Vec<Entry>,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    key: PlanKey,
    plan: StepPlan,
    used: u64,
}

impl PlanCache {
    /// The place of the plan for a key.
    pub(crate) fn find(&mut self, key: &PlanKey) -> Option<usize> {
        self.clock += 1;
        let index = self.entries.iter().position(|entry| entry.key == *key)?;
        self.entries[index].used = self.clock;
        Some(index)
    }

    /// Puts a plan in, in place of the one that was not used for longest when there are too many; other places stay.
    pub(crate) fn insert(&mut self, key: PlanKey, plan: StepPlan) -> usize {
        self.clock += 1;
        let entry = Entry { key, plan, used: self.clock };
        if self.entries.len() < CAPACITY {
            self.entries.push(entry);
            return self.entries.len() - 1;
        }
        let oldest = (0..self.entries.len()).min_by_key(|&index| self.entries[index].used).unwrap_or(0);
        self.entries[oldest] = entry;
        oldest
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> &mut StepPlan {
        &mut self.entries[index].plan
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
