//! Tables of named, typed columns.

use std::path::Path;

use ceras_graph::Tensor;

use super::cells;
use super::column::{Column, Values};
use super::csv::CsvOptions;
use super::describe;
use super::dropped::Dropped;
use crate::error::{Error, ErrorKind, Result, did_you_mean};

/// A table: columns with different names and as many rows each. Rows are counted from 0, lines of a file from 1.
///
/// # Examples
/// ```
/// use ceras::data::{Column, Table};
/// let table = Table::from_columns(vec![
///     Column::new("mass", [3750.0, f64::NAN, 3800.0]),
///     Column::new("species", ["Adelie", "Adelie", "Gentoo"]),
/// ])?;
/// let (table, dropped) = table.drop_missing(&["mass"])?;
/// assert_eq!(dropped.to_string(), "1 of 3 rows dropped for missing values: row 1 (`mass`)");
/// assert_eq!(table.to_tensor(&["mass"])?.slice::<f32>(), [3750.0, 3800.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// The line of the file on which each row begins; empty for a table that was not read from one.
    lines: Vec<usize>,
}

impl Table {
    /// A table of these columns.
    ///
    /// # Errors
    /// Two columns have the same name, one has none, or their lengths differ.
    pub fn from_columns(columns: Vec<Column>) -> Result<Table> {
        let rows = columns.first().map_or(0, Column::len);
        for (index, column) in columns.iter().enumerate() {
            let name = column.name();
            if name.trim().is_empty() {
                return Err(data(format!("column {} has no name", index + 1)));
            }
            if columns[..index].iter().any(|other| other.name() == name) {
                return Err(data(format!("two columns are called `{name}`")));
            }
            if column.len() != rows {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!(
                        "column `{name}` has {} rows, and column `{}` has {rows}",
                        column.len(),
                        columns[0].name()
                    ),
                ));
            }
        }
        Ok(Table { columns, rows, lines: Vec::new() })
    }

    /// A table of the columns of a tensor `[rows, columns]`, or of one column from a tensor `[rows]`.
    ///
    /// # Errors
    /// The tensor has another rank, or not as many columns as there are names; or the names are not allowed.
    pub fn from_tensor(tensor: &Tensor, names: &[&str]) -> Result<Table> {
        let (rows, width) = match *tensor.dims() {
            [rows] => (rows, 1),
            [rows, width] => (rows, width),
            _ => {
                return Err(Error::new(ErrorKind::Shape, format!("a table has no shape {}", tensor.shape())));
            }
        };
        if width != names.len() {
            let message = format!("{} names do not fit a tensor of shape {}", names.len(), tensor.shape());
            return Err(Error::new(ErrorKind::Shape, message));
        }
        let tensor = tensor.reshape(&[rows, width])?;
        let columns = names.iter().enumerate().map(|(index, name)| {
            let pick = || (0..rows).map(move |row| row * width + index);
            let values = match tensor.dtype() {
                ceras_graph::DType::F32 => {
                    pick().map(|i| tensor.slice::<f32>()[i]).collect::<Vec<_>>().into()
                }
                ceras_graph::DType::F64 => {
                    pick().map(|i| tensor.slice::<f64>()[i]).collect::<Vec<_>>().into()
                }
                ceras_graph::DType::Bool => {
                    pick().map(|i| tensor.slice::<u8>()[i] != 0).collect::<Vec<_>>().into()
                }
                _ => {
                    let whole = tensor.cast(ceras_graph::DType::I64);
                    Values::Integer(pick().map(|i| Some(whole.slice::<i64>()[i])).collect())
                }
            };
            Column::new(*name, values)
        });
        Table::from_columns(columns.collect())
    }

    /// Reads a CSV file with a header, as pandas does: missing cells are those of [`cells::MISSING`], types are those
    /// of the cells.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Table::from_csv`].
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
        Table::read_csv_with(path, &CsvOptions::default())
    }

    /// Reads a CSV file with another separator than the comma.
    ///
    /// # Errors
    /// As [`Table::read_csv`].
    pub fn read_csv_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table> {
        let path = path.as_ref();
        super::csv::parse(&crate::files::read(path)?, &path.display().to_string(), options)
    }

    /// A table from the text of a CSV file, UTF-8 with or without byte order mark; `name` is what errors call it.
    ///
    /// # Errors
    /// It is empty, has no rows, is no UTF-8 text or has a quote that never ends; the header has a blank name or
    /// one twice; a row has another number of cells than the header. The line is named.
    ///
    /// # Examples
    /// ```
    /// use ceras::data::Table;
    /// let table = Table::from_csv("x,name\n1.5,a\n,b\n", "example")?;
    /// assert_eq!(table.column("x")?.missing(), 1);
    /// let error = Table::from_csv("x,name\n1.5\n", "example").unwrap_err();
    /// assert!(error.to_string().contains("line 2 has 1 cell"));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn from_csv(text: impl AsRef<[u8]>, name: &str) -> Result<Table> {
        super::csv::parse(text.as_ref(), name, &CsvOptions::default())
    }

    pub(crate) fn with_lines(self, lines: Vec<usize>) -> Table {
        Table { lines, ..self }
    }

    /// The table as the text of a CSV file, as pandas writes it: `39.0`, `True`, nothing for a missing value.
    pub fn to_csv(&self) -> String {
        super::csv::print(self)
    }

    /// Writes a CSV file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        use std::io::Write;
        crate::files::write_atomically(path, |w| w.write_all(self.to_csv().as_bytes()))
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns' names.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(Column::name).collect()
    }

    /// The line of the file on which a row begins, for a table that was read from one.
    pub fn line(&self, row: usize) -> Option<usize> {
        self.lines.get(row).copied()
    }

    /// A row's place in words: `row 3 (line 5)`, or `row 3` for a table that was not read from a file.
    pub fn place(&self, row: usize) -> String {
        match self.line(row) {
            Some(line) => format!("row {row} (line {line})"),
            None => format!("row {row}"),
        }
    }

    /// The column of a name.
    ///
    /// # Errors
    /// There is none; the hint names the closest.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|column| column.name() == name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Error {
        let names: Vec<String> = self.names().iter().take(30).map(|name| format!("`{name}`")).collect();
        let more = if self.columns.len() > 30 { ", …" } else { "" };
        let error = data(format!("there is no column `{name}`"))
            .detail(format!("the columns are {}{more}", names.join(", ")));
        match did_you_mean(name, self.names()) {
            Some(close) => error.hint(format!("did you mean `{close}`?")),
            None => error,
        }
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// As [`Table::from_columns`].
    pub fn with(&self, column: Column) -> Result<Table> {
        let mut columns = self.columns.clone();
        columns.push(column);
        Ok(Table::from_columns(columns)?.with_lines(self.lines.clone()))
    }

    /// The columns of these names, in this order.
    ///
    /// # Errors
    /// A name is unknown or given twice.
    pub fn select(&self, names: &[&str]) -> Result<Table> {
        let columns = names.iter().map(|name| self.column(name).cloned()).collect::<Result<Vec<_>>>()?;
        let rows = self.rows;
        Ok(Table { rows, lines: self.lines.clone(), ..Table::from_columns(columns)? })
    }

    /// All columns but those of these names.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn without(&self, names: &[&str]) -> Result<Table> {
        names.iter().try_for_each(|name| self.column(name).map(|_| ()))?;
        let columns = self.columns.iter().filter(|column| !names.contains(&column.name())).cloned().collect();
        Ok(Table { columns, ..self.clone() })
    }

    /// The rows of these numbers, in this order.
    ///
    /// # Errors
    /// There is no such row.
    pub fn take(&self, rows: &[usize]) -> Result<Table> {
        match rows.iter().find(|row| **row >= self.rows) {
            Some(row) => Err(data(format!("there is no row {row} in a table of {} rows", self.rows))),
            None => Ok(self.pick(rows)),
        }
    }

    fn pick(&self, rows: &[usize]) -> Table {
        Table {
            columns: self.columns.iter().map(|column| column.take(rows)).collect(),
            rows: rows.len(),
            lines: rows.iter().filter_map(|row| self.line(*row)).collect(),
        }
    }

    /// The first rows, at most as many as asked for.
    pub fn head(&self, rows: usize) -> Table {
        self.pick(&(0..rows.min(self.rows)).collect::<Vec<_>>())
    }

    /// The table without the rows that miss a value in one of these columns, and which rows those are.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn drop_missing(&self, names: &[&str]) -> Result<(Table, Dropped)> {
        let columns = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        let (kept, dropped) = Dropped::split(self.rows, &columns, |row| self.line(row));
        Ok((self.pick(&kept), dropped))
    }

    /// The numbers of these columns as single precision; whole numbers and truth values are converted.
    ///
    /// # Shapes
    /// `[rows, columns]`, the columns in the order of the names.
    ///
    /// # Errors
    /// A name is unknown; a value is text, missing, infinite, or too large for single precision. Row, line, column and
    /// value are named.
    pub fn to_tensor(&self, names: &[&str]) -> Result<Tensor> {
        if names.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "no columns were chosen"));
        }
        let mut numbers = vec![0.0f32; self.rows * names.len()];
        for (index, name) in names.iter().enumerate() {
            let column = self.column(name)?;
            for row in 0..self.rows {
                numbers[row * names.len() + index] = self.single(column, row)?;
            }
        }
        Ok(Tensor::new(&[self.rows, names.len()], numbers)?)
    }

    fn single(&self, column: &Column, row: usize) -> Result<f32> {
        let (name, place) = (column.name(), self.place(row));
        match column.number(row) {
            None if column.is_missing(row) => Err(data(format!("column `{name}` has no value in {place}"))
                .hint("drop the rows with missing values, or leave the column out")),
            None => Err(self.not_a_number(column, row)),
            Some(number) if number.is_infinite() => Err(data(format!(
                "column `{name}` is {} in {place}",
                if number < 0.0 { "-inf" } else { "inf" }
            ))
            .hint("a network cannot learn from infinite numbers: correct the value or remove the row")),
            Some(number) if (number as f32).is_infinite() => {
                Err(data(format!("column `{name}` is {number:?} in {place}, too large for float32"))
                    .hint("measure it in a larger unit"))
            }
            Some(number) => Ok(number as f32),
        }
    }

    /// The error for text in a column that should hold numbers; names the first cell that is no number.
    fn not_a_number(&self, column: &Column, row: usize) -> Error {
        let is_text = |row: &usize| !column.is_missing(*row) && cells::number(&column.text(*row)).is_none();
        let row = (0..self.rows).find(is_text).unwrap_or(row);
        let text = column.text(row);
        let shown: String = text.chars().take(40).collect();
        let dots = if text.chars().count() > 40 { "…" } else { "" };
        let error = data(format!("column `{}` holds text", column.name()))
            .detail(format!("it is `{shown}{dots}` in {}", self.place(row)));
        if cells::number(&text.replacen(',', ".", 1)).is_some() {
            return error.hint("write numbers with a point, not with a comma");
        }
        let numeric: Vec<String> = self
            .columns
            .iter()
            .filter(|c| c.is_numeric())
            .take(12)
            .map(|c| format!("`{}`", c.name()))
            .collect();
        match numeric.is_empty() {
            true => error,
            false => error.hint(format!("choose columns of numbers; here these are {}", numeric.join(", "))),
        }
    }

    /// One line for each column: its type, missing values, and statistics of numbers or the commonest text.
    pub fn describe(&self) -> String {
        describe::describe(self)
    }
}

