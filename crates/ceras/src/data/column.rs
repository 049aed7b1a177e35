//! A named column of a table.

use crate::error::{Error, ErrorKind, Result};

/// The values of a column. A missing value is a NaN among numbers and `None` among the others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Values {
    /// Numbers with a point.
    Number(Vec<f64>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Truth values.
    Bool(Vec<Option<bool>>),
    /// Text.
    Text(Vec<Option<String>>),
}

/// Missing values are equal to each other.
impl PartialEq for Values {
    fn eq(&self, other: &Values) -> bool {
        match (self, other) {
            (Values::Number(a), Values::Number(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
            }
            (Values::Integer(a), Values::Integer(b)) => a == b,
            (Values::Bool(a), Values::Bool(b)) => a == b,
            (Values::Text(a), Values::Text(b)) => a == b,
            _ => false,
        }
    }
}

macro_rules! values_from {
    ($($item:ty => $variant:ident($convert:expr)),* $(,)?) => {$(
        impl From<Vec<$item>> for Values {
            fn from(items: Vec<$item>) -> Values {
                Values::$variant(items.into_iter().map($convert).collect())
            }
        }
        impl From<&[$item]> for Values {
            fn from(items: &[$item]) -> Values {
                Values::$variant(items.iter().cloned().map($convert).collect())
            }
        }
        impl<const N: usize> From<[$item; N]> for Values {
            fn from(items: [$item; N]) -> Values {
                Values::$variant(items.into_iter().map($convert).collect())
            }
        }
    )*};
}

values_from! {
    f64 => Number(|x| x),
    f32 => Number(shortest_f64),
    Option<f64> => Number(|x| x.unwrap_or(f64::NAN)),
    i64 => Integer(Some),
    i32 => Integer(|x| Some(i64::from(x))),
    u32 => Integer(|x| Some(i64::from(x))),
    u8 => Integer(|x| Some(i64::from(x))),
    Option<i64> => Integer(|x| x),
    bool => Bool(Some),
    Option<bool> => Bool(|x| x),
    String => Text(Some),
    &str => Text(|x: &str| Some(x.to_owned())),
    Option<String> => Text(|x| x),
    Option<&str> => Text(|x: Option<&str>| x.map(str::to_owned)),
}

/// The number that a single-precision number is written as: 0.1 and not 0.10000000149011612. It converts back exactly.
fn shortest_f64(number: f32) -> f64 {
    match number.to_string().parse::<f64>() {
        Ok(parsed) if parsed as f32 == number => parsed,
        _ => f64::from(number),
    }
}

/// A named column of a table.
///
/// # Examples
/// ```
/// use ceras::data::Column;
/// let species = Column::new("species", ["Gentoo", "Adelie", "Gentoo"]);
/// assert_eq!(species.classes(), ["Adelie", "Gentoo"]);
/// assert_eq!(species.codes()?.1, [1, 0, 1]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    name: String,
    values: Values,
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, values: impl Into<Values>) -> Column {
        Column { name: name.into(), values: values.into() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Number(values) => values.len(),
            Values::Integer(values) => values.len(),
            Values::Bool(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it holds, in a word: `number`, `integer`, `bool` or `text`.
    pub fn type_name(&self) -> &'static str {
        match &self.values {
            Values::Number(_) => "number",
            Values::Integer(_) => "integer",
            Values::Bool(_) => "bool",
            Values::Text(_) => "text",
        }
    }

    /// Whether it holds numbers, with a point or whole.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values, Values::Number(_) | Values::Integer(_))
    }

    /// Whether the value of a row is missing. A row that is not there is missing too.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Number(values) => values.get(row).is_none_or(|value| value.is_nan()),
            Values::Integer(values) => values.get(row).is_none_or(Option::is_none),
            Values::Bool(values) => values.get(row).is_none_or(Option::is_none),
            Values::Text(values) => values.get(row).is_none_or(Option::is_none),
        }
    }

    /// How many values are missing.
    pub fn missing(&self) -> usize {
        (0..self.len()).filter(|row| self.is_missing(*row)).count()
    }

    /// The number of a row: whole numbers as they are, truth values as 0 and 1; `None` for text and missing values.
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Number(values) => values.get(row).copied().filter(|value| !value.is_nan()),
            Values::Integer(values) => values.get(row).copied().flatten().map(|value| value as f64),
            Values::Bool(values) => {
                values.get(row).copied().flatten().map(|value| f64::from(u8::from(value)))
            }
            Values::Text(_) => None,
        }
    }

    /// The value of a row as pandas would write it to a CSV file: `39.0`, `39`, `True`, `Adelie`; empty when missing.
    pub fn text(&self, row: usize) -> String {
        if self.is_missing(row) {
            return String::new();
        }
        match &self.values {
            Values::Number(values) => format!("{:?}", values[row]),
            Values::Integer(values) => values[row].map(|value| value.to_string()).unwrap_or_default(),
            Values::Bool(values) => if values[row] == Some(true) { "True" } else { "False" }.to_owned(),
            Values::Text(values) => values[row].clone().unwrap_or_default(),
        }
    }

    /// The column with only these rows, in this order.
    pub(crate) fn take(&self, rows: &[usize]) -> Column {
        fn pick<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| values[*row].clone()).collect()
        }
        let values = match &self.values {
            Values::Number(values) => Values::Number(pick(values, rows)),
            Values::Integer(values) => Values::Integer(pick(values, rows)),
            Values::Bool(values) => Values::Bool(pick(values, rows)),
            Values::Text(values) => Values::Text(pick(values, rows)),
        };
        Column { name: self.name.clone(), values }
    }

    /// The distinct values in ascending order (numbers by size, text by code points, `False` before `True`), written
    /// as [`Column::text`] does; missing values are not among them.
    pub fn classes(&self) -> Vec<String> {
        self.distinct().into_iter().map(|row| self.text(row)).collect()
    }

    /// The classes in ascending order and, for each row, the position of its class.
    ///
    /// # Errors
    /// A value is missing.
    pub fn codes(&self) -> Result<(Vec<String>, Vec<usize>)> {
        if let Some(row) = (0..self.len()).find(|row| self.is_missing(*row)) {
            return Err(Error::new(
                ErrorKind::Data,
                format!("column `{}` has no value in row {row}, so that row has no class", self.name),
            )
            .hint("drop the rows with missing values first"));
        }
        let distinct = self.distinct();
        let code = |row: usize| distinct.partition_point(|other| self.compare(*other, row).is_lt());
        let codes = (0..self.len()).map(code).collect();
        Ok((distinct.into_iter().map(|row| self.text(row)).collect(), codes))
    }

    /// A row for each distinct value, in ascending order of the values.
    fn distinct(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.len()).filter(|row| !self.is_missing(*row)).collect();
        rows.sort_by(|a, b| self.compare(*a, *b));
        rows.dedup_by(|a, b| self.compare(*a, *b).is_eq());
        rows
    }

    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        match &self.values {
            Values::Number(values) => values[a].partial_cmp(&values[b]).unwrap_or(std::cmp::Ordering::Equal),
            Values::Integer(values) => values[a].cmp(&values[b]),
            Values::Bool(values) => values[a].cmp(&values[b]),
            Values::Text(values) => values[a].cmp(&values[b]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_sorted_as_numpy_sorts() {
        assert_eq!(Column::new("x", [10i64, -3, 9, 10]).classes(), ["-3", "9", "10"]);
        assert_eq!(Column::new("x", ["b", "Z", "a", "é"]).classes(), ["Z", "a", "b", "é"]);
        assert_eq!(Column::new("x", [true, false]).classes(), ["False", "True"]);
        assert_eq!(Column::new("x", [2.5, f64::NAN, -0.0, 0.0]).classes(), ["-0.0", "2.5"]);
        let (classes, codes) = Column::new("x", [10i32, -3, 9, 10]).codes().unwrap();
        assert_eq!((classes.len(), codes), (3, vec![2, 0, 1, 2]));
    }

    #[test]
    fn a_missing_value_has_no_class() {
        let error = Column::new("x", [Some("a"), None]).codes().unwrap_err();
        assert!(error.to_string().contains("column `x` has no value in row 1"), "{error}");
        let empty = Column::new("x", Vec::<f64>::new());
        assert_eq!(empty.codes().unwrap(), (vec![], vec![]));
        assert!(empty.is_missing(3) && empty.number(3).is_none() && empty.text(3).is_empty());
    }

    #[test]
    fn single_precision_keeps_its_digits() {
        let Values::Number(values) = Values::from([0.1f32, 1e-40, f32::NAN, f32::INFINITY]) else {
            unreachable!()
        };
        assert_eq!(values[0], 0.1);
        assert_eq!(values[1] as f32, 1e-40);
        assert!(values[2].is_nan() && values[3].is_infinite());
    }
}
