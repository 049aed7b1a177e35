//! Pictures of another size: one small matrix for each of the two axes.

use ceras_graph::{DType, Dim, Graph, Shape, Tensor, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::pixels::{known, pixels};
use crate::error::{Error, ErrorKind, Result};

/// How the value of a pixel of the new picture comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The nearest pixel's.
    #[default]
    Nearest,
    /// Between the two nearest along each axis.
    Bilinear,
    /// Keys' cubic of the four nearest.
    Bicubic,
    /// A windowed sinc over three pixels on each side.
    Lanczos3,
    /// A windowed sinc over five pixels on each side.
    Lanczos5,
}

impl Interpolation {
    /// How far the kernel reaches.
    fn radius(self) -> f32 {
        match self {
            Interpolation::Nearest => 0.5,
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
            Interpolation::Lanczos3 => 3.0,
            Interpolation::Lanczos5 => 5.0,
        }
    }

    /// The weight of a pixel at a distance.
    fn weight(self, distance: f32) -> f32 {
        let x = distance.abs();
        match self {
            Interpolation::Nearest => 1.0,
            Interpolation::Bilinear => (1.0 - x).max(0.0),
            // Keys (1981) with a = −1/2.
            Interpolation::Bicubic if x >= 2.0 => 0.0,
            Interpolation::Bicubic if x >= 1.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Interpolation::Bicubic => (1.5 * x - 2.5) * x * x + 1.0,
            Interpolation::Lanczos3 | Interpolation::Lanczos5 => lanczos(x, self.radius()),
        }
    }

    /// Whether, without antialiasing, this is TensorFlow's older method, which has its own rules at the edges.
    fn is_classic(self) -> bool {
        matches!(self, Interpolation::Bilinear | Interpolation::Bicubic)
    }
}

/// sinc(x) · sinc(x / radius).
fn lanczos(x: f32, radius: f32) -> f32 {
    if x > radius {
        return 0.0;
    }
    if x <= 1e-3 {
        return 1.0;
    }
    let pi = std::f32::consts::PI;
    radius * (pi * x).sin() * (pi * x / radius).sin() / (pi * pi * x * x)
}

/// The matrix `[to, from]` that resizes an axis; not for the nearest pixel, which needs none.
fn matrix(from: usize, to: usize, interpolation: Interpolation, antialias: bool) -> Vec<f32> {
    let mut weights = vec![0.0f32; to * from];
    let scale = from as f32 / to as f32;
    for (output, row) in weights.chunks_exact_mut(from.max(1)).enumerate() {
        let center = (output as f32 + 0.5) * scale;
        if interpolation.is_classic() && !antialias {
            classic(row, center - 0.5, interpolation);
        } else {
            spread(row, center, interpolation, if antialias { scale.max(1.0) } else { 1.0 });
        }
    }
    weights
}

/// Bilinear and bicubic weights at a place, without antialiasing.
fn classic(row: &mut [f32], place: f32, interpolation: Interpolation) {
    let last = row.len() as i64 - 1;
    let below = place.floor();
    let part = place - below;
    let below = below as i64;
    if interpolation == Interpolation::Bilinear {
        row[below.clamp(0, last) as usize] += 1.0 - part;
        row[(below + 1).clamp(0, last) as usize] += part;
        return;
    }
    // The place between two pixels is rounded to 1/1024, as in TensorFlow's table.
    let part = (part * 1024.0).round_ties_even() / 1024.0;
    let taps = (-1..=2i64).map(|tap| (below + tap, interpolation.weight(tap as f32 - part)));
    let inside: Vec<(i64, f32)> = taps.filter(|(pixel, _)| (0..=last).contains(pixel)).collect();
    let sum: f32 = inside.iter().map(|(_, weight)| weight).sum();
    for (pixel, weight) in inside {
        row[pixel as usize] += if sum.abs() >= 1000.0 * f32::MIN_POSITIVE { weight / sum } else { 0.0 };
    }
}

/// Weights of a kernel that is `stretch` times as wide, divided by their sum.
fn spread(row: &mut [f32], center: f32, interpolation: Interpolation, stretch: f32) {
    let reach = interpolation.radius() * stretch;
    let last = row.len() as f32 - 1.0;
    let first = (center - reach - 0.5).ceil().clamp(0.0, last) as usize;
    let end = (center + reach - 0.5).floor().clamp(0.0, last) as usize;
    let weight = |pixel: usize| interpolation.weight((pixel as f32 + 0.5 - center) / stretch);
    let sum: f32 = (first..=end).map(weight).sum();
    for (pixel, share) in row.iter_mut().enumerate().take(end + 1).skip(first) {
        *share = if sum.abs() >= 1000.0 * f32::MIN_POSITIVE { weight(pixel) / sum } else { 0.0 };
    }
}

