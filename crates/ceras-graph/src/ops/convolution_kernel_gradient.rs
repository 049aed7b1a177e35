//! The gradient of a convolution's kernel.

use std::sync::Arc;

use ceras_kernels::conv;

use super::convolution::{ConvolutionWindow, floats, positions};
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Convolution, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// The gradient of the kernel of a [`Convolution`](crate::ops::Convolution): a sum over all positions of all images of
/// the products of the image's channels with those of the result's cotangent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvolutionKernelGradient {
    /// Positions of the kernel along each axis.
    pub taps: Vec<usize>,
    /// How the kernel moves; the padding after the image follows from the cotangent.
    pub window: ConvolutionWindow,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let taps = given.axes("window_dimensions")?;
    Ok(Arc::new(ConvolutionKernelGradient { taps, window: ConvolutionWindow::parse(given)? }))
}

impl Op for ConvolutionKernelGradient {
    fn name(&self) -> &'static str {
        "convolution_kernel_gradient"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        floats(inputs)?;
        let (image, cotangent) = (&inputs[0].shape, &inputs[1].shape);
        self.window.check(image.rank().saturating_sub(2))?;
        if cotangent.rank() != image.rank() || self.taps.len() + 2 != image.rank() {
            let rank = image.rank();
            return Err(Rule::new(format!(
                "{{1}} must have the rank of {{0}}, {rank}, and the window two axes less"
            )));
        }
        if rules::merge_dim(image.dim(0), cotangent.dim(0)).is_none() {
            return Err(Rule::new("{0} and {1} must have one batch size"));
        }
        let groups = self.window.feature_groups;
        let (channels, features) = (image.last(), cotangent.last());
        if [channels, features].iter().flatten().any(|count| !count.is_multiple_of(groups)) {
            return Err(Rule::new(format!(
                "the last axes of {{0}} and {{1}} must be multiples of {groups}, the groups"
            )));
        }
        let mut dims: Vec<Dim> = self.taps.iter().copied().map(Some).collect();
        dims.extend([channels.map(|channels| channels / groups), features]);
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let (image, result) = (cx.inputs[0], cx.inputs[1]);
        let known = |value: Value| positions(&cx.graph.ty(value).shape);
        let (Some(to), Some(from)) = (known(image), known(result)) else {
            return Ok(Vjp::NotDifferentiable("the positions of the image are not known"));
        };
        let mut cotangents = vec![None, None];
        if cx.wanted[0] {
            let op = Convolution::new(self.window.back(&from, &to, &self.taps), true);
            cotangents[0] = Some(cx.graph.emit_one(op, &[result, ct])?);
        }
        if cx.wanted[1] {
            let window = self.window.clone().reaching(&to, &from, &self.taps);
            cotangents[1] = Some(ops::convolution(cx.graph, image, ct, &window)?);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let spec = self.window.spec(&types.inputs[0], &self.taps, &types.input_dims(1), false);
        let kernel = conv::KernelGradient::new(spec, types.isa);
        let scratch = kernel.scratch_bytes();
        KernelStep::new(kernel).scratch(scratch).into()
    }

    fn attributes(&self) -> Attributes {
        let Attributes(window) = self.window.attributes();
        let mut attributes = Attributes::none().with("window_dimensions", rules::ints(&self.taps));
        attributes.0.extend(window);
        attributes
    }

    ops::plain!();
}

/// The gradient of the kernel of a convolution of `image` whose result has the cotangent `cotangent`.
///
/// # Shapes
/// `image [batch, …, channels]`, `cotangent [batch, …, features]`; the result is `[taps…, channels / groups, features]`.
///
/// # Errors
/// The batch sizes differ, the channels do not fit the groups, or the window does not have an entry for each axis.
#[track_caller]
pub fn convolution_kernel_gradient(
    g: &mut Graph,
    image: Value,
    cotangent: Value,
    taps: &[usize],
    window: &ConvolutionWindow,
) -> Result<Value, GraphError> {
    g.emit_one(ConvolutionKernelGradient { taps: taps.to_vec(), window: window.clone() }, &[image, cotangent])
}
