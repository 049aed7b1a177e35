//! From a table to the tensors that a network is trained on.

use ceras::data::{
    Column, Dropped, Size, Source, SplitOptions, Table, datasets, guess_task, one_hot_strata,
    train_test_split,
};
use ceras::losses::LossRef;
use ceras::prelude::*;
use ceras::saving::{Contract, Extras, Feature};
use ceras::{ErrorKind, data, saving};

use crate::commands::train::{Task, Train};
use crate::report::{columns, count};

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// One of these classes.
    Classes(Vec<String>),
    /// A number.
    Numbers,
}

/// A table that is ready for a network: rows chosen, split, as tensors.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What the run is called after.
    pub(crate) name: String,
    pub(crate) target_name: String,
    pub(crate) target: Target,
    pub(crate) features: Vec<String>,
    pub(crate) train_x: Source,
    pub(crate) test_x: Source,
    /// Class numbers `[rows]`, or numbers `[rows, 1]`.
    pub(crate) train_y: Tensor,
    pub(crate) test_y: Tensor,
    /// What to say of the data, a line each.
    pub(crate) lines: Vec<String>,
}

impl Prepared {
    /// Reads the table, chooses columns and rows, splits.
    pub(crate) fn load(options: &Train) -> Result<Prepared> {
        if let Some(data) = options.data {
            return Prepared::from_known(data, options.file.as_deref());
        }
        if let Some(folder) = options.file.as_ref().filter(|file| file.is_dir()) {
            return Prepared::from_folder(folder, options);
        }
        let (name, table, source) = match &options.file {
            Some(file) => {
                let stem =
                    file.file_stem().map_or("table".into(), |stem| stem.to_string_lossy().into_owned());
                (stem, Table::read_csv(file)?, format!("Data: {}", file.display()))
            }
            None => {
                let source = "Data: penguins (Horst, Hill and Gorman 2020, palmerpenguins, CC0)".to_owned();
                ("penguins".to_owned(), datasets::penguins(), source)
            }
        };
        let target_name = options.target.clone().unwrap_or_else(|| "species".to_owned());
        let features = choose_features(&table, &target_name, options.features.as_deref())?;
        let mut used: Vec<&str> = features.iter().map(String::as_str).collect();
        used.push(&target_name);
        let (whole, dropped) = table.drop_missing(&used)?;
        let mut lines = vec![source];
        lines.push(describe_table(&table, &features, &target_name));
        lines.push(describe_dropped(&dropped, &whole));
        if whole.rows() == 0 {
            let error = Error::new(ErrorKind::Data, "no row has a value in every column that is used");
            return Err(error.hint("choose columns with fewer missing values with `--features`"));
        }
        let column = whole.column(&target_name)?;
        let (task, why) = choose_task(column, options.task);
        let names: Vec<&str> = features.iter().map(String::as_str).collect();
        let x = whole.to_tensor(&names)?;
        let (target, y, strata) = encode_target(&whole, column, task)?;
        lines.push(describe_target(&target_name, &target, &y, &why, options.task.is_some()));
        let split = train_test_split(
            whole.rows(),
            &SplitOptions {
                test_size: Some(Size::Share(options.test_size)),
                random_state: Some(options.seed),
                stratify: strata.as_deref(),
                ..SplitOptions::default()
            },
        )?;
        let ((train_x, test_x), (train_y, test_y)) = (split.tensor(&x)?, split.tensor(&y)?);
        let stratified = if strata.is_some() { ", each class in the same proportion" } else { "" };
        let (train, test) = (train_x.dims()[0], test_x.dims()[0]);
        lines.push(format!(
            "Split: {} to train on, {} held back for the test{stratified}",
            count(train, "row"),
            test
        ));
        Ok(Prepared {
            name: safe(&name),
            target_name,
            target,
            features,
            train_x: train_x.into(),
            test_x: test_x.into(),
            train_y,
            test_y,
            lines,
        })
    }

    /// What to say of the data, a line each.
    pub(crate) fn describe(&self) -> Vec<String> {
        self.lines.clone()
    }

    /// The model's name: that of the data, as far as Keras takes it.
    pub(crate) fn model_name(&self) -> String {
        let keep =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
        let name: String = self.name.chars().map(keep).collect();
        if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            name
        } else {
            format!("model_{name}")
        }
    }

    /// Targets in the form that a loss takes: class numbers, one-hot rows, zeros and ones, or numbers.
    pub(crate) fn encode(&self, y: &Tensor, loss: &LossRef) -> Result<Tensor> {
        match &self.target {
            Target::Numbers => Ok(y.clone()),
            Target::Classes(classes) => data::encode_classes(y, classes.len(), Some(loss)),
        }
    }

    /// What a later `predict` needs to know.
    pub(crate) fn extras(&self) -> Extras {
        if self.is_pictures() {
            // A contract is about the columns of a table.
            return Extras::default();
        }
        let width = self.features.len();
        let values = self.train_x.held().map(Tensor::to_f64).unwrap_or_default();
        let range = |column: usize| {
            let column = values.iter().skip(column).step_by(width);
            column.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            })
        };
        let feature = |(index, name): (usize, &String)| {
            let (minimum, maximum) = range(index);
            Feature { name: name.clone(), dtype: "float32".to_owned(), minimum, maximum }
        };
        let (task, classes) = match &self.target {
            Target::Classes(classes) => (saving::Task::Classification, classes.clone()),
            Target::Numbers => (saving::Task::Regression, Vec::new()),
        };
        let contract = Contract {
            task,
            target: self.target_name.clone(),
            features: self.features.iter().enumerate().map(feature).collect(),
            classes,
        };
        Extras { contract: Some(contract), ..Extras::default() }
    }
}

