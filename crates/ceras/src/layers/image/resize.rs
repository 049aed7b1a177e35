//! Pictures of another size: one small matrix for each of the two axes.

use ceras_graph::{DType, Dim, Graph, Shape, Tensor, Value, ops};
use serde::{Deserialize, Serialize};

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
        matches!(self, Interpolation::Nearest | Interpolation::Bilinear | Interpolation::Bicubic)
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

/// The matrix `[to, from]` that resizes an axis.
pub(super) fn matrix(from: usize, to: usize, interpolation: Interpolation, antialias: bool) -> Vec<f32> {
    let mut weights = vec![0.0f32; to * from];
    let scale = from as f32 / to as f32;
    for (output, row) in weights.chunks_exact_mut(from.max(1)).enumerate() {
        let center = (output as f32 + 0.5) * scale;
        if interpolation == Interpolation::Nearest {
            row[(center.floor().max(0.0) as usize).min(from - 1)] = 1.0;
        } else if interpolation.is_classic() && !antialias {
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

/// Pictures `[batch, height, width, channels]` in another size.
pub(crate) fn resize(
    g: &mut Graph,
    x: Value,
    [height, width]: [Dim; 2],
    interpolation: Interpolation,
    antialias: bool,
) -> Result<Value> {
    let shape = g.ty(x).shape.clone();
    let known = (shape.dim(1).zip(height), shape.dim(2).zip(width));
    let (Some((from_height, height)), Some((from_width, width))) = known else {
        // A description only: the size of the picture is known when the model is run.
        let unknown = Shape::from(vec![shape.dim(0), height, width, shape.dim(3)]);
        return Ok(ops::reshape(g, x, unknown)?);
    };
    if from_height == 0 || from_width == 0 {
        return Err(Error::new(ErrorKind::Shape, format!("a picture of shape {shape} cannot be resized")));
    }
    let dtype = g.ty(x).dtype;
    // [batch, height, width, channels] · [to, width] → [batch, height, channels, to], and the same with the height.
    let x = along(g, x, 2, matrix(from_width, width, interpolation, antialias), [width, from_width], dtype)?;
    let x =
        along(g, x, 1, matrix(from_height, height, interpolation, antialias), [height, from_height], dtype)?;
    Ok(ops::transpose(g, x, &[0, 3, 2, 1])?)
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
