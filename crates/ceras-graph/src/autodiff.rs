//! Reverse-mode differentiation: a graph in, a graph out.

use std::fmt;
use std::panic::Location;

use crate::error::GraphError;
use crate::graph::{Graph, Node, Scope, Value};
use crate::op::{Vjp, VjpCx};
use crate::ops;
use crate::types::TensorType;

/// Why there is no gradient.
#[derive(Clone, Debug, PartialEq)]
pub enum AutodiffError {
    /// What is to be differentiated is not one floating-point number.
    NotAScalar {
        /// What it is.
        ty: TensorType,
    },
    /// The gradient would flow through an op that has none.
    NotDifferentiable {
        /// The op.
        op: &'static str,
        /// Why it has none.
        why: &'static str,
        /// The layers around it.
        scope: Scope,
        /// The source line that asked for it.
        location: Option<&'static Location<'static>>,
    },
    /// A gradient rule emitted an op whose operands break a rule.
    Graph(GraphError),
}

impl fmt::Display for AutodiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AutodiffError::NotAScalar { ty } => {
                write!(f, "only one floating-point number can be differentiated; this is {ty}")
            }
            AutodiffError::NotDifferentiable { op, why, scope, location } => {
                write!(f, "`{op}` has no gradient: {why}")?;
                if !scope.is_empty() {
                    write!(f, "\n  in `{scope}`")?;
                }
                match location {
                    Some(location) => write!(f, "\n  at {}:{}", location.file(), location.line()),
                    None => Ok(()),
                }
            }
            AutodiffError::Graph(error) => write!(f, "while differentiating: {error}"),
        }
    }
}

impl std::error::Error for AutodiffError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AutodiffError::Graph(error) => Some(error),
            _ => None,
        }
    }
}

impl From<GraphError> for AutodiffError {
    fn from(error: GraphError) -> AutodiffError {
        AutodiffError::Graph(error)
    }
}

/// Emits the gradient of one floating-point number with respect to some values: for each a value of its type, zeros
/// where nothing flows.
///
/// # Errors
/// `of` is not one floating-point number, or an op on the way has no gradient.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Graph, Tensor, TensorType, autodiff, eval, ops};
/// let mut g = Graph::new();
/// let x = g.input(TensorType::scalar(DType::F32), "x");
/// let square = ops::multiply(&mut g, x, x).unwrap();
/// let gradients = autodiff::gradients(&mut g, square, &[x]).unwrap();
/// g.set_outputs(gradients);
/// let y = eval::interpret(&g, &[Tensor::scalar(3.0f32)]).unwrap();
/// assert_eq!(y[0].item().unwrap(), 6.0);
/// ```
pub fn gradients(g: &mut Graph, of: Value, with_respect_to: &[Value]) -> Result<Vec<Value>, AutodiffError> {
    let flowing = flowing_gradients(g, of, with_respect_to)?;
    or_zeros(g, flowing, with_respect_to)
}

/// As [`gradients`], with `None` for a value on which the number does not depend.
///
/// # Errors
/// As [`gradients`].
pub fn flowing_gradients(
    g: &mut Graph,
    of: Value,
    with_respect_to: &[Value],
) -> Result<Vec<Option<Value>>, AutodiffError> {
    let ty = g.ty(of).clone();
    if ty.shape.rank() != 0 || !ty.dtype.is_float() {
        return Err(AutodiffError::NotAScalar { ty });
    }
    let one = ops::scalar_constant(g, 1.0, ty.dtype)?;
    pull(g, &[of], &[one], with_respect_to)
}

/// Emits the vector-Jacobian product: what cotangents of some values are as cotangents of others; zeros where nothing
/// flows.
///
/// # Errors
/// An op on the way has no gradient.
///
/// # Panics
/// If there are not as many cotangents as values.
pub fn vjp(
    g: &mut Graph,
    of: &[Value],
    cotangents: &[Value],
    with_respect_to: &[Value],
) -> Result<Vec<Value>, AutodiffError> {
    assert_eq!(of.len(), cotangents.len(), "one cotangent for each value");
    let flowing = pull(g, of, cotangents, with_respect_to)?;
    or_zeros(g, flowing, with_respect_to)
}

fn or_zeros(
    g: &mut Graph,
    flowing: Vec<Option<Value>>,
    with_respect_to: &[Value],
) -> Result<Vec<Value>, AutodiffError> {
    let mut results = Vec::with_capacity(flowing.len());
    for (cotangent, value) in flowing.into_iter().zip(with_respect_to) {
        results.push(match cotangent {
            Some(cotangent) => cotangent,
            None => ops::zeros_like(g, *value)?,
        });
    }
    Ok(results)
}

