//! What an optimizer works on and what it keeps.

use ceras_graph::TensorType;

/// A variable as an optimizer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its layers and its name, such as `dense_1/kernel`.
    pub path: String,
    /// Its type.
    pub ty: TensorType,
}

impl Variable {
    /// A variable of that path and type.
    pub fn new(path: impl Into<String>, ty: TensorType) -> Variable {
        Variable { path: path.into(), ty }
    }

    /// Whether one of these words stands in its path.
    pub fn is_named_by(&self, words: &[String]) -> bool {
        words.iter().any(|word| self.path.contains(word.as_str()))
    }
}

/// What every element of a slot starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// This number.
    Number(f64),
    /// The value of the slot's variable when the optimizer first sees it.
    Variable,
}

/// A piece of an optimizer's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Keras' word for it, such as `momentum`.
    pub name: String,
    /// The number of the variable that it belongs to; `None` for one that all share.
    pub variable: Option<usize>,
    /// Its type.
    pub ty: TensorType,
    /// What every element starts from.
    pub initial: Initial,
}

impl Slot {
    /// A slot of this type that starts from 0.
    pub fn of(name: &str, variable: usize, ty: &TensorType) -> Slot {
        Slot {
            name: name.to_owned(),
            variable: Some(variable),
            ty: ty.clone(),
            initial: Initial::Number(0.0),
        }
    }

    /// A slot that all variables share.
    pub fn shared(name: &str, ty: TensorType, initial: f64) -> Slot {
        Slot { name: name.to_owned(), variable: None, ty, initial: Initial::Number(initial) }
    }

    /// These slots for each variable in turn, as Keras orders them.
    pub fn each(names: &[&str], variables: &[Variable]) -> Vec<Slot> {
        let of = |(number, variable): (usize, &Variable)| {
            let ty = variable.ty.clone();
            names.iter().map(move |name| Slot::of(name, number, &ty)).collect::<Vec<Slot>>()
        };
        variables.iter().enumerate().flat_map(of).collect()
    }

    /// The same with another start.
    #[must_use]
    pub fn starting_from(mut self, initial: Initial) -> Slot {
        self.initial = initial;
        self
    }
}
