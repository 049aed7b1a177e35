//! Pictures turned, shifted and stretched: each pixel of the result takes its value from a place of the picture.

use ceras_graph::{DType, Graph, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::augmentation::as_type;
use super::pixels::pixels;
use super::resize::Interpolation;
use crate::error::Result;
use crate::layers::declare::unusable;

/// What stands around a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillMode {
    /// The picture mirrored at its edges: `dcba|abcd|dcba`.
    #[default]
    Reflect,
    /// The picture again: `abcd|abcd|abcd`.
    Wrap,
    /// One value: `kkkk|abcd|kkkk`.
    Constant,
    /// The pixels at the edges: `aaaa|abcd|dddd`.
    Nearest,
}

/// How values between the pixels and beyond the edges come about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampling {
    pub(super) interpolation: Interpolation,
    pub(super) fill_mode: FillMode,
    pub(super) fill_value: f64,
}

impl Sampling {
    /// Fails for interpolations that turning and stretching do not know.
    pub(super) fn check(self) -> Result<()> {
        if matches!(self.interpolation, Interpolation::Nearest | Interpolation::Bilinear) {
            return Ok(());
        }
        let word = serde_json::to_value(self.interpolation).unwrap_or_default();
        Err(unusable(format!("`interpolation` must be \"nearest\" or \"bilinear\"; it is {word}")))
    }

    /// The values of pictures `[batch, height, width, channels]` at places `y`, `x`: `float32` that broadcast to
    /// `[batch, height, width]`, 0 being the middle of the first pixel.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub(super) fn sample(
        self,
        g: &mut Graph,
        images: Value,
        dims: [usize; 4],
        y: Value,
        x: Value,
    ) -> Result<Value> {
        let [_, height, width, _] = dims;
        let (y, x) = (self.inside(g, y, height)?, self.inside(g, x, width)?);
        if self.interpolation == Interpolation::Nearest {
            let (y, x) = (round(g, y)?, round(g, x)?);
            return self.read(g, images, dims, y, x);
        }
        let (y, x) = (Between::new(g, y)?, Between::new(g, x)?);
        let mut rows = Vec::with_capacity(2);
        for row in y.pixels {
            let left = self.read(g, images, dims, row, x.pixels[0])?;
            let right = self.read(g, images, dims, row, x.pixels[1])?;
            rows.push(x.mix(g, left, right)?);
        }
        y.mix(g, rows[0], rows[1])
    }

    /// The pixels in whole rows and columns; beyond the edges, the fill value.
    fn read(self, g: &mut Graph, images: Value, dims: [usize; 4], y: Value, x: Value) -> Result<Value> {
        let [_, height, width, _] = dims;
        let read = pixels(g, images, dims, y, x)?;
        if self.fill_mode != FillMode::Constant {
            return Ok(read);
        }
        let (y, x) = (is_inside(g, y, height)?, is_inside(g, x, width)?);
        let both = compose::logical_and(g, y, x)?;
        let both = compose::expand_dims(g, both, 3)?;
        let dtype = g.ty(read).dtype;
        let fill = compose::scalar(g, self.fill_value, dtype)?;
        Ok(compose::select(g, both, read, fill)?)
    }

    /// The place along an axis of `size` pixels that stands for a place which may be beyond the edges.
    fn inside(self, g: &mut Graph, place: Value, size: usize) -> Result<Value> {
        let last = size.saturating_sub(1) as f64;
        let mapped = match self.fill_mode {
            FillMode::Constant => return Ok(place),
            FillMode::Nearest => place,
            FillMode::Reflect | FillMode::Wrap if size <= 1 => place,
            FillMode::Reflect => reflect(g, place, size as f64)?,
            FillMode::Wrap => wrap(g, place, size as f64)?,
        };
        Ok(compose::clip(g, mapped, 0.0, last)?)
    }
}

/// A number in the type of places.
fn number(g: &mut Graph, number: f64) -> Result<Value> {
    Ok(compose::scalar(g, number, DType::F32)?)
}

