//! Convolutions of channels-last images of one, two or three axes, and the gradient of their kernels.
//!
//! The gradient of the image is a convolution itself: one that reads the kernel back to front and with its channels
//! exchanged ([`Spec::transposed`]), and whose stride is a dilation of the image.

mod reference;

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

/// The kernel of a convolution. Inputs: image `[batch, …, inputs]`, kernel; output `[batch, …, outputs]`, all contiguous.
#[derive(Debug)]
pub struct Convolution {
    spec: Spec,
}

impl Convolution {
    /// The kernel for a level.
    pub fn new(spec: Spec, _isa: Isa) -> Convolution {
        Convolution { spec }
    }

    /// How much scratch a step with this kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        0
    }
}

impl Kernel for Convolution {
    fn run(&self, io: &mut Io<'_>) {
        match self.spec.dtype {
            DType::F64 => reference::convolution::<f64>(&self.spec, io),
            _ => reference::convolution::<f32>(&self.spec, io),
        }
    }
}

/// The gradient of a convolution's kernel. Inputs: image `[batch, …, inputs]` and the cotangent of the result
/// `[batch, …, outputs]`; output `[taps, inputs / groups, outputs]`, all contiguous. [`Spec::transposed`] is not used.
#[derive(Debug)]
pub struct KernelGradient {
    spec: Spec,
}

impl KernelGradient {
    /// The kernel for a level.
    pub fn new(spec: Spec, _isa: Isa) -> KernelGradient {
        KernelGradient { spec }
    }

    /// How much scratch a step with this kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        0
    }
}

impl Kernel for KernelGradient {
    fn run(&self, io: &mut Io<'_>) {
        match self.spec.dtype {
            DType::F64 => reference::kernel_gradient::<f64>(&self.spec, io),
            _ => reference::kernel_gradient::<f32>(&self.spec, io),
        }
    }
}
