//! Functional models: training with several outputs as Keras does it, operators, freezing, one batch at a time, errors.

mod counts;
mod errors;
mod histories;
mod models;
