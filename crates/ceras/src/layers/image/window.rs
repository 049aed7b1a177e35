//! Parts of pictures that have the form of a target, and frames around pictures.

use ceras_graph::{Dim, Graph, Value, compose, ops};

use super::resize::{Interpolation, resize};
use crate::error::Result;
use crate::layers::declare::unusable;

/// The size of the largest part of a picture of this height and width that has the target's form, and where it begins
/// when it stands in the middle.
pub(super) fn window(from: [usize; 2], to: [usize; 2]) -> ([usize; 2], [usize; 2]) {
    let [height, width] = from;
    let size =
        [height.min(scaled(width, to[0], to[1])).max(1), width.min(scaled(height, to[1], to[0])).max(1)];
    (size, [0, 1].map(|axis| from[axis].saturating_sub(size[axis]) / 2))
}

/// How much stands on each side when a picture is framed to the target's form: the same on both, so the odd pixel is left
/// out, as in Keras.
pub(super) fn frame(from: [usize; 2], to: [usize; 2]) -> [usize; 2] {
    let [height, width] = from;
    let size = [height.max(scaled(width, to[0], to[1])), width.max(scaled(height, to[1], to[0]))];
    [0, 1].map(|axis| (size[axis] - from[axis]) / 2)
}

/// `size · multiply / divide`, rounded down.
fn scaled(size: usize, multiply: usize, divide: usize) -> usize {
    usize::try_from(size as u128 * multiply as u128 / divide.max(1) as u128).unwrap_or(usize::MAX)
}

/// Height and width of pictures with the channels last.
pub(super) fn size_of(g: &Graph, images: Value) -> [Dim; 2] {
    let shape = &g.ty(images).shape;
    [shape.dim(1), shape.dim(2)]
}

/// Rows and columns added (or, negative, cut off) before and after, of one value.
pub(super) fn edge(g: &mut Graph, images: Value, margins: [[i64; 2]; 2], value: f64) -> Result<Value> {
    let [[top, bottom], [left, right]] = margins;
    let dtype = g.ty(images).dtype;
    let value = compose::scalar(g, value, dtype)?;
    Ok(ops::pad(g, images, value, &[0, top, left, 0], &[0, bottom, right, 0], &[0; 4])?)
}

/// The part of pictures of a size that begins at a place, as far as the picture has it.
pub(super) fn part(
    g: &mut Graph,
    images: Value,
    from: [usize; 2],
    start: [usize; 2],
    size: [usize; 2],
) -> Result<Value> {
    let margin = |axis: usize| {
        let end = start[axis].saturating_add(size[axis]).min(from[axis]);
        [-(start[axis] as i64), end as i64 - from[axis] as i64]
    };
    edge(g, images, [margin(0), margin(1)], 0.0)
}

/// The largest part of the target's form from the middle of the pictures, resized to the target.
///
/// # Errors
/// A picture has no pixels.
pub(super) fn smart_resize(g: &mut Graph, images: Value, to: [usize; 2]) -> Result<Value> {
    let images = match size_of(g, images) {
        [Some(height), Some(width)] => {
            let (size, start) = window([height, width], to);
            part(g, images, [height, width], start, size)?
        }
        _ => images,
    };
    resize(g, images, to.map(Some), Interpolation::Bilinear, false)
}

/// Fails for a target without pixels.
pub(super) fn check_target([height, width]: [usize; 2]) -> Result<()> {
    if height > 0 && width > 0 {
        return Ok(());
    }
    Err(unusable(format!("`height` and `width` must be 1 or more; they are {height} and {width}")))
}
