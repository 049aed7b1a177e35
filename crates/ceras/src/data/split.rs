//! Rows for training and rows for testing, the same ones as scikit-learn's.

use std::hash::{BuildHasher, Hasher};

use ceras_graph::Tensor;

use super::random_state::RandomState;
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};

/// How many rows: a share of all, or a count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// A share, above 0 and below 1.
    Share(f64),
    /// A number of rows, at least 1.
    Count(usize),
}

impl From<f64> for Size {
    fn from(share: f64) -> Size {
        Size::Share(share)
    }
}

impl From<usize> for Size {
    fn from(count: usize) -> Size {
        Size::Count(count)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Size::Share(share) => write!(f, "{share:?}"),
            Size::Count(count) => write!(f, "{count}"),
        }
    }
}

/// The arguments of scikit-learn's `train_test_split`, with its defaults.
#[derive(Clone, Debug)]
pub struct SplitOptions<'a> {
    /// How much to test on; by default what `train_size` leaves, or a quarter if that is not given either.
    pub test_size: Option<Size>,
    /// How much to train on; by default what `test_size` leaves.
    pub train_size: Option<Size>,
    /// The seed; without one the split is another one each time.
    pub random_state: Option<u32>,
    /// Whether to shuffle; without, the first rows train and those after them test.
    pub shuffle: bool,
    /// A class for each row: each class is divided in the same proportion. Only the classes' order and equality count,
    /// not their numbers; [`strata`](super::strata()) and [`Column::codes`](super::Column::codes) make them.
    pub stratify: Option<&'a [usize]>,
}

impl Default for SplitOptions<'_> {
    fn default() -> Self {
        SplitOptions { test_size: None, train_size: None, random_state: None, shuffle: true, stratify: None }
    }
}

/// Row numbers to train and to test on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on, in random order.
    pub train: Vec<usize>,
    /// Rows to test on, in random order.
    pub test: Vec<usize>,
}

impl Split {
    /// The rows of a tensor to train and to test on.
    ///
    /// # Errors
    /// The tensor has fewer rows than were split.
    pub fn tensor(&self, tensor: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((tensor.take(&self.train)?, tensor.take(&self.test)?))
    }

    /// The rows of a table to train and to test on.
    ///
    /// # Errors
    /// The table has fewer rows than were split.
    pub fn table(&self, table: &Table) -> Result<(Table, Table)> {
        Ok((table.take(&self.train)?, table.take(&self.test)?))
    }
}

/// Divides `n` rows into rows to train and rows to test on: scikit-learn's `train_test_split`, with its exact rows in
/// its exact order for the same seed.
///
/// # Errors
/// - A size is a share outside of (0, 1), or a count that is 0 or not below `n`; or the sizes are more than all rows.
/// - No row would be left to train on.
/// - With `stratify`: it does not name a class for each row, a class has a single row, there are more classes than rows
///   on one side, or `shuffle` is off.
///
/// # Examples
/// ```
/// use ceras::data::{SplitOptions, train_test_split};
/// let options = SplitOptions { test_size: Some(0.4.into()), random_state: Some(0), ..Default::default() };
/// let split = train_test_split(5, &options)?;
/// assert_eq!((split.train, split.test), (vec![1, 3, 4], vec![2, 0]));
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// This is scikit-learn's, which the lessons use beside Keras. Its `stratify` takes labels; see [`strata`](super::strata()) and
/// [`one_hot_strata`](super::one_hot_strata).
pub fn train_test_split(n: usize, options: &SplitOptions<'_>) -> Result<Split> {
    let (train, test) = sizes(n, options)?;
    if !options.shuffle {
        if options.stratify.is_some() {
            return Err(
                usage("cannot stratify without shuffling").hint("leave `shuffle` on, or `stratify` out")
            );
        }
        return Ok(Split { train: (0..train).collect(), test: (train..train + test).collect() });
    }
    let mut random = RandomState::new(options.random_state.unwrap_or_else(fresh_seed));
    match options.stratify {
        Some(classes) => stratified(n, classes, train, test, &mut random),
        None => {
            let rows = random.permutation(n);
            Ok(Split { test: rows[..test].to_vec(), train: rows[test..test + train].to_vec() })
        }
    }
}

