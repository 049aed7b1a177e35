//! Products summed over axes: matrix products and all their kin.

use std::sync::Arc;

use ceras_kernels::DType;
use ceras_kernels::elementwise::{Body, Function};
use ceras_kernels::matmul::{MatMul, Spec, Strides};

use crate::autodiff;
use crate::error::{GraphError, Rule};
use crate::eval;
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// Which axes of two operands go together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DotDimensions {
    /// Axes of the left operand that run along with those of the right one.
    pub lhs_batching: Vec<usize>,
    /// The right operand's, in the same order.
    pub rhs_batching: Vec<usize>,
    /// Axes of the left operand that are summed over with those of the right one.
    pub lhs_contracting: Vec<usize>,
    /// The right operand's, in the same order.
    pub rhs_contracting: Vec<usize>,
}

impl DotDimensions {
    /// The left operand's axes that are neither.
    pub fn lhs_free(&self, rank: usize) -> Vec<usize> {
        free(rank, &self.lhs_batching, &self.lhs_contracting)
    }

    /// The right operand's axes that are neither.
    pub fn rhs_free(&self, rank: usize) -> Vec<usize> {
        free(rank, &self.rhs_batching, &self.rhs_contracting)
    }
}

fn free(rank: usize, batching: &[usize], contracting: &[usize]) -> Vec<usize> {
    (0..rank).filter(|axis| !batching.contains(axis) && !contracting.contains(axis)).collect()
}

/// Σ over the contracting axes of the products; with what the fuse pass lets follow at once.
#[derive(Clone, Debug, PartialEq)]
pub struct DotGeneral {
    /// Which axes go together.
    pub dimensions: DotDimensions,
    /// Elementwise ops on the product: inputs are the product and the op's operands from the third on; one output of
    /// the product's type. Made by the fuse pass.
    pub epilogue: Option<Graph>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let dimensions = DotDimensions {
        lhs_batching: given.axes("lhs_batching_dimensions")?,
        rhs_batching: given.axes("rhs_batching_dimensions")?,
        lhs_contracting: given.axes("lhs_contracting_dimensions")?,
        rhs_contracting: given.axes("rhs_contracting_dimensions")?,
    };
    let epilogue = if given.has("epilogue") { Some(given.graph("epilogue")?) } else { None };
    Ok(Arc::new(DotGeneral { dimensions, epilogue }))
}

impl DotGeneral {
    /// The type of the product.
    fn product(&self, lhs: &TensorType, rhs: &TensorType) -> Result<TensorType, Rule> {
        let d = &self.dimensions;
        if lhs.dtype != rhs.dtype {
            return Err(Rule::new(format!(
                "{{0}} and {{1}} must have one type; they are {} and {}",
                lhs.dtype, rhs.dtype
            )));
        }
        if lhs.dtype == DType::Bool {
            return Err(Rule::new("{0} and {1} must be numbers; they are bool"));
        }
        let named = |batching: &[usize], contracting: &[usize]| [batching, contracting].concat();
        rules::distinct_axes("{0}", &named(&d.lhs_batching, &d.lhs_contracting), lhs.shape.rank())?;
        rules::distinct_axes("{1}", &named(&d.rhs_batching, &d.rhs_contracting), rhs.shape.rank())?;
        if d.lhs_batching.len() != d.rhs_batching.len() || d.lhs_contracting.len() != d.rhs_contracting.len()
        {
            return Err(Rule::new("as many axes of {0} as of {1} must be named"));
        }
        let mut dims: Vec<Dim> = Vec::new();
        for (&left, &right) in d.lhs_batching.iter().zip(&d.rhs_batching) {
            dims.push(paired(lhs, left, rhs, right)?);
        }
        for (&left, &right) in d.lhs_contracting.iter().zip(&d.rhs_contracting) {
            paired(lhs, left, rhs, right)?;
        }
        dims.extend(d.lhs_free(lhs.shape.rank()).into_iter().map(|axis| lhs.shape.dim(axis)));
        dims.extend(d.rhs_free(rhs.shape.rank()).into_iter().map(|axis| rhs.shape.dim(axis)));
        Ok(TensorType { dtype: lhs.dtype, shape: Shape::from(dims) })
    }

