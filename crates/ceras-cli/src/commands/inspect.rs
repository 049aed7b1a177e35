//! `ceras inspect`: what is in a file.

use std::path::PathBuf;

use ceras::Result;
use clap::Args;

use crate::report::print;

/// Look into a file without running anything of it: what kind it is, its layers, weights, optimizer, and what is suspicious.
///
/// It works on files that cannot be run too: models with layers that are not supported, damaged ones, and weights alone
/// (.weights.h5, old .h5, .safetensors).
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ceras inspect downloaded.keras

Suspicious are: Python code (Lambda layers and the like), classes that are not known, weights that are not finite, absurd
sizes, members that Keras does not write. The exit code is 0 whatever is found.")]
pub(crate) struct Inspect {
    /// The file: .keras, .h5, .weights.h5, .safetensors, .json, or a folder
    file: PathBuf,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<()> {
        print(&ceras::saving::inspect(&self.file)?.to_string())
    }
}
