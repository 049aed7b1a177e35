//! Rows that were left out, and why.

use std::fmt;

use super::column::Column;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedRow {
    /// Its number in the table before, from 0.
    pub row: usize,
    /// The line of the file on which it begins.
    pub line: Option<usize>,
    /// The columns whose value is missing.
    pub columns: Vec<String>,
}

/// The rows that [`Table::drop_missing`](super::Table::drop_missing) left out; displayed in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    of: usize,
    rows: Vec<DroppedRow>,
}

/// Up to this many rows are named one by one.
const NAMED: usize = 4;

impl Dropped {
    /// The rows that have a value in each of these columns, and those that have not; `line` gives a row's line.
    pub(super) fn split(
        of: usize,
        columns: &[&Column],
        line: impl Fn(usize) -> Option<usize>,
    ) -> (Vec<usize>, Dropped) {
        let (mut kept, mut rows) = (Vec::new(), Vec::new());
        for row in 0..of {
            let missing = columns.iter().filter(|column| column.is_missing(row));
            let columns: Vec<String> = missing.map(|column| column.name().to_owned()).collect();
            if columns.is_empty() {
                kept.push(row);
            } else {
                rows.push(DroppedRow { row, line: line(row), columns });
            }
        }
        (kept, Dropped { of, rows })
    }

    /// The rows, in ascending order.
    pub fn rows(&self) -> &[DroppedRow] {
        &self.rows
    }

    /// How many rows there were before.
    pub fn of(&self) -> usize {
        self.of
    }

    /// How many rows were dropped for each column that misses values, in order of first appearance.
    pub fn by_column(&self) -> Vec<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for name in self.rows.iter().flat_map(|row| &row.columns) {
            match counts.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        counts
    }
}

impl fmt::Display for DroppedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<String> = self.columns.iter().map(|name| format!("`{name}`")).collect();
        let columns = columns.join(", ");
        match self.line {
            Some(line) => write!(f, "row {} (line {line}: {columns})", self.row),
            None => write!(f, "row {} ({columns})", self.row),
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return f.write_str("no rows dropped");
        }
        write!(f, "{} of {} rows dropped for missing values: ", self.rows.len(), self.of)?;
        let parts: Vec<String> = if self.rows.len() <= NAMED {
            self.rows.iter().map(DroppedRow::to_string).collect()
        } else {
            self.by_column().iter().map(|(name, count)| format!("{count} in `{name}`")).collect()
        };
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_are_counted_by_column() {
        let row =
            |row| DroppedRow { row, line: None, columns: vec!["a".to_owned(), format!("b{}", row % 2)] };
        let dropped = Dropped { of: 10, rows: (0..5).map(row).collect() };
        assert_eq!(dropped.by_column(), [("a", 5), ("b0", 3), ("b1", 2)]);
        let text = "5 of 10 rows dropped for missing values: 5 in `a`, 3 in `b0`, 2 in `b1`";
        assert_eq!(dropped.to_string(), text);
    }
}
