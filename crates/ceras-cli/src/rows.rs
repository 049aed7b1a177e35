//! New rows for a network, from a table or an array, and its answers as a table.

use std::path::Path;

use ceras::ErrorKind;
use ceras::data::{Column, Table, npy};
use ceras::prelude::*;
use ceras::saving::{Contract, Task};

use crate::report::{list, warn};
use crate::table::largest;

/// Rows to predict.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) x: Tensor,
}

impl Rows {
    /// Reads rows for a model. Columns of a table are found by name where the model's file says which it wants.
    pub(crate) fn load(path: &Path, model: &Model, contract: Option<&Contract>) -> Result<Rows> {
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")) {
            return Ok(Rows { x: npy::read(path)? });
        }
        let table = Table::read_csv(path)?;
        let names: Vec<String> = match contract {
            Some(contract) => contract.features.iter().map(|feature| feature.name.clone()).collect(),
            None => table.names().iter().map(|name| (*name).to_owned()).collect(),
        };
        let missing: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| table.column(name).is_err()).collect();
        if !missing.is_empty() {
            let text =
                format!("`{}` lacks {}, which the model was trained on", path.display(), quoted(&missing));
            let error =
                Error::new(ErrorKind::Data, text).detail(format!("it has: {}", table.names().join(", ")));
            return Err(error);
        }
        let x = table.to_tensor(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let x = in_shape(x, model)?;
        if let Some(contract) = contract {
            warn_outside(contract, &x);
        }
        Ok(Rows { x })
    }

    /// The answers as a table: the likeliest class and a column for each, or the predicted number.
    pub(crate) fn to_table(answers: &Tensor, contract: Option<&Contract>) -> Result<Table> {
        let rows = answers.dims().first().copied().unwrap_or(0);
        let width = answers.len() / rows.max(1);
        let values = answers.to_f32();
        let classes: &[String] = match contract {
            Some(contract) if contract.task == Task::Classification => &contract.classes,
            _ => &[],
        };
        let named = match (classes.len(), width) {
            (2, 1) => &classes[1..],
            (count, width) if count == width && width > 1 => classes,
            _ => &[],
        };
        let target = contract.map(|contract| contract.target.as_str());
        let column = |index: usize, name: String| {
            let values = values.iter().skip(index).step_by(width);
            Column::new(name, values.copied().collect::<Vec<f32>>())
        };
        let columns = match target {
            Some(target) if !named.is_empty() => {
                let likeliest = values.chunks(width).map(|row| classes[class_of(row)].as_str());
                let first = Column::new(target, likeliest.collect::<Vec<&str>>());
                // A class may be called as the target is; columns of a table have names of their own.
                let own = |name: &String| {
                    if name == target { format!("probability of {name}") } else { name.clone() }
                };
                let shares = named.iter().enumerate().map(|(index, name)| column(index, own(name)));
                std::iter::once(first).chain(shares).collect()
            }
            Some(target) if width == 1 => vec![column(0, target.to_owned())],
            _ => (0..width).map(|index| column(index, format!("y{index}"))).collect(),
        };
        Table::from_columns(columns)
    }
}

/// The class that the scores of a row speak for; a single score is that of the second class.
fn class_of(scores: &[f32]) -> usize {
    match scores {
        [score] => usize::from(*score > 0.5),
        _ => largest(&scores.iter().map(|score| f64::from(*score)).collect::<Vec<f64>>()),
    }
}

/// A table's numbers in the shape of the model's input, when that has more axes than a table.
fn in_shape(x: Tensor, model: &Model) -> Result<Tensor> {
    let Ok(architecture) = model.architecture() else { return Ok(x) };
    let types = architecture.input_types();
    let Some(wanted) = types.first().filter(|ty| types.len() == 1 && ty.shape.rank() != 2) else {
        return Ok(x);
    };
    match wanted.shape.with(0, Some(x.dims()[0])).to_known() {
        Some(dims) if dims.iter().product::<usize>() == x.len() => Ok(x.reshape(&dims)?),
        _ => Ok(x),
    }
}

/// Says which columns hold values that the training did not: answers there are guesses.
fn warn_outside(contract: &Contract, x: &Tensor) {
    let width = contract.features.len();
    let values = x.to_f64();
    for (index, feature) in contract.features.iter().enumerate() {
        let outside = |value: &&f64| **value < feature.minimum || **value > feature.maximum;
        let count = values.iter().skip(index).step_by(width).filter(outside).count();
        if count > 0 {
            warn(&format!(
                "`{}` is outside of what the model was trained on ({} to {}) in {count} of {} rows",
                feature.name,
                feature.minimum,
                feature.maximum,
                values.len() / width
            ));
        }
    }
}

fn quoted(names: &[&str]) -> String {
    list(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>())
}
