//! A part of a tensor, by NumPy's indices.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use ceras_graph::{Dim, Graph, Shape, Value, ops as primitives};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Argument, NUMPY, Operand, Operation, call, operation, wrong};
use crate::error::{Error, ErrorKind, Result};
use crate::models::KerasTensor;

/// An index of NumPy: a place of an axis, a part of it, a new axis, or `...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// One place, from the end where negative; the axis vanishes.
    At(i64),
    /// From a place up to, not including, another, in steps.
    Slice {
        /// The first place.
        start: Option<i64>,
        /// The end.
        stop: Option<i64>,
        /// The step; 1 where nothing is said, backwards where negative.
        step: Option<i64>,
    },
    /// A new axis of one element.
    NewAxis,
    /// As many whole axes as are left.
    Ellipsis,
}

impl From<i64> for Item {
    fn from(place: i64) -> Item {
        Item::At(place)
    }
}

impl From<RangeFull> for Item {
    fn from(_: RangeFull) -> Item {
        Item::Slice { start: None, stop: None, step: None }
    }
}

impl From<Range<i64>> for Item {
    fn from(range: Range<i64>) -> Item {
        Item::Slice { start: Some(range.start), stop: Some(range.end), step: None }
    }
}

impl From<RangeFrom<i64>> for Item {
    fn from(range: RangeFrom<i64>) -> Item {
        Item::Slice { start: Some(range.start), stop: None, step: None }
    }
}

impl From<RangeTo<i64>> for Item {
    fn from(range: RangeTo<i64>) -> Item {
        Item::Slice { start: None, stop: Some(range.end), step: None }
    }
}

/// Indices, one for each axis in front: `(.., 0)`, `(.., 1..3)`, `[Item::Ellipsis, Item::At(0)]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items(Vec<Item>);