/// Divides the rows of several tensors alike.
///
/// # Errors
/// As [`train_test_split`], and when the tensors do not have the same number of rows.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::{SplitOptions, split_tensors}};
/// let x = Tensor::new(&[4, 1], [0.0f32, 1.0, 2.0, 3.0])?;
/// let y = Tensor::from_slice(&[0i32, 1, 2, 3]);
/// let options = SplitOptions { random_state: Some(1), ..Default::default() };
/// let [(x_train, x_test), (y_train, y_test)] = &split_tensors(&[&x, &y], &options)?[..] else { unreachable!() };
/// assert_eq!((x_train.dims(), x_test.dims()), (&[3, 1][..], &[1, 1][..]));
/// assert_eq!(x_test.to_f32(), y_test.to_f32());
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn split_tensors(tensors: &[&Tensor], options: &SplitOptions<'_>) -> Result<Vec<(Tensor, Tensor)>> {
    let rows: Vec<usize> = tensors.iter().map(|tensor| tensor.dims().first().copied().unwrap_or(0)).collect();
    let Some(&n) = rows.first() else { return Ok(Vec::new()) };
    if rows.iter().any(|count| *count != n) {
        let error =
            Error::new(ErrorKind::Shape, "cannot divide tensors with different numbers of rows alike");
        return Err(error.detail(format!("they have {rows:?} rows")));
    }
    let split = train_test_split(n, options)?;
    tensors.iter().map(|tensor| split.tensor(tensor)).collect()
}

fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}

/// Numbers of rows to train and to test on.
fn sizes(n: usize, options: &SplitOptions<'_>) -> Result<(usize, usize)> {
    let (train_size, mut test_size) = (options.train_size, options.test_size);
    check_size("test_size", test_size, n)?;
    check_size("train_size", train_size, n)?;
    if let (Some(Size::Share(test)), Some(Size::Share(train))) = (test_size, train_size)
        && train + test > 1.0
    {
        return Err(usage(format!(
            "`test_size` {test:?} and `train_size` {train:?} together are more than 1"
        ))
        .hint("make one of them smaller"));
    }
    if test_size.is_none() && train_size.is_none() {
        test_size = Some(Size::Share(0.25));
    }
    let test = test_size.map(|size| match size {
        Size::Share(share) => (share * n as f64).ceil() as usize,
        Size::Count(count) => count,
    });
    let train = train_size.map(|size| match size {
        Size::Share(share) => (share * n as f64).floor() as usize,
        Size::Count(count) => count,
    });
    let train_rows = train.unwrap_or(n.saturating_sub(test.unwrap_or(0)));
    let test_rows = test.unwrap_or(n.saturating_sub(train_rows));
    if train_rows.saturating_add(test_rows) > n {
        return Err(usage(format!(
            "{train_rows} rows to train and {test_rows} rows to test on are more than the {n} rows there are"
        ))
        .hint("make `train_size` or `test_size` smaller"));
    }
    if train_rows == 0 {
        let asked = test_size.map_or_else(String::new, |size| format!(" with `test_size` {size}"));
        return Err(Error::new(
            ErrorKind::Data,
            format!("no row would be left to train on: {n} rows{asked}"),
        ));
    }
    Ok((train_rows, test_rows))
}

fn check_size(name: &str, size: Option<Size>, n: usize) -> Result<()> {
    match size {
        // Written so that a NaN fails too.
        Some(Size::Share(share)) if !(share > 0.0 && share < 1.0) => Err(usage(format!(
            "`{name}` must be above 0 and below 1 as a share of the rows; it is {share:?}"
        ))
        .hint("write a whole number without a point for a number of rows")),
        Some(Size::Count(0)) => Err(usage(format!("`{name}` must be at least 1 row; it is 0"))),
        Some(Size::Count(count)) if count >= n => {
            Err(usage(format!("`{name}` must be below the number of rows, {n}; it is {count}")))
        }
        _ => Ok(()),
    }
}

fn fresh_seed() -> u32 {
    // The standard library keys its hash maps from the operating system's random numbers.
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}