    /// The matrix product that this is, if its axes can be seen as batch, rows, columns.
    pub(crate) fn spec(&self, lhs: &TensorType, rhs: &TensorType) -> Option<Spec> {
        let d = &self.dimensions;
        let (left, right) = (Layout::new(lhs)?, Layout::new(rhs)?);
        let (lhs_free, rhs_free) = (d.lhs_free(left.dims.len()), d.rhs_free(right.dims.len()));
        let (batch, lhs_batch) = left.collapse(&d.lhs_batching)?;
        let (_, rhs_batch) = right.collapse(&d.rhs_batching)?;
        let (k, lhs_k) = left.collapse(&d.lhs_contracting)?;
        let (_, rhs_k) = right.collapse(&d.rhs_contracting)?;
        let (m, lhs_m) = left.collapse(&lhs_free)?;
        let (n, rhs_n) = right.collapse(&rhs_free)?;
        let product = self.product(lhs, rhs).ok()?;
        let epilogue = match &self.epilogue {
            None => None,
            Some(graph) => {
                Some(epilogue_body(graph, &product, [batch, m, n], d.lhs_batching.len(), lhs_free.len())?)
            }
        };
        Some(Spec {
            dtype: lhs.dtype,
            batch,
            m,
            n,
            k,
            lhs: Strides { batch: lhs_batch, row: lhs_m, col: lhs_k },
            rhs: Strides { batch: rhs_batch, row: rhs_k, col: rhs_n },
            prologue: None,
            epilogue,
        })
    }

    /// The same result in steps that the kernels know: operands transposed first, the epilogue after.
    fn in_steps(&self, types: &OpTypes<'_>) -> Result<Graph, GraphError> {
        let mut g = Graph::new();
        let inputs: Vec<Value> = types.inputs.iter().map(|ty| g.input(ty.clone(), "")).collect();
        let d = &self.dimensions;
        let lhs_free = d.lhs_free(types.inputs[0].shape.rank());
        let rhs_free = d.rhs_free(types.inputs[1].shape.rank());
        let lhs = ops::transpose(
            &mut g,
            inputs[0],
            &[&d.lhs_batching[..], &lhs_free, &d.lhs_contracting].concat(),
        )?;
        let rhs = ops::transpose(
            &mut g,
            inputs[1],
            &[&d.rhs_batching[..], &d.rhs_contracting, &rhs_free].concat(),
        )?;
        let (batch, summed) = (d.lhs_batching.len(), d.lhs_contracting.len());
        let batching: Vec<usize> = (0..batch).collect();
        let dimensions = DotDimensions {
            lhs_batching: batching.clone(),
            rhs_batching: batching,
            lhs_contracting: (0..summed).map(|axis| batch + lhs_free.len() + axis).collect(),
            rhs_contracting: (0..summed).map(|axis| batch + axis).collect(),
        };
        let product = dot_general(&mut g, lhs, rhs, &dimensions)?;
        let outputs = match &self.epilogue {
            None => vec![product],
            Some(epilogue) => g.inline(epilogue, &[&[product], &inputs[2..]].concat())?,
        };
        g.set_outputs(outputs);
        Ok(g)
    }

    /// The same op without what follows, and what follows.
    fn unfused(&self, inputs: &[TensorType]) -> Result<Graph, GraphError> {
        let mut g = Graph::new();
        let values: Vec<Value> = inputs.iter().map(|ty| g.input(ty.clone(), "")).collect();
        let product = dot_general(&mut g, values[0], values[1], &self.dimensions)?;
        let outputs = match &self.epilogue {
            None => vec![product],
            Some(epilogue) => g.inline(epilogue, &[&[product], &values[2..]].concat())?,
        };
        g.set_outputs(outputs);
        Ok(g)
    }
}