/// A place mirrored at the edges as often as it takes, before it is clipped to the pixels.
fn reflect(g: &mut Graph, place: Value, size: f64) -> Result<Value> {
    // Mirrored twice is shifted by 2 · size.
    let period = 2.0 * size;
    let zero = number(g, 0.0)?;
    let opposite = ops::negate(g, place)?;
    let turns = whole_turns(g, opposite, period)?;
    let below = compose::add(g, place, turns)?;
    let shifted = compose::add_scalar(g, below, period)?;
    let mirrored = compose::subtract_from_scalar(g, -1.0, below)?;
    let limit = number(g, -size)?;
    let far = compose::less(g, below, limit)?;
    let below = compose::select(g, far, shifted, mirrored)?;

    let turns = whole_turns(g, place, period)?;
    let above = compose::subtract(g, place, turns)?;
    let mirrored = compose::subtract_from_scalar(g, period - 1.0, above)?;
    let limit = number(g, size)?;
    let near = compose::less(g, above, limit)?;
    let above = compose::select(g, near, above, mirrored)?;
    let is_below = compose::less(g, place, zero)?;
    Ok(compose::select(g, is_below, below, above)?)
}

/// A place shifted by whole pictures, before it is clipped to the pixels.
fn wrap(g: &mut Graph, place: Value, size: f64) -> Result<Value> {
    // TensorFlow counts turns by the distance between the outer pixels, and shifts by the number of pixels.
    let shift = |g: &mut Graph, place: Value, more: f64| {
        let turns = compose::divide_scalar(g, place, size - 1.0)?;
        let turns = ops::floor(g, turns)?;
        let turns = compose::add_scalar(g, turns, more)?;
        compose::multiply_scalar(g, turns, size)
    };
    let opposite = ops::negate(g, place)?;
    let up = shift(g, opposite, 1.0)?;
    let below = compose::add(g, place, up)?;
    let down = shift(g, place, 0.0)?;
    let above = compose::subtract(g, place, down)?;
    let (zero, last) = (number(g, 0.0)?, number(g, size - 1.0)?);
    let is_above = compose::greater(g, place, last)?;
    let above = compose::select(g, is_above, above, place)?;
    let is_below = compose::less(g, place, zero)?;
    Ok(compose::select(g, is_below, below, above)?)
}

/// The largest multiple of a period that is not above the value.
fn whole_turns(g: &mut Graph, value: Value, period: f64) -> Result<Value> {
    let turns = compose::divide_scalar(g, value, period)?;
    let turns = ops::floor(g, turns)?;
    Ok(compose::multiply_scalar(g, turns, period)?)
}

/// The nearest whole number; halves go away from zero.
fn round(g: &mut Graph, value: Value) -> Result<Value> {
    let size = ops::abs(g, value)?;
    let whole = ops::floor(g, size)?;
    let rest = compose::subtract(g, size, whole)?;
    let half = number(g, 0.5)?;
    let up = compose::greater_equal(g, rest, half)?;
    let above = compose::add_scalar(g, whole, 1.0)?;
    let rounded = compose::select(g, up, above, whole)?;
    let sign = ops::sign(g, value)?;
    Ok(compose::multiply(g, rounded, sign)?)
}

/// Whether whole places are pixels.
fn is_inside(g: &mut Graph, place: Value, size: usize) -> Result<Value> {
    let (first, size) = (number(g, 0.0)?, number(g, size as f64)?);
    let from = compose::greater_equal(g, place, first)?;
    let below = compose::less(g, place, size)?;
    Ok(compose::logical_and(g, from, below)?)
}

/// A place between two pixels.
struct Between {
    pixels: [Value; 2],
    /// How much each of the two counts.
    weights: [Value; 2],
}

impl Between {
    fn new(g: &mut Graph, place: Value) -> Result<Between> {
        let low = ops::floor(g, place)?;
        let high = compose::add_scalar(g, low, 1.0)?;
        let weights = [compose::subtract(g, high, place)?, compose::subtract(g, place, low)?];
        Ok(Between { pixels: [low, high], weights })
    }

    fn mix(&self, g: &mut Graph, low: Value, high: Value) -> Result<Value> {
        let mut parts = [low, high];
        for (part, weight) in parts.iter_mut().zip(self.weights) {
            let dtype = g.ty(*part).dtype;
            let weight = as_type(g, weight, dtype)?;
            let weight = compose::expand_dims(g, weight, 3)?;
            *part = compose::multiply(g, *part, weight)?;
        }
        Ok(compose::add(g, parts[0], parts[1])?)
    }
}
