//! What `compile` is given for each output: one thing for all, a list, or a dictionary by the outputs' names.

use crate::error::{Error, ErrorKind, Result};

/// Something for each output of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum PerOutput<T> {
    /// The same for every output.
    Same(T),
    /// One for each output, in the model's order.
    List(Vec<T>),
    /// By the outputs' names.
    Named(Vec<(String, T)>),
}

impl<T> PerOutput<T> {
    /// All that is given.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (items, named): (&[T], &[(String, T)]) = match self {
            PerOutput::Same(one) => (std::slice::from_ref(one), &[]),
            PerOutput::List(items) => (items, &[]),
            PerOutput::Named(items) => (&[], items),
        };
        items.iter().chain(named.iter().map(|(_, item)| item))
    }

    /// What stands for each of these outputs; `None` where a dictionary does not name it. `what` is the argument.
    ///
    /// # Errors
    /// A list of another length, a name that no output has.
    pub(crate) fn of_outputs(&self, what: &str, outputs: &[&str]) -> Result<Vec<Option<&T>>> {
        match self {
            PerOutput::Same(one) => Ok(outputs.iter().map(|_| Some(one)).collect()),
            PerOutput::List(items) if items.len() == outputs.len() => Ok(items.iter().map(Some).collect()),
            PerOutput::List(items) => Err(count_misfit(what, outputs, items.len())),
            PerOutput::Named(items) => {
                if let Some((name, _)) = items.iter().find(|(name, _)| !outputs.contains(&name.as_str())) {
                    return Err(unknown_output(what, outputs, name));
                }
                let of = |output: &&str| items.iter().find(|(name, _)| name == output).map(|(_, item)| item);
                Ok(outputs.iter().map(of).collect())
            }
        }
    }
}

/// Words for a model's outputs.
pub(crate) fn outputs_in_words(outputs: &[&str]) -> String {
    match outputs {
        [one] => format!("the model has 1 output, `{one}`"),
        several => format!("the model has {} outputs: {}", several.len(), several.join(", ")),
    }
}

/// The error for a list that has not one entry for each output.
pub(crate) fn count_misfit(what: &str, outputs: &[&str], given: usize) -> Error {
    let entries = if given == 1 { "entry" } else { "entries" };
    let (count, plural) = (outputs.len(), if outputs.len() == 1 { "" } else { "s" });
    let text = format!("`{what}` has {given} {entries}, and the model has {count} output{plural}");
    Error::new(ErrorKind::Usage, text).detail(outputs_in_words(outputs))
}

fn unknown_output(what: &str, outputs: &[&str], name: &str) -> Error {
    let text = format!("`{what}` names `{name}`, which is no output of the model");
    let error = Error::new(ErrorKind::Usage, text).detail(outputs_in_words(outputs));
    error.suggest(name, outputs.iter().copied())
}
