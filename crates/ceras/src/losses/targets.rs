//! Do the targets fit the output? Looked at before the first step, in plain words.

use ceras_graph::{Dim, Tensor, TensorType};

use crate::error::{Error, ErrorKind, Result};

/// The targets as shapes are compared: without the batch axis, and without a last axis of 1.
fn sample_dims(dims: impl Iterator<Item = Dim>) -> Vec<Dim> {
    let mut dims: Vec<Dim> = dims.skip(1).collect();
    if dims.last() == Some(&Some(1)) {
        dims.pop();
    }
    dims
}

fn known(y: &Tensor) -> impl Iterator<Item = Dim> {
    y.dims().iter().copied().map(Some)
}

fn plural(count: usize, word: &str) -> String {
    match (count, word) {
        (1, _) => format!("1 {word}"),
        (_, "class") => format!("{count} classes"),
        _ => format!("{count} {word}s"),
    }
}

/// Fails unless every sample has targets of the shape of the output's; a last axis of 1 may be there or not.
pub(crate) fn same_shape(y: &Tensor, output: &TensorType) -> Result<()> {
    let (targets, outputs) = (sample_dims(known(y)), sample_dims(output.shape.dims().iter().copied()));
    let equal = |(a, b): (&Dim, &Dim)| a.is_none() || b.is_none() || a == b;
    if targets.len() == outputs.len() && targets.iter().zip(&outputs).all(equal) {
        return finite(y);
    }
    let error = Error::new(ErrorKind::Shape, "the targets do not fit the output").detail(format!(
        "targets have shape {}, the output has shape {}",
        y.shape(),
        output.shape
    ));
    Err(match (targets.len(), outputs.len()) {
        (a, b) if a < b && b > 1 => error.hint(forgotten_flatten()),
        (1, 1) => {
            let (width, units) = (targets[0].unwrap_or(1), outputs[0].unwrap_or(1));
            error
                .hint(format!(
                    "each target has {}, so the output needs {}",
                    plural(width, "number"),
                    plural(width, "unit")
                ))
                .detail(format!("the output has {}", plural(units, "unit")))
        }
        (1, 0) => error.hint(format!("the output needs {}", plural(targets[0].unwrap_or(1), "unit"))),
        (0, 1) => error.hint("each target is one number, so the output needs 1 unit"),
        _ => error,
    })
}

fn forgotten_flatten() -> &'static str {
    "add `Flatten` or `GlobalAveragePooling2D` before the last layer"
}

/// Fails at a target that is not a finite number.
pub(crate) fn finite(y: &Tensor) -> Result<()> {
    if !y.dtype().is_float() {
        return Ok(());
    }
    match y.to_f64().iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(place) => Err(Error::new(ErrorKind::Data, "a target is not a finite number")
            .detail(format!("row {} holds {}", row_of(y, place), y.to_f64()[place]))
            .hint("drop or repair the rows whose target is missing")),
    }
}

fn row_of(y: &Tensor, place: usize) -> usize {
    place / (y.len() / y.dims().first().copied().unwrap_or(1).max(1)).max(1)
}

/// The least and the greatest of some numbers.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range: Option<(f64, f64)>, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// Fails unless all targets lie between 0 and 1.
pub(crate) fn between_0_and_1(y: &Tensor, word: &str) -> Result<()> {
    match range(y.to_f64().into_iter()) {
        Some((low, high)) if low < 0.0 || high > 1.0 => {
            let error = Error::new(ErrorKind::Data, format!("targets of `{word}` lie between 0 and 1"))
                .detail(format!("they run from {low} to {high}"));
            Err(match (low, high) {
                (-1.0, 1.0) => error.hint("turn −1 into 0, or use `hinge`, which takes −1 and 1"),
                (1.0, 2.0) => error.hint("classes count from 0: subtract 1 from the labels"),
                (low, high) if low.fract() == 0.0 && high.fract() == 0.0 && high > 1.0 => {
                    error.hint("for numbers of classes use `sparse_categorical_crossentropy`")
                }
                _ => error,
            })
        }
        _ => Ok(()),
    }
}

/// Fails unless the targets are one number for each class: one-hot, or probabilities.
pub(crate) fn one_hot(y: &Tensor, output: &TensorType, word: &str) -> Result<()> {
    let classes = output.shape.last();
    if classes == Some(1) {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("`{word}` compares classes, and the output has 1 unit"),
        )
        .hint("use `binary_crossentropy` for yes or no, or give the output a unit for each class"));
    }
    let labels = y.rank() + 1 == output.shape.rank() || y.dims().last() == Some(&1);
    if labels && classes != Some(1) {
        let width = classes.map_or("one number for each class".to_owned(), |count| plural(count, "number"));
        return Err(Error::new(
            ErrorKind::Shape,
            format!("`{word}` wants targets of {width} each; these are labels"),
        )
        .detail(format!("targets have shape {}, the output has shape {}", y.shape(), output.shape))
        .hint("use `sparse_categorical_crossentropy` for labels, or turn them into one-hot rows"));
    }
    if let (Some(classes), Some(&width)) = (classes, y.dims().last())
        && classes != width
        && y.rank() == output.shape.rank()
    {
        return Err(Error::new(ErrorKind::Shape, "the targets do not fit the output")
            .detail(format!(
                "the output has {}, each target has {}",
                plural(classes, "unit"),
                plural(width, "class")
            ))
            .hint(format!("give the output {}", plural(width, "unit"))));
    }
    same_shape(y, output)?;
    between_0_and_1(y, word)
}