fn paired(lhs: &TensorType, left: usize, rhs: &TensorType, right: usize) -> Result<Dim, Rule> {
    let (a, b) = (lhs.shape.dim(left), rhs.shape.dim(right));
    rules::merge_dim(a, b).ok_or_else(|| {
        let (left, right) =
            (rules::axis_words(left, lhs.shape.rank()), rules::axis_words(right, rhs.shape.rank()));
        let (a, b) = (a.unwrap_or(0), b.unwrap_or(0));
        Rule::new(format!("{left} of {{0}} must be {b}, {right} of {{1}}; it is {a}"))
    })
}

/// The dimensions of a contiguous tensor and the distances along them.
struct Layout {
    dims: Vec<usize>,
    strides: Vec<usize>,
}

impl Layout {
    fn new(ty: &TensorType) -> Option<Layout> {
        let dims = ty.shape.to_known()?;
        let strides = ops::contiguous_strides(&dims);
        Some(Layout { dims, strides })
    }

    /// Some axes seen as one: its length and stride.
    fn collapse(&self, axes: &[usize]) -> Option<(usize, usize)> {
        let dims: Vec<usize> = axes.iter().map(|&axis| self.dims[axis]).collect();
        let strides: Vec<usize> = axes.iter().map(|&axis| self.strides[axis]).collect();
        collapse(&dims, &strides)
    }
}

/// Axes of these lengths and strides seen as one axis, if it has one stride.
fn collapse(dims: &[usize], strides: &[usize]) -> Option<(usize, usize)> {
    let mut whole: Option<(usize, usize)> = None;
    for (&length, &stride) in dims.iter().zip(strides).rev().filter(|(length, _)| **length != 1) {
        whole = match whole {
            None => Some((length, stride)),
            Some((total, inner)) if stride == inner * total || total == 0 || length == 0 => {
                Some((total * length, inner))
            }
            Some(_) => return None,
        };
    }
    Some(whole.unwrap_or((1, 0)))
}

/// The body of an epilogue over `[batch, m, n]`, if its operands can be read so.
pub(super) fn epilogue_body(
    graph: &Graph,
    product: &TensorType,
    [batch, m, n]: [usize; 3],
    batch_axes: usize,
    lhs_axes: usize,
) -> Option<Body> {
    let dims = product.shape.to_known()?;
    let mut body = ops::fused::body_of(graph, &dims).ok()?;
    if graph.outputs().len() != 1 || graph.ty(graph.outputs()[0]) != product {
        return None;
    }
    let groups = [0..batch_axes, batch_axes..batch_axes + lhs_axes, batch_axes + lhs_axes..dims.len()];
    for operand in &mut body.inputs {
        let strides: Option<Vec<usize>> = groups
            .iter()
            .map(|group| {
                collapse(&dims[group.clone()], &operand.strides[group.clone()]).map(|(_, stride)| stride)
            })
            .collect();
        operand.strides = strides?;
    }
    // Operand 0 is the product itself; a stride that collapsed to nothing (one element) is put back as it lies.
    body.inputs[0].strides = vec![m * n, n, 1];
    body.shape = vec![batch, m, n];
    Some(body)
}

