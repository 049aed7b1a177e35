//! Training: `compile`, `fit`, `evaluate`, `predict`.

mod batches;
mod callbacks;
mod compile;
mod data;
mod fit;
mod history;
mod ids;
mod plans;
mod predict;
mod profile;
mod progress;
mod recompile;
mod step;

pub use callbacks::{Callback, EpochEnd, Run};
pub use compile::{Compile, Compiled};
pub(crate) use data::check_finite;
pub use data::{ClassWeight, Inputs};
pub use fit::{Evaluate, Fit, Verbose};
pub use history::{History, Logs};
pub(crate) use plans::PlanCache;
pub use predict::Predictor;
pub use profile::Profile;
pub use recompile::Recompile;