/// Pictures `[batch, height, width, channels]` in another size, of their type; other interpolations than the nearest
/// pixel's need a float type.
///
/// # Errors
/// A picture has no pixels.
pub(crate) fn resize(
    g: &mut Graph,
    x: Value,
    [height, width]: [Dim; 2],
    interpolation: Interpolation,
    antialias: bool,
) -> Result<Value> {
    let shape = g.ty(x).shape.clone();
    let (Some(from), Some(height), Some(width)) = (known(g, x), height, width) else {
        // A description only: the size of the picture is known when the model is run.
        let unknown = Shape::from(vec![shape.dim(0), height, width, shape.dim(3)]);
        return Ok(ops::reshape(g, x, unknown)?);
    };
    let [_, from_height, from_width, _] = from;
    if from_height == 0 || from_width == 0 {
        return Err(Error::new(ErrorKind::Shape, format!("a picture of shape {shape} cannot be resized")));
    }
    if [from_height, from_width] == [height, width] {
        return Ok(x);
    }
    if interpolation == Interpolation::Nearest {
        let rows = nearest(g, from_height, height, 1)?;
        let columns = nearest(g, from_width, width, 2)?;
        return pixels(g, x, from, rows, columns);
    }
    let dtype = g.ty(x).dtype;
    // [batch, height, width, channels] · [to, width] → [batch, height, channels, to], and the same with the height.
    let x = along(g, x, 2, matrix(from_width, width, interpolation, antialias), [width, from_width], dtype)?;
    let x =
        along(g, x, 1, matrix(from_height, height, interpolation, antialias), [height, from_height], dtype)?;
    Ok(ops::transpose(g, x, &[0, 3, 2, 1])?)
}

/// Pictures of whole numbers, as floats, in another size by the bilinear rule: in the order in which TensorFlow adds, which
/// shows where a result lies halfway between two whole numbers.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn resize_whole_bilinear(
    g: &mut Graph,
    x: Value,
    from: [usize; 4],
    to: [usize; 2],
) -> Result<Value> {
    let rows = Neighbours::new(g, from[1], to[0], 1)?;
    let columns = Neighbours::new(g, from[2], to[1], 2)?;
    let mut lines = Vec::with_capacity(2);
    for row in rows.pixels {
        let left = pixels(g, x, from, row, columns.pixels[0])?;
        let right = pixels(g, x, from, row, columns.pixels[1])?;
        lines.push(columns.between(g, left, right)?);
    }
    rows.between(g, lines[0], lines[1])
}

/// The two pixels around each place of an axis, and how far the place is from the first to the second.
struct Neighbours {
    pixels: [Value; 2],
    share: Value,
}

impl Neighbours {
    fn new(g: &mut Graph, from: usize, to: usize, axis: usize) -> Result<Neighbours> {
        let scale = from as f32 / to as f32;
        let places: Vec<f32> = (0..to).map(|output| (output as f32 + 0.5) * scale - 0.5).collect();
        let mut dims = [1; 4];
        dims[axis] = to;
        let mut constant = |dims: &[usize], rule: fn(f32) -> f32| -> Result<Value> {
            let values: Vec<f32> = places.iter().map(|place| rule(*place)).collect();
            Ok(ops::constant(g, Tensor::new(dims, values)?)?)
        };
        // Places beyond the edges are taken from the pixel at the edge.
        let pixels = [constant(&dims[..3], f32::floor)?, constant(&dims[..3], f32::ceil)?];
        Ok(Neighbours { pixels, share: constant(&dims, |place| place - place.floor())? })
    }

    fn between(&self, g: &mut Graph, low: Value, high: Value) -> Result<Value> {
        let step = compose::subtract(g, high, low)?;
        let step = compose::multiply(g, step, self.share)?;
        Ok(compose::add(g, low, step)?)
    }
}

/// The nearest of `from` pixels to each of `to`, along axis `axis` of three.
fn nearest(g: &mut Graph, from: usize, to: usize, axis: usize) -> Result<Value> {
    let scale = from as f32 / to as f32;
    let place = |output: usize| ((output as f32 + 0.5) * scale).floor().min(from as f32 - 1.0);
    let mut dims = [1; 3];
    dims[axis] = to;
    let places: Vec<f32> = (0..to).map(place).collect();
    Ok(ops::constant(g, Tensor::new(&dims, places)?)?)
}

/// The product of an axis with a matrix; the axis moves to the end.
fn along(
    g: &mut Graph,
    x: Value,
    axis: usize,
    matrix: Vec<f32>,
    dims: [usize; 2],
    dtype: DType,
) -> Result<Value> {
    let weights = Tensor::new(&dims, matrix)?.cast(dtype);
    let weights = ops::constant(g, weights)?;
    let dimensions = ops::DotDimensions {
        lhs_contracting: vec![axis],
        rhs_contracting: vec![1],
        ..ops::DotDimensions::default()
    };
    Ok(ops::dot_general(g, x, weights, &dimensions)?)
}
