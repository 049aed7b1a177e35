//! `ceras diff`: what is different between two models.

use std::path::PathBuf;

use ceras::Result;
use clap::Args;

use crate::report::print;

/// Compare two models: layers, weights, optimizer, compile state and extras.
///
/// The files may be of different kinds. Of each weight that differs, the largest difference is shown. Nothing is printed
/// when the models are the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ceras diff before.keras after.keras

Exit codes: 0 the same, 1 different, 2 trouble.")]
pub(crate) struct Diff {
    /// The first file
    a: PathBuf,

    /// The second file
    b: PathBuf,

    /// Print nothing; the exit code says whether they differ
    #[arg(long)]
    quiet: bool,
}

impl Diff {
    pub(crate) fn run(self) -> Result<bool> {
        let difference = ceras::saving::diff(&self.a, &self.b)?;
        if !self.quiet {
            print(&difference.to_string())?;
        }
        Ok(difference.is_empty())
    }
}
