//! Functions: graphs made by running a Rust closure over symbolic values.

use crate::autodiff::{self, AutodiffError};
use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::types::TensorType;

/// A traced function: typed inputs, a graph, outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    graph: Graph,
}

impl Function {
    /// Runs `body` once over symbolic inputs and keeps the graph of what it did.
    ///
    /// # Errors
    /// What `body` returns, such as a broken shape rule.
    ///
    /// # Examples
    /// ```
    /// use ceras_graph::{DType, Function, TensorType, ops};
    /// let x = TensorType::new(DType::F32, [2, 3]);
    /// let square = Function::trace(&[("x", x)], |g, inputs| Ok(vec![ops::multiply(g, inputs[0], inputs[0])?]))?;
    /// assert_eq!(square.graph().nodes().len(), 1);
    /// # Ok::<(), ceras_graph::GraphError>(())
    /// ```
    pub fn trace(
        inputs: &[(&str, TensorType)],
        body: impl FnOnce(&mut Graph, &[Value]) -> Result<Vec<Value>, GraphError>,
    ) -> Result<Function, GraphError> {
        let mut graph = Graph::new();
        let values: Vec<Value> = inputs.iter().map(|(name, ty)| graph.input(ty.clone(), name)).collect();
        let outputs = body(&mut graph, &values)?;
        graph.set_outputs(outputs);
        Ok(Function { graph })
    }

    /// A function of a graph that was built by hand.
    pub fn from_graph(graph: Graph) -> Function {
        Function { graph }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph, to go on with.
    pub fn into_graph(self) -> Graph {
        self.graph
    }
}

/// The function that computes the first output of `function` (a scalar) and its gradient with respect to some inputs:
/// its outputs are those of `function`, then one gradient for each entry of `with_respect_to`.
///
/// Applying it again gives second derivatives.
///
/// # Errors
/// The first output is not a floating-point scalar, or an op on the way has no gradient.
pub fn grad(function: &Function, with_respect_to: &[usize]) -> Result<Function, AutodiffError> {
    let mut graph = function.graph.clone();
    let targets: Vec<Value> = with_respect_to.iter().map(|&index| graph.inputs()[index]).collect();
    let of = graph.outputs()[0];
    let gradients = autodiff::gradients(&mut graph, of, &targets)?;
    let outputs = graph.outputs().iter().copied().chain(gradients).collect();
    graph.set_outputs(outputs);
    Ok(Function { graph })
}
