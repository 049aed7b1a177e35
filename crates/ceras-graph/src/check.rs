//! Tests of an op against its own rules (feature `check`), for our ops and for those that users write.

use std::sync::Arc;

use ceras_kernels::{DType, Isa};

use crate::autodiff::{self, AutodiffError};
use crate::eval;
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::ops::{self, Given};
use crate::tensor::Tensor;
use crate::text;
use crate::types::{Dim, TensorType};

/// What [`OpCheck::run`] looks at.
#[derive(Clone, Debug)]
pub struct OpCheck {
    op: Arc<dyn Op>,
    inputs: Vec<Tensor>,
    gradient: bool,
    tolerance: f64,
}

/// Checks an op on some inputs in every way; see [`OpCheck::run`].
///
/// # Errors
/// What does not hold.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use ceras_graph::{Tensor, check::op_check, ops::Tanh};
/// op_check(Arc::new(Tanh), &[Tensor::from_slice(&[-1.0f32, 0.0, 2.0])]).unwrap();
/// ```
pub fn op_check(op: Arc<dyn Op>, inputs: &[Tensor]) -> Result<(), String> {
    OpCheck::new(op, inputs).run()
}

impl OpCheck {
    /// All checks.
    pub fn new(op: Arc<dyn Op>, inputs: &[Tensor]) -> OpCheck {
        OpCheck { op, inputs: inputs.to_vec(), gradient: true, tolerance: 1e-5 }
    }

    /// The same without central differences: for inputs at which the op has a jump or a bend.
    pub fn without_gradient(mut self) -> OpCheck {
        self.gradient = false;
        self
    }

    /// The same with another tolerance between levels, as a part of the largest element.
    pub fn tolerance(mut self, tolerance: f64) -> OpCheck {
        self.tolerance = tolerance;
        self
    }

    /// Runs the checks: results have the types that `infer` says, also with unknown dimensions and with empty operands;
    /// every level of this machine agrees with the plain loops; text comes back as the same op; first and second
    /// derivatives agree with central differences in `float64`.
    ///
    /// # Errors
    /// What does not hold.
    pub fn run(&self) -> Result<(), String> {
        self.levels()?;
        self.unknown_dimensions()?;
        self.empty_operands()?;
        self.text()?;
        if self.gradient { self.derivatives() } else { Ok(()) }
    }

    fn types(&self) -> Vec<TensorType> {
        self.inputs.iter().map(Tensor::ty).collect()
    }

    fn infer(&self, types: &[TensorType]) -> Result<Vec<TensorType>, String> {
        self.op.infer(&types.iter().collect::<Vec<_>>()).map_err(|rule| rule.0)
    }

    fn levels(&self) -> Result<(), String> {
        let types = self.infer(&self.types())?;
        let reference = self.eval(Isa::Reference)?;
        let made: Vec<TensorType> = reference.iter().map(Tensor::ty).collect();
        if made != types {
            return Err(format!("`infer` says {types:?}, but the results are {made:?}"));
        }
        for isa in Isa::available() {
            for (index, (fast, plain)) in self.eval(isa)?.iter().zip(&reference).enumerate() {
                let tolerance = if plain.dtype().is_float() { self.tolerance } else { 0.0 };
                close(&fast.to_f64(), &plain.to_f64(), tolerance)
                    .map_err(|why| format!("result {index} on {isa} differs from the plain loops: {why}"))?;
            }
        }
        Ok(())
    }

    fn eval(&self, isa: Isa) -> Result<Vec<Tensor>, String> {
        eval::eval(Arc::clone(&self.op), &self.inputs, isa).map_err(|error| error.to_string())
    }

