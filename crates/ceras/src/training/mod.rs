//! Training: `compile`, `fit`, `evaluate`, `predict`.

mod arguments;
mod batches;
mod callbacks;
mod compile;
mod data;
mod eager;
mod evaluate;
mod fit;
mod history;
mod ids;
mod measured;
mod on_batch;
mod order;
mod outputs;
mod plans;
mod predict;
mod profile;
mod progress;
mod ready;
mod recompile;
mod step;
mod weights;

pub use arguments::{Evaluate, Fit, Verbose};
pub use callbacks::{Callback, EpochEnd, Run};
pub use compile::{Compile, Compiled, OutputLoss};
pub use data::Inputs;
pub(crate) use data::check_finite;
pub use history::{History, Logs};
pub use on_batch::OnBatch;
pub use outputs::PerOutput;
pub(crate) use plans::PlanCache;
pub use predict::Predictor;
pub use profile::Profile;
pub use recompile::Recompile;
pub use weights::ClassWeight;