impl<const N: usize> From<[Item; N]> for Items {
    fn from(items: [Item; N]) -> Items {
        Items(items.to_vec())
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))*) => {$(
        impl<$($name: Into<Item>),+> From<($($name,)+)> for Items {
            fn from(items: ($($name,)+)) -> Items {
                Items(vec![$(items.$place.into()),+])
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

/// A part of a tensor: Keras' `x[items]`, the batch axis included.
///
/// # Errors
/// There is no such part.
///
/// # Examples
/// ```
/// use ceras::{ops, prelude::*};
/// let x = Input::new([4, 6]).tensor();
/// assert_eq!(ops::get_item(&x, (.., 0))?.shape().to_string(), "[?, 6]");
/// assert_eq!(ops::get_item(&x, (.., 1..3, -1))?.shape().to_string(), "[?, 2]");
/// # Ok::<(), ceras::Error>(())
/// ```
#[track_caller]
pub fn get_item(x: &KerasTensor, items: impl Into<Items>) -> Result<KerasTensor> {
    let items: Vec<Json> = items.into().0.iter().map(to_json).collect();
    call(GetItem {}, vec![Argument::Tensor, Argument::Plain(json!(items))], std::slice::from_ref(x))
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GetItem {}

operation!(GetItem, "GetItem");

impl Operation for GetItem {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let [Operand::Tensor(x), Operand::Plain(items)] = operands else {
            return Err(wrong("GetItem", "a tensor and its indices"));
        };
        let items = match items {
            Json::Array(items) => items.iter().map(from_json).collect::<Result<Vec<_>>>()?,
            one => vec![from_json(one)?],
        };
        let shape = g.ty(*x).shape.clone();
        let mut part = Part::new(&shape);
        for item in spread(&items, &shape)? {
            part.take(&item)?;
        }
        part.emit(g, *x)
    }
}

/// The indices with whole axes in place of `...` and at the end.
fn spread(items: &[Item], shape: &Shape) -> Result<Vec<Item>> {
    let named = items.iter().filter(|item| matches!(item, Item::At(_) | Item::Slice { .. })).count();
    let dots = items.iter().filter(|item| **item == Item::Ellipsis).count();
    if dots > 1 || named > shape.rank() {
        let text = format!("{named} indices are given for shape {shape}");
        let text = if dots > 1 { "`...` can stand once among the indices".to_owned() } else { text };
        return Err(Error::new(ErrorKind::Shape, text));
    }
    let whole = || std::iter::repeat_n(Item::from(..), shape.rank() - named);
    let mut all = Vec::with_capacity(items.len() + shape.rank());
    for item in items {
        match item {
            Item::Ellipsis => all.extend(whole()),
            other => all.push(other.clone()),
        }
    }
    if dots == 0 {
        all.extend(whole());
    }
    Ok(all)
}

/// A part of a tensor while its indices are read.
struct Part<'a> {
    shape: &'a Shape,
    axis: usize,
    starts: Vec<usize>,
    limits: Vec<usize>,
    strides: Vec<usize>,
    reversed: Vec<usize>,
    /// The axes of the result: those of the part that stay (by number), and new ones.
    kept: Vec<Option<usize>>,
}

impl<'a> Part<'a> {
    fn new(shape: &'a Shape) -> Part<'a> {
        Part {
            shape,
            axis: 0,
            starts: Vec::new(),
            limits: Vec::new(),
            strides: Vec::new(),
            reversed: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn take(&mut self, item: &Item) -> Result<()> {
        let (start, limit, stride) = match item {
            Item::NewAxis | Item::Ellipsis => {
                self.kept.push(None);
                return Ok(());
            }
            Item::At(place) => {
                let place = self.place(*place)?;
                (place, place + 1, 1)
            }
            Item::Slice { start, stop, step } => {
                self.kept.push(Some(self.axis));
                self.slice(*start, *stop, step.unwrap_or(1))?
            }
        };
        self.starts.push(start);
        self.limits.push(limit);
        self.strides.push(stride);
        self.axis += 1;
        Ok(())
    }

    fn unknown(&self) -> Error {
        let text = format!(
            "axis {} of shape {} is not known, so nothing counts from its end",
            self.axis, self.shape
        );
        Error::new(ErrorKind::Unsupported, text)
    }

    fn place(&self, place: i64) -> Result<usize> {
        let length = self.shape.dim(self.axis);
        let counted = match (usize::try_from(place), length) {
            (Ok(place), Some(length)) => Some(place).filter(|place| *place < length),
            (Ok(place), None) => Some(place),
            (Err(_), Some(length)) => {
                usize::try_from(place.unsigned_abs()).ok().and_then(|back| length.checked_sub(back))
            }
            (Err(_), None) => return Err(self.unknown()),
        };
        counted.ok_or_else(|| {
            let text = format!("there is no place {place} along axis {} of shape {}", self.axis, self.shape);
            Error::new(ErrorKind::Shape, text)
        })
    }

    /// A place cut to the axis, as NumPy does.
    fn cut(&self, place: i64) -> Result<usize> {
        let length: Dim = self.shape.dim(self.axis);
        match (usize::try_from(place), length) {
            (Ok(place), length) => Ok(place.min(length.unwrap_or(usize::MAX))),
            (Err(_), Some(length)) => {
                Ok(length.saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX)))
            }
            (Err(_), None) => Err(self.unknown()),
        }
    }

    fn slice(&mut self, start: Option<i64>, stop: Option<i64>, step: i64) -> Result<(usize, usize, usize)> {
        let length = self.shape.dim(self.axis);
        if step == 0 {
            return Err(Error::new(ErrorKind::Usage, "the step of a slice must not be 0"));
        }
        let stride = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
        if step > 0 {
            let start = start.map_or(Ok(0), |start| self.cut(start))?;
            let limit = stop.map_or(Ok(length.unwrap_or(usize::MAX)), |stop| self.cut(stop))?;
            return Ok((start, limit.max(start), stride));
        }
        let Some(length) = length else { return Err(self.unknown()) };
        self.reversed.push(self.axis);
        // Counted from the other end. `start` is the first place that is taken, `stop` the first that is not.
        let from_end = |place: usize| (length - 1).saturating_sub(place);
        let start = match start {
            None => 0,
            Some(start) if length > 0 => from_end(self.cut(start)?.min(length - 1)),
            Some(_) => 0,
        };
        let limit = match stop {
            Some(stop) if length > 0 && stop >= -(length as i64) => from_end(self.cut(stop)?.min(length - 1)),
            _ => length,
        };
        Ok((start, limit.max(start), stride))
    }

    fn emit(self, g: &mut Graph, x: Value) -> Result<Value> {
        let x = if self.reversed.is_empty() { x } else { primitives::reverse(g, x, &self.reversed)? };
        let part = primitives::slice(g, x, &self.starts, &self.limits, &self.strides)?;
        let dims = g.ty(part).shape.dims().to_vec();
        let dims: Vec<Dim> = self.kept.iter().map(|kept| kept.map_or(Some(1), |axis| dims[axis])).collect();
        Ok(primitives::reshape(g, part, Shape::from(dims))?)
    }
}

/// Keras' JSON of an index.
fn to_json(item: &Item) -> Json {
    match item {
        Item::At(place) => json!(place),
        Item::NewAxis => Json::Null,
        Item::Ellipsis => json!({"class_name": "__ellipsis__", "config": {}}),
        Item::Slice { start, stop, step } => {
            json!({"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}})
        }
    }
}

fn from_json(value: &Json) -> Result<Item> {
    let class_name = value.get("class_name").and_then(Json::as_str);
    match (value, class_name) {
        (Json::Null, _) => Ok(Item::NewAxis),
        (Json::Number(number), _) if number.is_i64() => Ok(Item::At(number.as_i64().unwrap_or_default())),
        (_, Some("__ellipsis__")) => Ok(Item::Ellipsis),
        (_, Some("__slice__")) => {
            let end = |key: &str| match value.pointer(&format!("/config/{key}")) {
                None | Some(Json::Null) => Ok(None),
                Some(number) => number.as_i64().map(Some).ok_or_else(|| unreadable(value)),
            };
            Ok(Item::Slice { start: end("start")?, stop: end("stop")?, step: end("step")? })
        }
        _ => Err(unreadable(value)),
    }
}

fn unreadable(value: &Json) -> Error {
    let shown: String = value.to_string().chars().take(80).collect();
    Error::new(ErrorKind::Unsupported, format!("`{shown}` is no index that is supported"))
}
