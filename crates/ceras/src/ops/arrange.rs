//! Operations that find, repeat, surround and cut.

use ceras_graph::{DType, Graph, Shape, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::axes::axis as axis_of;
use super::{
    Argument, Axes, NUMPY, Operand, Operation, call, configurable, node, one, operation_entry, wrong,
};
use crate::error::{Error, ErrorKind, Result};
use crate::models::KerasTensor;
use crate::registry::{Config, Entry};

/// The entries of the registry.
pub(super) const ENTRIES: &[&Entry<dyn Operation>] =
    &[&ARGMAX, &ARGMIN, &TILE, &PAD, &SPLIT, &ZEROS_LIKE, &ONES_LIKE, &SWAPAXES, &FLIP];

static ARGMAX: Entry<dyn Operation> = operation_entry!(Argmax, "Argmax");
static ARGMIN: Entry<dyn Operation> = operation_entry!(Argmin, "Argmin");
static TILE: Entry<dyn Operation> = operation_entry!(Tile, "Tile");
static PAD: Entry<dyn Operation> = operation_entry!(Pad, "Pad");
static SPLIT: Entry<dyn Operation> = operation_entry!(Split, "Split");
static ZEROS_LIKE: Entry<dyn Operation> = operation_entry!(ZerosLike, "ZerosLike");
static ONES_LIKE: Entry<dyn Operation> = operation_entry!(OnesLike, "OnesLike");
static SWAPAXES: Entry<dyn Operation> = operation_entry!(Swapaxes, "Swapaxes");
static FLIP: Entry<dyn Operation> = operation_entry!(Flip, "Flip");

pub(super) fn unsupported(text: String) -> Error {
    Error::new(ErrorKind::Unsupported, text)
}

macro_rules! extremes {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident, $turned:literal;)*) => {$(
        $(#[$doc])*
        /// The numbers are `int32`; of equal elements the first counts.
        ///
        /// # Errors
        /// There is no such axis.
        #[track_caller]
        pub fn $function(x: &KerasTensor, axis: i64) -> Result<KerasTensor> {
            node($class_name { axis: Some(axis), keepdims: false }, vec![x.into()])
        }

        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $class_name {
            #[serde(default)]
            axis: Option<i64>,
            #[serde(default)]
            keepdims: bool,
        }

        configurable!($class_name, { stringify!($class_name) });

        impl Operation for $class_name {
            fn module(&self) -> &'static str {
                NUMPY
            }

            fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                let x = one(stringify!($class_name), operands)?;
                place(g, x, self.axis, self.keepdims, $turned)
            }
        }
    )*};
}

extremes! {
    /// The place of the largest element along an axis.
    argmax, Argmax, false;
    /// The place of the smallest element along an axis.
    argmin, Argmin, true;
}

/// The place of the largest element, or of the smallest, along an axis or of all elements in a row.
fn place(g: &mut Graph, x: Value, axis: Option<i64>, keepdims: bool, smallest: bool) -> Result<Value> {
    let mut x = if smallest { primitives::negate(g, x)? } else { x };
    let shape = g.ty(x).shape.clone();
    let axis = match axis {
        Some(axis) => axis_of(axis, &shape, shape.rank())?,
        None => {
            x = primitives::reshape(g, x, Shape::from([shape.elements()]))?;
            0
        }
    };
    let found = primitives::arg_max(g, x, axis)?;
    Ok(if keepdims { compose::expand_dims(g, found, axis)? } else { found })
}