impl Op for DotGeneral {
    fn name(&self) -> &'static str {
        "dot_general"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        let Some(epilogue) = &self.epilogue else {
            rules::count(inputs, 2)?;
            return Ok(vec![self.product(inputs[0], inputs[1])?]);
        };
        if inputs.len() < 2 {
            return Err(Rule::new("takes two operands or more"));
        }
        let product = self.product(inputs[0], inputs[1])?;
        let operands: Vec<&TensorType> = [&product].into_iter().chain(inputs[2..].iter().copied()).collect();
        ops::fused::same_types("the epilogue", epilogue, &operands, 0)?;
        match epilogue.outputs() {
            [output] => Ok(vec![epilogue.ty(*output).clone()]),
            outputs => Err(Rule::new(format!("the epilogue must have one result, not {}", outputs.len()))),
        }
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        if self.epilogue.is_some() {
            let types: Vec<TensorType> = cx.inputs.iter().map(|value| cx.ty(*value).clone()).collect();
            return autodiff::graph_vjp(&self.unfused(&types)?, cx);
        }
        let ct = cx.cotangent();
        let mut cotangents = vec![None, None];
        if cx.wanted[0] {
            cotangents[0] = Some(self.lhs_cotangent(cx, ct)?);
        }
        if cx.wanted[1] {
            cotangents[1] = Some(self.rhs_cotangent(cx, ct)?);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let Some(spec) = self.spec(&types.inputs[0], &types.inputs[1]) else {
            let graph = self.in_steps(types).expect("`infer` accepted the axes");
            return eval::graph_step(&graph, types.isa).expect("each step is a kernel").into();
        };
        let columns = self.dimensions.rhs_free(types.inputs[1].shape.rank()).len();
        let kernel = MatMul::new(spec, types.isa);
        let scratch = kernel.scratch_bytes();
        let step = KernelStep { strided_outputs: columns == 1, ..KernelStep::new(kernel) };
        step.scratch(scratch).into()
    }

    fn attributes(&self) -> Attributes {
        let d = &self.dimensions;
        let attributes = Attributes::none()
            .with("lhs_batching_dimensions", rules::ints(&d.lhs_batching))
            .with("rhs_batching_dimensions", rules::ints(&d.rhs_batching))
            .with("lhs_contracting_dimensions", rules::ints(&d.lhs_contracting))
            .with("rhs_contracting_dimensions", rules::ints(&d.rhs_contracting));
        match &self.epilogue {
            Some(graph) => attributes.with("epilogue", Attribute::Graph(Box::new(graph.clone()))),
            None => attributes,
        }
    }

    fn elementwise(&self) -> Option<&'static Function> {
        None
    }

    fn graphs(&self) -> Vec<&Graph> {
        // As in `fused`, the epilogue's ops stand for instructions.
        Vec::new()
    }

    fn with_graphs(&self, _graphs: Vec<Graph>) -> Arc<dyn Op> {
        Arc::new(self.clone())
    }
}

impl DotGeneral {
    /// The cotangent of the left operand: that of the result times the right operand, over the latter's free axes.
    fn lhs_cotangent(&self, cx: &mut VjpCx<'_>, ct: Value) -> Result<Value, GraphError> {
        let d = &self.dimensions;
        let (lhs, rhs) = (cx.ty(cx.inputs[0]).shape.rank(), cx.ty(cx.inputs[1]).shape.rank());
        let (lhs_free, rhs_free) = (d.lhs_free(lhs), d.rhs_free(rhs));
        let batch: Vec<usize> = (0..d.lhs_batching.len()).collect();
        let start = batch.len() + lhs_free.len();
        let summed: Vec<usize> = (0..rhs_free.len()).map(|axis| start + axis).collect();
        let side = Side {
            ct_batching: batch,
            ct_contracting: summed,
            other: cx.inputs[1],
            other_batching: d.rhs_batching.clone(),
            other_contracting: rhs_free,
        };
        // The other operand's summed axes come out in the order of its axes.
        let own = paired_order(&d.rhs_contracting, &d.lhs_contracting);
        side.product(cx.graph, ct, &d.lhs_batching, &lhs_free, &own)
    }

