//! Training: `compile`, `fit`, `evaluate`, `predict`.

mod arguments;
mod batches;
mod callbacks;
mod compile;
mod data;
mod fit;
mod history;
mod ids;
mod measured;
mod on_batch;
mod outputs;
mod plans;
mod predict;
mod profile;
mod progress;
mod recompile;
mod step;

pub use arguments::{Evaluate, Fit, Verbose};
pub use callbacks::{Callback, EpochEnd, Run};
pub use compile::{Compile, Compiled};
pub(crate) use data::check_finite;
pub use data::{ClassWeight, Inputs};
pub use history::{History, Logs};
pub use on_batch::OnBatch;
pub use outputs::PerOutput;
pub(crate) use plans::PlanCache;
pub use predict::Predictor;
pub use profile::Profile;
pub use recompile::Recompile;
