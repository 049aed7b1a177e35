//! Convolutions of channels-last images of one, two or three axes, and the gradient of their kernels.
//!
//! The gradient of the image is a convolution itself: one that reads the kernel back to front and with its channels
//! exchanged ([`Spec::transposed`]), and whose stride is a dilation of the image.

mod depthwise;
mod direct;
mod gradient;
mod reference;
#[cfg(test)]
mod tests;
mod tile;
mod walk;

use crate::dtype::DType;
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// How a convolution runs along one axis of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Positions of the image.
    pub input: usize,
    /// Positions of the result.
    pub output: usize,
    /// Positions of the kernel.
    pub kernel: usize,
    /// Positions of the (dilated) image from one position of the result to the next.
    pub stride: usize,
    /// Zeros before the image; negative cuts off.
    pub low: i64,
    /// Distance of the image's positions from each other: 1, or more with zeros between.
    pub input_dilation: usize,
    /// Distance of the kernel's positions from each other.
    pub kernel_dilation: usize,
}

impl Axis {
    /// An axis of one position, for images of fewer than three axes.
    pub const ONE: Axis =
        Axis { input: 1, output: 1, kernel: 1, stride: 1, low: 0, input_dilation: 1, kernel_dilation: 1 };

    /// The position of the image that meets a position of the kernel for a position of the result, if there is one.
    pub fn source(&self, output: usize, tap: usize) -> Option<usize> {
        let dilated = (output * self.stride + tap * self.kernel_dilation) as i64 - self.low;
        let dilated = usize::try_from(dilated).ok()?;
        let (position, rest) = (dilated / self.input_dilation, dilated % self.input_dilation);
        (rest == 0 && position < self.input).then_some(position)
    }
}

/// A convolution: `out[b, o, f] = Σ image[b, o·stride + t·dilation − low, c] · kernel[t, c, f]` over taps `t` and the
/// channels `c` of the group of `f`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// `float32` or `float64`.
    pub dtype: DType,
    /// Images.
    pub batch: usize,
    /// The axes; unused ones come first and are [`Axis::ONE`].
    pub axes: [Axis; 3],
    /// Channels of the image.
    pub inputs: usize,
    /// Channels of the result.
    pub outputs: usize,
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Whether the kernel is `[taps, outputs / groups, inputs]` and read back to front, instead of
    /// `[taps, inputs / groups, outputs]`.
    pub transposed: bool,
}

impl Spec {
    /// Positions of the kernel.
    pub fn taps(&self) -> usize {
        self.axes.iter().map(|axis| axis.kernel).product()
    }

    /// Positions of the image.
    pub fn input_positions(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }

    /// Positions of the result.
    pub fn output_positions(&self) -> usize {
        self.axes.iter().map(|axis| axis.output).product()
    }

    /// Elements of the kernel.
    pub fn kernel_elements(&self) -> usize {
        let groups = self.groups.max(1);
        self.taps()
            * if self.transposed {
                self.outputs / groups * self.inputs
            } else {
                self.inputs / groups * self.outputs
            }
    }
}

/// Images of one unused axis more or less are the same images: a convolution of single pixels sees each image as one row.
fn flattened(mut spec: Spec) -> Spec {
    let still = |axis: &Axis| {
        axis.kernel == 1
            && axis.stride == 1
            && axis.low == 0
            && axis.input_dilation == 1
            && axis.input == axis.output
    };
    if spec.axes.iter().all(still) {
        let positions = spec.input_positions();
        spec.axes = [Axis::ONE, Axis::ONE, Axis { input: positions, output: positions, ..Axis::ONE }];
    }
    spec
}

/// Whether each channel is a group of its own with one result.
fn is_depthwise(spec: &Spec) -> bool {
    spec.groups > 1 && spec.groups == spec.inputs && spec.outputs == spec.inputs
}

/// Whether there is nothing to compute.
fn is_empty(spec: &Spec) -> bool {
    [spec.batch, spec.inputs, spec.outputs, spec.input_positions(), spec.output_positions(), spec.taps()]
        .contains(&0)
}

/// The kernel of a convolution. Inputs: image `[batch, …, inputs]`, kernel; output `[batch, …, outputs]`, all contiguous.
///
/// The order of each element's sum is that of the kernel's positions and channels, whatever the batch and the threads.
#[derive(Debug)]
pub struct Convolution {
    spec: Spec,
    engine: Engine,
}

/// Who computes.
enum Engine {
    Direct(direct::Direct),
    Gradient(gradient::Gradient),
    Depthwise(Isa),
    Reference,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Engine::Direct(_) => "Direct",
            Engine::Gradient(_) => "Gradient",
            Engine::Depthwise(_) => "Depthwise",
            Engine::Reference => "Reference",
        })
    }
}

impl Convolution {
    /// The kernel for a level.
    pub fn new(spec: Spec, isa: Isa) -> Convolution {
        let engine = if isa == Isa::Reference || spec.dtype != DType::F32 || is_empty(&spec) {
            Engine::Reference
        } else if is_depthwise(&spec) {
            Engine::Depthwise(isa)
        } else {
            Engine::Direct(direct::Direct::new(flattened(spec.clone()), isa))
        };
        Convolution { spec, engine }
    }

    /// How much scratch a step with this kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        if let Engine::Direct(direct) = &self.engine { direct.scratch_bytes() } else { 0 }
    }
}

impl Kernel for Convolution {
    fn run(&self, io: &mut Io<'_>) {
        match (&self.engine, self.spec.dtype) {
            (Engine::Direct(direct), _) => direct.run(io),
            (Engine::Depthwise(isa), _) => depthwise::convolution(&self.spec, *isa, io),
            (_, DType::F64) => reference::convolution::<f64>(&self.spec, io),
            _ => reference::convolution::<f32>(&self.spec, io),
        }
    }
}

/// The gradient of a convolution's kernel. Inputs: image `[batch, …, inputs]` and the cotangent of the result
/// `[batch, …, outputs]`; output `[taps, inputs / groups, outputs]`, all contiguous. [`Spec::transposed`] is not used.
///
/// The batch is summed in parts whose number depends on the sizes only, and the parts in order.
#[derive(Debug)]
pub struct KernelGradient {
    spec: Spec,
    engine: Engine,
}

impl KernelGradient {
    /// The kernel for a level.
    pub fn new(spec: Spec, isa: Isa) -> KernelGradient {
        let dilated = spec.axes.iter().any(|axis| axis.input_dilation != 1);
        let engine = if isa == Isa::Reference || spec.dtype != DType::F32 || is_empty(&spec) || dilated {
            Engine::Reference
        } else if is_depthwise(&spec) {
            Engine::Depthwise(isa)
        } else {
            Engine::Gradient(gradient::Gradient::new(flattened(spec.clone()), isa))
        };
        KernelGradient { spec, engine }
    }

    /// How much scratch a step with this kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        match &self.engine {
            Engine::Gradient(gradient) => gradient.scratch_bytes(),
            Engine::Depthwise(_) => depthwise::gradient_scratch_bytes(&self.spec),
            _ => 0,
        }
    }
}

impl Kernel for KernelGradient {
    fn run(&self, io: &mut Io<'_>) {
        match (&self.engine, self.spec.dtype) {
            (Engine::Gradient(gradient), _) => gradient.run(io),
            (Engine::Depthwise(isa), _) => depthwise::kernel_gradient(&self.spec, *isa, io),
            (_, DType::F64) => reference::kernel_gradient::<f64>(&self.spec, io),
            _ => reference::kernel_gradient::<f32>(&self.spec, io),
        }
    }
}