/// A tensor so many times after itself along each axis, the batch included.
///
/// # Errors
/// There are not as many numbers as axes.
#[track_caller]
pub fn tile(x: &KerasTensor, repeats: &[usize]) -> Result<KerasTensor> {
    node(Tile { repeats: repeats.to_vec() }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tile {
    repeats: Vec<usize>,
}

configurable!(Tile, "Tile");

impl Operation for Tile {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let mut x = one("Tile", operands)?;
        let rank = g.ty(x).shape.rank();
        if self.repeats.len() != rank {
            let text = format!("`repeats` has {} numbers for {rank} axes", self.repeats.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        for (axis, &repeats) in self.repeats.iter().enumerate().filter(|(_, repeats)| **repeats != 1) {
            let shape = g.ty(x).shape.clone();
            let wide = compose::expand_dims(g, x, axis)?;
            let many = g.ty(wide).shape.with(axis, Some(repeats));
            let many = compose::broadcast_to(g, wide, &many)?;
            let length = shape.dim(axis).and_then(|dim| dim.checked_mul(repeats));
            x = primitives::reshape(g, many, shape.with(axis, length))?;
        }
        Ok(x)
    }
}

/// Zeros around a tensor: before and after along each axis, the batch included.
///
/// # Errors
/// There are not as many pairs as axes.
#[track_caller]
pub fn pad(x: &KerasTensor, pad_width: &[[usize; 2]]) -> Result<KerasTensor> {
    node(Pad { pad_width: pad_width.to_vec(), mode: constant() }, vec![x.into()])
}

fn constant() -> String {
    "constant".to_owned()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pad {
    pad_width: Vec<[usize; 2]>,
    #[serde(default = "constant")]
    mode: String,
}

configurable!(Pad, "Pad");

impl Operation for Pad {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn keywords(&self) -> Config {
        Config::from_iter([("constant_values".to_owned(), Json::Null)])
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Pad", operands)?;
        if self.mode != "constant" {
            return Err(unsupported(format!(
                "the operation Pad in the mode \"{}\" is not supported",
                self.mode
            )));
        }
        let rank = g.ty(x).shape.rank();
        if self.pad_width.len() != rank {
            let text = format!("`pad_width` has {} pairs for {rank} axes", self.pad_width.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let side = |side: usize| -> Result<Vec<i64>> {
            let width = |pair: &[usize; 2]| i64::try_from(pair[side]).ok();
            let widths = self.pad_width.iter().map(width).collect::<Option<Vec<i64>>>();
            widths.ok_or_else(|| Error::new(ErrorKind::Usage, "`pad_width` is too large"))
        };
        let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
        Ok(primitives::pad(g, x, zero, &side(0)?, &side(1)?, &vec![0; rank])?)
    }
}

/// A tensor in so many equal parts along an axis.
///
/// # Errors
/// There is no such axis, or it cannot be divided so.
#[track_caller]
pub fn split(x: &KerasTensor, sections: usize, axis: i64) -> Result<Vec<KerasTensor>> {
    let split = Split { indices_or_sections: Cuts::Sections(sections), axis };
    Ok(call(split, vec![Argument::Tensor], std::slice::from_ref(x))?.outputs())
}

/// Where a tensor is cut.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Cuts {
    Sections(usize),
    Places(Vec<usize>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    indices_or_sections: Cuts,
    #[serde(default)]
    axis: i64,
}

configurable!(Split, "Split");

impl Split {
    /// The ends of the parts along an axis of so many elements.
    fn ends(&self, length: usize) -> Result<Vec<usize>> {
        let refused = || {
            let text = format!("{length} elements cannot be split as {:?} says", self.indices_or_sections);
            Error::new(ErrorKind::Shape, text)
        };
        match &self.indices_or_sections {
            Cuts::Sections(0) => Err(refused()),
            Cuts::Sections(parts) if !length.is_multiple_of(*parts) || *parts > length.max(1) => {
                Err(refused())
            }
            Cuts::Sections(parts) => Ok((1..=*parts).map(|part| part * (length / parts)).collect()),
            Cuts::Places(places) => {
                let ends: Vec<usize> = places.iter().copied().chain([length]).collect();
                if ends.is_sorted() { Ok(ends) } else { Err(refused()) }
            }
        }
    }
}

impl Operation for Split {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, _: &mut Graph, _: &[Operand<'_>]) -> Result<Value> {
        Err(wrong("Split", "more outputs than one"))
    }

    fn emit_all(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Vec<Value>> {
        let x = one("Split", operands)?;
        let shape = g.ty(x).shape.clone();
        let axis = axis_of(self.axis, &shape, shape.rank())?;
        let length = shape.dim(axis).ok_or_else(|| {
            let text = format!("axis {axis} of shape {shape} must be known to be split");
            Error::new(ErrorKind::Shape, text)
        })?;
        let mut start = 0;
        let part = |end: usize| {
            let mut starts = vec![0; shape.rank()];
            let mut limits: Vec<usize> = shape.dims().iter().map(|dim| dim.unwrap_or(usize::MAX)).collect();
            (starts[axis], limits[axis]) = (std::mem::replace(&mut start, end), end);
            Ok(primitives::slice(g, x, &starts, &limits, &vec![1; shape.rank()])?)
        };
        self.ends(length)?.into_iter().map(part).collect()
    }
}

macro_rules! filled {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident, $value:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// None that the tensor does not have already.
        #[track_caller]
        pub fn $function(x: &KerasTensor) -> Result<KerasTensor> {
            node($class_name { dtype: None }, vec![x.into()])
        }

        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $class_name {
            #[serde(default)]
            dtype: Option<String>,
        }

        configurable!($class_name, { stringify!($class_name) });

        impl Operation for $class_name {
            fn module(&self) -> &'static str {
                NUMPY
            }

            fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                let x = one(stringify!($class_name), operands)?;
                if let Some(dtype) = &self.dtype {
                    let text = format!("{} in another type (`{dtype}`) is not supported", stringify!($class_name));
                    return Err(unsupported(text));
                }
                let ty = g.ty(x).clone();
                let dtype = if ty.dtype == DType::Bool { DType::I32 } else { ty.dtype };
                let value = compose::scalar(g, $value, dtype)?;
                Ok(compose::broadcast_to(g, value, &ty.shape)?)
            }
        }
    )*};
}

filled! {
    /// Zeros in the shape and type of a tensor.
    zeros_like, ZerosLike, 0.0;
    /// Ones in the shape and type of a tensor.
    ones_like, OnesLike, 1.0;
}

/// Two axes change places.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub fn swapaxes(x: &KerasTensor, axis1: i64, axis2: i64) -> Result<KerasTensor> {
    node(Swapaxes { axis1, axis2 }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Swapaxes {
    axis1: i64,
    axis2: i64,
}

configurable!(Swapaxes, "Swapaxes");

impl Operation for Swapaxes {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Swapaxes", operands)?;
        let shape = g.ty(x).shape.clone();
        let mut axes: Vec<usize> = (0..shape.rank()).collect();
        axes.swap(axis_of(self.axis1, &shape, shape.rank())?, axis_of(self.axis2, &shape, shape.rank())?);
        Ok(primitives::transpose(g, x, &axes)?)
    }
}

/// The elements along axes in the opposite order.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub fn flip(x: &KerasTensor, axis: impl Into<Axes>) -> Result<KerasTensor> {
    node(Flip { axis: axis.into() }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flip {
    #[serde(default)]
    axis: Axes,
}

configurable!(Flip, "Flip");

impl Operation for Flip {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Flip", operands)?;
        let axes = self.axis.of(&g.ty(x).shape)?;
        Ok(primitives::reverse(g, x, &axes)?)
    }
}