fn data(message: String) -> Error {
    Error::new(ErrorKind::Data, message)
}

/// All rows in aligned columns below their names; missing values are shown as `-`.
impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&describe::lines(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let text =
            "mass,kind,adult,count,mixed\n1.5,a,True,1,x\n,b,False,2,3\n2.5,,True,3,4\ninf,a,True,4,5\n";
        Table::from_csv(text, "t.csv").unwrap()
    }

    #[test]
    fn columns_by_name() {
        let error = table().column("mas").unwrap_err().to_string();
        let expected = "there is no column `mas`\n  the columns are `mass`, `kind`, `adult`, `count`, `mixed`\n\nhint: did you mean `mass`?";
        assert_eq!(error, expected);
        assert_eq!(table().select(&["count", "mass"]).unwrap().names(), ["count", "mass"]);
        assert!(table().select(&["count", "count"]).is_err());
        assert_eq!(table().without(&["count", "mixed"]).unwrap().names(), ["mass", "kind", "adult"]);
        assert!(table().without(&["counts"]).is_err());
        assert_eq!(table().select(&[]).unwrap().rows(), 4);
    }

    #[test]
    fn rows_keep_their_lines() {
        let taken = table().take(&[3, 0]).unwrap();
        assert_eq!((taken.line(0), taken.line(1), taken.line(2)), (Some(5), Some(2), None));
        assert!(table().take(&[4]).is_err());
        assert_eq!(table().head(2).rows(), 2);
        assert_eq!(table().head(100), table());
    }

    #[test]
    fn dropped_rows_are_named() {
        let (kept, dropped) = table().drop_missing(&["mass", "kind"]).unwrap();
        assert_eq!(kept.rows(), 2);
        assert_eq!((kept.line(1), dropped.rows()[1].line), (Some(5), Some(4)));
        let text = dropped.to_string();
        assert_eq!(
            text,
            "2 of 4 rows dropped for missing values: row 1 (line 3: `mass`), row 2 (line 4: `kind`)"
        );
        assert!(table().drop_missing(&["nope"]).is_err());
        assert_eq!(table().drop_missing(&[]).unwrap().1.to_string(), "no rows dropped");
    }

    #[test]
    fn numbers_become_a_tensor() {
        let tensor = table().head(1).to_tensor(&["count", "mass", "adult"]).unwrap();
        assert_eq!((tensor.dims(), tensor.slice::<f32>()), (&[1, 3][..], &[1.0f32, 1.5, 1.0][..]));
        assert_eq!(table().head(0).to_tensor(&["mass"]).unwrap().dims(), [0, 1]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let error = |columns: &[&str]| table().to_tensor(columns).unwrap_err().to_string();
        assert!(
            error(&["mass"]).starts_with("column `mass` has no value in row 1 (line 3)"),
            "{}",
            error(&["mass"])
        );
        let mixed = error(&["mixed"]);
        assert!(mixed.starts_with("column `mixed` holds text\n  it is `x` in row 0 (line 2)"), "{mixed}");
        assert!(
            mixed.ends_with("hint: choose columns of numbers; here these are `mass`, `count`"),
            "{mixed}"
        );
        let (kept, _) = table().drop_missing(&["mass"]).unwrap();
        let infinite = kept.to_tensor(&["mass"]).unwrap_err().to_string();
        assert!(infinite.starts_with("column `mass` is inf in row 2 (line 5)"), "{infinite}");
        assert!(error(&[]).contains("no columns"));
        let comma = Table::from_csv("x\n\"1,5\"\n", "t").unwrap().to_tensor(&["x"]).unwrap_err().to_string();
        assert!(comma.contains("with a point"), "{comma}");
        let large =
            Table::from_columns(vec![Column::new("x", [1e300])]).unwrap().to_tensor(&["x"]).unwrap_err();
        assert!(large.to_string().contains("too large for float32"), "{large}");
    }

    #[test]
    fn tables_from_columns_and_tensors() {
        let column = |name: &str| Column::new(name, [1.0, 2.0]);
        for bad in
            [vec![column("a"), column("a")], vec![column(" ")], vec![column("a"), Column::new("b", [1i64])]]
        {
            assert!(Table::from_columns(bad).is_err());
        }
        let tensor = Tensor::new(&[2, 2], [0.1f32, 1.0, 2.0, 3.0]).unwrap();
        let table = Table::from_tensor(&tensor, &["a", "b"]).unwrap();
        assert_eq!(table.to_csv(), "a,b\n0.1,1.0\n2.0,3.0\n");
        assert_eq!(table.to_tensor(&["a", "b"]).unwrap(), tensor);
        assert!(Table::from_tensor(&tensor, &["a"]).is_err());
        assert!(Table::from_tensor(&Tensor::scalar(1.0f32), &[]).is_err());
        let flags = Table::from_tensor(&Tensor::from_bools(&[2], &[true, false]).unwrap(), &["f"]).unwrap();
        assert_eq!(flags.with(Column::new("n", [1i64, 2])).unwrap().to_csv(), "f,n\nTrue,1\nFalse,2\n");
    }
}
