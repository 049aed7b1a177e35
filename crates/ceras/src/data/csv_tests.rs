use super::*;
use crate::data::{Column, Values};

fn read(text: impl AsRef<[u8]>) -> Table {
    Table::from_csv(text, "t.csv").unwrap()
}

fn error(text: impl AsRef<[u8]>) -> String {
    let error = Table::from_csv(text, "t.csv").unwrap_err().to_string();
    assert!(error.starts_with("cannot read `t.csv` as a table\n  "), "{error}");
    error
}

#[test]
fn quotes_breaks_and_marks() {
    let table = read("\u{feff}a,\"b, c\"\r\n1,\"say \"\"hi\"\"\nand go\"\r\n\r\n2,x\r\n");
    assert_eq!(table.names(), ["a", "b, c"]);
    assert_eq!(table.column("b, c").unwrap().text(0), "say \"hi\"\nand go");
    assert_eq!((table.line(0), table.line(1)), (Some(2), Some(5)));
    let old = read("a,b\r1,2\r\r3,4");
    assert_eq!((old.rows(), old.line(1)), (2, Some(4)));
    assert_eq!(read("a b , c\n1,2\n").names(), ["a b", "c"]);
    assert_eq!(read("a\nit\"s\n\"x\"\"\"\n").column("a").unwrap().text(1), "x\"");
}

#[test]
fn nothing_to_read() {
    assert!(error("").contains("it is empty"));
    assert!(error("\n\n\r\n").contains("it is empty"));
    assert!(error("\u{feff}").contains("it is empty"));
    assert!(error("a,b\n").contains("it has no rows"));
    assert!(error("a,b").contains("it has no rows"));
}

#[test]
fn ragged_rows_name_their_line() {
    let text = error("a,b\n1,2\n\n3\n4,5,6\n");
    assert!(text.contains("line 4 has 1 cell; the first line has 2 cells\n  1 more lines"), "{text}");
    let text = error("a,b\n\"1\n1\",2\n3,4,5\n");
    assert!(text.contains("line 4 has 3 cells"), "{text}");
    assert!(text.contains("must stand in quotes"), "{text}");
}

#[test]
fn headers_that_cannot_be() {
    assert!(error("a,b,a\n1,2,3\n").contains("columns 1 and 3 are both called `a`"));
    assert!(error("a,,c\n1,2,3\n").contains("column 2 has no name"));
    assert!(error(",a\n0,2\n").contains("index=False"));
    assert!(error("\"\"\n0\n").contains("column 1 has no name"));
}

#[test]
fn other_separators_are_guessed_in_the_hint() {
    assert!(error("a;b;c\n1;2;3\n").contains("look separated by `;`"));
    assert!(error("a;b;c\n1,5;2;3\n").contains("look separated by `;`"));
    assert!(error("a\tb\n1\t2\n").contains("look separated by tabs"));
    let options = CsvOptions { separator: b';' };
    assert_eq!(parse(b"a;b\n1;2\n", "t", &options).unwrap().names(), ["a", "b"]);
    assert!(parse(b"a,b\n1,2\n", "t", &options).unwrap_err().to_string().contains("separated by `,`"));
    assert!(parse(b"a,b\n1,2\n", "t", &CsvOptions { separator: b'"' }).is_err());
    assert!(parse(b"a,b\n1,2\n", "t", &CsvOptions { separator: 0xe4 }).is_err());
    assert_eq!(read("a\n1\n2\n").column("a").unwrap().values(), &Values::from([1i64, 2]));
}

#[test]
fn bytes_that_are_no_text() {
    assert!(error(b"a,b\n1,\xff\n").contains("line 2 holds bytes that are not UTF-8"));
    assert!(error(b"a,b\n1,\0\n").contains("line 2 holds a NUL byte"));
    assert!(error(b"\xff\xfea\0,\0").contains("UTF-16"));
    assert!(error(b"\x93NUMPY\x01\0").contains("line 1"));
}

#[test]
fn a_quote_without_end_is_found() {
    assert!(error("a,b\n1,\"2\n3,4\n").contains("the quote that opens on line 2"));
    assert!(error("a,b\n1,\"2\"\"\n3,4\n").contains("the quote that opens on line 2"));
    assert!(error("\"").contains("the quote that opens on line 1"));
    assert_eq!(read("a,b\n\"\",2\"\n").column("b").unwrap().text(0), "2\"");
}

#[test]
fn what_is_written_is_read_again() {
    let table = Table::from_columns(vec![
        Column::new("n, \"x\"", [1.0, 0.1 + 0.2, 1e-300, -1e300, f64::NAN, f64::INFINITY]),
        Column::new("i", [Some(i64::MIN), Some(0), None, Some(-1), Some(7), Some(i64::MAX)]),
        Column::new("b", [Some(true), None, Some(false), Some(true), Some(true), Some(true)]),
        Column::new("t", [Some("a,b"), Some("\"q\""), Some("l\nm"), None, Some(" s "), Some("é")]),
    ])
    .unwrap();
    let again = read(table.to_csv());
    assert_eq!(again.columns(), table.columns());
    let single = Table::from_columns(vec![Column::new("x", [Some(1i64), None, Some(3)])]).unwrap();
    assert_eq!(single.to_csv(), "x\n1\n\"\"\n3\n");
    assert_eq!(read(single.to_csv()).columns(), single.columns());
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let table = read("a,b\n1,x\n");
    table.write_csv(&path).unwrap();
    assert_eq!(Table::read_csv(&path).unwrap(), table);
    let error = Table::read_csv(folder.path().join("y.csv")).unwrap_err().to_string();
    assert!(error.contains("there is no such file") && error.contains("x.csv"), "{error}");
    assert!(table.write_csv(folder.path().join("no/x.csv")).is_err());
}

/// Any bytes give a table or an error.
#[test]
fn no_bytes_panic() {
    let mut random = crate::data::RandomState::new(7);
    let alphabet = b"a1,;\"\n\r\t \0\xff.-e\xc3\xa4";
    for _ in 0..20_000 {
        let length = random.interval(24) as usize;
        let bytes: Vec<u8> =
            (0..length).map(|_| alphabet[random.interval(alphabet.len() as u64 - 1) as usize]).collect();
        if let Ok(table) = Table::from_csv(&bytes, "fuzz") {
            assert!((0..table.rows()).all(|row| table.line(row).is_some()));
            let again = Table::from_csv(table.to_csv(), "again").unwrap();
            assert_eq!(again.rows(), table.rows());
            let _ = (table.describe(), table.to_string(), table.to_tensor(&table.names()));
        }
    }
}