    /// The cotangent of the right operand: that of the result times the left operand, over the latter's free axes.
    fn rhs_cotangent(&self, cx: &mut VjpCx<'_>, ct: Value) -> Result<Value, GraphError> {
        let d = &self.dimensions;
        let (lhs, rhs) = (cx.ty(cx.inputs[0]).shape.rank(), cx.ty(cx.inputs[1]).shape.rank());
        let (lhs_free, rhs_free) = (d.lhs_free(lhs), d.rhs_free(rhs));
        let batch: Vec<usize> = (0..d.lhs_batching.len()).collect();
        let summed: Vec<usize> = (0..lhs_free.len()).map(|axis| batch.len() + axis).collect();
        let side = Side {
            ct_batching: batch,
            ct_contracting: summed,
            other: cx.inputs[0],
            other_batching: d.lhs_batching.clone(),
            other_contracting: lhs_free,
        };
        let own = paired_order(&d.lhs_contracting, &d.rhs_contracting);
        side.product(cx.graph, ct, &d.rhs_batching, &rhs_free, &own)
    }
}

/// The partners of some axes, in increasing order of these axes.
fn paired_order(axes: &[usize], partners: &[usize]) -> Vec<usize> {
    let mut pairs: Vec<(usize, usize)> = axes.iter().copied().zip(partners.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, partner)| partner).collect()
}

/// The product that gives one operand's cotangent.
struct Side {
    ct_batching: Vec<usize>,
    ct_contracting: Vec<usize>,
    other: Value,
    other_batching: Vec<usize>,
    other_contracting: Vec<usize>,
}

impl Side {
    /// Multiplies, and brings the axes (the operand's batch, free and summed ones) into the operand's order. Of the two
    /// orders of the factors, the one that needs no transposition is taken.
    fn product(
        self,
        g: &mut Graph,
        ct: Value,
        batching: &[usize],
        free: &[usize],
        summed: &[usize],
    ) -> Result<Value, GraphError> {
        let ct_first = [batching, free, summed].concat();
        let other_first = [batching, summed, free].concat();
        let swap = !ct_first.is_sorted() && other_first.is_sorted();
        let (axes, product) = if swap {
            let dimensions = DotDimensions {
                lhs_batching: self.other_batching,
                rhs_batching: self.ct_batching,
                lhs_contracting: self.other_contracting,
                rhs_contracting: self.ct_contracting,
            };
            (other_first, dot_general(g, self.other, ct, &dimensions)?)
        } else {
            let dimensions = DotDimensions {
                lhs_batching: self.ct_batching,
                rhs_batching: self.other_batching,
                lhs_contracting: self.ct_contracting,
                rhs_contracting: self.other_contracting,
            };
            (ct_first, dot_general(g, ct, self.other, &dimensions)?)
        };
        if axes.is_sorted() {
            return Ok(product);
        }
        let permutation = ops::Transpose { permutation: axes }.inverse();
        ops::transpose(g, product, &permutation)
    }
}

/// Σ over the contracting axes of the products of two operands.
///
/// # Shapes
/// The result's axes are the batching ones, the left operand's others, the right operand's others.
///
/// # Errors
/// The operands' types differ, axes do not exist or are named twice, or paired axes differ in length.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Function, Tensor, TensorType, eval, ops};
/// let row = TensorType::new(DType::F32, [1, 2]);
/// let matrix = TensorType::new(DType::F32, [2, 2]);
/// let f = Function::trace(&[("x", row), ("kernel", matrix)], |g, v| {
///     let d = ops::DotDimensions { lhs_contracting: vec![1], rhs_contracting: vec![0], ..Default::default() };
///     Ok(vec![ops::dot_general(g, v[0], v[1], &d)?])
/// })?;
/// let x = Tensor::new(&[1, 2], [1.0f32, 10.0]).unwrap();
/// let kernel = Tensor::new(&[2, 2], [1.0f32, 2.0, 3.0, 4.0]).unwrap();
/// assert_eq!(eval::interpret(f.graph(), &[x, kernel]).unwrap()[0].slice::<f32>(), [31.0, 42.0]);
/// # Ok::<(), ceras_graph::GraphError>(())
/// ```
#[track_caller]
pub fn dot_general(
    g: &mut Graph,
    a: Value,
    b: Value,
    dimensions: &DotDimensions,
) -> Result<Value, GraphError> {
    g.emit_one(DotGeneral { dimensions: dimensions.clone(), epilogue: None }, &[a, b])
}
