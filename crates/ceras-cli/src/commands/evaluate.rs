//! `ceras evaluate`: loss and metrics on rows whose answers are known.

use std::path::PathBuf;

use ceras::{Error, ErrorKind, Model, Result};
use clap::Args;

use super::predict::with_hint;
use crate::report::{load, print, warn_all};

/// Measure a trained network on rows whose answers are known: the loss and the metrics that its file names.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras evaluate model.keras --x x_test.npy --y y_test.npy
  ceras evaluate model.keras --x test.csv --y test.csv

The second is for a model whose file names its columns, as those of `ceras train`: it finds inputs and target in one table.
Rows of tables that miss a value are left out.")]
pub(crate) struct Evaluate {
    /// The model's file
    model: PathBuf,

    /// The rows: a table (.csv with a header), an array (.npy), or an array for each input by its name (.npz)
    #[arg(long, value_name = "FILE")]
    x: PathBuf,

    /// The answers, in the same forms; an .npz holds an array for each output by its name
    #[arg(long, value_name = "FILE")]
    y: PathBuf,

    /// Rows of a batch
    #[arg(long, value_name = "ROWS", default_value_t = 32)]
    batch_size: usize,

    /// Print no warnings, only numbers and errors
    #[arg(long)]
    quiet: bool,
}

impl Evaluate {
    pub(crate) fn run(self) -> Result<()> {
        let mut model = load(&self.model, self.quiet)?;
        check_compiled(
            &model,
            "the model's file does not say what to measure",
            "`ceras fit MODEL --loss NAME --metrics NAMES … -o OUT.keras` writes one that does",
        )?;
        let (x, y) = model.read_examples(&self.x, &self.y)?;
        warn_all(&[&x.notes[..], &y.notes].concat(), self.quiet);
        warn_all(&model.outside_training(&x), self.quiet);
        let hint = model.shape_hint(&x.sources);
        let options = ceras::Evaluate::new().batch_size(self.batch_size);
        let logs = model.evaluate(x.sources, y.sources, options).map_err(|error| with_hint(error, hint))?;
        let width = logs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        // Metrics are computed in single precision: more digits would say nothing.
        let line = |(name, value): (&str, f64)| format!("{name:width$}  {}\n", value as f32);
        print(&logs.iter().map(line).collect::<String>())
    }
}

/// Whether the file says what to minimise, in words that fit the command line.
pub(crate) fn check_compiled(model: &Model, text: &str, hint: &str) -> Result<()> {
    model.compiled().map(|_| ()).map_err(|error| {
        let inner = Error::new(ErrorKind::Usage, text).detail(error.message());
        error.details().iter().fold(inner, |error, detail| error.detail(detail)).hint(hint)
    })
}
