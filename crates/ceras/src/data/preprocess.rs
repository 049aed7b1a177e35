//! Classes as numbers, and what a model must beat.

use ceras_graph::Tensor;

use super::column::Column;
use crate::error::{Error, ErrorKind, Result, did_you_mean};

/// One-hot encoding that remembers its classes and their order.
///
/// # Examples
/// ```
/// use ceras::data::{Column, OneHot};
/// let species = Column::new("species", ["Gentoo", "Adelie", "Gentoo"]);
/// let encoding = OneHot::fit(&species)?;
/// assert_eq!(encoding.classes(), ["Adelie", "Gentoo"]);
/// let y = encoding.encode(&species)?;
/// assert_eq!((y.dims(), y.slice::<f32>()), (&[3, 2][..], &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0][..]));
/// assert_eq!(encoding.decode(&y)?, ["Gentoo", "Adelie", "Gentoo"]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneHot {
    classes: Vec<String>,
}

impl OneHot {
    /// The classes of a column, in ascending order.
    ///
    /// # Errors
    /// A value is missing, or there are no rows.
    pub fn fit(column: &Column) -> Result<OneHot> {
        let (classes, _) = column.codes()?;
        match classes.is_empty() {
            true => Err(data(format!("column `{}` has no rows, so there are no classes", column.name()))),
            false => Ok(OneHot { classes }),
        }
    }

    /// These classes in this order, as they were remembered with a model.
    ///
    /// # Errors
    /// There are none, or one stands twice.
    pub fn from_classes(classes: Vec<String>) -> Result<OneHot> {
        if classes.is_empty() {
            return Err(data("there are no classes".to_owned()));
        }
        let twice = classes.iter().enumerate().find(|(index, class)| classes[..*index].contains(class));
        match twice {
            Some((_, class)) => Err(data(format!("class `{class}` stands twice"))),
            None => Ok(OneHot { classes }),
        }
    }

    /// The classes in their order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The number of the class of each row.
    ///
    /// # Errors
    /// A value is missing or none of the classes; row and value are named.
    pub fn codes(&self, column: &Column) -> Result<Vec<usize>> {
        let (theirs, codes) = column.codes()?;
        let ours: Vec<Option<usize>> =
            theirs.iter().map(|class| self.classes.iter().position(|known| known == class)).collect();
        let numbered = codes
            .iter()
            .enumerate()
            .map(|(row, code)| ours[*code].ok_or_else(|| self.unknown(column.name(), row, &theirs[*code])));
        numbered.collect()
    }

    fn unknown(&self, column: &str, row: usize, class: &str) -> Error {
        let names: Vec<String> = self.classes.iter().take(20).map(|name| format!("`{name}`")).collect();
        let more = if self.classes.len() > 20 { ", …" } else { "" };
        let error =
            data(format!("column `{column}` is `{class}` in row {row}, which is none of the classes"))
                .detail(format!("the classes are {}{more}", names.join(", ")));
        match did_you_mean(class, self.classes.iter().map(String::as_str)) {
            Some(close) => error.hint(format!("did you mean `{close}`?")),
            None => error,
        }
    }

    /// The column as rows of zeros with a 1 at the class.
    ///
    /// # Shapes
    /// `float32 [rows, classes]`.
    ///
    /// # Errors
    /// As [`OneHot::codes`].
    pub fn encode(&self, column: &Column) -> Result<Tensor> {
        one_hot(&self.codes(column)?, &[column.len()], self.classes.len())
    }

    /// The class of the largest number of each row, the first of equals: the classes that a model predicts.
    ///
    /// # Errors
    /// The tensor is not of shape `[rows, classes]`.
    pub fn decode(&self, predictions: &Tensor) -> Result<Vec<&str>> {
        let width = self.classes.len();
        if predictions.rank() != 2 || predictions.dims()[1] != width {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "predictions for {width} classes have shape [rows, {width}], not {}",
                    predictions.shape()
                ),
            ));
        }
        let numbers = predictions.to_f64();
        Ok(numbers.chunks_exact(width).map(|row| self.classes[arg_max(row)].as_str()).collect())
    }
}

fn arg_max(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best })
}

