//! NumPy's `.npy` files.
//!
//! Versions 1 to 3 are read, in either byte order and either memory order. Types that ceras lacks are widened:
//! `float16` to `float32`, `int8` and `int16` to `int32`, `uint16` to `uint32`. Python objects are never unpickled.
//!
//! # References
//! NumPy, *A simple file format for NumPy arrays*, <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{self, Read, Write};
use std::path::Path;

use ceras_graph::{DType, Shape, Tensor};

use crate::error::{Error, ErrorKind, Result};

mod header;
mod open;

use header::Header;

pub use open::open;

/// The file's first bytes.
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy refuses longer headers too: they are parsed as text.
const HEADER_LIMIT: u64 = 10_000;
/// NumPy's arrays have at most this many axes.
const RANK_LIMIT: usize = 64;

/// Reads a `.npy` file. Bytes after the array are ignored, as NumPy does.
///
/// # Errors
/// The file cannot be read, is cut off or is no `.npy` file; or its elements are none that ceras computes with.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::npy};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npy");
/// let x = Tensor::new(&[2, 2], [1.0f32, 2.0, 3.0, 4.0])?;
/// npy::write(&path, &x)?;
/// assert_eq!(npy::read(&path)?, x);
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Tensor> {
    let path = path.as_ref();
    let (file, size) = crate::files::open(path)?;
    read_from(&mut io::BufReader::new(file), size, &path.display().to_string())
}

/// The array in the bytes of a `.npy` file; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Tensor> {
    read_from(&mut &*bytes, bytes.len() as u64, name)
}

/// Writes a `.npy` file, byte for byte as `numpy.save` does, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: impl AsRef<Path>, tensor: &Tensor) -> Result<()> {
    crate::files::write_atomically(path, |w| write_to(w, tensor))
}

/// The bytes of a `.npy` file.
pub fn to_bytes(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = header::print(tensor);
    bytes.extend_from_slice(&little_endian(tensor));
    bytes
}

pub(crate) fn write_to(w: &mut impl Write, tensor: &Tensor) -> io::Result<()> {
    w.write_all(&header::print(tensor))?;
    w.write_all(&little_endian(tensor))
}

/// The elements' bytes in little endian.
fn little_endian(tensor: &Tensor) -> std::borrow::Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return tensor.bytes().into();
    }
    let mut bytes = tensor.bytes().to_vec();
    bytes.chunks_exact_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
    bytes.into()
}

/// Reads an array from a reader of which `size` bytes are said to be left. Memory grows with the bytes that come and
/// not with what the header says.
pub(crate) fn read_from(reader: &mut dyn Read, size: u64, name: &str) -> Result<Tensor> {
    let error = |detail: String| {
        Error::new(ErrorKind::File, format!("cannot read `{name}` as a NumPy array")).detail(detail)
    };
    let Layout { header, kind, needed, .. } = Layout::read(reader, size).map_err(error)?;
    let mut bytes = Vec::new();
    reader.take(needed).read_to_end(&mut bytes).map_err(|e| error(e.to_string()))?;
    if (bytes.len() as u64) < needed {
        return Err(error(cut_off(&header, needed, bytes.len() as u64)));
    }
    let mut bytes = kind.in_order(bytes);
    if header.fortran_order {
        bytes = row_major(&bytes, &header.shape, kind.size);
    }
    Ok(Tensor::from_bytes(kind.dtype, &header.shape, &(kind.widen)(bytes))?)
}

fn cut_off(header: &Header, needed: u64, held: u64) -> String {
    let shape = Shape::known(&header.shape);
    format!("it is cut off: {shape} of {} are {needed} bytes, and {held} are there", header.descr)
}

/// Where the elements lie, and what they are.
#[derive(Debug)]
struct Layout {
    header: Header,
    kind: Kind,
    /// Bytes before the first element.
    start: u64,
    /// Bytes of all elements.
    needed: u64,
}

impl Layout {
    /// From a reader of which `size` bytes are said to be left.
    fn read(reader: &mut dyn Read, size: u64) -> std::result::Result<Layout, String> {
        let (header, start) = read_header(reader, size)?;
        let kind = Kind::parse(&header.descr)?;
        if header.shape.len() > RANK_LIMIT {
            return Err(format!("it has {} axes; {RANK_LIMIT} are the most", header.shape.len()));
        }
        let shape = Shape::known(&header.shape);
        let elements = shape.elements().filter(|count| count.checked_mul(8).is_some());
        let elements = elements.ok_or_else(|| format!("its shape {shape} is too large"))?;
        let needed = elements as u64 * kind.size as u64;
        let left = size.saturating_sub(start);
        if needed > left {
            return Err(cut_off(&header, needed, left));
        }
        Ok(Layout { header, kind, start, needed })
    }
}

