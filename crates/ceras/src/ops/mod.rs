//! `keras.ops` on symbolic tensors: the operations that a functional model may hold between its layers.
//!
//! Every function takes symbolic tensors (and plain numbers) and gives a symbolic tensor; the call becomes a node of the
//! model, written to files and read from them as Keras' operation of the same name. The operators `+ - * / -x` of
//! [`KerasTensor`] are the same nodes.
//!
//! # Examples
//! ```
//! use ceras::{ops, prelude::*};
//! let x = Input::new([3]).tensor();
//! let squares = ops::square(&(&x * 2.0 + 1.0))?;
//! let mut model = Model::new(&[x], &[ops::sum(&squares, -1, false)?])?;
//! let y = model.predict(&Tensor::new(&[1, 3], [0.0f32, 1.0, 2.0])?)?;
//! assert_eq!(y.slice::<f32>(), [1.0 + 9.0 + 25.0]);
//! # Ok::<(), ceras::Error>(())
//! ```
//!
//! # Keras
//! `x > y` and the like cannot be operators in Rust: they are [`greater`] and its kin. A problem of an operator, such as
//! shapes that do not broadcast, is kept in the tensor and reported by the next `apply` or by [`Model::new`](crate::Model::new).

mod applied;
mod arrange;
mod axes;
mod binary;
mod cast;
mod choose;
mod contract;
mod get_item;
mod join;
mod matmul;
mod nn;
mod operators;
mod promote;
mod reduce;
mod reshape;
mod unary;

use std::sync::Arc;

use ceras_graph::{Graph, Value};
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::models::KerasTensor;
use crate::registry::{Config, Configurable, Entry, Registry};

pub(crate) use applied::Applied;
pub use arrange::*;
pub use axes::Axes;
pub use binary::*;
pub use cast::cast;
pub use choose::{clip, where_};
pub use contract::*;
pub use get_item::{Item, Items, get_item};
pub use join::{concatenate, stack};
pub use matmul::matmul;
pub use nn::*;
pub use reduce::*;
pub use reshape::{expand_dims, reshape, squeeze, transpose};
pub use unary::*;

/// Keras' module of NumPy's functions.
pub(crate) const NUMPY: &str = "keras.src.ops.numpy";

/// An operation of Keras: its settings are its config, its operands come with each call.
pub trait Operation: Configurable {
    /// Keras' module of the class, which tells the operation `Add` from the layer `Add`.
    fn module(&self) -> &'static str;

    /// Emits the operation.
    ///
    /// # Errors
    /// Operands that it cannot take.
    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value>;

    /// Keras' arguments of a call by name, which say nothing here.
    fn keywords(&self) -> Config {
        Config::new()
    }

    /// Emits the operation, all outputs of one that has several.
    ///
    /// # Errors
    /// As [`Operation::emit`].
    fn emit_all(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Vec<Value>> {
        self.emit(g, operands).map(|output| vec![output])
    }
}

/// What an operation is applied to.
#[derive(Clone, Debug)]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(Value),
    /// A list of tensors.
    Tensors(Vec<Value>),
    /// A number, or what else Keras writes into a file as it is.
    Plain(&'a Json),
}

/// What an argument of an operation is, without its tensors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    /// The next tensor.
    Tensor,
    /// So many tensors as a list.
    Tensors(usize),
    /// A number, or what else Keras writes into a file as it is.
    Plain(Json),
}

/// The operations that a file may name.
pub static OPERATIONS: Registry<dyn Operation> =
    Registry { kind: "operation", module: "keras.ops", any_case: false, entries: &ENTRIES };

/// All lists of entries one after the other.
static ENTRIES: [&Entry<dyn Operation>; COUNT] = all();

const LISTS: [&[&Entry<dyn Operation>]; 11] = [
    arrange::ENTRIES,
    contract::ENTRIES,
    binary::ENTRIES,
    unary::ENTRIES,
    reduce::ENTRIES,
    nn::ENTRIES,
    reshape::ENTRIES,
    join::ENTRIES,
    choose::ENTRIES,
    &[&matmul::ENTRY, &cast::ENTRY],
    &[&get_item::ENTRY],
];

const COUNT: usize = {
    let (mut count, mut list) = (0, 0);
    while list < LISTS.len() {
        count += LISTS[list].len();
        list += 1;
    }
    count
};

