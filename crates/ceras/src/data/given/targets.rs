//! The targets that a file holds for a model.

use std::path::Path;

use ceras_graph::{DType, Tensor};

use super::{Content, Given, arrays, quoted};
use crate::data::{Column, OneHot, Table, to_categorical};
use crate::error::{Error, ErrorKind, Result};
use crate::losses::LossRef;
use crate::models::Model;
use crate::saving::{Contract, Task};

impl Contract {
    /// The column of a table that holds the targets: the one of that name, or the only one.
    pub(super) fn target_column<'t>(&self, table: &'t Table) -> Option<&'t Column> {
        let named = table.columns().iter().find(|column| column.name() == self.target);
        named.or(match table.columns() {
            [only] => Some(only),
            _ => None,
        })
    }
}

impl Model {
    /// The targets that a file holds, in the form that the model's losses take.
    ///
    /// In a table the column of the model's contract is taken, its class names as the numbers that the network was trained
    /// on; without a contract all columns are, and must hold numbers.
    ///
    /// # Errors
    /// The file cannot be read; it lacks an output; a cell of a table is no finite number and no known class.
    pub fn read_targets(&self, path: impl AsRef<Path>) -> Result<Given> {
        let path = path.as_ref();
        self.targets_of(Content::read(path, super::most_bytes())?, path)
    }

    /// The targets in the contents of a file.
    pub(super) fn targets_of(&self, content: Content, path: &Path) -> Result<Given> {
        let architecture = self.architecture().ok();
        let names = architecture.map(|architecture| architecture.output_names()).unwrap_or_default();
        let mut notes = Vec::new();
        let sources = match content {
            Content::Table(table) if names.len() <= 1 => vec![self.table_targets(&table, path)?.into()],
            content => arrays("output", content, path, &names, &mut notes)?,
        };
        Ok(Given { sources, rows_left_out: Vec::new(), notes })
    }

    fn table_targets(&self, table: &Table, path: &Path) -> Result<Tensor> {
        let source = path.display().to_string();
        let inside = |error: Error| error.context(format!("in `{source}`"));
        let names = table.names();
        let Some(contract) = &self.extras().contract else {
            let text = table.columns().iter().find(|column| !column.is_numeric());
            if let Some(column) = text {
                let text = format!("column `{}` of `{source}` holds no numbers", column.name());
                return Err(Error::new(ErrorKind::Data, text)
                    .hint("the model's file does not name its classes: give their numbers, counted from 0"));
            }
            return table.to_tensor(&names).map_err(inside);
        };
        let Some(column) = contract.target_column(table) else {
            let text = format!("`{source}` has no column `{}`, which the model predicts", contract.target);
            return Err(Error::new(ErrorKind::Data, text).detail(format!("it has: {}", quoted(&names))));
        };
        if contract.task == Task::Regression || (column.is_numeric() && !numbered(&contract.classes)) {
            return table.to_tensor(&[column.name()]).map_err(inside);
        }
        let codes = OneHot::from_classes(contract.classes.clone())?.codes(column).map_err(inside)?;
        let codes: Vec<i32> = codes.into_iter().map(|code| code as i32).collect();
        let loss = self.compiled().ok().and_then(|compiled| compiled.losses.first()?.as_ref());
        encode_classes(&Tensor::from_slice(&codes), contract.classes.len(), loss)
    }
}

/// Whether the classes are numbers themselves, so that a column of numbers holds their names.
fn numbered(classes: &[String]) -> bool {
    !classes.is_empty() && classes.iter().all(|class| crate::data::cells::number(class).is_some())
}

/// Whether a loss takes one yes/no probability for each row.
pub fn is_binary(loss: &LossRef) -> bool {
    matches!(loss.class_name(), "BinaryCrossentropy" | "BinaryFocalCrossentropy")
}

/// Class numbers in the form that a loss takes: as they are, as zeros and ones, or one-hot.
///
/// # Errors
/// A number that is no class.
pub fn encode_classes(codes: &Tensor, classes: usize, loss: Option<&LossRef>) -> Result<Tensor> {
    match loss {
        Some(loss) if is_binary(loss) => Ok(codes.cast(DType::F32).reshape(&[codes.len(), 1])?),
        Some(loss) if loss.class_name() != "SparseCategoricalCrossentropy" => {
            to_categorical(codes, Some(classes))
        }
        _ => Ok(codes.clone()),
    }
}