fn data(message: String) -> Error {
    Error::new(ErrorKind::Data, message)
}

fn one_hot(codes: &[usize], leading: &[usize], classes: usize) -> Result<Tensor> {
    let mut dims = leading.to_vec();
    dims.push(classes);
    // Checked before anything is allocated: a label may be any number.
    let too_large =
        || Error::new(ErrorKind::Data, format!("{} labels of {classes} classes are too many", codes.len()));
    let elements = codes.len().checked_mul(classes).filter(|elements| *elements <= isize::MAX as usize / 4);
    let mut numbers: Vec<f32> = Vec::new();
    let elements = elements.ok_or_else(too_large)?;
    numbers.try_reserve_exact(elements).map_err(|_| too_large())?;
    numbers.resize(elements, 0.0);
    for (row, code) in codes.iter().enumerate() {
        numbers[row * classes + code] = 1.0;
    }
    Ok(Tensor::new(&dims, numbers)?)
}

/// Labels as rows of zeros with a 1 at the label: Keras' `to_categorical`.
///
/// # Shapes
/// `[...]` or `[..., 1]` becomes `float32 [..., num_classes]`; without `num_classes` it is the largest label plus 1.
///
/// # Errors
/// A label is negative, no whole number, or not below `num_classes`.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::to_categorical};
/// let y = to_categorical(&Tensor::from_slice(&[0i32, 2, 1]), None)?;
/// assert_eq!(y.slice::<f32>(), [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Keras gives `float64`, counts negative labels from the end and cuts off fractions.
pub fn to_categorical(labels: &Tensor, num_classes: Option<usize>) -> Result<Tensor> {
    let codes = labels.to_f64().into_iter().enumerate().map(|(position, label)| {
        // Exact up to 2⁵³; there is no memory for more classes than that.
        if label >= 0.0 && label.fract() == 0.0 && label < 9_007_199_254_740_992.0 {
            Ok(label as usize)
        } else {
            Err(data(format!("label {position} is {label:?}; labels are whole numbers from 0"))
                .hint("`OneHot` turns names and other values into classes"))
        }
    });
    let codes = codes.collect::<Result<Vec<usize>>>()?;
    let largest = codes.iter().copied().max();
    let classes = num_classes.unwrap_or(largest.map_or(0, |largest| largest + 1));
    if let Some(position) = codes.iter().position(|code| *code >= classes) {
        let label = codes[position];
        return Err(data(format!(
            "label {position} is {label}, which is not below `num_classes`, {classes}"
        )));
    }
    let leading = match labels.dims() {
        [rest @ .., 1] if !rest.is_empty() => rest,
        all => all,
    };
    one_hot(&codes, leading, classes)
}

/// How many rows each class has. Codes that are not below `classes` count for none.
///
/// # Examples
/// ```
/// assert_eq!(ceras::data::class_counts(&[0, 2, 0], 3), [2, 0, 1]);
/// ```
pub fn class_counts(codes: &[usize], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for code in codes {
        if let Some(count) = counts.get_mut(*code) {
            *count += 1;
        }
    }
    counts
}

/// What always saying the commonest class of the training rows achieves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassBaseline {
    /// The class.
    pub class: usize,
    /// The share of test rows of that class.
    pub accuracy: f64,
}

/// The baseline of a classifier: the commonest class of the training rows (the first of equals), said of every test
/// row. Accuracy is NaN without test rows.
///
/// # Examples
/// ```
/// let baseline = ceras::data::majority_baseline(&[1, 1, 0], &[1, 0, 0, 0]);
/// assert_eq!((baseline.class, baseline.accuracy), (1, 0.25));
/// ```
pub fn majority_baseline(train: &[usize], test: &[usize]) -> ClassBaseline {
    let mut sorted = train.to_vec();
    sorted.sort_unstable();
    let mut best: &[usize] = &[];
    for class in sorted.chunk_by(|a, b| a == b) {
        if class.len() > best.len() {
            best = class;
        }
    }
    let class = best.first().copied().unwrap_or(0);
    let right = test.iter().filter(|code| **code == class).count();
    ClassBaseline { class, accuracy: right as f64 / test.len() as f64 }
}

