//! NumPy's `.npz` files: zip archives of `.npy` files.

use std::io;
use std::path::Path;

use ceras_graph::Tensor;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::npy;
use crate::error::{Error, ErrorKind, Result};

/// Reads the arrays of a `.npz` file with their names, in the order of the file; stored or deflated.
///
/// # Errors
/// The file cannot be read, is no zip archive, or a member is no array that [`npy::read`] would read.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::npz};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("xy.npz");
/// let (x, y) = (Tensor::from_slice(&[1.0f32, 2.0]), Tensor::from_slice(&[0i32, 1]));
/// npz::write(&path, &[("x", &x), ("y", &y)])?;
/// assert_eq!(npz::read(&path)?, [("x".to_owned(), x), ("y".to_owned(), y)]);
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Tensor)>> {
    let path = path.as_ref();
    let (file, _) = crate::files::open(path)?;
    read_from(io::BufReader::new(file), &path.display().to_string())
}

/// The arrays in the bytes of a `.npz` file; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Vec<(String, Tensor)>> {
    read_from(io::Cursor::new(bytes), name)
}

fn read_from(reader: impl io::Read + io::Seek, name: &str) -> Result<Vec<(String, Tensor)>> {
    let error = |detail: String| {
        Error::new(ErrorKind::File, format!("cannot read `{name}` as a NumPy archive")).detail(detail)
    };
    let mut archive =
        ZipArchive::new(reader).map_err(|problem| error(format!("it is no zip archive: {problem}")))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|problem| error(problem.to_string()))?;
        let full = member.name().map_err(|problem| error(problem.to_string()))?.into_owned();
        let Some(key) = full.strip_suffix(".npy") else {
            return Err(error(format!("its member `{full}` is no `.npy` file")));
        };
        let size = member.size();
        let tensor = npy::read_from(&mut member, size, &format!("{name}/{full}"))?;
        // A checksum is compared when the end is reached.
        io::copy(&mut member, &mut io::sink()).map_err(|problem| error(format!("`{full}`: {problem}")))?;
        arrays.push((key.to_owned(), tensor));
    }
    Ok(arrays)
}

/// Writes a `.npz` file, stored and not deflated, with fixed dates, whole or not at all.
///
/// # Errors
/// The file cannot be written, or a name stands twice.
pub fn write(path: impl AsRef<Path>, arrays: &[(&str, &Tensor)]) -> Result<()> {
    crate::files::write_atomically(path, |w| {
        let mut archive = ZipWriter::new(w);
        for (name, tensor) in arrays {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .last_modified_time(DateTime::default())
                .unix_permissions(0o644)
                .large_file(tensor.bytes().len() > 1 << 31);
            archive.start_file(format!("{name}.npy"), options)?;
            npy::write_to(&mut archive, tensor)?;
        }
        archive.finish()?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn oracle(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../oracle/fixtures").join(name)
    }

    #[test]
    fn numpys_own_file_byte_for_byte() {
        let arrays = read(oracle("ops.npz")).unwrap();
        assert!(arrays.len() > 100);
        let mut archive = ZipArchive::new(std::fs::File::open(oracle("ops.npz")).unwrap()).unwrap();
        for (name, tensor) in &arrays {
            let mut theirs = Vec::new();
            archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut theirs).unwrap();
            assert_eq!(npy::to_bytes(tensor), theirs, "{name}");
        }
    }

    fn deflated(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        let mut archive = ZipWriter::new(&mut bytes);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
        archive.finish().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn deflated_members() {
        let tensor = Tensor::new(&[100, 10], vec![1.0f32; 1000]).unwrap();
        let bytes = deflated("a/b.npy", &npy::to_bytes(&tensor));
        assert!(bytes.len() < 1000);
        assert_eq!(from_bytes(&bytes, "t").unwrap(), [("a/b".to_owned(), tensor)]);
    }

    #[test]
    fn what_is_no_archive_of_arrays() {
        let error = |bytes: &[u8]| from_bytes(bytes, "t.npz").unwrap_err().to_string();
        assert!(error(b"").contains("it is no zip archive"));
        assert!(error(b"PK\x03\x04 and more").contains("it is no zip archive"));
        assert!(error(&deflated("x.txt", b"hello")).contains("`x.txt` is no `.npy` file"));
        assert!(error(&deflated("x.npy", b"hello")).contains("cannot read `t.npz/x.npy`"));
        let whole = npy::to_bytes(&Tensor::from_slice(&[1.0f32; 50]));
        assert!(error(&deflated("x.npy", &whole[..whole.len() - 1])).contains("cut off"));
    }

    #[test]
    fn the_same_arrays_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.npz"), folder.path().join("b.npz"));
        let tensor = Tensor::from_slice(&[1u8, 2, 3]);
        write(&a, &[("x", &tensor)]).unwrap();
        write(&b, &[("x", &tensor)]).unwrap();
        assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        assert!(write(&b, &[("x", &tensor), ("x", &tensor)]).is_err());
        assert_eq!(read(&b).unwrap().len(), 1);
    }

    #[test]
    fn no_bytes_panic() {
        let whole = deflated("x.npy", &npy::to_bytes(&Tensor::from_slice(&[1.0f32, 2.0, 3.0])));
        let mut random = crate::data::RandomState::new(5);
        for _ in 0..5_000 {
            let mut bytes = whole.clone();
            for _ in 0..=random.interval(3) {
                let position = random.interval(whole.len() as u64 - 1) as usize;
                bytes[position] = random.interval(255) as u8;
            }
            bytes.truncate(random.interval(2 * whole.len() as u64) as usize);
            let _ = from_bytes(&bytes, "fuzz");
        }
    }
}
