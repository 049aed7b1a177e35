//! The identity matrix.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, configurable};
use crate::error::{Error, ErrorKind, Result};

/// Fills a matrix with `gain` on its diagonal and zeros elsewhere.
///
/// # Shapes
/// Matrices.
///
/// # Errors
/// The weight is not a matrix.
///
/// # Examples
/// ```
/// use ceras::initializers::{Identity, InitCx, Initializer};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2, 2], dtype: DType::F32, seed: 0, stream: 0 };
/// assert_eq!(Identity::new().sample(&cx)?.slice::<f32>(), [1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Keras' `get_config()` forgets `gain`; here it is written when it is not 1, and Keras reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    #[serde(skip_serializing_if = "is_one")]
    gain: f64,
}

configurable!(Identity, &["identity", "IdentityInitializer"]);

impl Default for Identity {
    fn default() -> Identity {
        Identity { gain: 1.0 }
    }
}

impl Identity {
    /// Ones on the diagonal.
    #[must_use]
    pub fn new() -> Identity {
        Identity::default()
    }

    /// Another number on the diagonal.
    #[must_use]
    pub fn gain(mut self, gain: f64) -> Identity {
        self.gain = gain;
        self
    }
}

impl Initializer for Identity {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let &[_, columns] = cx.dims else {
            let text = format!("Identity fills matrices; this weight has rank {}", cx.dims.len());
            return Err(Error::new(ErrorKind::Shape, text));
        };
        let mut place = 0;
        cx.fill(|| {
            let (row, column) = (place / columns, place % columns);
            place += 1;
            if row == column { self.gain } else { 0.0 }
        })
    }
}

fn is_one(gain: &f64) -> bool {
    *gain == 1.0
}
