//! Convolutions of channels-last images.

use std::sync::Arc;

use ceras_kernels::{Isa, conv};

use super::dot_general::epilogue_body;
use crate::autodiff;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// How the kernel of a convolution moves over the image: one entry for each of the image's one to three axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConvolutionWindow {
    /// Positions of the (dilated) image from one position of the result to the next.
    pub strides: Vec<usize>,
    /// Zeros before the (dilated) image; negative cuts off.
    pub low: Vec<i64>,
    /// Zeros after it.
    pub high: Vec<i64>,
    /// Distance of the image's positions: 1, or more with zeros between.
    pub lhs_dilation: Vec<usize>,
    /// Distance of the kernel's positions.
    pub rhs_dilation: Vec<usize>,
    /// Groups of channels that do not mix.
    pub feature_groups: usize,
}

impl ConvolutionWindow {
    /// Strides and dilations of 1, no padding, one group.
    pub fn plain(axes: usize) -> ConvolutionWindow {
        ConvolutionWindow {
            strides: vec![1; axes],
            low: vec![0; axes],
            high: vec![0; axes],
            lhs_dilation: vec![1; axes],
            rhs_dilation: vec![1; axes],
            feature_groups: 1,
        }
    }

    pub(super) fn parse(given: &mut Given) -> Result<ConvolutionWindow, String> {
        Ok(ConvolutionWindow {
            strides: given.axes("window_strides")?,
            low: given.ints("padding_low")?,
            high: given.ints("padding_high")?,
            lhs_dilation: given.axes("lhs_dilation")?,
            rhs_dilation: given.axes("rhs_dilation")?,
            feature_groups: given.axis("feature_group_count")?,
        })
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("window_strides", rules::ints(&self.strides))
            .with("padding_low", Attribute::Ints(self.low.clone()))
            .with("padding_high", Attribute::Ints(self.high.clone()))
            .with("lhs_dilation", rules::ints(&self.lhs_dilation))
            .with("rhs_dilation", rules::ints(&self.rhs_dilation))
            .with("feature_group_count", Attribute::Int(self.feature_groups as i64))
    }

    /// That there is an entry for each of so many axes, and that none is zero.
    pub(super) fn check(&self, axes: usize) -> Result<(), Rule> {
        let positive = [&self.strides, &self.lhs_dilation, &self.rhs_dilation];
        if positive.iter().any(|list| list.len() != axes) || self.low.len() != axes || self.high.len() != axes
        {
            return Err(Rule::new(format!("the window must be given for each of the {axes} axes of {{0}}")));
        }
        if !(1..=3).contains(&axes) {
            return Err(Rule::new(format!(
                "{{0}} must have one to three axes between batch and channels, not {axes}"
            )));
        }
        if self.feature_groups == 0 || positive.iter().any(|list| list.contains(&0)) {
            return Err(Rule::new("strides, dilations and groups must be 1 or more"));
        }
        Ok(())
    }

    /// Positions of the result along an axis.
    fn output(&self, axis: usize, input: usize, kernel: usize) -> Option<usize> {
        let spread = |count: usize, step: usize| (count as i128 - 1).max(-1) * step as i128 + 1;
        let dilated = if input == 0 { 0 } else { spread(input, self.lhs_dilation[axis]) };
        let padded = dilated + i128::from(self.low[axis]) + i128::from(self.high[axis]);
        let reach = padded - spread(kernel, self.rhs_dilation[axis]);
        if kernel == 0 || reach < 0 {
            return Some(0);
        }
        usize::try_from(reach / self.strides[axis] as i128 + 1).ok()
    }

    /// What the kernels need for known sizes.
    pub(super) fn spec(
        &self,
        image: &TensorType,
        positions: &[usize],
        result: &[usize],
        transposed: bool,
    ) -> conv::Spec {
        let dims = image.shape.to_known().expect("a compiled graph has known shapes");
        let mut axes = [conv::Axis::ONE; 3];
        let unused = 3 - positions.len();
        for (axis, &kernel) in positions.iter().enumerate() {
            axes[unused + axis] = conv::Axis {
                input: dims[axis + 1],
                output: result[axis + 1],
                kernel,
                stride: self.strides[axis],
                low: self.low[axis],
                input_dilation: self.lhs_dilation[axis],
                kernel_dilation: self.rhs_dilation[axis],
            };
        }
        conv::Spec {
            dtype: image.dtype,
            batch: dims[0],
            axes,
            inputs: dims[dims.len() - 1],
            outputs: result[result.len() - 1],
            groups: self.feature_groups,
            transposed,
        }
    }

