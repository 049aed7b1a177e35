//! Pixels taken from their places.

use ceras_graph::{DType, Graph, Shape, TensorType, Value, compose, ops};

use crate::error::Result;

/// Batch, height, width and channels of pictures with the channels last, where all are known.
pub(super) fn known(g: &Graph, images: Value) -> Option<[usize; 4]> {
    g.ty(images).shape.to_known()?.try_into().ok()
}

/// The pixels in rows `y` and columns `x` (whole numbers, which broadcast to `[batch, to_height, to_width]`) of pictures
/// `[batch, height, width, channels]`; a place outside of a picture takes the nearest pixel.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn pixels(g: &mut Graph, images: Value, dims: [usize; 4], y: Value, x: Value) -> Result<Value> {
    let [batch, height, width, channels] = dims;
    let few = batch.saturating_mul(height).saturating_mul(width) <= i32::MAX as usize;
    let dtype = if few { DType::I32 } else { DType::I64 };
    let place = |g: &mut Graph, place: Value, size: usize| {
        let inside = compose::clip(g, place, 0.0, size.saturating_sub(1) as f64)?;
        ops::convert(g, inside, dtype)
    };
    let (y, x) = (place(g, y, height)?, place(g, x, width)?);
    let rows = compose::multiply_scalar(g, y, width as f64)?;
    let first = ops::iota(g, TensorType::new(dtype, [batch, 1, 1]), 0)?;
    let first = compose::multiply_scalar(g, first, (height * width) as f64)?;
    let rows = compose::add(g, first, rows)?;
    let indices = compose::add(g, rows, x)?;
    let flat = ops::reshape(g, images, Shape::known(&[batch * height * width, channels]))?;
    Ok(ops::gather(g, flat, indices)?)
}

/// The numbers 0 to `size` − 1 as `float32` along axis `axis` of three.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn steps(g: &mut Graph, size: usize, axis: usize) -> Result<Value> {
    let mut dims = [1; 3];
    dims[axis] = size;
    Ok(ops::iota(g, TensorType::new(DType::F32, dims), axis)?)
}
