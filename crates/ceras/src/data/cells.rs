//! What the cells of a text file mean, as pandas reads them.

use super::column::{Column, Values};

/// The cells that pandas takes for missing values by default.
pub const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Whether pandas takes this cell for a missing value. Spaces count: `" NA"` is text.
pub fn is_missing(cell: &str) -> bool {
    MISSING.binary_search(&cell).is_ok()
}

/// A column from its cells: whole numbers if all present cells are, else numbers, else truth values, else text.
///
/// Whole numbers beyond 64 bits are text, as in pandas; those beyond a signed 64-bit one are numbers.
pub(crate) fn column(name: &str, cells: &[&str]) -> Column {
    Column::new(name, infer(cells))
}

fn infer(cells: &[&str]) -> Values {
    if cells.iter().all(|cell| is_missing(cell)) {
        return Values::Number(vec![f64::NAN; cells.len()]);
    }
    if let Some(values) = parse(cells, integer) {
        return Values::Integer(values);
    }
    if !cells.iter().any(|cell| is_huge_integer(cell))
        && let Some(values) = parse(cells, number)
    {
        return Values::Number(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect());
    }
    match parse(cells, truth) {
        Some(values) => Values::Bool(values),
        None => {
            Values::Text(cells.iter().map(|cell| (!is_missing(cell)).then(|| (*cell).to_owned())).collect())
        }
    }
}

/// Every cell parsed, missing ones as `None`; `None` in whole if one does not parse.
fn parse<T>(cells: &[&str], parse: fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
    cells.iter().map(|cell| if is_missing(cell) { Some(None) } else { parse(cell).map(Some) }).collect()
}

fn trim(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

fn integer(cell: &str) -> Option<i64> {
    trim(cell).parse().ok()
}

fn is_huge_integer(cell: &str) -> bool {
    let digits = trim(cell);
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && trim(cell).parse::<u64>().is_err()
        && trim(cell).parse::<i64>().is_err()
}

/// A decimal number or an infinity. (A NaN with other letters than those of [`MISSING`] is text.)
pub(crate) fn number(cell: &str) -> Option<f64> {
    trim(cell).parse::<f64>().ok().filter(|number| !number.is_nan())
}

fn truth(cell: &str) -> Option<bool> {
    match cell {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(MISSING.is_sorted());
        assert!(is_missing("") && is_missing("null") && is_missing("<NA>"));
        assert!(!is_missing(" ") && !is_missing("na") && !is_missing("-"));
    }

    #[test]
    fn types_are_those_of_pandas() {
        let integers = |values: &[Option<i64>]| Values::from(values);
        assert_eq!(infer(&["1", " -2 ", "+3"]), integers(&[Some(1), Some(-2), Some(3)]));
        assert_eq!(infer(&["1", "NA"]), integers(&[Some(1), None]));
        assert_eq!(infer(&["1", "2.", ".5", "1e3"]), Values::from([1.0, 2.0, 0.5, 1000.0]));
        assert_eq!(
            infer(&["inf", "-Infinity", "nan"]),
            Values::from([f64::INFINITY, f64::NEG_INFINITY, f64::NAN])
        );
        assert_eq!(infer(&["True", "FALSE", ""]), Values::from([Some(true), Some(false), None]));
        assert_eq!(infer(&["True", "1"]), Values::from(["True", "1"]));
        assert_eq!(infer(&["", "NULL"]), Values::from([f64::NAN, f64::NAN]));
        assert_eq!(infer(&["a", "n/a", "1"]), Values::from([Some("a"), None, Some("1")]));
        assert_eq!(infer(&[]), Values::Number(vec![]));
    }

    #[test]
    fn what_rust_or_others_would_take_for_numbers_is_text() {
        for cell in ["0x10", "1_000", "1,5", "1 000", "++1", "1e", "e5", "-", " ", "NAN", "١"] {
            assert!(matches!(infer(&[cell]), Values::Text(_)), "{cell}");
        }
    }

    #[test]
    fn huge_whole_numbers() {
        assert_eq!(infer(&["18446744073709551615"]), Values::from([18446744073709551615.0]));
        assert_eq!(infer(&["99999999999999999999"]), Values::from(["99999999999999999999"]));
        assert_eq!(infer(&["-9223372036854775808"]), Values::from([i64::MIN]));
    }
}
