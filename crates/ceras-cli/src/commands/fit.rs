//! `ceras fit`: a model's training goes on.

use std::io::Write;
use std::path::PathBuf;

use ceras::data::Source;
use ceras::files::{check_writable, write_atomically};
use ceras::saving::FileKind;
use ceras::training::Recompile;
use ceras::{Error, ErrorKind, Model, Result, Verbose};
use clap::Args;

use super::evaluate::check_compiled;
use super::predict::with_hint;
use crate::report::{load, say, warn_all};

/// Train a network of a file further, from where it stands.
///
/// Loss, metrics, optimizer and the optimizer's state are those of the file, unless said otherwise. What is written is the
/// model after the last epoch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras fit model.keras --x x.npy --y y.npy --epochs 10 -o trained.keras
  ceras fit config.json --x x.npy --y y.npy --optimizer adam --loss mse --metrics mae -o trained.keras
  ceras fit model.keras --x x.npy --y y.npy --validation-data xv.npy,yv.npy -o trained.keras --history history.csv

Rows of tables that miss a value are left out.")]
pub(crate) struct Fit {
    /// The model's file
    model: PathBuf,

    /// The rows: a table (.csv with a header), an array (.npy), or an array for each input by its name (.npz)
    #[arg(long, value_name = "FILE")]
    x: PathBuf,

    /// The answers, in the same forms; an .npz holds an array for each output by its name
    #[arg(long, value_name = "FILE")]
    y: PathBuf,

    /// Where to write the trained model: .keras, .h5, .weights.h5 or .safetensors
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// How often all rows are seen
    #[arg(long, value_name = "N", default_value_t = 1)]
    epochs: usize,

    /// Rows of a batch
    #[arg(long, value_name = "ROWS", default_value_t = 32)]
    batch_size: usize,

    /// Keep the rows in their order instead of another in each epoch
    #[arg(long)]
    no_shuffle: bool,

    /// Rows and answers to measure on after each epoch, with a comma between
    #[arg(long, value_name = "XV,YV", value_delimiter = ',')]
    validation_data: Option<Vec<PathBuf>>,

    /// Seed of shuffling and dropout; that of the file by default
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Learning rate, in place of the file's
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    learning_rate: Option<f64>,

    /// Another optimizer, which starts afresh
    #[arg(long, value_name = "NAME")]
    optimizer: Option<String>,

    /// Another loss; one for each output, with commas between, or one for all
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    loss: Option<Vec<String>>,

    /// Other metrics, with commas between
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    metrics: Option<Vec<String>>,

    /// Write loss and metrics of every epoch as CSV
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
}

impl Fit {
    pub(crate) fn run(self) -> Result<()> {
        let kind = self.check()?;
        let mut model = load(&self.model, self.quiet)?;
        if self.loss.is_none() {
            check_compiled(
                &model,
                "the model's file does not say what to minimise",
                "name a loss with `--loss`",
            )?;
        }
        model.recompile(self.changes())?;
        if let Some(seed) = self.seed {
            model.set_seed_for_training(seed);
        }
        let (x, y) = model.read_examples(&self.x, &self.y)?;
        warn_all(&[x.notes, y.notes].concat(), self.quiet);
        let hint = model.shape_hint(&x.sources);
        let fit = self.options(&model)?;
        let (rows, learned) = (x.sources.clone(), model.fit(x.sources, y.sources, fit));
        let history = learned.map_err(|error| with_hint(error, hint))?;
        let extras = model.extras_mut();
        if let (Some(contract), Some(rows)) = (&mut extras.contract, rows.first().and_then(Source::held)) {
            contract.widen(rows);
        }
        extras.history.get_or_insert_default().append(&history);
        model.save_as(&self.output, kind)?;
        if let Some(path) = &self.history {
            write_atomically(path, |writer| writer.write_all(history.to_csv().as_bytes()))?;
        }
        if !self.quiet {
            say(&format!("The model after the last epoch is in {}", self.output.display()));
        }
        Ok(())
    }

    /// What no run can have, and what could not be kept, before any work.
    fn check(&self) -> Result<FileKind> {
        let refuse = |text: String| Err(Error::new(ErrorKind::Usage, text));
        if self.epochs == 0 {
            return refuse("`--epochs` must be 1 or more; it is 0".into());
        }
        if self.batch_size == 0 {
            return refuse("`--batch-size` must be 1 or more; it is 0".into());
        }
        if self.validation_data.as_ref().is_some_and(|files| files.len() != 2) {
            return refuse("`--validation-data` is two files with a comma between: XV,YV".into());
        }
        let kind = super::convert::kind_of(&self.output)?;
        if kind == FileKind::Config {
            let text = format!("`{}` could not hold what was learned", self.output.display());
            return Err(Error::new(ErrorKind::Usage, text).hint("write a .keras file"));
        }
        [Some(&self.output), self.history.as_ref()].into_iter().flatten().try_for_each(check_writable)?;
        Ok(kind)
    }

    fn changes(&self) -> Recompile {
        let mut changes = Recompile::new();
        if let Some(optimizer) = &self.optimizer {
            changes = changes.optimizer(optimizer.as_str());
        }
        if let Some(losses) = &self.loss {
            changes = changes.losses(losses.clone());
        }
        if let Some(metrics) = &self.metrics {
            changes = changes.metrics(metrics.clone());
        }
        if let Some(rate) = self.learning_rate {
            changes = changes.learning_rate(rate);
        }
        changes
    }

    fn options(&self, model: &Model) -> Result<ceras::Fit> {
        let fit = ceras::Fit::new()
            .epochs(self.epochs)
            .batch_size(self.batch_size)
            .shuffle(!self.no_shuffle)
            .verbose(if self.quiet { Verbose::Silent } else { Verbose::Auto });
        let Some([x, y]) = self.validation_data.as_deref() else { return Ok(fit) };
        let (x, y) = model.read_examples(x, y)?;
        warn_all(&[x.notes, y.notes].concat(), self.quiet);
        Ok(fit.validation_data(x.sources, y.sources))
    }
}
