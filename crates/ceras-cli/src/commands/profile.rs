//! `ceras profile`: where the time of a network goes.

use std::path::PathBuf;

use ceras::Result;
use ceras::saving::CustomObjects;
use clap::Args;

use crate::report::{say, warn};

/// Show what each step of a network takes, against what this machine can do at the most.
///
/// The forward pass is shown, and a step of training if the network was saved with its optimizer and loss. The rows are
/// made up, and the file is left as it is. Steps whose data stays in the processor's caches can be faster than the memory.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// The model's file
    model: PathBuf,

    /// Rows of a batch
    #[arg(long, default_value_t = 32, value_name = "NUMBER")]
    batch_size: usize,

    /// How often each step is timed; the median is shown
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    runs: usize,
}

impl Profile {
    pub(crate) fn run(self) -> Result<()> {
        let loaded = ceras::saving::load(&self.model, &CustomObjects::new())?;
        loaded.warnings.iter().for_each(|text| warn(text));
        let mut model = loaded.model;
        let profile = model.profile(self.batch_size, self.runs)?;
        profile.to_string().lines().for_each(say);
        Ok(())
    }
}
