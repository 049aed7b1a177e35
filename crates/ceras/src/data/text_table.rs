//! Text in aligned columns.

/// How the cells of a column line up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells as lines of aligned columns, three spaces between them; no line ends in a space or a line break.
/// Line breaks and tabs inside of a cell are shown as spaces.
pub(crate) fn align(rows: &[Vec<String>], aligns: &[Align]) -> String {
    let clean = |cell: &String| cell.replace(char::is_control, " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..aligns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(aligns.iter().zip(&widths)).map(|(cell, (align, width))| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A number with at most six significant digits, for people.
pub(crate) fn short(number: f64) -> String {
    if number.is_nan() {
        return String::new();
    }
    let magnitude = number.abs();
    if number.is_infinite() || number == 0.0 || (1e-4..1e6).contains(&magnitude) {
        let decimals =
            if number == 0.0 || number.is_infinite() { 0 } else { 5 - magnitude.log10().floor() as i64 };
        let text = format!("{number:.*}", decimals.clamp(0, 10) as usize);
        let trimmed =
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return trimmed.to_owned();
    }
    if magnitude < 1e15 && number.fract() == 0.0 {
        return format!("{number}");
    }
    let text = format!("{number:.5e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["größer".to_owned(), "1000".to_owned()]];
        assert_eq!(align(&rows, &[Align::Left, Align::Right]), "a           1\ngrößer   1000");
        assert_eq!(align(&[vec!["a\nb".to_owned()]], &[Align::Left]), "a b");
    }

    #[test]
    fn numbers_are_short() {
        let numbers =
            [0.0, 1.0, 39.1, 43.921_929_824_561_4, -1234.5678, 1e-7, 123456789.0, 1.5e20, f64::INFINITY];
        let texts = ["0", "1", "39.1", "43.9219", "-1234.57", "1e-7", "123456789", "1.5e20", "inf"];
        assert_eq!(numbers.map(short), texts);
        assert_eq!(short(999_999.99), "1000000");
    }
}
