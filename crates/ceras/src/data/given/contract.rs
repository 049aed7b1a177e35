//! A table against what a model's file says of its columns.

use std::path::Path;

use ceras_graph::Tensor;

use super::quoted;
use crate::data::Table;
use crate::error::{Error, ErrorKind, Result, did_you_mean};
use crate::models::Model;
use crate::saving::Contract;

impl Contract {
    /// The columns that a model was trained on, in its order, whatever their order in the table; and what is said of those
    /// left out.
    ///
    /// # Errors
    /// A column is missing; a cell is no finite number.
    ///
    /// # Examples
    /// ```
    /// use ceras::data::Table;
    /// use ceras::saving::{Contract, Feature, Task};
    /// let feature = |name: &str| Feature { name: name.into(), dtype: "float32".into(), minimum: 0.0, maximum: 9.0 };
    /// let contract = Contract {
    ///     task: Task::Regression,
    ///     target: "y".into(),
    ///     features: vec![feature("a"), feature("b")],
    ///     classes: Vec::new(),
    /// };
    /// let table = Table::from_csv("b,note,a\n2,x,1\n", "new.csv")?;
    /// let (x, notes) = contract.inputs(&table, "new.csv")?;
    /// assert_eq!(x.slice::<f32>(), [1.0, 2.0]);
    /// assert_eq!(notes, ["`new.csv`: column `note` left out, the model was not trained on it"]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn inputs(&self, table: &Table, source: &str) -> Result<(Tensor, Vec<String>)> {
        let wanted: Vec<&str> = self.features.iter().map(|feature| feature.name.as_str()).collect();
        let held = table.names();
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| !held.contains(name)).collect();
        let surplus: Vec<&str> =
            held.iter().copied().filter(|name| !wanted.contains(name) && *name != self.target).collect();
        if let Some(first) = missing.first() {
            let text = format!("`{source}` lacks {}, which the model was trained on", quoted(&missing));
            let error = Error::new(ErrorKind::Data, text).detail(format!("it has: {}", quoted(&held)));
            return Err(match did_you_mean(first, surplus) {
                Some(close) => error.hint(format!("is `{close}` meant? rename it to `{first}`")),
                None => error,
            });
        }
        let mut notes = Vec::new();
        if !surplus.is_empty() {
            let (columns, them) = if surplus.len() == 1 { ("column", "it") } else { ("columns", "them") };
            notes.push(format!(
                "`{source}`: {columns} {} left out, the model was not trained on {them}",
                quoted(&surplus)
            ));
        }
        let x = table.to_tensor(&wanted).map_err(|error| error.context(format!("in `{source}`")))?;
        Ok((x, notes))
    }

    /// A line for each feature with values that the training rows did not reach; `number` is what a row is called.
    pub fn outside(&self, x: &Tensor, number: impl Fn(usize) -> usize) -> Vec<String> {
        let width = self.features.len();
        if width == 0 || x.dims().iter().skip(1).product::<usize>() != width {
            return Vec::new();
        }
        let values = x.to_f64();
        let mut lines = Vec::new();
        for (index, feature) in self.features.iter().enumerate() {
            let outside = |value: &f64| *value < feature.minimum || *value > feature.maximum;
            let column = values.iter().copied().skip(index).step_by(width).enumerate();
            let rows: Vec<usize> = column.filter(|(_, value)| outside(value)).map(|(row, _)| row).collect();
            let Some(first) = rows.first() else { continue };
            lines.push(format!(
                "`{}` is outside of what the model was trained on ({} to {}) in {} of {} rows; the first is row {}, counted from 0, with {}",
                feature.name,
                single(feature.minimum),
                single(feature.maximum),
                rows.len(),
                values.len() / width,
                number(*first),
                single(values[first * width + index]),
            ));
        }
        lines
    }

    /// Widens the ranges by rows that the model is trained on now.
    pub fn widen(&mut self, x: &Tensor) {
        let width = self.features.len();
        if width == 0 || x.dims().iter().skip(1).product::<usize>() != width {
            return;
        }
        for (index, value) in x.to_f64().into_iter().enumerate() {
            let feature = &mut self.features[index % width];
            feature.minimum = feature.minimum.min(value);
            feature.maximum = feature.maximum.max(value);
        }
    }
}

/// A number as people wrote it: tables are read in single precision.
fn single(number: f64) -> f32 {
    number as f32
}

impl Model {
    /// The columns of a table as the model's one input.
    pub(super) fn table_inputs(
        &self,
        table: &Table,
        path: &Path,
        inputs: &[&str],
        notes: &mut Vec<String>,
    ) -> Result<Tensor> {
        let source = path.display().to_string();
        if inputs.len() > 1 {
            return Err(super::too_few("input", path, "a table", inputs));
        }
        if table.rows() == 0 {
            return Err(Error::new(ErrorKind::Data, format!("`{source}` has a header and no rows")));
        }
        if let Some(contract) = &self.extras().contract {
            let (x, said) = contract.inputs(table, &source)?;
            notes.extend(said);
            return Ok(x);
        }
        let x = table.to_tensor(&table.names()).map_err(|error| error.context(format!("in `{source}`")))?;
        self.check_width(&x, table, &source)?;
        Ok(x)
    }

    /// Without a contract every column is taken, so there must be as many as the model takes.
    fn check_width(&self, x: &Tensor, table: &Table, source: &str) -> Result<()> {
        let Ok(architecture) = self.architecture() else { return Ok(()) };
        let types = architecture.input_types();
        let row = types.first().and_then(|ty| {
            ty.shape.dims().iter().skip(1).try_fold(1usize, |product, dim| Some(product * (*dim)?))
        });
        match row {
            Some(row) if row != x.dims()[1] => {
                let columns = x.dims()[1];
                let text = format!("the model takes {row} numbers a row; `{source}` has {columns} columns");
                Err(Error::new(ErrorKind::Shape, text)
                    .detail(format!("it has: {}", quoted(&table.names())))
                    .hint("the model's file does not name its columns, so every one is taken: leave out those that are no inputs"))
            }
            _ => Ok(()),
        }
    }
}
