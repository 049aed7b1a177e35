//! New rows for a network, from a table or an array, and its answers as a table.

use std::path::Path;

use ceras::ErrorKind;
use ceras::data::{Table, npy};
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

    /// The answers as CSV: a column for each class and one for the likeliest, or the predicted number.
    pub(crate) fn to_csv(&self, answers: &Tensor, contract: Option<&Contract>) -> Result<String> {
        let rows = answers.dims().first().copied().unwrap_or(0);
        let width = answers.len() / rows.max(1);
        let values = answers.to_f32();
        let classes: &[String] = match contract {
            Some(contract) if contract.task == Task::Classification => &contract.classes,
            _ => &[],
        };
        let target = contract.map(|contract| contract.target.as_str());
        let mut writer = Csv::default();
        let header: Vec<String> = match target {
            Some(target) if classes.len() == width && width > 1 => {
                std::iter::once(target.to_owned()).chain(classes.iter().cloned()).collect()
            }
            Some(target) if classes.len() == 2 && width == 1 => vec![target.to_owned(), classes[1].clone()],
            Some(target) if width == 1 => vec![target.to_owned()],
            _ => (0..width).map(|index| format!("y{index}")).collect(),
        };
        let named = header.len() > width;
        writer.row(&header);
        for row in values.chunks(width.max(1)) {
            let numbers = row.iter().map(f32::to_string);
            if !named {
                writer.row(&numbers.collect::<Vec<_>>());
                continue;
            }
            let scores: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
            let class = if width == 1 { usize::from(scores[0] > 0.5) } else { largest(&scores) };
            writer.row(&std::iter::once(classes[class].clone()).chain(numbers).collect::<Vec<_>>());
        }
        Ok(writer.text)
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

/// CSV text.
#[derive(Debug, Default)]
struct Csv {
    text: String,
}

impl Csv {
    fn row(&mut self, cells: &[String]) {
        let quote = |cell: &String| {
            let plain = !cell.contains([',', '"', '\n', '\r']);
            if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        };
        self.text += &cells.iter().map(quote).collect::<Vec<_>>().join(",");
        self.text.push('\n');
    }
}