/// What always saying the mean of the training rows achieves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanBaseline {
    /// The mean of the training rows.
    pub mean: f64,
    /// The mean absolute error on the test rows.
    pub mean_absolute_error: f64,
    /// The mean squared error on the test rows.
    pub mean_squared_error: f64,
}

/// The baseline of a regression: the mean of the training rows, said of every test row. NaN without rows.
///
/// # Examples
/// ```
/// let baseline = ceras::data::mean_baseline(&[1.0, 3.0], &[2.0, 4.0]);
/// assert_eq!((baseline.mean, baseline.mean_absolute_error, baseline.mean_squared_error), (2.0, 1.0, 2.0));
/// ```
pub fn mean_baseline(train: &[f64], test: &[f64]) -> MeanBaseline {
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let over_test =
        |error: fn(f64) -> f64| test.iter().map(|y| error(y - mean)).sum::<f64>() / test.len() as f64;
    MeanBaseline { mean, mean_absolute_error: over_test(f64::abs), mean_squared_error: over_test(|e| e * e) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_classes_keep_their_order() {
        let encoding = OneHot::from_classes(vec!["b".into(), "a".into(), "c".into()]).unwrap();
        assert_eq!(encoding.codes(&Column::new("x", ["a", "b", "a"])).unwrap(), [1, 0, 1]);
        let error = encoding.encode(&Column::new("x", ["a", "B"])).unwrap_err().to_string();
        assert!(
            error.contains("column `x` is `B` in row 1") && error.contains("did you mean `b`?"),
            "{error}"
        );
        assert!(OneHot::from_classes(vec![]).is_err());
        assert!(OneHot::from_classes(vec!["a".into(), "a".into()]).is_err());
        assert!(OneHot::fit(&Column::new("x", Vec::<i64>::new())).is_err());
        assert!(OneHot::fit(&Column::new("x", [None, Some("a")])).is_err());
    }

    #[test]
    fn predictions_become_names() {
        let encoding = OneHot::fit(&Column::new("x", [0i64, 1])).unwrap();
        let tensor = Tensor::new(&[3, 2], [0.5f32, 0.5, 0.1, 0.9, f32::NAN, 1.0]).unwrap();
        assert_eq!(encoding.decode(&tensor).unwrap(), ["0", "1", "0"]);
        assert!(encoding.decode(&Tensor::from_slice(&[1.0f32, 2.0])).is_err());
        assert!(encoding.decode(&Tensor::new(&[1, 3], [0.0f32; 3]).unwrap()).is_err());
    }

    #[test]
    fn to_categorical_shapes() {
        let labels = Tensor::new(&[2, 1], [1u8, 0]).unwrap();
        assert_eq!(to_categorical(&labels, Some(3)).unwrap().dims(), [2, 3]);
        assert_eq!(to_categorical(&Tensor::from_slice(&[0.0f32]), None).unwrap().dims(), [1, 1]);
        assert_eq!(
            to_categorical(&Tensor::new(&[1, 2], [1i64, 0]).unwrap(), None).unwrap().dims(),
            [1, 2, 2]
        );
        assert_eq!(to_categorical(&Tensor::scalar(1i32), None).unwrap().dims(), [2]);
        assert_eq!(to_categorical(&Tensor::from_slice::<i32>(&[]), None).unwrap().dims(), [0, 0]);
    }

    #[test]
    fn labels_that_cannot_be() {
        for bad in [-1.0f64, 0.5, f64::NAN, f64::INFINITY, 1e300, 4e15] {
            assert!(to_categorical(&Tensor::from_slice(&[bad]), None).is_err(), "{bad}");
        }
        assert!(to_categorical(&Tensor::from_slice(&[3i32]), Some(3)).is_err());
        assert_eq!(
            ceras_graph::DType::F32,
            to_categorical(&Tensor::from_slice(&[3i32]), Some(4)).unwrap().dtype()
        );
    }

    #[test]
    fn baselines() {
        assert_eq!(majority_baseline(&[2, 1, 1, 2], &[1]), ClassBaseline { class: 1, accuracy: 1.0 });
        assert!(majority_baseline(&[], &[]).accuracy.is_nan());
        assert!(mean_baseline(&[], &[1.0]).mean.is_nan());
    }
}
