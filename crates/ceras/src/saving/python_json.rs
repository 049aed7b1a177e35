//! JSON as Python's `json.dumps` writes it: blanks after commas and colons, ASCII only, floats as `repr` gives them,
//! bare words for those that are not finite.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// The text of a value, character for character what Python would write.
pub(crate) fn to_string(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Python);
    value.serialize(&mut serializer).expect("a JSON value is written into memory");
    crate::nonfinite::bare(String::from_utf8(bytes).expect("only ASCII was written"))
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for letter in fragment.chars() {
            match letter {
                // Python escapes DEL's neighbours above ASCII, and not DEL itself.
                '\u{20}'..='\u{7f}' => writer.write_all(&[letter as u8])?,
                _ => letter
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?,
            }
        }
        Ok(())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(repr(value).as_bytes())
    }
}

/// Python's `repr` of a finite float: the shortest digits that read back, an exponent below 1e-4 and from 1e16.
pub(crate) fn repr(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{}e{sign}{exponent:0>2}", digits.strip_suffix(".0").unwrap_or(digits))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn as_python_writes() {
        // Each pair as `repr` of Python 3.11 gives it.
        for (value, text) in [
            (1e-7, "1e-07"),
            (0.001f32 as f64, "0.0010000000474974513"),
            (1.0, "1.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (-2.5e-10, "-2.5e-10"),
            (123456789012345680.0, "1.2345678901234568e+17"),
        ] {
            assert_eq!(super::repr(value), text);
        }
        let value = json!({"a": [1, 2.0, null, true], "größe": "a\"\n😀"});
        assert_eq!(
            super::to_string(&value),
            r#"{"a": [1, 2.0, null, true], "gr\u00f6\u00dfe": "a\"\n\ud83d\ude00"}"#
        );
    }
}
