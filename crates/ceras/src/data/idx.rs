//! IDX files, in which MNIST and its kin are published; gzipped or not.
//!
//! # References
//! LeCun, Cortes and Burges, *The MNIST database*: two zero bytes, the type, the number of axes, each axis as a big-endian
//! 32-bit number, the elements, big-endian, row-major.

use std::io::{self, BufReader, Read};
use std::path::Path;

use ceras_graph::{DType, Shape, Tensor};

use crate::error::{Error, ErrorKind, Result};

/// Reads an IDX file; bytes that are gzipped are unpacked on the way. Signed bytes and 16-bit numbers become `int32`.
///
/// # Errors
/// The file cannot be read, is no IDX file, or is cut off.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("labels-idx1-ubyte");
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]).unwrap();
/// let labels = ceras::data::idx::read(&path)?;
/// assert_eq!(labels.slice::<u8>(), [7, 2, 1]);
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Tensor> {
    let path = path.as_ref();
    let mut start = [0u8; 2];
    let (mut file, size) = crate::files::open(path)?;
    let zipped = size >= 2 && file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
    let (file, _) = crate::files::open(path)?;
    let outcome = if zipped {
        parse(&mut flate2::read::MultiGzDecoder::new(BufReader::new(file)))
    } else {
        parse(&mut BufReader::new(file))
    };
    outcome.map_err(|detail| {
        Error::new(ErrorKind::File, format!("cannot read `{}` as an IDX file", path.display())).detail(detail)
    })
}

/// What stands in a file of one type.
struct Kind {
    size: usize,
    dtype: DType,
    widen: fn(&[u8]) -> Vec<u8>,
}

fn kind(code: u8) -> Option<Kind> {
    let kind = |size, dtype, widen| Some(Kind { size, dtype, widen });
    match code {
        0x08 => kind(1, DType::U8, |bytes| bytes.to_vec()),
        0x09 => kind(1, DType::I32, |bytes| each(bytes, |[byte]| i32::from(byte as i8).to_ne_bytes())),
        0x0b => {
            kind(2, DType::I32, |bytes| each(bytes, |pair| i32::from(i16::from_be_bytes(pair)).to_ne_bytes()))
        }
        0x0c => kind(4, DType::I32, |bytes| each(bytes, |word| i32::from_be_bytes(word).to_ne_bytes())),
        0x0d => kind(4, DType::F32, |bytes| each(bytes, |word| f32::from_be_bytes(word).to_ne_bytes())),
        0x0e => kind(8, DType::F64, |bytes| each(bytes, |word| f64::from_be_bytes(word).to_ne_bytes())),
        _ => None,
    }
}

fn each<const FROM: usize, const TO: usize>(
    bytes: &[u8],
    element: impl Fn([u8; FROM]) -> [u8; TO],
) -> Vec<u8> {
    bytes.as_chunks::<FROM>().0.iter().flat_map(|bytes| element(*bytes)).collect()
}

fn parse(reader: &mut dyn Read) -> std::result::Result<Tensor, String> {
    let mut head = [0u8; 4];
    reader.read_exact(&mut head).map_err(short)?;
    let [0, 0, code, axes] = head else {
        return Err("it does not begin with two zero bytes".to_owned());
    };
    let kind = kind(code).ok_or_else(|| format!("its elements are of the unknown type {code:#04x}"))?;
    let mut dims = Vec::with_capacity(usize::from(axes));
    for _ in 0..axes {
        let mut word = [0u8; 4];
        reader.read_exact(&mut word).map_err(short)?;
        dims.push(u32::from_be_bytes(word) as usize);
    }
    let shape = Shape::known(&dims);
    let needed = shape.elements().and_then(|elements| elements.checked_mul(kind.size));
    let needed = needed.ok_or_else(|| format!("its shape {shape} is too large"))? as u64;
    // The vector grows with what is really there, not with what the header claims.
    let mut bytes = Vec::new();
    reader.take(needed).read_to_end(&mut bytes).map_err(short)?;
    if (bytes.len() as u64) < needed {
        return Err(format!("it is cut off: {shape} are {needed} bytes, and {} are there", bytes.len()));
    }
    Tensor::from_bytes(kind.dtype, &dims, &(kind.widen)(&bytes)).map_err(|error| error.0)
}

fn short(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x-idx");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn idx(code: u8, dims: &[u32], elements: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, code, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(elements);
        bytes
    }

    #[test]
    fn every_type_is_read_and_gzip_too() {
        let bytes = idx(8, &[2, 1, 3], &[1, 2, 3, 4, 5, 255]);
        let (_folder, path) = file(&bytes);
        let tensor = read(&path).unwrap();
        assert_eq!((tensor.dims(), tensor.slice::<u8>()), (&[2, 1, 3][..], &[1, 2, 3, 4, 5, 255][..]));
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zipped.write_all(&bytes).unwrap();
        let (_folder, path) = file(&zipped.finish().unwrap());
        assert_eq!(read(&path).unwrap(), tensor);
        let one = |code: u8, bytes: &[u8]| {
            let (_folder, path) = file(&idx(code, &[1], bytes));
            read(&path).unwrap().to_f64()[0]
        };
        assert_eq!(one(0x09, &[0xff]), -1.0);
        assert_eq!(one(0x0b, &[0xff, 0xfe]), -2.0);
        assert_eq!(one(0x0c, &1_000_000i32.to_be_bytes()), 1e6);
        assert_eq!(one(0x0d, &1.5f32.to_be_bytes()), 1.5);
        assert_eq!(one(0x0e, &(-0.1f64).to_be_bytes()), -0.1);
    }

    #[test]
    fn damaged_files_are_errors() {
        let whole = idx(8, &[2, 3], &[1, 2, 3, 4, 5, 6]);
        for end in 0..whole.len() {
            let (_folder, path) = file(&whole[..end]);
            assert!(read(&path).unwrap_err().to_string().contains("cut off"), "{end}");
        }
        let error = |bytes: &[u8]| {
            let (_folder, path) = file(bytes);
            read(&path).unwrap_err().to_string()
        };
        assert!(error(&idx(8, &[u32::MAX, u32::MAX, u32::MAX], &[1])).contains("too large"));
        assert!(error(&idx(8, &[u32::MAX], &[1])).contains("4294967295 bytes, and 1 are there"));
        assert!(error(&idx(7, &[1], &[1])).contains("unknown type 0x07"));
        assert!(error(b"hello world").contains("two zero bytes"));
        assert!(error(&[0x1f, 0x8b, 8, 0, 1]).contains("cannot read"));
    }
}
