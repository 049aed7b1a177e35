//! `ceras train`: from a table to a trained network and a report.

use std::path::PathBuf;

use ceras::{Error, ErrorKind, Result};
use clap::{Args, ValueEnum};

use crate::report::say;
use crate::run_folder::RunFolder;
use crate::train::{Job, Outcome};

/// What to predict: a class or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// One of several classes.
    Classification,
    /// A number.
    Regression,
}

/// Train a network on a table, and say how good it is.
///
/// Without FILE the table is one that comes with the program: 344 penguins of three species (Horst, Hill and Gorman 2020,
/// palmerpenguins, CC0), target `species`.
#[derive(Debug, Args)]
pub(crate) struct Train {
    /// A CSV file with a header line
    pub(crate) file: Option<PathBuf>,

    /// The column to predict
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Option<String>,

    /// The numeric columns to predict from, with commas between; all others by default
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub(crate) features: Option<Vec<String>>,

    /// Whether the target is a class or a number; guessed from the target by default
    #[arg(long, value_enum)]
    pub(crate) task: Option<Task>,

    /// Units of each hidden layer, with commas between; `0` for none
    #[arg(
        long,
        value_name = "UNITS",
        value_delimiter = ',',
        default_value = "10",
        allow_negative_numbers = true
    )]
    pub(crate) hidden: Vec<i64>,

    /// Activation of the hidden layers
    #[arg(long, value_name = "NAME", default_value = "relu")]
    pub(crate) activation: String,

    /// Optimizer
    #[arg(long, value_name = "NAME", default_value = "adam")]
    pub(crate) optimizer: String,

    /// Learning rate
    #[arg(long, value_name = "RATE", default_value_t = 0.01, allow_negative_numbers = true)]
    pub(crate) learning_rate: f64,

    /// Loss; sparse_categorical_crossentropy or mean_squared_error by default
    #[arg(long, value_name = "NAME")]
    pub(crate) loss: Option<String>,

    /// Metrics, with commas between; accuracy, or mean_absolute_error and root_mean_squared_error by default
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) metrics: Option<Vec<String>>,

    /// Rows of a batch
    #[arg(long, value_name = "ROWS", default_value_t = 32, allow_negative_numbers = true)]
    pub(crate) batch_size: i64,

    /// How often all training rows are seen
    #[arg(long, value_name = "N", default_value_t = 15, allow_negative_numbers = true)]
    pub(crate) epochs: i64,

    /// Share of the rows that are kept for the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, allow_negative_numbers = true)]
    pub(crate) test_size: f64,

    /// Share of the training rows to measure on after each epoch
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) validation_split: f64,

    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u32,

    /// Folder for the run's own folder
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) out: PathBuf,

    /// Print nothing but errors
    #[arg(long)]
    pub(crate) quiet: bool,

    /// Leave inputs and a numeric target as they are
    #[arg(long)]
    pub(crate) no_standardize: bool,
}

impl Train {
    pub(crate) fn run(self) -> Result<()> {
        self.check()?;
        let mut job = Job::prepare(&self)?;
        // Before the work, so that nobody waits for a run that cannot be kept.
        let folder = RunFolder::create(&self.out, &job.name)?;
        let outcome = job.train(&self)?;
        self.keep(&job, &outcome, folder)
    }

    /// The command that does the same again.
    pub(crate) fn command_line(&self) -> String {
        let mut words = vec!["ceras".to_owned(), "train".to_owned()];
        words.extend(self.file.iter().map(|file| file.display().to_string()));
        let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
        if let Some(target) = &self.target {
            option("target", target.clone());
        }
        if let Some(features) = &self.features {
            option("features", features.join(","));
        }
        if let Some(task) = self.task.and_then(|task| task.to_possible_value()) {
            option("task", task.get_name().to_owned());
        }
        option("hidden", self.hidden.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
        option("activation", self.activation.clone());
        option("optimizer", self.optimizer.clone());
        option("learning-rate", self.learning_rate.to_string());
        if let Some(loss) = &self.loss {
            option("loss", loss.clone());
        }
        if let Some(metrics) = &self.metrics {
            option("metrics", metrics.join(","));
        }
        option("batch-size", self.batch_size.to_string());
        option("epochs", self.epochs.to_string());
        option("test-size", self.test_size.to_string());
        option("validation-split", self.validation_split.to_string());
        option("seed", self.seed.to_string());
        option("out", self.out.display().to_string());
        if self.no_standardize {
            words.push("--no-standardize".to_owned());
        }
        let quote = |word: &String| {
            let plain =
                !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./,:=".contains(c));
            if plain { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
        };
        words.iter().map(quote).collect::<Vec<_>>().join(" ")
    }

    /// Numbers that no run can have; words are checked where they are resolved.
    fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::new(ErrorKind::Usage, text));
        if self.batch_size < 1 {
            return refuse(format!("`--batch-size` must be 1 or more; it is {}", self.batch_size));
        }
        if self.epochs < 1 {
            return refuse(format!("`--epochs` must be 1 or more; it is {}", self.epochs));
        }
        let no_hidden = self.hidden == [0];
        if let Some(units) = self.hidden.iter().find(|units| **units < 1).filter(|_| !no_hidden) {
            return refuse(format!("`--hidden` must be numbers of 1 or more; one is {units}"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate >= 0.0) {
            return refuse(format!("`--learning-rate` must be 0 or more; it is {}", self.learning_rate));
        }
        if !(self.test_size > 0.0 && self.test_size < 1.0) {
            return refuse(format!("`--test-size` must be above 0 and below 1; it is {}", self.test_size));
        }
        if !(0.0..1.0).contains(&self.validation_split) {
            return refuse(format!(
                "`--validation-split` must be 0 or more and below 1; it is {}",
                self.validation_split
            ));
        }
        if self.file.is_some() && self.target.is_none() {
            return Err(Error::new(ErrorKind::Usage, "which column is to be predicted?")
                .hint("name it with `--target COLUMN`"));
        }
        Ok(())
    }

    /// Writes the run's files and says where they are.
    fn keep(&self, job: &Job, outcome: &Outcome, folder: RunFolder) -> Result<()> {
        job.save_model(outcome, &folder.path("model.keras"))?;
        folder.write("history.csv", &outcome.history.to_csv())?;
        folder.write("metrics.json", &outcome.metrics_json()?)?;
        folder.write("config.json", &job.config_json(self)?)?;
        let path = folder.finish()?;
        if !self.quiet {
            say("");
            say(&format!("Everything is in {}/", path.display()));
            say("  model.keras   the trained network; Keras opens it too");
            say("  history.csv   loss and metrics of every epoch");
            say("  metrics.json  loss and metrics at the end");
            say("  config.json   what it takes to run this again");
            say("");
            say(&format!("Use it: ceras predict {}/model.keras --x FILE.csv", path.display()));
        }
        Ok(())
    }
}