/// A name that can be a folder's.
pub(crate) fn safe(name: &str) -> String {
    let keep = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String = name.chars().map(|letter| if keep(letter) { letter } else { '_' }).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "table".to_owned() } else { name.to_owned() }
}

fn choose_features(table: &Table, target: &str, wanted: Option<&[String]>) -> Result<Vec<String>> {
    table.column(target)?;
    let Some(wanted) = wanted else {
        let numeric = table.columns().iter().filter(|column| column.is_numeric() && column.name() != target);
        let features: Vec<String> = numeric.map(|column| column.name().to_owned()).collect();
        if features.is_empty() {
            return Err(Error::new(ErrorKind::Data, format!("besides `{target}` no column holds numbers")));
        }
        return Ok(features);
    };
    let mut features: Vec<String> = Vec::with_capacity(wanted.len());
    for name in wanted.iter().map(|name| name.trim()) {
        table.column(name)?;
        if name == target {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("`{target}` is the target and cannot be a feature too"),
            ));
        }
        if features.iter().any(|other| other == name) {
            return Err(Error::new(ErrorKind::Usage, format!("feature `{name}` is named twice")));
        }
        features.push(name.to_owned());
    }
    Ok(features)
}

fn choose_task(column: &Column, forced: Option<Task>) -> (Task, String) {
    if let Some(task) = forced {
        return (task, "as asked".to_owned());
    }
    let guess = guess_task(column);
    let task = match guess.task {
        data::Task::Classification => Task::Classification,
        data::Task::Regression => Task::Regression,
    };
    (task, guess.why)
}

type Encoded = (Target, Tensor, Option<Vec<usize>>);

/// The target as a tensor, and the strata to split by when it holds classes.
fn encode_target(table: &Table, column: &Column, task: Task) -> Result<Encoded> {
    if task == Task::Regression {
        let y = table.to_tensor(&[column.name()])?;
        return Ok((Target::Numbers, y, None));
    }
    let (classes, codes) = column.codes()?;
    if let [only] = &classes[..] {
        let text = format!(
            "target `{}` has one class only, `{only}`: there is nothing to tell apart",
            column.name()
        );
        return Err(Error::new(ErrorKind::Data, text));
    }
    let strata = one_hot_strata(&codes);
    let labels: Vec<i32> = codes.iter().map(|&code| code as i32).collect();
    Ok((Target::Classes(classes), Tensor::from_slice(&labels), Some(strata)))
}

fn describe_table(table: &Table, features: &[String], target: &str) -> String {
    let unused: Vec<&str> = table
        .columns()
        .iter()
        .map(Column::name)
        .filter(|name| *name != target && !features.iter().any(|feature| feature == name))
        .collect();
    let unused = if unused.is_empty() { String::new() } else { format!("; not used: {}", columns(&unused)) };
    format!(
        "  {} × {}; predicting `{target}` from {}{unused}",
        count(table.rows(), "row"),
        count(table.columns().len(), "column"),
        columns(features)
    )
}

fn describe_dropped(dropped: &Dropped, whole: &Table) -> String {
    let rows = dropped.rows().len();
    if rows == 0 {
        return format!("  no value is missing in these columns: all {} remain", count(whole.rows(), "row"));
    }
    format!("  {} dropped for missing values in these columns, {} remain", count(rows, "row"), whole.rows())
}

fn describe_target(name: &str, target: &Target, y: &Tensor, why: &str, forced: bool) -> String {
    let other = |task: &str| if forced { String::new() } else { format!("; `--task {task}` for the other") };
    match target {
        Target::Classes(classes) => {
            let counts = data::class_counts(&crate::train::indices(y), classes.len());
            let counts: Vec<String> =
                classes.iter().zip(counts).map(|(class, count)| format!("{class} {count}")).collect();
            let (shown, more) = counts.split_at(counts.len().min(12));
            let more =
                if more.is_empty() { String::new() } else { format!(", … ({} classes)", classes.len()) };
            format!(
                "Task: classification ({why}{})\n  classes of `{name}`: {}{more}",
                other("regression"),
                shown.join(", ")
            )
        }
        Target::Numbers => {
            let values = y.to_f64();
            let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
            format!(
                "Task: regression ({why}{})\n  `{name}` runs from {} to {}",
                other("classification"),
                low as f32,
                high as f32
            )
        }
    }
}
