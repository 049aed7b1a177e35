//! An operation in a model: a layer without weights, with the plain arguments of its call.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;

use ceras_graph::{TensorType, Value};
use serde_json::Value as Json;

use super::{Argument, OPERATIONS, Operand, Operation};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{BuildCx, CallCx, Layer, LayerInfo, Traced};
use crate::registry::{Config, Configurable};

/// An operation with the plain arguments of its call. A model treats it as a layer; Keras lists it among the operations
/// and not among the layers.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    operation: Arc<dyn Operation>,
    arguments: Vec<Argument>,
    name: Option<String>,
    location: Option<&'static Location<'static>>,
}

impl Applied {
    #[track_caller]
    pub(crate) fn new(operation: Arc<dyn Operation>, arguments: Vec<Argument>) -> Applied {
        Applied { operation, arguments, name: None, location: Some(Location::caller()) }
    }

    /// The operation of a file: its class, its config, and the arguments of one call as the file has them.
    pub(crate) fn from_file(class_name: &str, config: &Config, arguments: &[Json]) -> Result<Applied> {
        let mut config = config.clone();
        let name = config.shift_remove("name").and_then(|name| name.as_str().map(str::to_owned));
        let operation =
            OPERATIONS.from_json(&serde_json::json!({"class_name": class_name, "config": config}))?;
        let arguments = arguments.iter().map(argument).collect();
        Ok(Applied { operation, arguments, name, location: None })
    }

    /// Keras' module of the class.
    pub(crate) fn module(&self) -> &'static str {
        self.operation.module()
    }

    /// Keras' `kwargs` of the call.
    pub(crate) fn kwargs(&self) -> Config {
        self.operation.keywords()
    }

    /// Keras' `args` of the call, its tensors in place.
    pub(crate) fn args(&self, tensors: Vec<Json>) -> Vec<Json> {
        let mut tensors = VecDeque::from(tensors);
        let arg = |argument: &Argument| match argument {
            Argument::Tensor => tensors.pop_front().unwrap_or_default(),
            Argument::Tensors(count) => tensors.drain(..(*count).min(tensors.len())).collect(),
            Argument::Plain(plain) => plain.clone(),
        };
        self.arguments.iter().map(arg).collect()
    }

    /// Whether another call of a file has the same plain arguments.
    pub(crate) fn same_arguments(&self, arguments: &[Json]) -> bool {
        self.arguments.iter().eq(arguments.iter().map(argument).collect::<Vec<_>>().iter())
    }

    fn operands(&self, inputs: &[Traced]) -> Result<Vec<Operand<'_>>> {
        let mut values = inputs.iter().map(|input| input.value);
        let operands = self.arguments.iter().map(|argument| match argument {
            Argument::Tensor => values.next().map(Operand::Tensor),
            Argument::Tensors(count) => {
                let list: Vec<Value> = values.by_ref().take(*count).collect();
                (list.len() == *count).then_some(Operand::Tensors(list))
            }
            Argument::Plain(plain) => Some(Operand::Plain(plain)),
        });
        let operands: Option<Vec<Operand<'_>>> = operands.collect();
        operands.filter(|_| values.next().is_none()).ok_or_else(|| {
            let text = format!("{} is called with {} tensors", self.class_name(), inputs.len());
            Error::new(ErrorKind::Usage, text)
        })
    }
}

/// Whether a JSON value stands for a symbolic tensor.
fn is_tensor(value: &Json) -> bool {
    value.get("class_name").and_then(Json::as_str) == Some("__keras_tensor__")
}

fn argument(value: &Json) -> Argument {
    match value {
        value if is_tensor(value) => Argument::Tensor,
        Json::Array(items) if !items.is_empty() && items.iter().all(is_tensor) => {
            Argument::Tensors(items.len())
        }
        plain => Argument::Plain(plain.clone()),
    }
}

impl Configurable for Applied {
    fn class_name(&self) -> &'static str {
        self.operation.class_name()
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.insert("name".to_owned(), self.name.clone().into());
        config.extend(self.operation.config());
        config
    }
}

impl Layer for Applied {
    fn info(&self) -> LayerInfo<'_> {
        LayerInfo { name: self.name.as_deref(), trainable: true, location: self.location }
    }

    fn build(&self, _: &mut BuildCx<'_>, _: &[TensorType]) -> Result<()> {
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let operands = self.operands(inputs)?;
        let outputs = self.operation.emit_all(cx.graph(), &operands)?;
        Ok(outputs.into_iter().map(Traced::from).collect())
    }

    fn as_operation(&self) -> Option<&Applied> {
        Some(self)
    }
}
