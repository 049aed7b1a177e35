//! The work behind `ceras train`: data, model, training, measures.

use std::path::Path;

use ceras::data::{ConfusionMatrix, Source, is_binary, largest, majority_baseline, mean_baseline};
use ceras::layers::Normalization;
use ceras::losses::LossRef;
use ceras::optimizers::OptimizerRef;
use ceras::prelude::*;
use ceras::registry::Config;
use ceras::saving::Extras;
use ceras::training::Logs;
use ceras::{ErrorKind, Isa};
use serde_json::{Value, json};

use crate::commands::train::Train;
use crate::pictures;
use crate::report::{count, say};
use crate::table::{Prepared, Target};

/// A training that is ready to begin.
#[derive(Debug)]
pub(crate) struct Job {
    /// The name of the run's folder, without its number.
    pub(crate) name: String,
    data: Prepared,
    model: Model,
    loss: LossRef,
}

/// What a training leaves.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) history: History,
    test: Logs,
    train: Logs,
    validation: Option<Logs>,
    baseline: (String, Logs),
}

impl Job {
    /// Reads the table, builds the network and resolves every word, so that nothing can go wrong halfway.
    pub(crate) fn prepare(options: &Train) -> Result<Job> {
        let data = Prepared::load(options)?;
        if !options.quiet {
            data.describe().iter().for_each(|line| say(line));
        }
        let loss = choose_loss(options, &data)?;
        let mut model = build(options, &data, &loss)?;
        let optimizer =
            OptimizerRef::by_name(&options.optimizer)?.with_learning_rate(options.learning_rate())?;
        let default: &[&str] = match data.target {
            Target::Classes(_) => &["accuracy"],
            Target::Numbers => &["mean_absolute_error", "root_mean_squared_error"],
        };
        let metrics: Vec<String> = match &options.metrics {
            Some(names) => names.clone(),
            None => default.iter().map(|name| (*name).to_owned()).collect(),
        };
        model.compile(Compile::new(loss.clone()).optimizer(optimizer).metrics(metrics))?;
        Ok(Job { name: data.name.clone(), data, model, loss })
    }

    /// Trains, measures, and says how it went.
    pub(crate) fn train(&mut self, options: &Train) -> Result<Outcome> {
        if !options.quiet {
            say("");
            self.model.summary().lines().for_each(say);
            say("");
        }
        let targets = |rows: &Tensor| self.data.encode(rows, &self.loss);
        let (x, y) = (self.data.train_x.clone(), targets(&self.data.train_y)?);
        let (test_x, test_y) = (self.data.test_x.clone(), targets(&self.data.test_y)?);
        let fit = Fit::new()
            .epochs(options.epochs as usize)
            .batch_size(options.batch_size as usize)
            .validation_split(options.validation_split)
            .verbose(if options.quiet { Verbose::Silent } else { Verbose::Auto });
        let history = self.model.fit(&x, &y, fit)?;
        let test = self.model.evaluate(&test_x, &test_y, Evaluate::new())?;
        let (train, validation) = self.measure_parts(&x, &y, options.validation_split)?;
        let outcome = Outcome { history, test, train, validation, baseline: self.baseline()? };
        if !options.quiet {
            self.report(&outcome, &test_x)?;
        }
        Ok(outcome)
    }

    /// Loss and metrics of the final weights on the rows that were trained on, and on those held back for validation.
    fn measure_parts(&mut self, x: &Source, y: &Tensor, split: f64) -> Result<(Logs, Option<Logs>)> {
        let rows = x.dims()[0];
        let at = if split > 0.0 { (rows as f64 * (1.0 - split)).floor() as usize } else { rows };
        let train = self.model.evaluate(x.range(0, at)?, y.rows(0, at)?, Evaluate::new())?;
        if at == rows {
            return Ok((train, None));
        }
        let validation = self.model.evaluate(x.range(at, rows)?, y.rows(at, rows)?, Evaluate::new())?;
        Ok((train, Some(validation)))
    }

    /// What somebody without a network would reach on the test rows: the most frequent class, or the mean, of the training rows.
    fn baseline(&self) -> Result<(String, Logs)> {
        match &self.data.target {
            Target::Classes(classes) => {
                let baseline = majority_baseline(&indices(&self.data.train_y), &indices(&self.data.test_y));
                let name = format!("majority class ({})", classes[baseline.class]);
                Ok((name, Logs::from_iter([("accuracy", baseline.accuracy)])))
            }
            Target::Numbers => {
                let baseline = mean_baseline(&self.data.train_y.to_f64(), &self.data.test_y.to_f64());
                let logs = [
                    ("mean_absolute_error", baseline.mean_absolute_error),
                    ("mean_squared_error", baseline.mean_squared_error),
                    ("root_mean_squared_error", baseline.mean_squared_error.sqrt()),
                ];
                Ok((format!("mean of the training rows ({:.4})", baseline.mean), Logs::from_iter(logs)))
            }
        }
    }

    fn report(&mut self, outcome: &Outcome, test_x: &Source) -> Result<()> {
        say("");
        say(&format!(
            "On the {} held back for the test:",
            count(self.data.test_x.dims()[0], if self.data.is_pictures() { "picture" } else { "row" })
        ));
        let names: Vec<&str> = outcome.test.iter().map(|(name, _)| name).collect();
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        let (baseline_name, baseline) = &outcome.baseline;
        say(&format!("  {:width$}   {:>10}   {:>10}", "", "network", "baseline"));
        for (name, value) in outcome.test.iter() {
            let beside = baseline.get(name).map_or("-".to_owned(), |value| format!("{value:.4}"));
            say(&format!("  {name:width$}   {value:>10.4}   {beside:>10}"));
        }
        say(&format!("  (baseline: {baseline_name})"));
        if let Target::Classes(classes) = &self.data.target {
            let classes = classes.clone();
            let predicted = self.predicted_classes(test_x)?;
            let matrix = ConfusionMatrix::new(&classes, &indices(&self.data.test_y), &predicted)?;
            say("");
            say("Confusion matrix, true classes down, predicted ones across:");
            matrix.to_string().lines().for_each(|line| say(&format!("  {line}")));
        }
        Ok(())
    }

