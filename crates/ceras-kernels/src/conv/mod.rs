//! Convolutions of channels-last images of one, two or three axes, and the gradient of their kernels.
//!
//! The gradient of the image is a convolution itself: one that reads the kernel back to front and with its channels
//! exchanged ([`Spec::transposed`]), and whose stride is a dilation of the image.
//!
//! # Ways
//!
//! - Convolutions of single pixels, and those of many channels into many, are matrix products, whose engine copies what the
//!   kernel meets while it packs its left operand (`patches`): 67–75% of one thread's peak where the direct way had
//!   33–48% (64 × 64 channels of 56 × 56 pixels, and 1 × 1).
//! - The rest is read where it lies: with few channels the copy costs more than it saves.
//! - Channels beyond whole registers, 2 of 50, say, are summed with the lanes along the image instead.
//! - Registers of half the width for them would be no faster on processors that multiply as few of these in a cycle.

mod depthwise;
mod direct;
mod gradient;
mod patches;
mod reference;
mod tail;
#[cfg(test)]
mod tests;
mod tile;
mod walk;

use std::mem::MaybeUninit;

use crate::dtype::DType;
use crate::elementwise::Body;
use crate::io::{Io, Kernel};
use crate::isa::Isa;
use crate::matmul::{Epilogue, RowProgram};

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
    /// Whether a result is made of one pixel, that of its own place.
    pub fn is_pixelwise(&self) -> bool {
        let still = |axis: &Axis| {
            axis.kernel == 1
                && axis.stride == 1
                && axis.low == 0
                && axis.input_dilation == 1
                && axis.input == axis.output
        };
        self.axes.iter().all(still)
    }

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
    if spec.is_pixelwise() {
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

/// What is done to elements on their way in and out of a convolution, as in [`matmul::Spec`](crate::matmul::Spec).
#[derive(Debug, Default)]
pub struct Bodies {
    /// What is done to the image's elements first: a body over `[1, pixels, channels]` whose operand 0 is the element. Only
    /// a [pixelwise](Spec::is_pixelwise) convolution takes one: elsewhere it would run many times for an element.
    pub prologue: Option<Body>,
    /// What is done to the results: a body over `[1, pixels, channels]` whose operand 0 is the result.
    pub epilogue: Option<Body>,
}

/// The kernel of a convolution. Inputs: image `[batch, …, inputs]`, kernel, the operands of the prologue and those of the
/// epilogue from 1 on; output `[batch, …, outputs]`, all contiguous but as [`Convolution::strided`] says.
///
/// The order of each element's sum is that of the kernel's positions and channels, whatever the batch and the threads.
#[derive(Debug)]
pub struct Convolution {
    spec: Spec,
    engine: Engine,
    /// An epilogue that runs when the results lie there.
    after: Option<Box<RowProgram>>,
}

/// Who computes.
#[allow(clippy::large_enum_variant, reason = "one for each kernel, which is boxed itself")]
enum Engine {
    Direct(direct::Direct),
    Product(patches::Product),
    Gradient(gradient::Gradient),
    Depthwise(Isa),
    Reference,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Engine::Direct(_) => "Direct",
            Engine::Product(_) => "Product",
            Engine::Gradient(_) => "Gradient",
            Engine::Depthwise(_) => "Depthwise",
            Engine::Reference => "Reference",
        })
    }
}

impl Convolution {
    /// The kernel for a level.
    pub fn new(spec: Spec, isa: Isa) -> Convolution {
        Convolution::with(spec, Bodies::default(), isa).expect("nothing that could not fit")
    }

    /// The kernel with what comes before and after.
    ///
    /// # Errors
    /// A body does not fit the convolution.
    pub fn with(spec: Spec, bodies: Bodies, isa: Isa) -> Result<Convolution, String> {
        let is_single = spec.dtype == DType::F32;
        let plain = isa == Isa::Reference || is_empty(&spec);
        if bodies.prologue.is_some() || (!plain && suits_product(&spec)) {
            let engine = Engine::Product(patches::Product::new(spec.clone(), bodies, isa)?);
            return Ok(Convolution { spec, engine, after: None });
        }
        let epilogue = Epilogue::new(bodies.epilogue.as_ref(), 2, spec.dtype, isa)?;
        let mut engine = if plain || !is_single {
            Engine::Reference
        } else if is_depthwise(&spec) {
            Engine::Depthwise(isa)
        } else {
            Engine::Direct(direct::Direct::new(flattened(spec.clone()), isa))
        };
        let after = match (epilogue, &mut engine, bodies.epilogue) {
            (_, _, None) => None,
            (Epilogue::Native { bias, floor }, Engine::Direct(direct), _) => {
                direct.finish_with(bias, floor);
                None
            }
            (Epilogue::Program(program), ..) => Some(Box::new(program)),
            (_, _, Some(body)) => Some(Box::new(RowProgram::new(&body, 2, spec.dtype, isa)?)),
        };
        Ok(Convolution { spec, engine, after })
    }