const fn all() -> [&'static Entry<dyn Operation>; COUNT] {
    let mut all = [LISTS[0][0]; COUNT];
    let (mut place, mut list) = (0, 0);
    while list < LISTS.len() {
        let mut index = 0;
        while index < LISTS[list].len() {
            all[place] = LISTS[list][index];
            place += 1;
            index += 1;
        }
        list += 1;
    }
    all
}

/// An operand of a function of two: a tensor or a plain number.
#[derive(Clone, Debug)]
pub enum Term {
    /// A tensor.
    Tensor(KerasTensor),
    /// A number; it takes the type of the tensor beside it.
    Number(serde_json::Number),
    /// A number that no file can hold.
    NotFinite(f64),
}

impl From<&KerasTensor> for Term {
    fn from(tensor: &KerasTensor) -> Term {
        Term::Tensor(tensor.clone())
    }
}

impl From<KerasTensor> for Term {
    fn from(tensor: KerasTensor) -> Term {
        Term::Tensor(tensor)
    }
}

impl From<f64> for Term {
    fn from(number: f64) -> Term {
        serde_json::Number::from_f64(number).map_or(Term::NotFinite(number), Term::Number)
    }
}

impl From<i64> for Term {
    fn from(number: i64) -> Term {
        Term::Number(number.into())
    }
}

/// An operation of terms, as a node.
#[track_caller]
pub(crate) fn node(operation: impl Operation + 'static, terms: Vec<Term>) -> Result<KerasTensor> {
    let mut tensors = Vec::new();
    let mut arguments = Vec::with_capacity(terms.len());
    for term in terms {
        arguments.push(match term {
            Term::Tensor(tensor) => {
                tensors.push(tensor);
                Argument::Tensor
            }
            Term::Number(number) => Argument::Plain(Json::Number(number)),
            Term::NotFinite(number) => {
                let text = format!("an operand of {} is {number}", operation.class_name());
                return Err(Error::new(ErrorKind::Usage, text).detail("numbers in a model must be finite"));
            }
        });
    }
    call(operation, arguments, &tensors)
}

/// An operation with these arguments, as a node.
#[track_caller]
pub(crate) fn call(
    operation: impl Operation + 'static,
    arguments: Vec<Argument>,
    tensors: &[KerasTensor],
) -> Result<KerasTensor> {
    if tensors.is_empty() {
        let text = format!("{} needs a symbolic tensor", operation.class_name());
        return Err(Error::new(ErrorKind::Usage, text));
    }
    let applied = Applied::new(Arc::new(operation), arguments);
    KerasTensor::of(applied.into(), &tensors.iter().collect::<Vec<_>>())
}

/// The one tensor of an operation that takes one.
pub(crate) fn one(class_name: &str, operands: &[Operand<'_>]) -> Result<Value> {
    match operands {
        [Operand::Tensor(value)] => Ok(*value),
        _ => Err(wrong(class_name, "one tensor")),
    }
}

/// The error for operands of another number or kind.
pub(crate) fn wrong(class_name: &str, takes: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("the operation {class_name} takes {takes}"))
}

/// The class of an operation whose struct is its config.
macro_rules! operation {
    ($name:ident, $class_name:expr) => {
        /// The entry of the registry.
        pub(crate) static ENTRY: crate::registry::Entry<dyn crate::ops::Operation> =
            crate::ops::operation_entry!($name, $class_name);

        crate::ops::configurable!($name, $class_name);
    };
}
pub(crate) use operation;

/// The entry of an operation whose struct is its config.
macro_rules! operation_entry {
    ($name:ident, $class_name:expr) => {
        crate::registry::Entry {
            class_name: $class_name,
            aliases: &[],
            parse: |config| {
                crate::registry::parse_config::<$name>(config)
                    .map(|operation| std::sync::Arc::new(operation) as _)
            },
        }
    };
}
pub(crate) use operation_entry;

/// `Configurable` of an operation whose struct is its config.
macro_rules! configurable {
    ($name:ident, $class_name:expr) => {
        impl crate::registry::Configurable for $name {
            fn class_name(&self) -> &'static str {
                $class_name
            }

            fn config(&self) -> crate::registry::Config {
                crate::registry::to_config(self)
            }
        }
    };
}
pub(crate) use configurable;