    fn unknown_dimensions(&self) -> Result<(), String> {
        let known = self.infer(&self.types())?;
        for (operand, input) in self.inputs.iter().enumerate() {
            for axis in 0..input.rank() {
                let mut types = self.types();
                types[operand].shape = types[operand].shape.with(axis, None);
                // A rule may need to know a dimension; what it says must then be true.
                let Ok(inferred) = self.infer(&types) else { continue };
                let fits = |(a, b): (&TensorType, &TensorType)| {
                    a.dtype == b.dtype && a.shape.is_compatible(&b.shape)
                };
                if inferred.len() != known.len() || !inferred.iter().zip(&known).all(fits) {
                    return Err(format!(
                        "with axis {axis} of operand {operand} unknown, `infer` says {inferred:?}, but it is {known:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Wherever `infer` takes operands without elements, the kernels do.
    fn empty_operands(&self) -> Result<(), String> {
        let rank = self.inputs.iter().map(Tensor::rank).max().unwrap_or(0);
        for axis in 0..rank {
            let empty = |tensor: &Tensor| -> Result<Tensor, String> {
                let mut dims = tensor.dims().to_vec();
                if let Some(dim) = dims.get_mut(axis) {
                    *dim = 0;
                }
                Tensor::zeros(tensor.dtype(), &dims).map_err(|error| error.0)
            };
            for chosen in 0..=self.inputs.len() {
                let inputs: Result<Vec<Tensor>, String> = self
                    .inputs
                    .iter()
                    .enumerate()
                    .map(|(index, tensor)| {
                        if chosen == index || chosen == self.inputs.len() {
                            empty(tensor)
                        } else {
                            Ok(tensor.clone())
                        }
                    })
                    .collect();
                let check = OpCheck { inputs: inputs?, ..self.clone() };
                if check.infer(&check.types()).is_ok() {
                    check.levels().map_err(|why| format!("without elements along axis {axis}: {why}"))?;
                }
            }
        }
        Ok(())
    }

    fn graph(&self, dtype: Option<DType>) -> Result<(Graph, Vec<Value>, Vec<Value>), String> {
        let mut g = Graph::new();
        let ty = |tensor: &Tensor| TensorType::new(widened(tensor, dtype), tensor.dims());
        let inputs: Vec<Value> = self.inputs.iter().map(|tensor| g.input(ty(tensor), "")).collect();
        let outputs = g.emit(Arc::clone(&self.op), &inputs).map_err(|error| error.to_string())?;
        g.set_outputs(outputs.clone());
        Ok((g, inputs, outputs))
    }

    fn text(&self) -> Result<(), String> {
        if !ops::LIST.iter().any(|(name, _)| *name == self.op.name()) {
            // A user's own op: the text format does not know it.
            return Ok(());
        }
        let (graph, _, _) = self.graph(None)?;
        let printed = graph.to_string();
        let parsed = text::parse(&printed).map_err(|error| format!("{error} in\n{printed}"))?;
        if parsed != graph {
            return Err(format!("the text\n{printed}\ncomes back as\n{parsed}"));
        }
        let again = ops::parse(self.op.name(), Given::from(&self.op.attributes()))?;
        if again.attributes() != self.op.attributes() {
            return Err("the attributes do not come back".into());
        }
        Ok(())
    }

    /// Gradients of Σ c·y, and of Σ c·(these gradients), against central differences.
    fn derivatives(&self) -> Result<(), String> {
        let Ok((mut g, inputs, outputs)) = self.graph(Some(DType::F64)) else { return Ok(()) };
        let targets: Vec<usize> =
            (0..inputs.len()).filter(|&index| g.ty(inputs[index]).dtype.is_float()).collect();
        let values: Vec<Value> = targets.iter().map(|&index| inputs[index]).collect();
        let floats: Vec<Value> = outputs.into_iter().filter(|&value| g.ty(value).dtype.is_float()).collect();
        // Results that stay in a narrower type are too coarse for central differences.
        let coarse = floats.iter().any(|&value| g.ty(value).dtype != DType::F64);
        if targets.is_empty() || floats.is_empty() || coarse {
            return Ok(());
        }
        let point: Vec<Tensor> =
            self.inputs.iter().map(|tensor| tensor.cast(widened(tensor, Some(DType::F64)))).collect();
        let loss = weighted_sum(&mut g, &floats)?;
        let Some(first) = gradients(&mut g, loss, &values)? else { return Ok(()) };
        compare(&g, loss, &first, &targets, &point)
            .map_err(|why| format!("the gradient of operand {why}"))?;
        let second_loss = weighted_sum(&mut g, &first)?;
        let Some(second) = gradients(&mut g, second_loss, &values)? else { return Ok(()) };
        compare(&g, second_loss, &second, &targets, &point)
            .map_err(|why| format!("the second derivative of operand {why}"))
    }
}

/// The type that central differences are taken in.
fn widened(tensor: &Tensor, dtype: Option<DType>) -> DType {
    dtype.filter(|_| tensor.dtype().is_float()).unwrap_or(tensor.dtype())
}

/// `None` when an op says that it has no gradient.
fn gradients(g: &mut Graph, of: Value, values: &[Value]) -> Result<Option<Vec<Value>>, String> {
    match autodiff::gradients(g, of, values) {
        Ok(gradients) => Ok(Some(gradients)),
        Err(AutodiffError::NotDifferentiable { .. }) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Σ c·v over all values, with fixed coefficients that are all different.
fn weighted_sum(g: &mut Graph, values: &[Value]) -> Result<Value, String> {
    let mut total: Option<Value> = None;
    for &value in values {
        let TensorType { shape, .. } = g.ty(value).clone();
        let count = shape.elements().unwrap_or(0);
        let coefficients: Vec<f64> =
            (0..count).map(|index| 0.4 + (index as f64 * 0.618_033_988).fract()).collect();
        let dims: Vec<usize> = shape.dims().iter().map(|dim: &Dim| dim.unwrap_or(0)).collect();
        let step = |g: &mut Graph| {
            let coefficients = Tensor::new(&dims, coefficients).expect("as many as elements");
            let coefficients = ops::constant(g, coefficients)?;
            let product = ops::multiply(g, value, coefficients)?;
            let axes: Vec<usize> = (0..shape.rank()).collect();
            let sum = ops::reduce(g, product, ops::Reduction::Sum, &axes)?;
            total.map_or(Ok(sum), |total| ops::add(g, total, sum))
        };
        total = Some(step(g).map_err(|error| error.to_string())?);
    }
    total.ok_or_else(|| "nothing to sum".into())
}

/// Compares gradients with central differences of the loss.
fn compare(
    g: &Graph,
    loss: Value,
    gradients: &[Value],
    targets: &[usize],
    point: &[Tensor],
) -> Result<(), String> {
    let mut graph = g.clone();
    graph.set_outputs(gradients.to_vec());
    let exact = eval::interpret(&graph, point).map_err(|error| error.to_string())?;
    graph.set_outputs(vec![loss]);
    let graph = crate::passes::dce(&graph);
    let value = |inputs: &[Tensor]| -> Result<f64, String> {
        let results = eval::interpret(&graph, inputs).map_err(|error| error.to_string())?;
        results[0].item().map_err(|error| error.0)
    };
    for (gradient, &target) in exact.iter().zip(targets) {
        let elements = point[target].to_f64();
        let mut differences = Vec::with_capacity(elements.len());
        for (index, x) in elements.iter().enumerate() {
            let step = 1e-5 * x.abs().clamp(0.1, 10.0);
            let moved = |by: f64| -> Result<f64, String> {
                let mut moved = elements.clone();
                moved[index] += by;
                let mut inputs = point.to_vec();
                inputs[target] = Tensor::new(point[target].dims(), moved).map_err(|error| error.0)?;
                value(&inputs)
            };
            differences.push((moved(step)? - moved(-step)?) / (2.0 * step));
        }
        close(&gradient.to_f64(), &differences, 1e-4)
            .map_err(|why| format!("{target} differs from central differences: {why}"))?;
    }
    Ok(())
}

/// Whether |a − b| ≤ tolerance · max(1e-3, max|b|).
fn close(actual: &[f64], expected: &[f64], tolerance: f64) -> Result<(), String> {
    let finite = expected.iter().filter(|x| x.is_finite());
    let largest = finite.fold(1e-3f64, |largest, x| largest.max(x.abs()));
    for (index, (a, b)) in actual.iter().zip(expected).enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * largest;
        if !same {
            return Err(format!("element {index} is {a}, not {b}"));
        }
    }
    Ok(())
}