    fn predicted_classes(&mut self, x: &Source) -> Result<Vec<usize>> {
        let scores = self.model.predict(x)?;
        let width = scores.dims().last().copied().unwrap_or(1);
        let values = scores.to_f64();
        if width == 1 {
            // One sigmoid, or one logit when the loss says so.
            let threshold = if self.loss.from_logits() { 0.0 } else { 0.5 };
            return Ok(values.iter().map(|&value| usize::from(value > threshold)).collect());
        }
        Ok(values.chunks(width).map(largest).collect())
    }

    /// Writes the network with what a later `predict` needs to know of the table.
    pub(crate) fn save_model(&self, outcome: &Outcome, path: &Path) -> Result<()> {
        let extras = Extras { history: Some(outcome.history.clone()), ..self.data.extras() };
        self.model.save_with(path, &extras)
    }

    /// The options and the circumstances of the run.
    pub(crate) fn config_json(&self, options: &Train) -> Result<String> {
        let target = options.target.clone().unwrap_or_else(|| self.data.target_name.clone());
        let config = json!({
            "ceras": env!("CARGO_PKG_VERSION"),
            "isa": Isa::active().name(),
            "command": options.command_line(),
            "data": options.file.as_ref().map(|file| file.display().to_string()),
            "target": target,
            "features": self.data.features,
            "task": match self.data.target { Target::Classes(_) => "classification", Target::Numbers => "regression" },
            "hidden": options.hidden(),
            "activation": options.activation,
            "optimizer": options.optimizer,
            "learning_rate": options.learning_rate(),
            "loss": self.loss.name(),
            "metrics": options.metrics,
            "batch_size": options.batch_size,
            "epochs": options.epochs,
            "test_size": options.test_size,
            "validation_split": options.validation_split,
            "seed": options.seed,
            "standardize": !options.no_standardize,
        });
        let mut config = config;
        if let (Target::Classes(classes), true) = (&self.data.target, self.data.is_pictures()) {
            config["classes"] = json!(classes);
            config["image_size"] = json!(self.data.train_x.dims()[1..3]);
        }
        to_text(&config)
    }
}

impl Outcome {
    /// Loss and metrics at the end, by part of the data.
    pub(crate) fn metrics_json(&self) -> Result<String> {
        let object = |logs: &Logs| -> Config {
            logs.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
        };
        let (name, logs) = &self.baseline;
        let mut baseline = Config::new();
        baseline.insert("name".into(), json!(name));
        baseline.extend(object(logs));
        to_text(&json!({
            "test": object(&self.test),
            "train": object(&self.train),
            "validation": self.validation.as_ref().map(object).unwrap_or_default(),
            "baseline": baseline,
        }))
    }
}

fn to_text(value: &Value) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Error::new(ErrorKind::File, format!("cannot write JSON: {error}")))?;
    Ok(text + "\n")
}

/// Class numbers as indices.
pub(crate) fn indices(labels: &Tensor) -> Vec<usize> {
    labels.to_f64().into_iter().map(|label| label as usize).collect()
}

fn choose_loss(options: &Train, data: &Prepared) -> Result<LossRef> {
    let default = match data.target {
        Target::Classes(_) => "sparse_categorical_crossentropy",
        Target::Numbers => "mean_squared_error",
    };
    LossRef::by_name(options.loss.as_deref().unwrap_or(default))
}

/// The network: standardised inputs, the hidden layers, a head for the task.
fn build(options: &Train, data: &Prepared, loss: &LossRef) -> Result<Model> {
    let mut layers = Sequential::new().seed(u64::from(options.seed)).name(&data.model_name());
    if data.is_pictures() {
        layers = pictures::body(layers, options, &data.train_x.dims()[1..]);
    } else {
        layers = layers.add(Input::new([data.features.len()]).name("features"));
        if !options.no_standardize {
            let rows =
                data.train_x.held().ok_or_else(|| Error::new(ErrorKind::Data, "a table is read whole"))?;
            layers = layers.add(Normalization::new().adapt(rows)?);
        }
    }
    for &units in options.hidden().iter().filter(|units| **units > 0) {
        layers = layers.add(Dense::new(units as usize).activation(options.activation.as_str()));
    }
    let layers = match &data.target {
        Target::Classes(classes) if is_binary(loss) => {
            if classes.len() != 2 {
                let text = format!(
                    "`{}` is for two classes; `{}` has {}",
                    loss.name(),
                    data.target_name,
                    classes.len()
                );
                return Err(Error::new(ErrorKind::Usage, text).hint("leave `--loss` out"));
            }
            layers.add(Dense::new(1).activation("sigmoid"))
        }
        Target::Classes(classes) => layers.add(Dense::new(classes.len()).activation("softmax")),
        Target::Numbers => {
            let head = layers.add(Dense::new(1));
            if options.no_standardize {
                head
            } else {
                // The network learns on the scale of the training targets; the model answers in their unit.
                head.add(Normalization::new().name("target_scale").invert(true).adapt(&data.train_y)?)
            }
        }
    };
    layers.build()
}
