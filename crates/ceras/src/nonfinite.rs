//! Numbers that JSON has no words for. Python writes `NaN`, `Infinity` and `-Infinity` all the same, and so do Keras' files.
//!
//! They are read as texts of these words behind a mark, and a config's field that is a number takes such a text for the
//! number. [`to_value`] writes fields in the same way, and [`bare`] makes Python's words of the texts.

mod write;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

pub(crate) use self::write::to_value;

/// The words, as Python spells them.
const WORDS: [(&str, f64); 3] =
    [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];

/// What stands before a word in memory, so that it is no other text: a letter that Unicode gives no meaning.
const MARK: char = '\u{e000}';

/// The text for a number that is not finite.
fn marked(value: f64) -> Option<String> {
    let same = |number: f64| number == value || (number.is_nan() && value.is_nan());
    WORDS.iter().find(|(_, number)| same(*number)).map(|(word, _)| format!("{MARK}{word}"))
}

/// JSON in ASCII with Python's bare words in place of the marked texts.
pub(crate) fn bare(mut json: String) -> String {
    for (word, _) in WORDS {
        let text = format!("\"\\u{:04x}{word}\"", u32::from(MARK));
        if json.contains(&text) {
            json = json.replace(&text, word);
        }
    }
    json
}

/// The number that a text stands for.
fn number(value: &Value) -> Option<f64> {
    let text = value.as_str()?;
    let text = text.strip_prefix(MARK).unwrap_or(text);
    WORDS.iter().find(|(word, _)| *word == text).map(|(_, number)| *number)
}

/// Whether one of the words stands anywhere in a value.
pub(crate) fn anywhere(value: &Value) -> bool {
    match value {
        Value::String(_) => number(value).is_some(),
        Value::Array(items) => items.iter().any(anywhere),
        Value::Object(map) => map.values().any(anywhere),
        _ => false,
    }
}

/// JSON of Python: the bare words become texts of these words. `None` where there are none.
pub(crate) fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = Vec::with_capacity(text.len() + 64);
    let (mut in_text, mut found, mut place) = (false, false, 0);
    while place < text.len() {
        let byte = text[place];
        if in_text {
            let length = if byte == b'\\' { 2 } else { 1 };
            in_text = byte != b'"';
            quoted.extend_from_slice(&text[place..(place + length).min(text.len())]);
            place += length;
            continue;
        }
        in_text = byte == b'"';
        match WORDS.iter().find(|(word, _)| text[place..].starts_with(word.as_bytes())) {
            Some((word, _)) => {
                quoted.extend_from_slice(format!("\"{MARK}{word}\"").as_bytes());
                place += word.len();
                found = true;
            }
            None => {
                quoted.push(byte);
                place += 1;
            }
        }
    }
    found.then_some(quoted)
}

/// A value of which the words are numbers wherever a number is asked for.
#[derive(Clone, Copy)]
pub(crate) struct WithWords<'a>(pub(crate) &'a Value);

impl<'de> IntoDeserializer<'de, Error> for WithWords<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for WithWords<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(WithWords))),
            Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| (key.as_str(), WithWords(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match number(self.0) {
            Some(number) => visitor.visit_f64(number),
            None => self.0.deserialize_f64(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn pythons_words_are_numbers_where_numbers_are_asked_for() {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Config {
            name: String,
            limit: f64,
            low: Option<f64>,
            list: Vec<f64>,
        }
        let text = br#"{"name": "NaN \" Infinity", "limit": NaN, "low": -Infinity, "list": [1, Infinity]}"#;
        let value: Value = serde_json::from_slice(&quoted(text).unwrap()).unwrap();
        assert!(anywhere(&value));
        let config = Config::deserialize(WithWords(&value)).unwrap();
        assert_eq!(config.name, "NaN \" Infinity");
        assert!(config.limit.is_nan());
        assert_eq!(config.low, Some(f64::NEG_INFINITY));
        assert_eq!(config.list, [1.0, f64::INFINITY]);
        assert!(!anywhere(&json!({"a": ["Nan", 1]})));
        assert_eq!(quoted(b"{\"a\": \"NaN\"}"), None);
        assert_eq!(quoted(b"\"cut off \\"), None);
    }

    #[test]
    fn what_is_not_finite_is_written_as_python_does() {
        #[derive(serde::Serialize)]
        struct Config {
            name: &'static str,
            limit: f64,
            list: Vec<Option<f32>>,
        }
        let config =
            Config { name: "NaN", limit: f64::NEG_INFINITY, list: vec![Some(f32::NAN), Some(0.5), None] };
        let value = to_value(&config).unwrap();
        assert_eq!(value["list"][1], json!(0.5));
        let text = crate::saving::python_text(&value);
        assert_eq!(text, r#"{"name": "NaN", "limit": -Infinity, "list": [NaN, 0.5, null]}"#);
        let again: Value = serde_json::from_slice(&quoted(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(again, value);
    }
}
