//! CSV files: their text, their errors with line numbers.

use std::borrow::Cow;

use super::cells;
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between the cells, an ASCII character; a comma by default.
    pub separator: u8,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { separator: b',' }
    }
}

/// Errors about one file.
struct Source<'a> {
    name: &'a str,
    separator: u8,
}

impl Source<'_> {
    fn error(&self, detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data, format!("cannot read `{}` as a table", self.name)).detail(detail)
    }
}

pub(crate) fn parse(bytes: &[u8], name: &str, options: &CsvOptions) -> Result<Table> {
    let source = Source { name, separator: options.separator };
    if matches!(options.separator, b'"' | b'\n' | b'\r') || !options.separator.is_ascii() {
        let shown = char::from(options.separator);
        return Err(Error::new(
            ErrorKind::Usage,
            format!("{shown:?} cannot separate the cells of a CSV file"),
        ));
    }
    let text = text(bytes, &source)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(options.separator)
        .from_reader(text.as_bytes());
    // Lines are counted here: the reader's own count does not see a carriage return alone, nor skipped blank lines.
    let mut lines = LineCounter { text: text.as_bytes(), byte: 0, line: 1 };
    let mut records = Vec::new();
    let mut starts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| source.error(error.to_string()))?;
        let start = record.position().map_or(0, csv::Position::byte);
        starts.push(lines.at(start as usize));
        records.push(record);
    }
    let Some(header) = records.first() else {
        return Err(source.error("it is empty").hint("its first line should name the columns"));
    };
    check_header(header, records.get(1), &source)?;
    check_rows(header, &records[1..], &starts[1..], &source)?;
    let columns = (0..header.len()).map(|index| {
        let cells: Vec<&str> = records[1..].iter().map(|record| &record[index]).collect();
        cells::column(header[index].trim(), &cells)
    });
    Ok(Table::from_columns(columns.collect())?.with_lines(starts.split_off(1)))
}

