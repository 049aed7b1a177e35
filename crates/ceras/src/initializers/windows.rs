//! Windows over a frame, by SciPy's names.

use std::f64::consts::PI;

use crate::error::{Error, ErrorKind, Result, did_you_mean};

/// A window's value at a place from 0 to 1, the middle being 0.5.
type Shape = fn(f64) -> f64;

const WINDOWS: [(&str, Shape); 12] = [
    ("barthann", |x| 0.62 - 0.48 * (x - 0.5).abs() + 0.38 * (2.0 * PI * (x - 0.5)).cos()),
    ("bartlett", |x| 1.0 - (2.0 * x - 1.0).abs()),
    ("blackman", |x| cosines(&[0.42, 0.5, 0.08], x)),
    ("blackmanharris", |x| cosines(&[0.35875, 0.48829, 0.14128, 0.01168], x)),
    ("bohman", bohman),
    ("boxcar", |_| 1.0),
    ("cosine", |x| (PI * x).sin()),
    ("flattop", |x| cosines(&[0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368], x)),
    ("hamming", |x| cosines(&[0.54, 0.46], x)),
    ("hann", |x| cosines(&[0.5, 0.5], x)),
    ("lanczos", |x| sinc(2.0 * x - 1.0)),
    ("nuttall", |x| cosines(&[0.3635819, 0.4891775, 0.1365995, 0.0106411], x)),
];

/// The values of a window of that name and length: symmetric, or one period of an endless one.
///
/// # Errors
/// There is no such window.
pub(super) fn window(name: &str, length: usize, periodic: bool) -> Result<Vec<f64>> {
    let Some((_, shape)) = WINDOWS.iter().find(|(known, _)| *known == name) else {
        let names = WINDOWS.map(|(name, _)| name);
        let error = Error::new(ErrorKind::Usage, format!("there is no window `{name}`"))
            .detail(format!("there are: {}", names.join(", ")));
        return Err(match did_you_mean(name, names) {
            Some(close) => error.hint(format!("did you mean `{close}`?")),
            None => error,
        });
    };
    if length == 1 {
        return Ok(vec![1.0]);
    }
    // A period is a symmetric window of one more without its last value.
    let whole = length + usize::from(periodic);
    // The cosine's window stands between the places, half a step from the ends.
    let place = |step: usize| match name {
        "cosine" => (step as f64 + 0.5) / whole as f64,
        _ => step as f64 / (whole - 1) as f64,
    };
    Ok((0..length).map(|step| shape(place(step))).collect())
}

/// `Σ (−1)ᵏ aₖ cos(2π k x)`
fn cosines(parts: &[f64], x: f64) -> f64 {
    let part = |(k, part): (usize, &f64)| {
        let wave = part * (2.0 * PI * k as f64 * x).cos();
        if k.is_multiple_of(2) { wave } else { -wave }
    };
    parts.iter().enumerate().map(part).sum()
}

fn bohman(x: f64) -> f64 {
    let distance = (2.0 * x - 1.0).abs();
    if distance >= 1.0 { 0.0 } else { (1.0 - distance) * (PI * distance).cos() + (PI * distance).sin() / PI }
}

/// `sin(π x) / (π x)`
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}
