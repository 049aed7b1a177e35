//! `.npy` files of which rows are read when they are needed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ceras_graph::{Shape, TensorType};

use super::Layout;
use crate::data::{Rows, Source};
use crate::error::{Error, ErrorKind, Result};

/// The rows of a `.npy` file, read when they are needed: for arrays larger than memory.
///
/// # Errors
/// As [`read`](super::read); the array is a single number, or lies in Fortran's order, in which a row is scattered over the whole
/// file.
///
/// # Examples
/// ```
/// use ceras::{Tensor, data::npy};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npy");
/// npy::write(&path, &Tensor::new(&[3, 2], [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?)?;
/// let rows = npy::open(&path)?;
/// assert_eq!(rows.dims(), [3, 2]);
/// assert_eq!(rows.read(&[2, 0])?.slice::<f32>(), [5.0, 6.0, 1.0, 2.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<Source> {
    let path = path.as_ref();
    let (mut file, size) = crate::files::open(path)?;
    let error = |detail: String| failed(path).detail(detail);
    let layout = Layout::read(&mut file, size).map_err(error)?;
    if layout.header.shape.is_empty() {
        return Err(error("it is a single number and has no rows".to_owned()));
    }
    if layout.header.fortran_order && layout.header.shape.len() > 1 {
        let text = "it lies in Fortran's order, and its rows are not in one piece";
        return Err(
            error(text.to_owned()).hint("save it with `numpy.save(path, numpy.ascontiguousarray(x))`")
        );
    }
    Source::new(OpenFile { path: path.to_owned(), file: Mutex::new(file), layout })
}

fn failed(path: &Path) -> Error {
    Error::new(ErrorKind::File, format!("cannot read `{}` as a NumPy array", path.display()))
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    file: Mutex<File>,
    layout: Layout,
}

impl OpenFile {
    /// The bytes of a row, as they are in the file.
    fn row(&self, row: usize) -> std::io::Result<Vec<u8>> {
        let size: usize = self.layout.header.shape[1..].iter().product::<usize>() * self.layout.kind.size;
        let mut bytes = vec![0; size];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.layout.start + (row * size) as u64))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Rows for OpenFile {
    fn ty(&self) -> TensorType {
        TensorType::new(self.layout.kind.dtype, Shape::known(&self.layout.header.shape))
    }

    fn read(&self, rows: &[usize], target: &mut [u8]) -> Result<()> {
        let size = target.len() / rows.len().max(1);
        if size == 0 {
            return Ok(());
        }
        for (row, target) in rows.iter().zip(target.chunks_exact_mut(size)) {
            let bytes =
                self.row(*row).map_err(|error| failed(&self.path).detail(format!("row {row}: {error}")))?;
            target.copy_from_slice(&(self.layout.kind.widen)(self.layout.kind.in_order(bytes)));
        }
        Ok(())
    }
}