/// scikit-learn's `StratifiedShuffleSplit`, one split.
fn stratified(
    n: usize,
    classes: &[usize],
    train: usize,
    test: usize,
    random: &mut RandomState,
) -> Result<Split> {
    if classes.len() != n {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("`stratify` must name a class for each of the {n} rows; it has {}", classes.len()),
        ));
    }
    let rows = rows_of_classes(classes);
    check_classes(&rows, train, test)?;
    let counts: Vec<usize> = rows.iter().map(|(_, members)| members.len()).collect();
    let train_counts = approximate_mode(&counts, train, random);
    let left: Vec<usize> = counts.iter().zip(&train_counts).map(|(all, taken)| all - taken).collect();
    let test_counts = approximate_mode(&left, test, random);
    let mut split = Split { train: Vec::with_capacity(train), test: Vec::with_capacity(test) };
    for (class, (_, members)) in rows.iter().enumerate() {
        let mut drawn = random.permutation(members.len()).into_iter().map(|index| members[index]);
        split.train.extend(drawn.by_ref().take(train_counts[class]));
        split.test.extend(drawn.take(test_counts[class]));
    }
    random.shuffle(&mut split.train);
    random.shuffle(&mut split.test);
    Ok(split)
}

/// Each class in ascending order with its rows in ascending order.
fn rows_of_classes(classes: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|row| classes[*row]);
    order.chunk_by(|a, b| classes[*a] == classes[*b]).map(|rows| (classes[rows[0]], rows.to_vec())).collect()
}

fn check_classes(rows: &[(usize, Vec<usize>)], train: usize, test: usize) -> Result<()> {
    let small: Vec<String> =
        rows.iter().filter(|(_, members)| members.len() < 2).map(|(class, _)| class.to_string()).collect();
    let data = |message: String| Error::new(ErrorKind::Data, message);
    if !small.is_empty() {
        return Err(data(format!("cannot stratify: class {} has a single row", small.join(", class ")))
            .detail("each class needs at least one row to train and one to test on")
            .hint("leave that class out, or do not stratify"));
    }
    for (side, count) in [("train", train), ("test", test)] {
        if count < rows.len() {
            return Err(data(format!(
                "cannot stratify: {count} rows to {side} on are fewer than the {} classes",
                rows.len()
            ))
            .hint(
                "each class needs a row on each side: change `test_size` or `train_size`, or do not stratify",
            ));
        }
    }
    Ok(())
}

