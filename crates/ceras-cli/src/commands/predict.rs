//! `ceras predict`: a network's answers for new rows.

use std::path::PathBuf;

use ceras::Result;
use ceras::data::Answers;
use clap::Args;

use crate::report::{load, print, warn_all};

/// Ask a trained network about new rows.
///
/// In a table, columns are found by name where the model's file says which it was trained on: their order does not matter,
/// one that is missing is an error, others are left out. A table of answers has a column for each number of the output; for
/// a model that knows its classes, the likeliest class and the score of each.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras predict model.keras --x new.csv
  ceras predict model.keras --x images.npy -o answers.npy
  ceras predict two_inputs.keras --x inputs.npz -o answers.npz")]
pub(crate) struct Predict {
    /// The model's file
    model: PathBuf,

    /// The rows: a table (.csv with a header), an array (.npy), or an array for each input by its name (.npz)
    #[arg(long, value_name = "FILE")]
    x: PathBuf,

    /// Where to write the answers (.csv, .npy, or .npz with an array for each output); as CSV to standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print no warnings, only answers and errors
    #[arg(long)]
    quiet: bool,
}

impl Predict {
    pub(crate) fn run(self) -> Result<()> {
        let mut model = load(&self.model, self.quiet)?;
        if let Some(path) = &self.output {
            Answers::check_name(path, &model)?;
            ceras::files::check_writable(path)?;
        }
        let given = model.read_inputs(&self.x)?;
        warn_all(&given.notes, self.quiet);
        warn_all(&model.outside_training(&given), self.quiet);
        warn_all(&model.not_finite_inputs(&given.sources), self.quiet);
        let hint = model.shape_hint(&given.sources);
        let answers = model.predict_all(given.sources, 32).map_err(|error| with_hint(error, hint))?;
        let answers = Answers::new(&model, answers);
        match &self.output {
            Some(path) => answers.write(path),
            None => print(&answers.to_table()?.to_csv()),
        }
    }
}

/// An error with what to do about the shapes, where that is known.
pub(crate) fn with_hint(error: ceras::Error, hint: Option<String>) -> ceras::Error {
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
