//! Classes to stratify by, in scikit-learn's order.

use ceras_graph::{DType, Tensor};

use crate::error::{Error, ErrorKind, Result};

/// Classes for [`SplitOptions::stratify`](super::SplitOptions::stratify) from labels, in the order that scikit-learn would give them.
///
/// Labels of rank 1 are ordered by number. Rows of a tensor of rank 2 (one-hot or multi-label) are classes as wholes,
/// and ordered as scikit-learn orders them: as text, `"1.0 0.0 0.0"` or `"True False False"`.
///
/// # Errors
/// The labels are of another rank.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::strata};
/// assert_eq!(strata(&Tensor::from_slice(&[7i32, -1, 7]))?, [1, 0, 1]);
/// assert_eq!(strata(&Tensor::new(&[3, 2], [1.0f32, 0.0, 0.0, 1.0, 1.0, 0.0])?)?, [1, 0, 1]);
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn strata(labels: &Tensor) -> Result<Vec<usize>> {
    match labels.dims() {
        [_] => Ok(codes_of(&ordered(labels))),
        &[rows, width] => {
            let words = words(labels);
            Ok(codes_of(
                &(0..rows).map(|row| words[row * width..(row + 1) * width].join(" ")).collect::<Vec<_>>(),
            ))
        }
        _ => Err(Error::new(
            ErrorKind::Shape,
            format!("labels to stratify by must have 1 or 2 axes; they have shape {}", labels.shape()),
        )),
    }
}

/// The classes that scikit-learn sees when it stratifies by the one-hot form of these classes (pandas'
/// `get_dummies`): as text, a row with its 1 further to the right comes first, so the order is reversed. The split is
/// another one than by the classes themselves.
///
/// # Examples
/// ```
/// assert_eq!(ceras::data::one_hot_strata(&[0, 2, 1]), [2, 0, 1]);
/// ```
pub fn one_hot_strata(classes: &[usize]) -> Vec<usize> {
    let last = classes.iter().copied().max().unwrap_or(0);
    classes.iter().map(|class| last - class).collect()
}

/// The position of each item among the distinct ones in ascending order.
pub(super) fn codes_of<T: Ord>(items: &[T]) -> Vec<usize> {
    let mut distinct: Vec<&T> = items.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    items.iter().map(|item| distinct.binary_search(&item).unwrap_or_default()).collect()
}

/// Integers in the order of the elements.
fn ordered(tensor: &Tensor) -> Vec<i128> {
    match tensor.dtype() {
        DType::F32 | DType::F64 => tensor.to_f64().into_iter().map(float_order).collect(),
        DType::U64 => tensor.slice::<u64>().iter().map(|x| i128::from(*x)).collect(),
        _ => tensor.cast(DType::I64).slice::<i64>().iter().map(|x| i128::from(*x)).collect(),
    }
}

/// An integer in the order of the number: both zeros alike, every NaN alike and last, as `numpy.unique`.
fn float_order(number: f64) -> i128 {
    if number.is_nan() {
        return i128::MAX;
    }
    let magnitude = i128::from(number.abs().to_bits());
    if number < 0.0 { -magnitude } else { magnitude }
}

/// The elements as NumPy writes them.
fn words(tensor: &Tensor) -> Vec<String> {
    match tensor.dtype() {
        DType::F32 => tensor.slice::<f32>().iter().map(|x| numpy_float(format!("{x:e}"))).collect(),
        DType::F64 => tensor.slice::<f64>().iter().map(|x| numpy_float(format!("{x:e}"))).collect(),
        DType::Bool => {
            tensor.slice::<u8>().iter().map(|x| if *x == 0 { "False" } else { "True" }.to_owned()).collect()
        }
        DType::U64 => tensor.slice::<u64>().iter().map(u64::to_string).collect(),
        _ => tensor.cast(DType::I64).slice::<i64>().iter().map(i64::to_string).collect(),
    }
}

/// The shortest digits, such as `1.5e-7`, laid out as NumPy does: plain from 0.0001 to below 10¹⁶.
fn numpy_float(shortest: String) -> String {
    let Some((mantissa, exponent)) = shortest.split_once('e') else { return shortest.to_lowercase() };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    if !(-4..16).contains(&exponent) {
        return format!("{sign}{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    let padded = format!("{digits:0<whole$}");
    let fraction = &padded[whole..];
    format!("{sign}{}.{}", &padded[..whole], if fraction.is_empty() { "0" } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hot_rows_are_ordered_as_text() {
        let codes = [0, 2, 1, 1, 0];
        let mut bools = vec![false; 15];
        let mut floats = vec![0.0f32; 15];
        for (row, code) in codes.iter().enumerate() {
            bools[row * 3 + code] = true;
            floats[row * 3 + code] = 1.0;
        }
        let expected = one_hot_strata(&codes);
        assert_eq!(strata(&Tensor::from_bools(&[5, 3], &bools).unwrap()).unwrap(), expected);
        assert_eq!(strata(&Tensor::new(&[5, 3], floats).unwrap()).unwrap(), expected);
        assert!(strata(&Tensor::scalar(1.0f32)).is_err());
    }

    #[test]
    fn floats_as_numpy_writes_them() {
        let numbers = [0.0, -0.0, 1.0, 0.1, 123.25, 1e15, 1e16, 1.5e-4, 1e-5, -2.5e-7, 1e100, f64::INFINITY];
        let expected = [
            "0.0",
            "-0.0",
            "1.0",
            "0.1",
            "123.25",
            "1000000000000000.0",
            "1e+16",
            "0.00015",
            "1e-05",
            "-2.5e-07",
            "1e+100",
            "inf",
        ];
        assert_eq!(words(&Tensor::from_slice(&numbers)), expected);
        assert_eq!(words(&Tensor::from_slice(&[0.1f32, f32::NAN])), ["0.1", "nan"]);
    }

    #[test]
    fn labels_that_are_floats_are_ordered_by_number() {
        let labels = [2.5, -1.0, 0.0, -0.0, f64::NAN, -3.0, f64::NAN];
        assert_eq!(strata(&Tensor::from_slice(&labels)).unwrap(), [3, 1, 2, 2, 4, 0, 4]);
    }
}
