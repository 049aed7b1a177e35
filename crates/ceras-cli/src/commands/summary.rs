//! `ceras summary`: the table of a model's layers.

use std::path::PathBuf;

use ceras::Result;
use clap::Args;

use crate::report::{load, print};

/// Show a model's layers, output shapes and numbers of weights, as Keras does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras summary model.keras --expand-nested --show-trainable
  ceras summary model.keras --memory --batch-size 64

`ceras inspect` shows what is in a file that cannot be run.")]
pub(crate) struct Summary {
    /// The model's file
    model: PathBuf,

    /// Characters of a line
    #[arg(long, value_name = "CHARACTERS")]
    line_length: Option<usize>,

    /// List the layers of nested models too
    #[arg(long)]
    expand_nested: bool,

    /// Add a column that says which layers are trained
    #[arg(long)]
    show_trainable: bool,

    /// List only the layers from FIRST to LAST
    #[arg(long, num_args = 2, value_names = ["FIRST", "LAST"])]
    layer_range: Option<Vec<String>>,

    /// Say how much memory a step takes, where it goes, and the largest batch that fits: of training if the model was saved
    /// with its loss, of predicting otherwise
    #[arg(long)]
    memory: bool,

    /// Rows of the batch for `--memory`
    #[arg(long, value_name = "ROWS", default_value_t = 32, requires = "memory")]
    batch_size: usize,

    /// Print no warnings
    #[arg(long)]
    quiet: bool,
}

impl Summary {
    pub(crate) fn run(self) -> Result<()> {
        let mut model = load(&self.model, self.quiet)?;
        let mut summary = ceras::models::Summary::new()
            .expand_nested(self.expand_nested)
            .show_trainable(self.show_trainable);
        if let Some(characters) = self.line_length {
            summary = summary.line_length(characters);
        }
        if let Some([first, last]) = self.layer_range.as_deref() {
            summary = summary.layer_range(first, last);
        }
        let mut text = model.summary_with(&summary)?;
        if self.memory {
            text += &format!("\n{}", model.memory_plan(self.batch_size)?);
        }
        print(&text)
    }
}