/// As [`vjp`], with `None` where nothing flows.
fn pull(
    g: &mut Graph,
    of: &[Value],
    cotangents: &[Value],
    with_respect_to: &[Value],
) -> Result<Vec<Option<Value>>, AutodiffError> {
    let active = active(g, with_respect_to);
    // What is emitted from here on is the way back.
    let nodes = g.nodes().len();
    let mut flowing: Vec<Option<Value>> = vec![None; g.values()];
    for (value, cotangent) in of.iter().zip(cotangents) {
        add(g, &mut flowing[value.index()], *cotangent)?;
    }
    for index in (0..nodes).rev() {
        let outputs = &g.nodes()[index].outputs;
        let reached = outputs.iter().any(|value| flowing[value.index()].is_some() && active[value.index()]);
        if reached {
            visit(g, index, &active, &mut flowing)?;
        }
    }
    Ok(with_respect_to.iter().map(|value| flowing[value.index()]).collect())
}

/// Which values depend on `with_respect_to` and can carry a gradient.
fn active(g: &Graph, with_respect_to: &[Value]) -> Vec<bool> {
    let mut active = vec![false; g.values()];
    for value in with_respect_to {
        active[value.index()] = g.ty(*value).dtype.is_float();
    }
    for node in g.nodes() {
        if node.inputs.iter().any(|value| active[value.index()]) {
            for output in &node.outputs {
                active[output.index()] |= g.ty(*output).dtype.is_float();
            }
        }
    }
    active
}

/// Carries the cotangents of a node's results to its operands.
fn visit(
    g: &mut Graph,
    index: usize,
    active: &[bool],
    flowing: &mut [Option<Value>],
) -> Result<(), AutodiffError> {
    let node: Node = g.nodes()[index].clone();
    let cotangents: Vec<Option<Value>> = node.outputs.iter().map(|value| flowing[value.index()]).collect();
    let wanted: Vec<bool> = node.inputs.iter().map(|value| active[value.index()]).collect();
    let location = g.set_location(node.location);
    let depth = g.enter_path(&node.scope);
    let mut cx = VjpCx {
        graph: g,
        inputs: &node.inputs,
        outputs: &node.outputs,
        cotangents: &cotangents,
        wanted: &wanted,
    };
    let answer = node.op.vjp(&mut cx);
    let outcome = match answer {
        Ok(Vjp::Cotangents(results)) => {
            node.inputs.iter().zip(&wanted).zip(results).filter(|((_, wanted), _)| **wanted).try_for_each(
                |((value, _), result)| match result {
                    Some(cotangent) => add(g, &mut flowing[value.index()], cotangent),
                    None => Ok(()),
                },
            )
        }
        Ok(Vjp::NotDifferentiable(why)) => Err(AutodiffError::NotDifferentiable {
            op: node.op.name(),
            why,
            scope: node.scope.clone(),
            location: node.location,
        }),
        Err(error) => Err(error.into()),
    };
    g.leave_path(depth);
    g.set_location(location);
    outcome
}

fn add(g: &mut Graph, sum: &mut Option<Value>, cotangent: Value) -> Result<(), AutodiffError> {
    *sum = Some(match *sum {
        Some(sum) => ops::add(g, sum, cotangent)?,
        None => cotangent,
    });
    Ok(())
}

/// The graph that takes the inputs of `graph` and the cotangents of those of its outputs that are `present`, and gives
/// the cotangents of those of its inputs that are `wanted`; or why there is no such graph.
pub(crate) fn backward_graph(
    graph: &Graph,
    present: &[bool],
    wanted: &[bool],
) -> Result<Result<Graph, &'static str>, GraphError> {
    let mut g = Graph::new();
    let inputs: Vec<Value> =
        graph.inputs().iter().map(|value| g.input(graph.ty(*value).clone(), "")).collect();
    let outputs = g.inline(graph, &inputs)?;
    let chosen = |values: &[Value], mask: &[bool]| -> Vec<Value> {
        values.iter().zip(mask).filter(|(_, chosen)| **chosen).map(|(value, _)| *value).collect()
    };
    let of = chosen(&outputs, present);
    let types: Vec<TensorType> = of.iter().map(|value| g.ty(*value).clone()).collect();
    let cotangents: Vec<Value> = types.into_iter().map(|ty| g.input(ty, "")).collect();
    match vjp(&mut g, &of, &cotangents, &chosen(&inputs, wanted)) {
        Ok(results) => {
            g.set_outputs(results);
            Ok(Ok(g))
        }
        Err(AutodiffError::Graph(error)) => Err(error),
        Err(AutodiffError::NotDifferentiable { why, .. }) => Ok(Err(why)),
        Err(AutodiffError::NotAScalar { .. }) => Ok(Err("it has no floating-point result")),
    }
}

/// The gradient rule of an op that is defined by a graph: the graph's ops, run again, and their rules.
pub(crate) fn graph_vjp(graph: &Graph, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
    let present: Vec<bool> = cx.cotangents.iter().map(Option::is_some).collect();
    let backward = match backward_graph(graph, &present, cx.wanted)? {
        Ok(backward) => backward,
        Err(why) => return Ok(Vjp::NotDifferentiable(why)),
    };
    let operands: Vec<Value> =
        cx.inputs.iter().copied().chain(cx.cotangents.iter().flatten().copied()).collect();
    let mut results = cx.graph.inline(&backward, &operands)?.into_iter();
    Ok(Vjp::Cotangents(cx.wanted.iter().map(|wanted| if *wanted { results.next() } else { None }).collect()))
}