/// The header and how many bytes it takes with all before it.
fn read_header(reader: &mut dyn Read, size: u64) -> std::result::Result<(Header, u64), String> {
    let cut_off = |_| "it is cut off within its header".to_owned();
    let mut start = [0u8; 8];
    if size < start.len() as u64 {
        return Err("it is too short to be one".to_owned());
    }
    reader.read_exact(&mut start).map_err(cut_off)?;
    if &start[..6] != MAGIC {
        return Err("it does not begin as a `.npy` file".to_owned());
    }
    let (length, used) = match start[6] {
        1 => {
            let mut bytes = [0u8; 2];
            reader.read_exact(&mut bytes).map_err(cut_off)?;
            (u64::from(u16::from_le_bytes(bytes)), 10)
        }
        2 | 3 => {
            let mut bytes = [0u8; 4];
            reader.read_exact(&mut bytes).map_err(cut_off)?;
            (u64::from(u32::from_le_bytes(bytes)), 12)
        }
        version => return Err(format!("its version is {version}; 1 to 3 are known")),
    };
    if length > HEADER_LIMIT {
        return Err(format!("its header says that it is {length} bytes long; {HEADER_LIMIT} are the most"));
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if (bytes.len() as u64) < length {
        return Err("it is cut off within its header".to_owned());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "its header is not text".to_owned())?;
    Ok((header::parse(text)?, used + length))
}

/// How elements lie in the file and what becomes of them.
#[derive(Debug)]
struct Kind {
    little: bool,
    size: usize,
    dtype: DType,
    widen: fn(Vec<u8>) -> Vec<u8>,
}

impl Kind {
    /// Elements in the machine's byte order.
    fn in_order(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if self.little != cfg!(target_endian = "little") {
            bytes.chunks_exact_mut(self.size).for_each(<[u8]>::reverse);
        }
        bytes
    }

    /// From NumPy's description, such as `<f4`.
    fn parse(descr: &str) -> std::result::Result<Kind, String> {
        let little = match descr.chars().next() {
            Some('<') => true,
            Some('>') => false,
            _ => cfg!(target_endian = "little"),
        };
        let code = descr.trim_start_matches(['<', '>', '=', '|']);
        type Widen = fn(Vec<u8>) -> Vec<u8>;
        let same: Widen = |bytes| bytes;
        let half: Widen = |bytes| widened(&bytes, |b| half(u16::from_ne_bytes(b)).to_ne_bytes());
        let int8: Widen = |bytes| widened(&bytes, |b| i32::from(i8::from_ne_bytes(b)).to_ne_bytes());
        let int16: Widen = |bytes| widened(&bytes, |b| i32::from(i16::from_ne_bytes(b)).to_ne_bytes());
        let uint16: Widen = |bytes| widened(&bytes, |b| u32::from(u16::from_ne_bytes(b)).to_ne_bytes());
        let (size, dtype, widen) = match code {
            "b1" | "?" => (1, DType::Bool, same),
            "u1" => (1, DType::U8, same),
            "u4" => (4, DType::U32, same),
            "u8" => (8, DType::U64, same),
            "i4" => (4, DType::I32, same),
            "i8" => (8, DType::I64, same),
            "f4" => (4, DType::F32, same),
            "f8" => (8, DType::F64, same),
            "f2" => (2, DType::F32, half),
            "i1" => (1, DType::I32, int8),
            "i2" => (2, DType::I32, int16),
            "u2" => (2, DType::U32, uint16),
            _ => return Err(refusal(descr, code)),
        };
        Ok(Kind { little, size, dtype, widen })
    }
}

fn refusal(descr: &str, code: &str) -> String {
    let what = match code.chars().next() {
        Some('O') => "Python objects, which are pickled code and not read",
        Some('U' | 'S' | 'a') => "text; arrays of numbers are read",
        Some('c') => "complex numbers, which ceras does not have",
        Some('M' | 'm') => "dates or durations; turn them into numbers first",
        _ => "no numbers that ceras knows",
    };
    format!("its elements (`{}`) are {what}", descr.chars().take(40).collect::<String>())
}

fn widened<const FROM: usize>(bytes: &[u8], element: impl Fn([u8; FROM]) -> [u8; 4]) -> Vec<u8> {
    let (elements, _) = bytes.as_chunks::<FROM>();
    elements.iter().flat_map(|bytes| element(*bytes)).collect()
}

/// A half-precision number (IEEE 754 binary16), exactly.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Subnormal numbers are whole multiples of 2⁻²⁴.
        0 => f32::from_bits(sign | (fraction as f32 * f32::from_bits((127 - 24) << 23)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13),
    }
}

/// Elements whose first axis runs fastest, put in the order in which the last does.
fn row_major(bytes: &[u8], dims: &[usize], size: usize) -> Vec<u8> {
    let mut moved = Vec::with_capacity(bytes.len());
    let mut index = vec![0usize; dims.len()];
    let mut strides = Vec::with_capacity(dims.len());
    let mut stride = size;
    for dim in dims {
        strides.push(stride);
        stride = stride.saturating_mul(*dim);
    }
    let mut from = 0;
    while moved.len() < bytes.len() {
        moved.extend_from_slice(&bytes[from..from + size]);
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            from += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            from -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
    }
    moved
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
