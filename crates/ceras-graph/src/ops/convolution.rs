//! Convolutions of channels-last images.

use std::sync::Arc;

use ceras_kernels::conv;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// How the kernel moves.
    pub window: ConvolutionWindow,
    /// Whether the kernel's last two axes are exchanged and its others reversed.
    pub transposed: bool,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let window = ConvolutionWindow::parse(given)?;
    Ok(Arc::new(Convolution { window, transposed: given.bool("kernel_transposed")? }))
}

impl Convolution {
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
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
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
            let op = Convolution { window: back.clone(), transposed: !self.transposed };
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
        let kernel = types.input_dims(1);
        let taps = &kernel[..kernel.len() - 2];
        let spec = self.window.spec(&types.inputs[0], taps, &types.output_dims(0), self.transposed);
        let kernel = conv::Convolution::new(spec, types.isa);
        let scratch = kernel.scratch_bytes();
        KernelStep::new(kernel).scratch(scratch).into()
    }

    fn attributes(&self) -> Attributes {
        self.window.attributes().with("kernel_transposed", Attribute::Bool(self.transposed))
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
    g.emit_one(Convolution { window: window.clone(), transposed: false }, &[image, kernel])
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
    g.emit_one(Convolution { window: window.clone(), transposed: true }, &[image, kernel])
}