    /// The window that brings a result of `from` positions back to an image of `to` positions, with a kernel of so many.
    pub(super) fn back(&self, from: &[usize], to: &[usize], kernel: &[usize]) -> ConvolutionWindow {
        let low = (0..to.len())
            .map(|axis| (kernel[axis].max(1) - 1) as i64 * self.rhs_dilation[axis] as i64 - self.low[axis])
            .collect();
        let window = ConvolutionWindow {
            strides: self.lhs_dilation.clone(),
            lhs_dilation: self.strides.clone(),
            low,
            ..self.clone()
        };
        window.reaching(from, to, kernel)
    }

    /// The same window with as much padding after the image as gives a result of `to` positions.
    pub(super) fn reaching(mut self, from: &[usize], to: &[usize], kernel: &[usize]) -> ConvolutionWindow {
        self.high = (0..to.len())
            .map(|axis| {
                let spread = |count: usize, step: usize| (count as i64 - 1) * step as i64 + 1;
                let dilated = if from[axis] == 0 { 0 } else { spread(from[axis], self.lhs_dilation[axis]) };
                let reach =
                    spread(to[axis], self.strides[axis]) - 1 + spread(kernel[axis], self.rhs_dilation[axis]);
                reach - dilated - self.low[axis]
            })
            .collect();
        self
    }
}

/// The positions between batch and channels, when all are known.
pub(super) fn positions(shape: &Shape) -> Option<Vec<usize>> {
    shape.dims()[1..shape.rank() - 1].iter().copied().collect()
}

/// That both operands are of one floating-point type.
pub(super) fn floats(inputs: &[&TensorType]) -> Result<(), Rule> {
    rules::count(inputs, 2)?;
    if inputs[0].dtype != inputs[1].dtype || !inputs[0].dtype.is_float() {
        return Err(Rule::new(format!(
            "{{0}} and {{1}} must have one floating-point type; they are {} and {}",
            inputs[0].dtype, inputs[1].dtype
        )));
    }
    Ok(())
}

/// A kernel moved over an image: the image is `[batch, …, channels]` and the kernel
/// `[…, channels / groups, features]`; with `transposed` it is `[…, features / groups, channels]` and read back to front,
/// as the gradient of an image needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// How the kernel moves.
    pub window: ConvolutionWindow,
    /// Whether the kernel's last two axes are exchanged and its others reversed.
    pub transposed: bool,
    /// Elementwise ops on the image: inputs are the image and the op's operands from the third on; one output of the
    /// image's type. Only where a result is made of one pixel. Made by the fuse pass.
    pub prologue: Option<Graph>,
    /// Elementwise ops on the result: inputs are the result and the op's operands after those of the prologue; one output
    /// of the result's type. Made by the fuse pass.
    pub epilogue: Option<Graph>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let window = ConvolutionWindow::parse(given)?;
    let op = Convolution::new(window, given.bool("kernel_transposed")?);
    let mut graph = |name| if given.has(name) { given.graph(name).map(Some) } else { Ok(None) };
    Ok(Arc::new(Convolution { prologue: graph("prologue")?, epilogue: graph("epilogue")?, ..op }))
}

/// The operands of a graph that runs on one value: all but the first.
fn others(graph: &Option<Graph>) -> usize {
    graph.as_ref().map_or(0, |graph| graph.inputs().len().saturating_sub(1))
}

impl Convolution {
    /// Nothing but the convolution.
    pub fn new(window: ConvolutionWindow, transposed: bool) -> Convolution {
        Convolution { window, transposed, prologue: None, epilogue: None }
    }

