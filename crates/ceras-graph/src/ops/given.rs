//! Attributes on the way from the text format to an op.

use crate::graph::Graph;
use crate::op::{Attribute, Attributes};
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};
use ceras_kernels::DType;

/// Attributes that an op is made from; each is taken once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given(Vec<(String, Attribute)>);

impl Given {
    /// No attributes yet.
    pub fn new() -> Given {
        Given::default()
    }

    /// The same and one more.
    pub fn with(mut self, name: &str, value: Attribute) -> Given {
        self.0.push((name.to_owned(), value));
        self
    }

    /// Whether there is an attribute of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Takes an attribute.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn take(&mut self, name: &str) -> Result<Attribute, String> {
        let at = self.0.iter().position(|(key, _)| key == name);
        at.map(|at| self.0.remove(at).1).ok_or_else(|| format!("the attribute `{name}` is missing"))
    }

    /// Takes integers.
    ///
    /// # Errors
    /// They are missing or something else.
    pub fn ints(&mut self, name: &str) -> Result<Vec<i64>, String> {
        match self.take(name)? {
            Attribute::Ints(ints) => Ok(ints),
            other => Err(wrong(name, "integers", &other)),
        }
    }

    /// Takes integers that are not negative, such as axes.
    ///
    /// # Errors
    /// They are missing, negative or something else.
    pub fn axes(&mut self, name: &str) -> Result<Vec<usize>, String> {
        let ints = self.ints(name)?;
        let axes: Result<Vec<usize>, _> = ints.into_iter().map(usize::try_from).collect();
        axes.map_err(|_| format!("`{name}` must not be negative"))
    }

    /// Takes one integer that is not negative, such as an axis.
    ///
    /// # Errors
    /// It is missing, negative or something else.
    pub fn axis(&mut self, name: &str) -> Result<usize, String> {
        match self.take(name)? {
            Attribute::Int(int) => usize::try_from(int).map_err(|_| format!("`{name}` must not be negative")),
            other => Err(wrong(name, "an integer", &other)),
        }
    }

    /// Takes a shape; integers are one, too.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn shape(&mut self, name: &str) -> Result<Shape, String> {
        match self.take(name)? {
            Attribute::Shape(shape) => Ok(shape),
            Attribute::Ints(ints) => {
                let dims: Result<Vec<_>, _> =
                    ints.into_iter().map(|dim| usize::try_from(dim).map(Some)).collect();
                dims.map(Shape::from).map_err(|_| format!("`{name}` must not be negative"))
            }
            other => Err(wrong(name, "a shape", &other)),
        }
    }

    /// Takes an element type.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn dtype(&mut self, name: &str) -> Result<DType, String> {
        match self.take(name)? {
            Attribute::DType(dtype) => Ok(dtype),
            other => Err(wrong(name, "an element type", &other)),
        }
    }

    /// Takes an element type and a shape, under the names `dtype` and `shape`.
    ///
    /// # Errors
    /// One is missing or something else.
    pub fn ty(&mut self) -> Result<TensorType, String> {
        Ok(TensorType { dtype: self.dtype("dtype")?, shape: self.shape("shape")? })
    }

    /// Takes a word.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn text(&mut self, name: &str) -> Result<String, String> {
        match self.take(name)? {
            Attribute::Text(text) => Ok(text),
            other => Err(wrong(name, "a word", &other)),
        }
    }

    /// Takes a truth value.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn bool(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name)? {
            Attribute::Bool(bool) => Ok(bool),
            other => Err(wrong(name, "a truth value", &other)),
        }
    }

    /// Takes a constant.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn tensor(&mut self, name: &str) -> Result<Tensor, String> {
        match self.take(name)? {
            Attribute::Tensor(tensor) => Ok(tensor),
            other => Err(wrong(name, "a tensor", &other)),
        }
    }

    /// Takes a graph.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn graph(&mut self, name: &str) -> Result<Graph, String> {
        match self.take(name)? {
            Attribute::Graph(graph) => Ok(*graph),
            other => Err(wrong(name, "a graph", &other)),
        }
    }

    /// Sees that nothing is left over.
    ///
    /// # Errors
    /// An attribute was not taken.
    pub fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some((name, _)) => Err(format!("there is no attribute `{name}`")),
            None => Ok(()),
        }
    }
}

impl From<&Attributes> for Given {
    fn from(attributes: &Attributes) -> Given {
        Given(attributes.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }
}

fn wrong(name: &str, wanted: &str, found: &Attribute) -> String {
    let found = match found {
        Attribute::Bool(_) => "a truth value",
        Attribute::Int(_) => "an integer",
        Attribute::Ints(_) => "integers",
        Attribute::Float(_) => "a number",
        Attribute::Text(_) => "a word",
        Attribute::DType(_) => "an element type",
        Attribute::Shape(_) => "a shape",
        Attribute::Tensor(_) => "a tensor",
        Attribute::Graph(_) => "a graph",
    };
    format!("`{name}` must be {wanted}, not {found}")
}
