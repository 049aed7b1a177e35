//! Windows that slide over channels-last images: the shape rules that the pooling ops share.

use ceras_kernels::window;

use crate::error::Rule;
use crate::op::{Attribute, Attributes};
use crate::ops::{Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// How a window slides over an image: one entry for each of the image's one to three axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PoolWindow {
    /// Positions of the window.
    pub dimensions: Vec<usize>,
    /// From a window to the next.
    pub strides: Vec<usize>,
    /// Positions of the first window before the image.
    pub low: Vec<usize>,
    /// Positions of the last window after it, at the most.
    pub high: Vec<usize>,
}

impl PoolWindow {
    pub(super) fn parse(given: &mut Given) -> Result<PoolWindow, String> {
        Ok(PoolWindow {
            dimensions: given.axes("window_dimensions")?,
            strides: given.axes("window_strides")?,
            low: given.axes("padding_low")?,
            high: given.axes("padding_high")?,
        })
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("window_dimensions", rules::ints(&self.dimensions))
            .with("window_strides", rules::ints(&self.strides))
            .with("padding_low", rules::ints(&self.low))
            .with("padding_high", rules::ints(&self.high))
    }

    /// The shape of the results for an image.
    pub(super) fn result(&self, image: &TensorType) -> Result<Shape, Rule> {
        let axes = image.shape.rank().saturating_sub(2);
        if !image.dtype.is_float() {
            return Err(Rule::new(format!("{{0}} must be of a floating-point type; it is {}", image.dtype)));
        }
        if !(1..=3).contains(&axes) {
            return Err(Rule::new(format!(
                "{{0}} must have one to three axes between batch and channels, not {axes}"
            )));
        }
        if [&self.dimensions, &self.strides, &self.low, &self.high].iter().any(|list| list.len() != axes) {
            return Err(Rule::new(format!("the window must be given for each of the {axes} axes of {{0}}")));
        }
        let mut dims = vec![image.shape.dim(0)];
        for axis in 0..axes {
            dims.push(self.output(axis, image.shape.dim(axis + 1))?);
        }
        dims.push(image.shape.dim(axes + 1));
        Ok(Shape::from(dims))
    }

    fn output(&self, axis: usize, input: Dim) -> Result<Dim, Rule> {
        let (window, stride) = (self.dimensions[axis], self.strides[axis]);
        let (low, high) = (self.low[axis], self.high[axis]);
        if window == 0 || stride == 0 || low >= window || high >= window {
            return Err(Rule::new(format!(
                "a window of {window} with stride {stride} and padding {low} and {high} is not one: window and stride \
                 must be 1 or more, and the padding less than the window"
            )));
        }
        let Some(input) = input else { return Ok(None) };
        let padded = input + low + high;
        if input == 0 || padded < window {
            return Ok(Some(0));
        }
        Ok(Some((padded - window) / stride + 1))
    }

    /// What the kernels need for known sizes.
    pub(super) fn spec(&self, image: &TensorType, positions: &[usize], result: &[usize]) -> window::Spec {
        let mut axes = [window::Axis::ONE; 3];
        let unused = 3 - positions.len();
        for (axis, &input) in positions.iter().enumerate() {
            axes[unused + axis] = window::Axis {
                input,
                output: result[axis + 1],
                window: self.dimensions[axis],
                stride: self.strides[axis],
                low: self.low[axis],
            };
        }
        window::Spec { dtype: image.dtype, batch: result[0], axes, channels: result[result.len() - 1] }
    }

    /// The type of a window's position.
    pub(super) fn index(&self) -> ceras_kernels::DType {
        let taps: usize = self.dimensions.iter().fold(1, |product, &size| product.saturating_mul(size));
        if taps <= window::BYTE_POSITIONS { ceras_kernels::DType::U8 } else { ceras_kernels::DType::I32 }
    }

    /// The image that results of a type come from, with so many positions.
    pub(super) fn image(&self, result: &TensorType, positions: &[usize]) -> Result<TensorType, Rule> {
        let rank = result.shape.rank();
        if positions.len() + 2 != rank {
            return Err(Rule::new("the image's positions must be given for each of the axes of {0} but two"));
        }
        let mut dims = vec![result.shape.dim(0)];
        dims.extend(positions.iter().copied().map(Some));
        dims.push(result.shape.dim(rank - 1));
        let image = TensorType { dtype: result.dtype, shape: Shape::from(dims) };
        let shape = self.result(&image)?;
        if !shape.is_compatible(&result.shape) {
            return Err(Rule::new(format!(
                "{{0}} must have the shape {shape}, that of the windows; it is {}",
                result.shape
            )));
        }
        Ok(image)
    }
}

/// Positions as an attribute, under the name that the ops share.
pub(super) fn with_positions(attributes: Attributes, positions: &[usize]) -> Attributes {
    attributes.with("input_dimensions", Attribute::Ints(positions.iter().map(|&size| size as i64).collect()))
}