/// Fails unless the targets are numbers of classes that the output has.
pub(crate) fn labels(y: &Tensor, output: &TensorType, ignore: Option<i64>, word: &str) -> Result<()> {
    labels_shape(y, output, word)?;
    finite(y)?;
    let values = y.to_f64();
    if let Some(place) = values.iter().position(|value| value.fract() != 0.0) {
        return Err(Error::new(ErrorKind::Data, format!("labels of `{word}` are whole numbers"))
            .detail(format!("row {} holds {}", row_of(y, place), values[place]))
            .hint("for numbers to predict, use a regression loss such as `mean_squared_error`"));
    }
    let Some(classes) = output.shape.last() else { return Ok(()) };
    let counted = values.into_iter().filter(|value| ignore.is_none_or(|ignore| *value != ignore as f64));
    match range(counted) {
        Some((low, high)) if low < 0.0 || high >= classes as f64 => Err(out_of_range(classes, low, high)),
        _ => Ok(()),
    }
}

fn out_of_range(classes: usize, low: f64, high: f64) -> Error {
    let error = Error::new(ErrorKind::Data, "the labels do not fit the output").detail(format!(
        "the output has {}, so labels run from 0 to {}; these run from {low} to {high}",
        plural(classes, "unit"),
        classes.saturating_sub(1)
    ));
    let needed = high as u64 + 1;
    match classes {
        1 => error.hint(format!("use `binary_crossentropy` for 1 unit, or give the output {needed} units")),
        _ if low < 0.0 => {
            error.hint("say `ignore_class` for a label that stands for none, or renumber the classes from 0")
        }
        _ if low >= 1.0 && high - 1.0 < classes as f64 => error
            .hint(format!("labels count from 0: subtract 1 from them, or give the output {needed} units")),
        _ => error.hint(format!("give the output {needed} units, or renumber the classes from 0")),
    }
}

fn labels_shape(y: &Tensor, output: &TensorType, word: &str) -> Result<()> {
    let outputs = output.shape.dims();
    let Some((last, places)) = outputs.split_last() else {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("`{word}` wants an output with one number for each class"),
        ));
    };
    let mut dims = y.dims();
    if dims.len() == outputs.len() && dims.last() == Some(&1) {
        dims = &dims[..dims.len() - 1];
    }
    let fits = |(dim, out): (&usize, &Dim)| out.is_none() || *out == Some(*dim);
    if dims.len() == places.len() && dims.iter().zip(places).skip(1).all(fits) {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Shape, "the labels do not fit the output").detail(format!(
        "labels have shape {}, the output has shape {}",
        y.shape(),
        output.shape
    ));
    Err(if dims.len() == outputs.len() && *last == dims.last().copied() {
        error.hint("these look like one-hot rows: use `categorical_crossentropy` for them")
    } else if dims.len() < places.len() {
        error.hint(forgotten_flatten())
    } else {
        error
    })
}

/// Fails unless the targets are rows of labels from 1, then zeros, which fit into the output's steps.
pub(crate) fn sequences(y: &Tensor, output: &TensorType, word: &str) -> Result<()> {
    let (2, &[_, steps, classes]) = (y.rank(), output.shape.dims()) else {
        let error = Error::new(
            ErrorKind::Shape,
            format!("`{word}` wants labels [batch, length] and an output [batch, steps, classes]"),
        );
        return Err(error.detail(format!(
            "labels have shape {}, the output has shape {}",
            y.shape(),
            output.shape
        )));
    };
    finite(y)?;
    let values = y.to_f64();
    for (number, row) in values.chunks(y.dims()[1].max(1)).enumerate() {
        let count = row.iter().position(|label| *label == 0.0).unwrap_or(row.len());
        let (labels, rest) = row.split_at(count);
        let wrong = |label: &&f64| {
            **label < 1.0 || label.fract() != 0.0 || classes.is_some_and(|classes| **label >= classes as f64)
        };
        let repeats = labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let what = if let Some(label) = labels.iter().find(wrong) {
            let last = classes.map_or(String::new(), |classes| format!(" to {}", classes.saturating_sub(1)));
            format!("holds {label}; labels are whole numbers from 1{last}, and 0 is the blank")
        } else if rest.iter().any(|label| *label != 0.0) {
            "holds a label after a 0; zeros only fill up the end of a row".to_owned()
        } else if steps.is_some_and(|steps| count + repeats > steps) {
            let steps = steps.unwrap_or(0);
            format!("needs {} steps for its labels; the output has {steps}", count + repeats)
        } else {
            continue;
        };
        return Err(Error::new(ErrorKind::Data, format!("the labels do not fit `{word}`"))
            .detail(format!("row {number} {what}")));
    }
    Ok(())
}
