//! `ceras train`: from a table or pictures to a trained network and a report.

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

/// A well-known set of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataSet {
    /// Handwritten digits.
    Mnist,
    /// Clothes.
    FashionMnist,
    /// Ten kinds of things in colour.
    Cifar10,
}

/// The kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// Convolutions and poolings, then the hidden layers.
    Cnn,
    /// The hidden layers alone.
    Dense,
}

/// Train a network on a table or on pictures, and say how good it is.
///
/// FILE is a table, or a folder with a folder of pictures for each class. Without FILE the table is one that comes with the program: 344 penguins of three species (Horst, Hill and Gorman 2020,
/// palmerpenguins, CC0), target `species`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras train measurements.csv --target species
  ceras train photos --image-size 96 --epochs 20
  ceras train --data fashion-mnist --model cnn --epochs 5")]
pub(crate) struct Train {
    /// A CSV file with a header line, or a folder of pictures; with `--data`, the folder with the files of that set
    pub(crate) file: Option<PathBuf>,

    /// A well-known set of pictures, whose files are on this machine
    #[arg(long, value_enum)]
    pub(crate) data: Option<DataSet>,

    /// The kind of network; `cnn` for pictures and `dense` for tables by default
    #[arg(long, value_enum)]
    pub(crate) model: Option<Network>,

    /// Height and width in pixels that the pictures of a folder are brought to; 64 by default
    #[arg(long, value_name = "PIXELS")]
    pub(crate) image_size: Option<usize>,

    /// Read the pictures of a folder from their files in each epoch; done without asking where they would take more than half of
    /// the free memory
    #[arg(long)]
    pub(crate) stream: bool,

    /// The column to predict
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Option<String>,

    /// The numeric columns to predict from, with commas between; all others by default
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub(crate) features: Option<Vec<String>>,

    /// Whether the target is a class or a number; guessed from the target by default
    #[arg(long, value_enum)]
    pub(crate) task: Option<Task>,

    /// Units of each hidden layer, with commas between, `0` for none; 10 by default, 64 for pictures
    #[arg(long, value_name = "UNITS", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) hidden: Option<Vec<i64>>,

    /// Activation of the hidden layers
    #[arg(long, value_name = "NAME", default_value = "relu")]
    pub(crate) activation: String,

    /// Optimizer
    #[arg(long, value_name = "NAME", default_value = "adam")]
    pub(crate) optimizer: String,

    /// Learning rate; 0.01 by default, 0.001 for pictures
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub(crate) learning_rate: Option<f64>,

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

    /// Whether the data is pictures.
    pub(crate) fn of_pictures(&self) -> bool {
        self.data.is_some() || self.file.as_ref().is_some_and(|file| file.is_dir())
    }

    /// Units of the hidden layers.
    pub(crate) fn hidden(&self) -> Vec<i64> {
        self.hidden.clone().unwrap_or_else(|| vec![if self.of_pictures() { 64 } else { 10 }])
    }

    pub(crate) fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(if self.of_pictures() { 0.001 } else { 0.01 })
    }

    pub(crate) fn network(&self) -> Network {
        self.model.unwrap_or(if self.of_pictures() { Network::Cnn } else { Network::Dense })
    }

    pub(crate) fn image_size(&self) -> usize {
        self.image_size.unwrap_or(64)
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
        for (name, value) in [
            ("data", self.data.and_then(|data| data.to_possible_value())),
            ("model", self.model.and_then(|model| model.to_possible_value())),
        ] {
            if let Some(value) = value {
                option(name, value.get_name().to_owned());
            }
        }
        if let Some(size) = self.image_size {
            option("image-size", size.to_string());
        }
        option("hidden", self.hidden().iter().map(i64::to_string).collect::<Vec<_>>().join(","));
        option("activation", self.activation.clone());
        option("optimizer", self.optimizer.clone());
        option("learning-rate", self.learning_rate().to_string());
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
        for (flag, on) in [("--no-standardize", self.no_standardize), ("--stream", self.stream)] {
            if on {
                words.push(flag.to_owned());
            }
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
        let (hidden, learning_rate) = (self.hidden(), self.learning_rate());
        let no_hidden = hidden == [0];
        if let Some(units) = hidden.iter().find(|units| **units < 1).filter(|_| !no_hidden) {
            return refuse(format!("`--hidden` must be numbers of 1 or more; one is {units}"));
        }
        if !(learning_rate.is_finite() && learning_rate >= 0.0) {
            return refuse(format!("`--learning-rate` must be 0 or more; it is {learning_rate}"));
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
        self.check_pictures()?;
        if self.file.is_some() && self.target.is_none() && !self.of_pictures() {
            return Err(Error::new(ErrorKind::Usage, "which column is to be predicted?")
                .hint("name it with `--target COLUMN`"));
        }
        Ok(())
    }

    /// Options of tables that pictures have no use for, and the other way round.
    fn check_pictures(&self) -> Result<()> {
        let refuse = |option: &str, what: &str| {
            Err(Error::new(ErrorKind::Usage, format!("`--{option}` is for {what}")).hint("leave it out"))
        };
        if !self.of_pictures() {
            return match (self.image_size, self.model) {
                _ if self.stream => refuse("stream", "folders of pictures"),
                (Some(_), _) => refuse("image-size", "folders of pictures"),
                (_, Some(Network::Cnn)) => refuse("model cnn", "pictures"),
                _ => Ok(()),
            };
        }
        for (option, given) in [
            ("target", self.target.is_some()),
            ("features", self.features.is_some()),
            ("task", self.task.is_some()),
            ("no-standardize", self.no_standardize),
        ] {
            if given {
                return refuse(option, "tables; the class of a picture is that of its folder");
            }
        }
        match self.image_size {
            _ if self.stream && self.data.is_some() => refuse("stream", "folders of pictures"),
            Some(_) if self.data.is_some() => refuse("image-size", "folders of pictures"),
            Some(0) => Err(Error::new(ErrorKind::Usage, "`--image-size` must be 1 or more; it is 0")),
            _ => Ok(()),
        }
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
            let x = if self.of_pictures() { "PICTURES.npy" } else { "FILE.csv" };
            say(&format!("Use it: ceras predict {}/model.keras --x {x}", path.display()));
        }
        Ok(())
    }
}