/// scikit-learn's approximation to the most likely counts when `draws` items are drawn without replacement from
/// classes of these sizes: shares rounded down, then one more for the largest remainders, ties broken at random.
fn approximate_mode(counts: &[usize], draws: usize, random: &mut RandomState) -> Vec<usize> {
    let total = counts.iter().sum::<usize>() as f64;
    // In the order of scikit-learn's operations, since equal remainders must stay equal.
    let shares: Vec<f64> = counts.iter().map(|count| *count as f64 / total * draws as f64).collect();
    let mut chosen: Vec<usize> = shares.iter().map(|share| share.floor() as usize).collect();
    let remainders: Vec<f64> = shares.iter().map(|share| share - share.floor()).collect();
    let mut values = remainders.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    values.dedup();
    let mut missing = draws.saturating_sub(chosen.iter().sum());
    for value in values {
        if missing == 0 {
            break;
        }
        let tied: Vec<usize> = (0..counts.len()).filter(|class| remainders[*class] == value).collect();
        let now = tied.len().min(missing);
        for class in random.choice(&tied, now) {
            chosen[class] += 1;
        }
        missing -= now;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::strata::{codes_of, one_hot_strata};
    use serde_json::Value;

    fn cases(group: &str) -> Vec<Value> {
        let path = format!("{}/../../oracle/fixtures/{group}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn size(value: &Value) -> Option<Size> {
        match value.as_u64() {
            Some(count) => Some(Size::Count(count as usize)),
            None => value.as_f64().map(Size::Share),
        }
    }

    fn indices(value: &Value) -> Vec<usize> {
        value.as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as usize).collect()
    }

    fn labels(value: &Value) -> Option<Vec<usize>> {
        let items = value.as_array()?;
        Some(match items[0] {
            Value::String(_) => {
                codes_of(&items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>())
            }
            Value::Bool(_) => codes_of(&items.iter().map(|item| item.as_bool().unwrap()).collect::<Vec<_>>()),
            _ => codes_of(&items.iter().map(|item| item.as_i64().unwrap()).collect::<Vec<_>>()),
        })
    }

    /// What our message must hold where scikit-learn's holds the left.
    const ERRORS: [(&str, &str); 9] = [
        ("only 1 member", "has a single row"),
        ("The train_size =", "rows to train on are fewer than"),
        ("The test_size =", "rows to test on are fewer than"),
        ("resulting train set will be empty", "no row would be left"),
        ("must be a float in the range", "must be a"),
        ("should be either positive and smaller", "must be below the number of rows"),
        ("The sum of test_size and train_size", "together are more than 1"),
        ("The sum of train_size and test_size", "are more than the"),
        ("inconsistent numbers of samples", "for each of the 19 rows"),
    ];

    #[test]
    fn every_split_of_scikit_learn() {
        let cases = cases("splits");
        assert!(cases.len() >= 229);
        for case in &cases {
            let name = case["case"].as_str().unwrap();
            let stratify = labels(&case["stratify"]);
            let options = SplitOptions {
                test_size: size(&case["test_size"]),
                train_size: size(&case["train_size"]),
                random_state: case["random_state"].as_u64().map(|seed| seed as u32),
                shuffle: case["shuffle"].as_bool().unwrap(),
                stratify: stratify.as_deref(),
            };
            let split = train_test_split(case["n"].as_u64().unwrap() as usize, &options);
            if let Some(theirs) = case["error"].as_str() {
                let ours = split.expect_err(name).to_string();
                let expected = ERRORS.iter().find(|(text, _)| theirs.contains(text)).map(|(_, text)| *text);
                assert!(ours.contains(expected.unwrap_or("without shuffling")), "{name}: {theirs}\n{ours}");
            } else {
                let split = split.expect(name);
                assert_eq!(split.train, indices(&case["train"]), "{name}");
                assert_eq!(split.test, indices(&case["test"]), "{name}");
            }
        }
    }

    #[test]
    fn the_lessons_penguins() {
        for case in cases("penguins") {
            let features: Vec<&str> =
                case["features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            let (kept, dropped) = crate::data::datasets::penguins().drop_missing(&features).unwrap();
            assert_eq!(
                dropped.rows().iter().map(|row| row.row).collect::<Vec<_>>(),
                indices(&case["dropped"])
            );
            let (_, codes) = kept.column("species").unwrap().codes().unwrap();
            let strata = match case["case"].as_str().unwrap() {
                "stratified_by_one_hot" => one_hot_strata(&codes),
                _ => codes,
            };
            let options = SplitOptions {
                test_size: Some(0.2.into()),
                random_state: Some(0),
                stratify: Some(&strata),
                ..Default::default()
            };
            let split = train_test_split(kept.rows(), &options).unwrap();
            assert_eq!(split.train, indices(&case["train_positions"]));
            assert_eq!(split.test, indices(&case["test_positions"]));
            let (_, test) = split.table(&kept).unwrap();
            // Row 0 of the table stands on line 2 of the file.
            let rows: Vec<usize> = (0..test.rows()).map(|row| test.line(row).unwrap() - 2).collect();
            assert_eq!(rows, indices(&case["test_rows"]));
        }
    }

    #[test]
    fn absurd_sizes_are_errors() {
        for size in [Size::Share(f64::NAN), Size::Share(f64::INFINITY), Size::Count(usize::MAX)] {
            let options = SplitOptions { test_size: Some(size), ..Default::default() };
            assert!(train_test_split(10, &options).is_err());
            let options = SplitOptions { train_size: Some(size), ..Default::default() };
            assert!(train_test_split(10, &options).is_err());
        }
        let unseeded = train_test_split(10, &SplitOptions::default()).unwrap();
        assert_eq!((unseeded.train.len(), unseeded.test.len()), (7, 3));
    }
}
