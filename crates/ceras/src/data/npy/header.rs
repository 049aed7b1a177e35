//! The header of a `.npy` file: a Python dictionary as text.

use ceras_graph::{DType, Tensor};

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

/// All that stands before the elements: magic, version, length, dictionary; a multiple of 64 bytes, as NumPy's.
pub(super) fn print(tensor: &Tensor) -> Vec<u8> {
    let descr = match tensor.dtype() {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::I32 => "<i4",
        DType::U32 => "<u4",
        DType::I64 => "<i8",
        DType::U64 => "<u8",
        DType::F64 => "<f8",
        _ => "<f4",
    };
    let dims: Vec<String> = tensor.dims().iter().map(usize::to_string).collect();
    let shape = if dims.len() == 1 { format!("({},)", dims[0]) } else { format!("({})", dims.join(", ")) };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    if let Some(first) = dims.first() {
        // NumPy leaves room for the first dimension to grow to 21 digits.
        text.push_str(&" ".repeat(21usize.saturating_sub(first.len())));
    }
    // Version 1 has two bytes for the length, version 2 four.
    let version: u8 = if text.len() + 10 + 64 < usize::from(u16::MAX) { 1 } else { 2 };
    let before = if version == 1 { 10 } else { 12 };
    let padded = (before + text.len() + 1).next_multiple_of(64) - before;
    text.push_str(&" ".repeat(padded - 1 - text.len()));
    text.push('\n');
    let mut bytes = super::MAGIC.to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend((padded as u16).to_le_bytes());
    } else {
        bytes.extend((padded as u32).to_le_bytes());
    }
    bytes.extend(text.into_bytes());
    bytes
}

pub(super) fn parse(text: &str) -> Result<Header, String> {
    let mut parser = Parser { rest: text };
    parser.dictionary().map_err(|problem| {
        let near: String = parser.rest.chars().take(20).filter(|c| !c.is_control()).collect();
        if near.is_empty() {
            format!("its header {problem}")
        } else {
            format!("its header {problem}, near `{near}`")
        }
    })
}

/// The few of Python's literals that stand in headers.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn dictionary(&mut self) -> Result<Header, String> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.take('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => descr = Some(self.descr()?.to_owned()),
                "fortran_order" => fortran_order = Some(self.truth()?),
                "shape" => shape = Some(self.tuple()?),
                _ => return Err("has a key that is not known".to_owned()),
            }
            if !self.take(',') {
                self.expect('}')?;
                break;
            }
        }
        self.skip();
        if !self.rest.is_empty() {
            return Err("does not end with its dictionary".to_owned());
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header { descr, fortran_order, shape }),
            _ => Err("lacks `descr`, `fortran_order` or `shape`".to_owned()),
        }
    }

    fn descr(&mut self) -> Result<&'a str, String> {
        self.skip();
        if self.rest.starts_with('[') {
            return Err("describes a structured array, with several values in each element".to_owned());
        }
        self.string()
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, character: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        if self.take(character) { Ok(()) } else { Err(format!("lacks a `{character}`")) }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        self.skip();
        let quote =
            self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or("lacks a text in quotes")?;
        let (text, rest) = self.rest[1..].split_once(quote).ok_or("has a quote that is never closed")?;
        self.rest = rest;
        Ok(text)
    }

    fn truth(&mut self) -> Result<bool, String> {
        self.skip();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("has neither True nor False for `fortran_order`".to_owned())
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut dims = Vec::new();
        while !self.take(')') {
            dims.push(self.dimension()?);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(dims)
    }

    fn dimension(&mut self) -> Result<usize, String> {
        self.skip();
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = self.rest.split_at(digits);
        let dimension = number.parse().map_err(|_| "has a dimension that cannot be")?;
        // Python 2 wrote long integers with an L.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        Ok(dimension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_several_hands() {
        let plain = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }      \n").unwrap();
        assert_eq!(plain, Header { descr: "<f4".to_owned(), fortran_order: false, shape: vec![3, 4] });
        let other = parse("{\"shape\":(3L,),\"fortran_order\":True,\"descr\":\"|b1\"}").unwrap();
        assert_eq!((other.fortran_order, other.shape), (true, vec![3]));
        assert!(parse("{'descr': '<f4', 'fortran_order': False, 'shape': ()}").unwrap().shape.is_empty());
    }

    #[test]
    fn headers_that_cannot_be() {
        let error = |text: &str| parse(text).unwrap_err();
        assert!(error("").contains("lacks a `{`"));
        assert!(
            error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}").contains("structured")
        );
        assert!(error("{'descr': '<f4', 'shape': (1,)}").contains("lacks `descr`"));
        assert!(error("{'descr': '<f4").contains("never closed"));
        assert!(error("{'descr': '<f4', 'fortran_order': 0}").contains("neither True nor False"));
        for shape in ["(-1,)", "(1.5,)", "(99999999999999999999999,)", "3", "(1 2)", "(,)", "((1,),)", "(é)"]
        {
            assert!(parse(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}")).is_err());
        }
        assert!(error("{'descr': '<f4', 'fortran_order': False, 'shape': (), } x").contains("does not end"));
        assert!(error("{'é': 1}").contains("a key that is not known"));
    }
}
