//! Kernels of the short-time Fourier transform.

use std::f64::consts::PI;

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::windows;
use super::{InitCx, Initializer, configurable};
use crate::error::{Error, ErrorKind, Result};

/// Fills the kernel of a convolution that works out one side of a short-time Fourier transform.
///
/// `kernel[t, 0, f] = cos(−2π t f / n) · window[t] / scale`, with the sine for the imaginary side; `n` is twice the number of
/// frequencies less one. The scale is `√(Σ window²)` for `density`, `Σ |window|` for `spectrum`, and 1 for none.
///
/// # Shapes
/// `[frame_length, 1, frequencies]`.
///
/// # Errors
/// Other shapes, fewer than two frequencies, a window that is not known or has another length.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, Scaling, Stft};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2, 1, 2], dtype: DType::F32, seed: 0, stream: 0 };
/// let initializer = Stft::new().window("boxcar").scaling(None);
/// assert_eq!(initializer.sample(&cx)?.slice::<f32>(), [1.0, 1.0, 1.0, -1.0]);
/// assert_eq!(initializer.scaling(Scaling::Spectrum).sample(&cx)?.slice::<f32>(), [0.5, 0.5, 0.5, -0.5]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Keras takes the windows of SciPy; of these, those without parameters are here. Angles are worked out in double precision,
/// not in the weight's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stft {
    side: Side,
    window: Window,
    periodic: bool,
    scaling: ScalingOrNone,
}

/// Which part of the complex result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The real part.
    #[default]
    Real,
    /// The imaginary part.
    Imag,
}

/// What the window is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The root of the sum of its squares.
    Density,
    /// The sum of its magnitudes.
    Spectrum,
}

/// A window: by its name, by its values, or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Window {
    /// SciPy's name, such as `hann`.
    Name(String),
    /// One value for each step of a frame.
    Values(Vec<f64>),
    /// No window.
    None,
}

impl Default for Window {
    fn default() -> Window {
        Window::Name("hann".to_owned())
    }
}

impl From<&str> for Window {
    fn from(name: &str) -> Window {
        Window::Name(name.to_owned())
    }
}

impl From<Vec<f64>> for Window {
    fn from(values: Vec<f64>) -> Window {
        Window::Values(values)
    }
}

/// A scaling or none, `density` when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct ScalingOrNone(Option<Scaling>);

impl Default for ScalingOrNone {
    fn default() -> ScalingOrNone {
        ScalingOrNone(Some(Scaling::Density))
    }
}

configurable!(Stft, "STFT", &["stft", "STFTInitializer"]);

impl Stft {
    /// The real side with a Hann window, scaled to its density.
    #[must_use]
    pub fn new() -> Stft {
        Stft::default()
    }

    /// The same of another side.
    #[must_use]
    pub fn side(mut self, side: Side) -> Stft {
        self.side = side;
        self
    }

    /// The same with another window.
    #[must_use]
    pub fn window(mut self, window: impl Into<Window>) -> Stft {
        self.window = window.into();
        self
    }

    /// The same with a window that is one period of an endless one, or not.
    #[must_use]
    pub fn periodic(mut self, periodic: bool) -> Stft {
        self.periodic = periodic;
        self
    }

    /// The same with another scaling.
    #[must_use]
    pub fn scaling(mut self, scaling: impl Into<Option<Scaling>>) -> Stft {
        self.scaling = ScalingOrNone(scaling.into());
        self
    }

    /// The scaled window; ones without one.
    fn weights(&self, frame: usize) -> Result<Vec<f64>> {
        let window = match &self.window {
            Window::None => return Ok(vec![1.0; frame]),
            Window::Name(name) => windows::window(name, frame, self.periodic)?,
            Window::Values(values) if values.len() == frame => values.clone(),
            Window::Values(values) => {
                let text = format!("a window of {} values does not fit a frame of {frame}", values.len());
                return Err(Error::new(ErrorKind::Shape, text));
            }
        };
        let scale = match self.scaling.0 {
            None => 1.0,
            Some(Scaling::Density) => window.iter().map(|value| value * value).sum::<f64>().sqrt(),
            Some(Scaling::Spectrum) => window.iter().map(|value| value.abs()).sum(),
        };
        Ok(window.iter().map(|value| value / scale).collect())
    }
}

impl Initializer for Stft {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let (frame, frequencies) = match *cx.dims {
            [frame, 1, frequencies] if frequencies > 1 => (frame, frequencies),
            _ => {
                let text = "STFT fills kernels [frame_length, 1, frequencies] with two frequencies or more";
                return Err(Error::new(ErrorKind::Shape, text).detail(format!("this one is {:?}", cx.dims)));
            }
        };
        // Before the window is worked out: the dimensions may be too large.
        let mut place = 0;
        Tensor::zeros(cx.dtype, cx.dims)?;
        let weights = self.weights(frame)?;
        let period = 2 * (frequencies - 1);
        cx.fill(|| {
            let (time, frequency) = (place / frequencies, place % frequencies);
            place += 1;
            // Whole turns are taken out while the numbers are whole.
            let turn = (time as u128 * frequency as u128 % period as u128) as f64 / period as f64;
            let angle = -2.0 * PI * turn;
            let wave = if self.side == Side::Real { angle.cos() } else { angle.sin() };
            wave * weights[time]
        })
    }
}