/// The text of a file without byte order mark.
fn text<'a>(bytes: &'a [u8], source: &Source<'_>) -> Result<&'a str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(source.error("it is UTF-16 text").hint("save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line_of(bytes, error.valid_up_to());
        source
            .error(format!("line {line} holds bytes that are not UTF-8 text"))
            .hint("save it as CSV in UTF-8")
    })?;
    if let Some(byte) = bytes.iter().position(|byte| *byte == 0) {
        return Err(source
            .error(format!("line {} holds a NUL byte, so this is not a text file", line_of(bytes, byte)))
            .hint("save it as CSV in UTF-8"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match open_quote(text.as_bytes(), source.separator) {
        Some(byte) => {
            let line = line_of(text.as_bytes(), byte);
            Err(source.error(format!("the quote that opens on line {line} is never closed")))
        }
        None => Ok(text),
    }
}

/// The position of a quote that opens a cell and is never closed. (The reader takes the rest of the file into it.)
fn open_quote(text: &[u8], separator: u8) -> Option<usize> {
    let mut opened = None;
    let mut at_start = true;
    let mut index = 0;
    while index < text.len() {
        let byte = text[index];
        if opened.is_some() {
            if byte == b'"' {
                if text.get(index + 1) == Some(&b'"') {
                    index += 1;
                } else {
                    opened = None;
                }
            }
        } else if byte == b'"' && at_start {
            opened = Some(index);
        } else {
            at_start = byte == separator || byte == b'\n' || byte == b'\r';
            index += 1;
            continue;
        }
        at_start = false;
        index += 1;
    }
    opened
}

fn line_of(bytes: &[u8], byte: usize) -> usize {
    LineCounter { text: bytes, byte: 0, line: 1 }.at(byte)
}

/// Counts lines up to ascending positions.
struct LineCounter<'a> {
    text: &'a [u8],
    byte: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// The line of the first byte at or after this one that ends no line: a record's blank lines are not part of it.
    fn at(&mut self, byte: usize) -> usize {
        while let Some(&current) = self.text.get(self.byte) {
            if self.byte >= byte && !matches!(current, b'\n' | b'\r') {
                break;
            }
            // A line ends with \n, \r\n, or \r alone.
            let ends = current == b'\n' || (current == b'\r' && self.text.get(self.byte + 1) != Some(&b'\n'));
            self.line += usize::from(ends);
            self.byte += 1;
        }
        self.line
    }
}

fn check_header(
    header: &csv::StringRecord,
    first: Option<&csv::StringRecord>,
    source: &Source<'_>,
) -> Result<()> {
    if let Some(other) = other_separator(header, first, source) {
        return Err(source
            .error(format!("it has a single column, `{}`", &header[0]))
            .hint(format!("the cells look separated by {other}: give that separator, or save with commas")));
    }
    for (index, name) in header.iter().enumerate() {
        let name = name.trim();
        if name.is_empty() {
            let error = source.error(format!("column {} has no name in the first line", index + 1));
            return Err(if index == 0 && header.len() > 1 {
                error.hint("pandas writes its row numbers so: save with `to_csv(..., index=False)`")
            } else {
                error.hint("give every column a name")
            });
        }
        if let Some(other) = header.iter().take(index).position(|other| other.trim() == name) {
            let message = format!("columns {} and {} are both called `{name}`", other + 1, index + 1);
            return Err(source.error(message).hint("rename one of them"));
        }
    }
    if first.is_none() {
        return Err(source.error("it has no rows below the line with the columns' names"));
    }
    Ok(())
}

/// What seems to separate the cells instead, when the header is one cell that holds it and the first row fits.
fn other_separator(
    header: &csv::StringRecord,
    first: Option<&csv::StringRecord>,
    source: &Source<'_>,
) -> Option<&'static str> {
    if header.len() != 1 {
        return None;
    }
    let candidates = [(';', "`;`"), ('\t', "tabs"), ('|', "`|`"), (',', "`,`")];
    let found = candidates.into_iter().find(|(separator, _)| {
        let count = header[0].matches(*separator).count();
        let fits = first.is_none_or(|row| {
            row.iter().map(|cell| cell.matches(*separator).count()).sum::<usize>() == count
        });
        u32::from(*separator) != u32::from(source.separator) && count > 0 && (fits || *separator != ',')
    });
    found.map(|(_, words)| words)
}

fn check_rows(
    header: &csv::StringRecord,
    records: &[csv::StringRecord],
    starts: &[usize],
    source: &Source<'_>,
) -> Result<()> {
    let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
    let mut ragged = records.iter().zip(starts).filter(|(record, _)| record.len() != header.len());
    let Some((record, line)) = ragged.next() else { return Ok(()) };
    let mut error = source.error(format!(
        "line {line} has {}; the first line has {}",
        cells(record.len()),
        cells(header.len())
    ));
    let others = ragged.count();
    if others > 0 {
        error = error.detail(format!("{others} more lines do not have {} either", cells(header.len())));
    }
    Err(if record.len() > header.len() {
        error.hint("a cell that holds the separator must stand in quotes: \"a, b\"")
    } else {
        error.hint("each line needs as many cells as there are columns; a missing value is an empty cell")
    })
}

pub(crate) fn print(table: &Table) -> String {
    let line = |cells: Vec<String>| {
        let alone = cells.len() == 1;
        // A line that is empty would be skipped when it is read again.
        let quoted =
            cells.iter().map(|cell| if alone && cell.is_empty() { "\"\"".into() } else { quote(cell) });
        quoted.collect::<Vec<_>>().join(",") + "\n"
    };
    let mut text = line(table.names().iter().map(|name| (*name).to_owned()).collect());
    for row in 0..table.rows() {
        text.push_str(&line(table.columns().iter().map(|column| column.text(row)).collect()));
    }
    text
}

fn quote(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\"")).into()
    } else {
        cell.into()
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
