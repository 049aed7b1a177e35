//! How far a random layer goes: one number or two.

use serde::{Deserialize, Serialize, Serializer};

use crate::error::Result;
use crate::layers::declare::unusable;

/// One number for both directions, or two for the lowest and the highest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Factor {
    /// So much in both directions.
    One(f64),
    /// From the smaller to the larger.
    Two([f64; 2]),
}

impl From<f64> for Factor {
    fn from(factor: f64) -> Factor {
        Factor::One(factor)
    }
}

impl From<[f64; 2]> for Factor {
    fn from(factor: [f64; 2]) -> Factor {
        Factor::Two(factor)
    }
}

impl From<(f64, f64)> for Factor {
    fn from((low, high): (f64, f64)) -> Factor {
        Factor::Two([low, high])
    }
}

impl Factor {
    /// The lowest and the highest; one number reaches no lower than `least`.
    pub(super) fn range(self, least: f64) -> [f64; 2] {
        match self {
            Factor::One(factor) => [(-factor.abs()).max(least), factor.abs()],
            Factor::Two([a, b]) => [a.min(b), a.max(b)],
        }
    }

    /// Fails where a number is not in the range, which is told in words.
    pub(super) fn check(self, name: &str, words: &str, fits: impl Fn(f64) -> bool) -> Result<()> {
        let wrong = match self {
            Factor::One(factor) => (!fits(factor)).then_some(factor),
            Factor::Two(factors) => factors.into_iter().find(|factor| !fits(*factor)),
        };
        wrong.map_or(Ok(()), |wrong| Err(unusable(format!("`{name}` must be {words}; it is {wrong}"))))
    }

    /// As [`Factor::check`]; of two numbers it is enough that they have a part of the range between them, as in Keras.
    pub(super) fn check_overlap(self, name: &str, least: f64, most: f64) -> Result<()> {
        let fits = match self {
            Factor::One(factor) => (least..=most).contains(&factor),
            Factor::Two(_) => {
                let [low, high] = self.range(least);
                low.is_finite() && high.is_finite() && low <= most && high >= least
            }
        };
        if fits {
            return Ok(());
        }
        let wrong = match self {
            Factor::One(factor) => factor.to_string(),
            Factor::Two([low, high]) => format!("from {low} to {high}"),
        };
        Err(unusable(format!("`{name}` must be from {least} to {most}; it is {wrong}")))
    }
}

/// Keras' form of a factor from -1 to 1: the lowest and the highest.
pub(super) fn as_signed<S: Serializer>(factor: &Factor, serializer: S) -> Result<S::Ok, S::Error> {
    factor.range(-1.0).serialize(serializer)
}

/// Keras' form of a factor from 0 to 1.
pub(super) fn as_share<S: Serializer>(factor: &Factor, serializer: S) -> Result<S::Ok, S::Error> {
    factor.range(0.0).serialize(serializer)
}

/// Fails unless the first number is below the second.
pub(super) fn check_values([low, high]: [f64; 2]) -> Result<()> {
    if low <= high {
        return Ok(());
    }
    Err(unusable(format!("`value_range` must be the lowest and the highest value; it is [{low}, {high}]")))
}
