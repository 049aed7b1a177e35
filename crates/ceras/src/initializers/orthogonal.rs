//! Orthogonal rows or columns.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, Seed, configurable};
use crate::error::{Error, ErrorKind, Result};

/// A random matrix with orthogonal columns of length `gain` (orthogonal rows when it is wider than tall), every such
/// matrix equally likely.
///
/// A normal random matrix is made orthogonal column by column; the axes before the last count as one.
///
/// # Shapes
/// Rank 2 or more.
///
/// # Errors
/// The weight has fewer than two axes.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, Orthogonal};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2, 2], dtype: DType::F64, seed: 0, stream: 0 };
/// let q = Orthogonal::new().sample(&cx)?;
/// let q = q.slice::<f64>();
/// assert!((q[0] * q[1] + q[2] * q[3]).abs() < 1e-12);
/// assert!((q[0] * q[0] + q[2] * q[2] - 1.0).abs() < 1e-12);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # References
/// Saxe, McClelland & Ganguli (2013), *Exact solutions to the nonlinear dynamics of learning in deep linear neural
/// networks*, <https://arxiv.org/abs/1312.6120>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orthogonal {
    seed: Option<Seed>,
    gain: f64,
}

configurable!(Orthogonal, &["orthogonal", "OrthogonalInitializer"]);

impl Default for Orthogonal {
    fn default() -> Orthogonal {
        Orthogonal { seed: None, gain: 1.0 }
    }
}

impl Orthogonal {
    /// Columns of length 1.
    #[must_use]
    pub fn new() -> Orthogonal {
        Orthogonal::default()
    }

    /// Columns of another length.
    #[must_use]
    pub fn gain(mut self, gain: f64) -> Orthogonal {
        self.gain = gain;
        self
    }

    /// The same with its own seed: every weight that it fills is then filled alike.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Orthogonal {
        self.seed = Some(seed.into());
        self
    }
}

impl Initializer for Orthogonal {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let [before @ .., columns] = cx.dims else { return Err(too_flat(0)) };
        if before.is_empty() {
            return Err(too_flat(1));
        }
        // Checks the size before anything is drawn.
        cx.fill(|| 0.0)?;
        let (rows, columns) = (before.iter().product::<usize>(), *columns);
        let (length, count) = (rows.max(columns), rows.min(columns));
        let mut random = cx.random(self.seed.as_ref());
        let drawn: Vec<f64> = (0..length * count).map(|_| random.normal()).collect();
        let vectors = orthonormal((0..count).map(|c| (0..length).map(|r| drawn[r * count + c]).collect()));
        let mut place = 0;
        cx.fill(|| {
            let (row, column) = (place / columns, place % columns);
            place += 1;
            self.gain * if rows < columns { vectors[row][column] } else { vectors[column][row] }
        })
    }
}

fn too_flat(rank: usize) -> Error {
    Error::new(
        ErrorKind::Shape,
        format!("Orthogonal fills weights of rank 2 or more; this one has rank {rank}"),
    )
}

/// Gram and Schmidt's vectors, each reduced twice ("twice is enough": Giraud et al. 2005,
/// <https://doi.org/10.1007/s00211-005-0615-4>). This is the QR factorisation whose R has a positive diagonal.
fn orthonormal(vectors: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut vector in vectors {
        for _ in 0..2 {
            for done in &basis {
                let along: f64 = done.iter().zip(&vector).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(done).for_each(|(x, d)| *x -= along * d);
            }
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
        basis.push(vector);
    }
    basis
}