    /// How much scratch a step with this kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        match &self.engine {
            Engine::Direct(direct) => direct.scratch_bytes(),
            Engine::Product(product) => product.scratch_bytes(),
            _ => 0,
        }
    }

    /// Whether the image, and whether the result, may have gaps between its pixels.
    pub fn strided(&self) -> (bool, bool) {
        match &self.engine {
            Engine::Product(product) => (product.is_plain(), true),
            Engine::Direct(_) => (false, self.after.is_none()),
            _ => (false, false),
        }
    }

    /// Runs the epilogue over the results.
    fn finish(&self, io: &Io<'_>, program: &RowProgram) {
        let (rows, width) = (self.spec.batch * self.spec.output_positions(), self.spec.outputs);
        let mut room = MaybeUninit::uninit();
        let operands = Shared(program.pointers(io, &mut room));
        let view = io.outputs[0];
        let size = self.spec.dtype.size();
        assert!(view.is_contiguous() && view.bytes() == rows * width * size, "a result of {rows} pixels");
        let target = Shared(view.pointer);
        /// Elements of a task, about.
        const TASK: usize = 16 * 1024;
        let piece = (TASK / width.max(1)).max(1);
        io.pool().for_each(rows.div_ceil(piece), &|task| {
            let (operands, target) = (&operands, &target);
            let (first, last) = (task * piece, rows.min((task + 1) * piece));
            let out = target.0.wrapping_add(first * width * size);
            // SAFETY: the rows lie in the result and belong to this task alone; the operands were checked.
            unsafe {
                match self.spec.dtype {
                    DType::F64 => program.run(
                        (first, 0, (last - first) * width),
                        operands.0,
                        out.cast::<f64>(),
                        out.cast(),
                    ),
                    _ => program.run(
                        (first, 0, (last - first) * width),
                        operands.0,
                        out.cast::<f32>(),
                        out.cast(),
                    ),
                }
            }
        });
    }
}

/// What tasks share: each writes through it to elements of its own.
struct Shared<T>(T);

// SAFETY: the pointers are those of a step's operands, which outlive its loops; see above for who writes.
unsafe impl<T> Sync for Shared<T> {}

impl Kernel for Convolution {
    fn run(&self, io: &mut Io<'_>) {
        match (&self.engine, self.spec.dtype) {
            (Engine::Direct(direct), _) => direct.run(io),
            (Engine::Product(product), _) => product.run(io),
            (Engine::Depthwise(isa), _) => depthwise::convolution(&self.spec, *isa, io),
            (_, DType::F64) => reference::convolution::<f64>(&self.spec, io),
            _ => reference::convolution::<f32>(&self.spec, io),
        }
        if let Some(program) = &self.after {
            self.finish(io, program);
        }
    }
}

/// Whether a matrix product is the faster way: of single pixels always, else where so many channels come out that bringing
/// the pixels' surroundings together costs little beside.
fn suits_product(spec: &Spec) -> bool {
    let undilated = spec.axes.iter().all(|axis| axis.input_dilation == 1);
    let wide = spec.outputs >= PRODUCT_OUTPUTS && spec.inputs >= PRODUCT_INPUTS;
    spec.groups == 1 && undilated && (spec.dtype != DType::F32 || spec.is_pixelwise() || wide)
}

/// From so many channels on both sides on, a convolution is a matrix product.
const PRODUCT_OUTPUTS: usize = 64;
const PRODUCT_INPUTS: usize = 16;

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
        let fast = isa != Isa::Reference && !is_empty(&spec);
        let engine = if fast && spec.groups == 1 && spec.is_pixelwise() {
            Engine::Product(patches::Product::gradient(spec.clone(), isa))
        } else if !fast || spec.dtype != DType::F32 || dilated {
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
            Engine::Product(product) => product.scratch_bytes(),
            Engine::Depthwise(_) => depthwise::gradient_scratch_bytes(&self.spec),
            _ => 0,
        }
    }
}

impl Kernel for KernelGradient {
    fn run(&self, io: &mut Io<'_>) {
        match (&self.engine, self.spec.dtype) {
            (Engine::Gradient(gradient), _) => gradient.run(io),
            (Engine::Product(product), _) => product.run(io),
            (Engine::Depthwise(isa), _) => depthwise::kernel_gradient(&self.spec, *isa, io),
            (_, DType::F64) => reference::kernel_gradient::<f64>(&self.spec, io),
            _ => reference::kernel_gradient::<f32>(&self.spec, io),
        }
    }
}
