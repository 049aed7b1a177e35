//! Intersection over union, from a matrix of how often a class was taken for another.

use ceras_graph::{DType, Graph, GraphError, Shape, Tensor, TensorType, Value, compose, ops};

use super::running::single;
use crate::activations::rules;
use crate::losses::class_mask;

/// How targets and predictions are read, and what is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The number of classes.
    pub(super) classes: u32,
    /// Samples of this class do not count.
    pub(super) ignore_class: Option<i64>,
    /// Whether targets are numbers of classes.
    pub(super) sparse_y_true: bool,
    /// Whether predictions are numbers of classes.
    pub(super) sparse_y_pred: bool,
    /// Where the classes are, when they are not numbers.
    pub(super) axis: i64,
}

impl Reading {
    /// The matrix: rows are targets, columns predictions. In double precision, it counts pixels exactly.
    pub(super) fn state(&self) -> Vec<(String, TensorType, f64)> {
        let classes = self.classes as usize;
        vec![("total_confusion_matrix".to_owned(), TensorType::new(DType::F64, [classes, classes]), 0.0)]
    }

    /// Emits the matrix after a batch.
    ///
    /// # Errors
    /// Targets, predictions and weights do not fit each other.
    pub(super) fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let y_true = self.numbers(g, y_true, self.sparse_y_true)?;
        let y_pred = self.numbers(g, y_pred, self.sparse_y_pred)?;
        let places = g.ty(y_true).shape.elements();
        if places.is_none() || places != g.ty(y_pred).shape.elements() {
            let operands = [("y_true", y_true), ("y_pred", y_pred)];
            return Err(rules::broken(g, "iou", "there must be one prediction for each target", &operands));
        }
        let classes = self.classes as usize;
        // A class out of range has a row of zeros, and so does not count.
        let rows = class_mask(g, y_true, classes)?;
        let mut rows = ops::convert(g, rows, DType::F32)?;
        if let Some(ignored) = self.ignore_class {
            let ignored = compose::scalar(g, ignored as f64, DType::I32)?;
            let kept = compose::not_equal(g, y_true, ignored)?;
            rows = times_rows(g, rows, kept)?;
        }
        if let Some(weight) = weight {
            let weight = flat(g, weight, places)?;
            rows = times_rows(g, rows, weight)?;
        }
        let columns = class_mask(g, y_pred, classes)?;
        let columns = ops::convert(g, columns, DType::F32)?;
        let turned = ops::transpose(g, rows, &[1, 0])?;
        let counted = compose::matmul(g, turned, columns)?;
        let counted = ops::convert(g, counted, DType::F64)?;
        Ok(vec![ops::add(g, state[0], counted)?])
    }

    /// Numbers of classes in a row.
    fn numbers(&self, g: &mut Graph, x: Value, sparse: bool) -> Result<Value, GraphError> {
        let x = if sparse {
            x
        } else {
            let x = single(g, x)?;
            let axis = rules::axis_of(g, "iou", x, self.axis)?;
            ops::arg_max(g, x, axis)?
        };
        let x = if g.ty(x).dtype == DType::I32 { x } else { ops::convert(g, x, DType::I32)? };
        let places = g.ty(x).shape.elements();
        flat(g, x, places)
    }
}

/// All elements in a row.
fn flat(g: &mut Graph, x: Value, places: Option<usize>) -> Result<Value, GraphError> {
    match (g.ty(x).shape.elements(), places) {
        (Some(elements), Some(places)) if elements == places => ops::reshape(g, x, Shape::known(&[places])),
        _ => {
            Err(rules::broken(g, "iou", "there must be one weight for each target", &[("sample_weight", x)]))
        }
    }
}

/// Rows of a matrix times a number each.
fn times_rows(g: &mut Graph, rows: Value, factors: Value) -> Result<Value, GraphError> {
    let factors = single(g, factors)?;
    let factors = compose::expand_dims(g, factors, 1)?;
    compose::multiply(g, rows, factors)
}

/// The mean of intersection over union of these classes, of those that there are.
pub(super) fn result(state: &[Tensor], classes: u32, targets: impl Iterator<Item = usize>) -> f64 {
    let (matrix, classes) = (state[0].to_f64(), classes as usize);
    let at = |row: usize, column: usize| matrix[row * classes + column];
    let mut sum = 0.0;
    let mut count = 0.0;
    for class in targets.filter(|class| *class < classes) {
        let both = at(class, class);
        let union: f64 = (0..classes).map(|other| at(class, other) + at(other, class)).sum::<f64>() - both;
        if union > 1e-9 {
            sum += both / (union + 1e-7);
            count += 1.0;
        }
    }
    sum / (count + 1e-7)
}

/// The numbers of the classes that a metric asks for.
pub(super) fn chosen(classes: &[u32]) -> Vec<usize> {
    classes.iter().map(|class| *class as usize).collect()
}

/// A metric of `num_classes` classes: whether its targets are numbers, and which classes its mean is over.
macro_rules! over_classes {
    ($metric:ident, $sparse_y_true:expr, $classes:expr) => {
        impl $metric {
            fn reading(&self) -> crate::metrics::iou::Reading {
                let sparse: fn(&$metric) -> bool = $sparse_y_true;
                crate::metrics::iou::Reading {
                    classes: self.num_classes,
                    ignore_class: self.ignore_class,
                    sparse_y_true: sparse(self),
                    sparse_y_pred: self.sparse_y_pred,
                    axis: self.axis,
                }
            }
        }

        impl crate::metrics::Metric for $metric {
            crate::metrics::named!();

            fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
                self.reading().state()
            }

            fn update(
                &self,
                g: &mut ceras_graph::Graph,
                state: &[ceras_graph::Value],
                y_true: ceras_graph::Value,
                y_pred: ceras_graph::Value,
                weight: Option<ceras_graph::Value>,
            ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
                self.reading().update(g, state, y_true, y_pred, weight)
            }

            fn result(&self, state: &[ceras_graph::Tensor]) -> f64 {
                let classes: fn(&$metric) -> Vec<usize> = $classes;
                crate::metrics::iou::result(state, self.num_classes, classes(self).into_iter())
            }

            fn lower_is_better(&self) -> Option<bool> {
                Some(false)
            }
        }
    };
}
pub(super) use over_classes;
