//! Python's marshal format, as far as the code of a `Lambda` needs it.
//!
//! # References
//! CPython's `Python/marshal.c`, versions 3.6 to 3.13.

use std::rc::Rc;

/// What marshal can write, as far as it stands in code.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    None,
    Bool(bool),
    Ellipsis,
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Object>),
    Code(Rc<Code>),
    /// Something that is read over.
    Other,
}

/// The parts of a code object that say what it computes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Code {
    /// How the code object is laid out, which says something of the Python that wrote it.
    pub(super) layout: Layout,
    /// The name of the function.
    pub(super) name: String,
    pub(super) arguments: usize,
    pub(super) bytecode: Vec<u8>,
    pub(super) constants: Vec<Object>,
    pub(super) names: Vec<String>,
    /// The local variables, the arguments first.
    pub(super) locals: Vec<String>,
    /// The variables of the function around it.
    pub(super) free: Vec<String>,
}

/// The forms that code objects had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Python 3.0 to 3.7.
    Python30,
    /// Python 3.8 to 3.10.
    Python38,
    /// From Python 3.11 on.
    Python311,
}

/// The code object of these bytes, if that is what they are.
pub(super) fn code(bytes: &[u8]) -> Option<Rc<Code>> {
    [Layout::Python311, Layout::Python38, Layout::Python30].into_iter().find_map(|layout| {
        let mut reader = Reader { bytes, layout, references: Vec::new(), budget: MAX_OBJECTS };
        match reader.object(0)? {
            Object::Code(code) if reader.bytes.is_empty() => Some(code),
            _ => None,
        }
    })
}

/// Code with more objects than this is none that would be recognised.
const MAX_OBJECTS: usize = 4096;
/// Deeper nesting is none that would be recognised.
const MAX_DEPTH: usize = 16;

struct Reader<'a> {
    bytes: &'a [u8],
    layout: Layout,
    references: Vec<Object>,
    budget: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn long(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    /// The next object. Every object costs at least one byte and one of the budget, and a reference to a large one costs its
    /// size, so that few bytes never become much memory.
    fn object(&mut self, depth: usize) -> Option<Object> {
        self.budget = self.budget.checked_sub(1).filter(|_| depth < MAX_DEPTH)?;
        let kind = self.byte()?;
        let slot = (kind & 0x80 != 0).then(|| {
            self.references.push(Object::Other);
            self.references.len() - 1
        });
        let object = match kind & 0x7f {
            b'N' => Object::None,
            b'T' => Object::Bool(true),
            b'F' => Object::Bool(false),
            b'.' => Object::Ellipsis,
            b'S' => Object::Other,
            b'i' => Object::Int(i64::from(self.long()?)),
            b'l' => self.big()?,
            b'g' => Object::Float(self.take(8)?.try_into().ok().map(f64::from_le_bytes)?),
            b'y' => {
                self.take(16)?;
                Object::Other
            }
            b's' => {
                let length = self.length()?;
                Object::Bytes(self.take(length)?.to_vec())
            }
            b'z' | b'Z' => {
                let length = usize::from(self.byte()?);
                self.text(length)?
            }
            b'a' | b'A' | b'u' | b't' => {
                let length = self.length()?;
                self.text(length)?
            }
            b')' => {
                let length = usize::from(self.byte()?);
                self.tuple(length, depth)?
            }
            b'(' | b'[' | b'>' | b'<' => {
                let length = self.length()?;
                self.tuple(length, depth)?
            }
            b'c' => Object::Code(Rc::new(self.code(depth)?)),
            b'r' => {
                let index = self.length()?;
                let object = self.references.get(index)?.clone();
                self.budget = self.budget.checked_sub(size(&object))?;
                object
            }
            _ => return None,
        };
        if let Some(slot) = slot {
            self.references[slot] = object.clone();
        }
        Some(object)
    }

    fn text(&mut self, length: usize) -> Option<Object> {
        String::from_utf8(self.take(length)?.to_vec()).ok().map(Object::Text)
    }

    fn tuple(&mut self, length: usize, depth: usize) -> Option<Object> {
        if length > self.bytes.len() {
            return None;
        }
        (0..length).map(|_| self.object(depth + 1)).collect::<Option<Vec<_>>>().map(Object::Tuple)
    }

    /// An integer of digits of 15 bits, the sign in their count.
    fn big(&mut self) -> Option<Object> {
        let count = self.long()?;
        let mut value: i64 = 0;
        for digit in 0..count.unsigned_abs() {
            let bits = self.take(2)?.try_into().ok().map(u16::from_le_bytes)?;
            let part = i64::from(bits).checked_shl(15u32.checked_mul(digit)?)?;
            value = value.checked_add(part).filter(|_| digit < 4)?;
        }
        Some(Object::Int(if count < 0 { -value } else { value }))
    }

    fn code(&mut self, depth: usize) -> Option<Code> {
        let layout = self.layout;
        let arguments = self.length()?;
        let longs = match layout {
            Layout::Python30 | Layout::Python311 => 4,
            Layout::Python38 => 5,
        };
        for _ in 0..longs {
            self.long()?;
        }
        let Object::Bytes(bytecode) = self.object(depth + 1)? else { return None };
        let Object::Tuple(constants) = self.object(depth + 1)? else { return None };
        let names = self.texts(depth)?;
        let mut locals = self.texts(depth)?;
        let free = if layout == Layout::Python311 {
            let Object::Bytes(kinds) = self.object(depth + 1)? else { return None };
            // CO_FAST_FREE; free variables are the last.
            let free = kinds.iter().filter(|kind| **kind & 0x80 != 0).count();
            locals.split_off(locals.len().checked_sub(free)?)
        } else {
            let free = self.texts(depth)?;
            let cells = self.texts(depth)?;
            // In old Pythons `LOAD_DEREF` counts cells first; code with cells of its own is none that would be recognised.
            if !cells.is_empty() {
                return None;
            }
            free
        };
        // The file, the name, the qualified name; the first line; the table of lines, the table of exceptions.
        let (before, after) = if layout == Layout::Python311 { (3, 2) } else { (2, 1) };
        let mut name = String::new();
        for place in 0..before {
            let Object::Text(text) = self.object(depth + 1)? else { return None };
            if place == 1 {
                name = text;
            }
        }
        self.long()?;
        for _ in 0..after {
            let Object::Bytes(_) = self.object(depth + 1)? else { return None };
        }
        Some(Code { layout, name, arguments, bytecode, constants, names, locals, free })
    }

    fn texts(&mut self, depth: usize) -> Option<Vec<String>> {
        let Object::Tuple(items) = self.object(depth + 1)? else { return None };
        let text = |item| if let Object::Text(text) = item { Some(text) } else { None };
        items.into_iter().map(text).collect()
    }
}

/// How much a copy of an object costs, in objects.
fn size(object: &Object) -> usize {
    match object {
        Object::Tuple(items) => items.iter().fold(1, |sum, item| sum + size(item)),
        Object::Text(text) => 1 + text.len() / 64,
        Object::Bytes(bytes) => 1 + bytes.len() / 64,
        _ => 1,
    }
}

/// The bytes of base64 text, blanks and line ends inside passed over.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0);
    for letter in text.bytes().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        word = word << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_decodes() {
        assert_eq!(base64("aMO2\nw6Q=\n").unwrap(), "höä".as_bytes());
        assert_eq!(base64("YQ=="), Some(b"a".to_vec()));
        assert_eq!(base64("a*"), None);
    }
}
