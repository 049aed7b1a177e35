//! Training: `compile`, `fit`, `evaluate`, `predict`.

mod batches;
mod callbacks;
mod compile;
mod data;
mod fit;
mod history;
mod plans;
mod predict;
mod progress;
mod step;

pub use callbacks::{Callback, EpochEnd, Run};
pub use compile::{Compile, Compiled};
pub use data::{ClassWeight, Inputs};
pub use fit::{Evaluate, Fit, Verbose};
pub use history::{History, Logs};
pub(crate) use plans::PlanCache;
pub use predict::Predictor;
