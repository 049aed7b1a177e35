//! The best of one share over thresholds at which another is high enough.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, ops};

use super::confusion::{Counts, Levels, counter, ratios, sums};

/// As many thresholds from 0 to 1; 0.5 when there is one.
pub(super) fn levels(count: u32) -> Levels {
    match count {
        0 | 1 => Levels::Any(vec![0.5]),
        2 => Levels::Any(vec![0.0, 1.0]),
        _ => Levels::Even(count as usize),
    }
}

/// Counts of true and false positives, then of true and false negatives.
pub(super) fn state(count: u32) -> Vec<(String, TensorType, f64)> {
    let names = ["true_positives", "false_positives", "true_negatives", "false_negatives"];
    names.map(|name| counter(name, &[levels(count).len()])).to_vec()
}

/// Emits the counts after a batch.
pub(super) fn update(g: &mut Graph, state: &[Value], counts: Counts) -> Result<Vec<Value>, GraphError> {
    let new = [counts.true_positives, counts.false_positives, counts.true_negatives, counts.false_negatives];
    state.iter().zip(new).map(|(before, new)| ops::add(g, *before, new)).collect()
}

/// `a / (a + b)` at each threshold, for two of the counts.
pub(super) fn share(state: &[Tensor], a: usize, b: usize) -> Vec<f32> {
    let (a, b) = (state[a].to_f32(), state[b].to_f32());
    ratios(&a, sums(&a, &b))
}

/// The largest of `wanted` where `bound` is at least `least`; 0 where that is nowhere.
pub(super) fn best(bound: &[f32], wanted: &[f32], least: f64) -> f64 {
    let feasible = bound.iter().zip(wanted).filter(|(bound, _)| **bound >= least as f32);
    f64::from(feasible.fold(0.0f32, |best, (_, wanted)| best.max(*wanted)))
}