    /// The type of the result.
    fn result(&self, inputs: &[&TensorType]) -> Result<TensorType, Rule> {
        floats(inputs)?;
        let (image, kernel) = (&inputs[0].shape, &inputs[1].shape);
        self.window.check(image.rank().saturating_sub(2))?;
        if kernel.rank() != image.rank() {
            let (rank, other) = (image.rank(), kernel.rank());
            return Err(Rule::new(format!("{{1}} must have the rank of {{0}}, {rank}; it is {other}")));
        }
        let features = self.features(image, kernel)?;
        let mut dims = vec![image.dim(0)];
        for axis in 0..image.rank() - 2 {
            dims.push(match (image.dim(axis + 1), kernel.dim(axis)) {
                (Some(input), Some(taps)) => Some(
                    self.window
                        .output(axis, input, taps)
                        .ok_or_else(|| Rule::new("the result would be too large"))?,
                ),
                _ => None,
            });
        }
        dims.push(features);
        Ok(TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims) })
    }

    /// The kernel for these operands, if their shapes are known and what comes before and after can be taken along.
    pub(crate) fn kernel(&self, inputs: &[&TensorType], isa: Isa) -> Option<conv::Convolution> {
        let result = self.result(&inputs[..2]).ok()?;
        let (kernel, dims) = (inputs[1].shape.to_known()?, result.shape.to_known()?);
        let image = inputs[0].shape.to_known()?;
        let spec = self.window.spec(inputs[0], &kernel[..kernel.len() - 2], &dims, self.transposed);
        let body = |graph: &Option<Graph>, ty: &TensorType, dims: &[usize]| match graph {
            None => Some(None),
            Some(graph) => {
                let (channels, leading) = dims.split_last()?;
                epilogue_body(graph, ty, [1, leading.iter().product(), *channels], 0, leading.len()).map(Some)
            }
        };
        let bodies = conv::Bodies {
            prologue: body(&self.prologue, inputs[0], &image)?,
            epilogue: body(&self.epilogue, &result, &dims)?,
        };
        conv::Convolution::with(spec, bodies, isa).ok()
    }

    /// The same in ops of their own.
    fn unfused(&self, inputs: &[TensorType]) -> Result<Graph, GraphError> {
        let mut g = Graph::new();
        let values: Vec<Value> = inputs.iter().map(|ty| g.input(ty.clone(), "")).collect();
        let (before, after) = values[2..].split_at(others(&self.prologue));
        let image = match &self.prologue {
            None => values[0],
            Some(graph) => g.inline(graph, &[&values[..1], before].concat())?[0],
        };
        let op = Convolution::new(self.window.clone(), self.transposed);
        let result = g.emit_one(op, &[image, values[1]])?;
        let outputs = match &self.epilogue {
            None => vec![result],
            Some(graph) => g.inline(graph, &[&[result], after].concat())?,
        };
        g.set_outputs(outputs);
        Ok(g)
    }

    /// Channels of the result.
    fn features(&self, image: &Shape, kernel: &Shape) -> Result<Dim, Rule> {
        let groups = self.window.feature_groups;
        let rank = kernel.rank();
        let (own, last) = (kernel.dim(rank - 2), kernel.dim(rank - 1));
        let (channels, features, taken) = if self.transposed {
            (last, own.map(|own| own.saturating_mul(groups)), "the last axis")
        } else {
            (own.map(|own| own.saturating_mul(groups)), last, "the last axis but one")
        };
        if let (Some(image), Some(channels)) = (image.last(), channels)
            && image != channels
        {
            let per = if self.transposed || groups == 1 {
                String::new()
            } else {
                format!(" times {groups} groups")
            };
            return Err(Rule::new(format!(
                "the last axis of {{0}} must be {channels}, {taken} of {{1}}{per}; it is {image}"
            )));
        }
        let divided = if self.transposed { channels } else { features };
        if divided.is_some_and(|count| !count.is_multiple_of(groups)) {
            let count = divided.unwrap_or(0);
            return Err(Rule::new(format!(
                "the last axis of {{1}}, {count}, must be a multiple of {groups}, the groups"
            )));
        }
        Ok(features)
    }
}

