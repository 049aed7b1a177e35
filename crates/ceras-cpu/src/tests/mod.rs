//! Tests of the planner on ops of its own, so that they hold whatever the real ones do.

mod bindings;
mod ops;
mod places;
mod random_graphs;
