//! What can go wrong between a graph and its plan.

use std::fmt;
use std::panic::Location;

use ceras_graph::{Node, TensorType};

/// A graph could not be compiled: what is wrong, where, and what may help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// What is wrong, one sentence without a full stop.
    pub problem: String,
    /// The layers around the node, outermost first, such as `model/dense_1`; empty when it is no node's fault.
    pub scope: String,
    /// The source line that asked for the node.
    pub location: Option<&'static Location<'static>>,
    /// What may help; empty when there is nothing to say.
    pub hint: String,
}

impl CompileError {
    pub(crate) fn new(problem: impl Into<String>) -> CompileError {
        CompileError { problem: problem.into(), scope: String::new(), location: None, hint: String::new() }
    }

    pub(crate) fn at(mut self, node: &Node) -> CompileError {
        self.scope = node.scope.to_string();
        self.location = node.location;
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> CompileError {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        if !self.scope.is_empty() {
            write!(f, "\n  in `{}`", self.scope)?;
        }
        if let Some(location) = self.location {
            write!(f, "\n  at {}:{}", location.file(), location.line())?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n\nhint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}

/// A tensor does not have the type that an input of a plan takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The input's name, or its number in words.
    pub input: String,
    /// The type that it takes.
    pub expected: Box<TensorType>,
    /// The type of the tensor.
    pub found: Box<TensorType>,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} takes {}; the tensor is {}", self.input, self.expected, self.found)
    }
}

impl std::error::Error for InputError {}

/// Why [`call`](crate::call()) gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// There are more or fewer tensors than the function has inputs.
    Count {
        /// How many inputs the function has.
        expected: usize,
        /// How many tensors were given.
        found: usize,
    },
    /// A tensor does not fit its input.
    Input(InputError),
    /// The shapes of the tensors break a rule of the graph.
    Graph(ceras_graph::GraphError),
    /// The graph could not be compiled.
    Compile(CompileError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Count { expected, found } => {
                write!(f, "the function takes {expected} tensors; {found} were given")
            }
            CallError::Input(error) => error.fmt(f),
            CallError::Graph(error) => error.fmt(f),
            CallError::Compile(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

impl From<InputError> for CallError {
    fn from(error: InputError) -> CallError {
        CallError::Input(error)
    }
}

impl From<ceras_graph::GraphError> for CallError {
    fn from(error: ceras_graph::GraphError) -> CallError {
        CallError::Graph(error)
    }
}

impl From<CompileError> for CallError {
    fn from(error: CompileError) -> CallError {
        CallError::Compile(error)
    }
}
