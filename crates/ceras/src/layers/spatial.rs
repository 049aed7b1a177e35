//! What the layers of images have in common: sizes along one to three axes, padding, and where the channels stand.

use ceras_graph::{Graph, GraphError, Shape, Value, ops};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::layers::DataFormat;

/// A number for each of `N` axes; one number stands for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> Sizes<N> {
    /// 1 for each axis.
    pub const ONES: Sizes<N> = Sizes([1; N]);

    /// [`Sizes::ONES`], for serde.
    pub(crate) fn ones() -> Sizes<N> {
        Sizes::ONES
    }

    /// That none is zero.
    pub(crate) fn positive(&self, what: &str) -> Result<()> {
        if self.0.contains(&0) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("`{what}` must be 1 or more; it is {:?}", self.0),
            ));
        }
        Ok(())
    }
}

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(size: usize) -> Sizes<N> {
        Sizes([size; N])
    }
}

impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Sizes<N> {
        Sizes(sizes)
    }
}

impl<const N: usize> Serialize for Sizes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

/// One number or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(usize),
    Many(Vec<T>),
}

/// So many entries, or an error that says how many there are.
fn exactly<const N: usize, T, E: de::Error>(items: Vec<T>) -> std::result::Result<[T; N], E> {
    let count = items.len();
    items
        .try_into()
        .map_err(|_| E::custom(format!("needs {N} numbers, one for each axis; there are {count}")))
}

impl<'de, const N: usize> Deserialize<'de> for Sizes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match OneOrMany::<usize>::deserialize(deserializer)? {
            OneOrMany::One(size) => Ok(Sizes([size; N])),
            OneOrMany::Many(sizes) => exactly(sizes).map(Sizes),
        }
    }
}

/// A number for before and one for after, for each of `N` axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margins<const N: usize>(pub [[usize; 2]; N]);

impl<const N: usize> Margins<N> {
    /// So much on every side.
    pub(crate) const fn all(size: usize) -> Margins<N> {
        Margins([[size; 2]; N])
    }

    /// 1 on every side, for serde.
    pub(crate) fn ones() -> Margins<N> {
        Margins::all(1)
    }

    /// Nothing, for serde.
    pub(crate) fn none() -> Margins<N> {
        Margins::all(0)
    }
}

impl<const N: usize> From<usize> for Margins<N> {
    fn from(size: usize) -> Margins<N> {
        Margins::all(size)
    }
}

impl<const N: usize> From<[[usize; 2]; N]> for Margins<N> {
    fn from(margins: [[usize; 2]; N]) -> Margins<N> {
        Margins(margins)
    }
}

impl From<[usize; 2]> for Margins<1> {
    fn from(margin: [usize; 2]) -> Margins<1> {
        Margins([margin])
    }
}

impl From<[usize; 2]> for Margins<2> {
    fn from(sizes: [usize; 2]) -> Margins<2> {
        Margins(sizes.map(|size| [size; 2]))
    }
}

impl From<[usize; 3]> for Margins<3> {
    fn from(sizes: [usize; 3]) -> Margins<3> {
        Margins(sizes.map(|size| [size; 2]))
    }
}

impl<const N: usize> Serialize for Margins<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if N == 1 { self.0[0].serialize(serializer) } else { self.0.as_slice().serialize(serializer) }
    }
}

/// One number for both sides, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Margin {
    Both(usize),
    Each([usize; 2]),
}

impl<'de, const N: usize> Deserialize<'de> for Margins<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let margins = match OneOrMany::<Margin>::deserialize(deserializer)? {
            OneOrMany::One(size) => return Ok(Margins::all(size)),
            OneOrMany::Many(margins) => margins,
        };
        if let (1, [Margin::Both(before), Margin::Both(after)]) = (N, margins.as_slice()) {
            return Ok(Margins([[*before, *after]; N]));
        }
        let each = |margin| match margin {
            Margin::Both(size) => [size; 2],
            Margin::Each(margin) => margin,
        };
        exactly(margins.into_iter().map(each).collect()).map(Margins)
    }
}

/// What stands around an image while a window slides over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Nothing: the window stays inside.
    #[default]
    Valid,
    /// As much as gives ⌈positions / stride⌉ windows, half on each side, the odd one after.
    Same,
    /// All of it before, so that no result sees what comes after it (`Conv1D` only).
    Causal,
}

impl Padding {
    /// Positions before and after, for windows that reach over `reach` positions.
    pub(crate) fn around(self, input: Option<usize>, reach: usize, stride: usize) -> (usize, usize) {
        match self {
            Padding::Valid => (0, 0),
            Padding::Causal => (reach.saturating_sub(1), 0),
            Padding::Same => {
                // Of an unknown length only the number of windows is asked, which is unknown as well.
                let Some(input) = input.filter(|&input| input > 0) else { return (0, 0) };
                let last = (input.div_ceil(stride.max(1)) - 1).saturating_mul(stride);
                let total = last.saturating_add(reach).saturating_sub(input);
                (total / 2, total - total / 2)
            }
        }
    }
}

/// That an input has a batch, so many axes, and channels.
pub(crate) fn rank_is(class_name: &str, shape: &Shape, axes: usize) -> Result<()> {
    if shape.rank() == axes + 2 {
        return Ok(());
    }
    let text = format!("{class_name} needs an input of rank {}; its shape is {shape}", axes + 2);
    let hint = format!("the axes are the batch, {axes} of the image and the channels");
    Err(Error::new(ErrorKind::Shape, text).hint(hint))
}

/// The channels of an input, which a layer needs to know to make its weights.
pub(crate) fn channels(class_name: &str, shape: &Shape, format: DataFormat) -> Result<usize> {
    let axis = if format == DataFormat::ChannelsLast { shape.rank() - 1 } else { 1 };
    shape.dim(axis).ok_or_else(|| {
        let text = format!("{class_name} needs to know the channels of its input; its shape is {shape}");
        Error::new(ErrorKind::Shape, text)
    })
}

impl DataFormat {
    /// The value with the channels last.
    pub(crate) fn to_last(self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        let rank = g.ty(x).shape.rank();
        if self == DataFormat::ChannelsLast || rank < 3 {
            return Ok(x);
        }
        let axes: Vec<usize> = std::iter::once(0).chain(2..rank).chain([1]).collect();
        ops::transpose(g, x, &axes)
    }

    /// The value with the channels where this format has them.
    pub(crate) fn restore(self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        let rank = g.ty(x).shape.rank();
        if self == DataFormat::ChannelsLast || rank < 3 {
            return Ok(x);
        }
        let axes: Vec<usize> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
        ops::transpose(g, x, &axes)
    }
}
