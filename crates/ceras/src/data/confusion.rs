//! Which classes are taken for which.

use std::fmt;

use super::text_table::{Align, align};
use crate::error::{Error, ErrorKind, Result};

/// How many rows of each class were predicted as each class.
///
/// # Examples
/// ```
/// use ceras::data::ConfusionMatrix;
/// let matrix = ConfusionMatrix::new(&["cat", "dog"], &[0, 0, 1], &[0, 1, 1])?;
/// assert_eq!(matrix.count(0, 1), 1);
/// assert_eq!(
///     matrix.to_string(),
///     "true \\ predicted   cat   dog\n\
///      cat                  1     1\n\
///      dog                  0     1"
/// );
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: Vec<String>,
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// Counts the rows whose true and predicted classes have these numbers.
    ///
    /// # Errors
    /// The two do not have as many rows, or a number stands for no class.
    pub fn new(classes: &[impl AsRef<str>], truth: &[usize], predicted: &[usize]) -> Result<ConfusionMatrix> {
        let size = classes.len();
        if truth.len() != predicted.len() {
            let message = format!("{} true classes do not fit {} predictions", truth.len(), predicted.len());
            return Err(Error::new(ErrorKind::Shape, message));
        }
        if let Some(code) = truth.iter().chain(predicted).find(|code| **code >= size) {
            return Err(Error::new(
                ErrorKind::Data,
                format!("there is no class {code} among {size} classes"),
            ));
        }
        let mut counts = vec![0; size * size];
        for (truth, predicted) in truth.iter().zip(predicted) {
            counts[truth * size + predicted] += 1;
        }
        Ok(ConfusionMatrix {
            classes: classes.iter().map(|class| class.as_ref().to_owned()).collect(),
            counts,
        })
    }

    /// The classes' names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many rows of one class were predicted as another; 0 for classes that are not there.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        let size = self.classes.len();
        if truth < size && predicted < size { self.counts[truth * size + predicted] } else { 0 }
    }

    /// How many rows.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The share of rows that were predicted right; NaN without rows.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes.len()).map(|class| self.count(class, class)).sum();
        right as f64 / self.total() as f64
    }

    /// The share of a class' rows that were predicted right; NaN without such rows.
    pub fn recall(&self, class: usize) -> f64 {
        let rows: usize = (0..self.classes.len()).map(|predicted| self.count(class, predicted)).sum();
        self.count(class, class) as f64 / rows as f64
    }

    /// The share of the predictions of a class that are right; NaN without such predictions.
    pub fn precision(&self, class: usize) -> f64 {
        let rows: usize = (0..self.classes.len()).map(|truth| self.count(truth, class)).sum();
        self.count(class, class) as f64 / rows as f64
    }
}

/// An aligned table: a row for each true class, a column for each predicted one.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.classes.len();
        let mut rows = vec![vec!["true \\ predicted".to_owned()]];
        rows[0].extend(self.classes.iter().cloned());
        for (truth, class) in self.classes.iter().enumerate() {
            let mut row = vec![class.clone()];
            row.extend((0..size).map(|predicted| self.count(truth, predicted).to_string()));
            rows.push(row);
        }
        let mut aligns = vec![Align::Left];
        aligns.resize(size + 1, Align::Right);
        f.write_str(&align(&rows, &aligns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let matrix = ConfusionMatrix::new(&["a", "b", "c"], &[0, 0, 1, 1, 1], &[0, 1, 1, 1, 0]).unwrap();
        assert_eq!((matrix.total(), matrix.accuracy()), (5, 0.6));
        assert_eq!((matrix.recall(0), matrix.precision(1)), (0.5, 2.0 / 3.0));
        assert!(matrix.recall(2).is_nan() && matrix.precision(2).is_nan());
        assert_eq!(matrix.count(7, 0), 0);
    }

    #[test]
    fn what_does_not_fit() {
        assert!(ConfusionMatrix::new(&["a"], &[0], &[]).is_err());
        assert!(ConfusionMatrix::new(&["a"], &[0], &[1]).is_err());
        let empty = ConfusionMatrix::new(&[""; 0], &[], &[]).unwrap();
        assert_eq!(empty.to_string(), "true \\ predicted");
        assert!(empty.accuracy().is_nan());
    }
}
