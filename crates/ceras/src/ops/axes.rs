//! Keras' `axis`: all, one, or several.

use ceras_graph::Shape;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// Axes as Keras names them, from the end where negative: all, one, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Axes {
    /// All axes, the batch included.
    #[default]
    All,
    /// One axis.
    One(i64),
    /// Several axes.
    Several(Vec<i64>),
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Axes {
        Axes::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for Axes {
    fn from(axes: [i64; N]) -> Axes {
        Axes::Several(axes.to_vec())
    }
}

impl From<Vec<i64>> for Axes {
    fn from(axes: Vec<i64>) -> Axes {
        Axes::Several(axes)
    }
}

impl Axes {
    /// The axes of a shape, counted from the front.
    pub(crate) fn of(&self, shape: &Shape) -> Result<Vec<usize>> {
        let given: &[i64] = match self {
            Axes::All => return Ok((0..shape.rank()).collect()),
            Axes::One(axis) => std::slice::from_ref(axis),
            Axes::Several(axes) => axes,
        };
        given.iter().map(|&given| axis(given, shape, shape.rank())).collect()
    }
}

/// An axis counted from the front, of `rank` axes; `shape` is for the error.
pub(crate) fn axis(given: i64, shape: &Shape, rank: usize) -> Result<usize> {
    let counted = if given < 0 { given.checked_add_unsigned(rank as u64) } else { Some(given) };
    counted
        .and_then(|axis| usize::try_from(axis).ok())
        .filter(|axis| *axis < rank)
        .ok_or_else(|| Error::new(ErrorKind::Shape, format!("there is no axis {given} in shape {shape}")))
}