impl Op for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        let (before, after) = (others(&self.prologue), others(&self.epilogue));
        rules::count(inputs, 2 + before + after)?;
        let result = self.result(&inputs[..2])?;
        let alike = |what, graph: &Option<Graph>, ty: &TensorType, operands: &[&TensorType]| {
            let Some(graph) = graph else { return Ok(()) };
            ops::fused::same_types(what, graph, &[&[ty], operands].concat(), 0)?;
            match graph.outputs() {
                [output] if graph.ty(*output) == ty => Ok(()),
                _ => Err(Rule::new(format!("{what} must have one result, {ty}"))),
            }
        };
        let (before, after) = inputs[2..].split_at(before);
        alike("the prologue", &self.prologue, inputs[0], before)?;
        alike("the epilogue", &self.epilogue, &result, after)?;
        Ok(vec![result])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        if self.prologue.is_some() || self.epilogue.is_some() {
            let types: Vec<TensorType> = cx.inputs.iter().map(|value| cx.ty(*value).clone()).collect();
            return autodiff::graph_vjp(&self.unfused(&types)?, cx);
        }
        let ct = cx.cotangent();
        let (image, kernel) = (cx.inputs[0], cx.inputs[1]);
        let shape = |value: Value| cx.graph.ty(value).shape.clone();
        let taps: Option<Vec<usize>> =
            shape(kernel).dims()[..shape(kernel).rank() - 2].iter().copied().collect();
        let (Some(from), Some(to), Some(taps)) = (positions(&shape(ct)), positions(&shape(image)), taps)
        else {
            return Ok(Vjp::NotDifferentiable("the positions of the image are not known"));
        };
        let back = self.window.back(&from, &to, &taps);
        let mut cotangents = vec![None, None];
        if cx.wanted[0] {
            let op = Convolution::new(back.clone(), !self.transposed);
            cotangents[0] = Some(cx.graph.emit_one(op, &[ct, kernel])?);
        }
        if cx.wanted[1] {
            let (window, operands) =
                if self.transposed { (back, [ct, image]) } else { (self.window.clone(), [image, ct]) };
            cotangents[1] =
                Some(ops::convolution_kernel_gradient(cx.graph, operands[0], operands[1], &taps, &window)?);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let inputs: Vec<&TensorType> = types.inputs.iter().collect();
        let kernel =
            self.kernel(&inputs, types.isa).expect("`infer` and the fuse pass accepted the operands");
        let scratch = kernel.scratch_bytes();
        let (image, result) = kernel.strided();
        // Only the image may have gaps, and an operand of its rank could be given some, too.
        let alone = inputs[2..].iter().all(|ty| ty.shape.rank() < inputs[0].shape.rank());
        let step =
            KernelStep { strided_inputs: image && alone, strided_outputs: result, ..KernelStep::new(kernel) };
        step.scratch(scratch).into()
    }

    fn attributes(&self) -> Attributes {
        let graphs = [("prologue", &self.prologue), ("epilogue", &self.epilogue)];
        let attributes = self.window.attributes().with("kernel_transposed", Attribute::Bool(self.transposed));
        graphs.into_iter().fold(attributes, |attributes, (name, graph)| match graph {
            Some(graph) => attributes.with(name, Attribute::Graph(Box::new(graph.clone()))),
            None => attributes,
        })
    }

    ops::plain!();
}

/// `kernel` moved over `image`.
///
/// # Shapes
/// `image [batch, …, channels]` with one to three axes between, `kernel […, channels / groups, features]`; the result is
/// `[batch, …, features]`.
///
/// # Errors
/// The channels do not fit each other or the groups, the types are not one floating-point type, or the window does not
/// have an entry for each axis.
///
/// # References
/// Dumoulin & Visin (2016), *A guide to convolution arithmetic for deep learning*, <https://arxiv.org/abs/1603.07285>
#[track_caller]
pub fn convolution(
    g: &mut Graph,
    image: Value,
    kernel: Value,
    window: &ConvolutionWindow,
) -> Result<Value, GraphError> {
    g.emit_one(Convolution::new(window.clone(), false), &[image, kernel])
}

/// The transpose of [`convolution`]: what carries a cotangent of its result back to its image.
///
/// # Shapes
/// `image [batch, …, channels]`, `kernel […, features / groups, channels]`; the result is `[batch, …, features]`.
///
/// # Errors
/// As [`convolution`].
#[track_caller]
pub fn convolution_transposed(
    g: &mut Graph,
    image: Value,
    kernel: Value,
    window: &ConvolutionWindow,
) -> Result<Value, GraphError> {
    g.emit_one(Convolution::new(window.clone(), true), &[image, kernel])
}
