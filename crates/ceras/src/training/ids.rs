//! Numbers in the data that name rows of an embedding.

use ceras_graph::{DType, Graph};

use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::Ids;

/// An input of a graph whose elements name rows.
#[derive(Debug)]
pub(crate) struct IdInput {
    /// Its number among the graph's inputs.
    pub(crate) index: usize,
    dtype: DType,
    rows: usize,
    path: String,
}

impl IdInput {
    /// Those that the layers of a graph told of.
    pub(crate) fn of(graph: &Graph, ids: &[Ids]) -> Vec<IdInput> {
        let input = |ids: &Ids| {
            let index = graph.inputs().iter().position(|input| *input == ids.value)?;
            let dtype = graph.ty(ids.value).dtype;
            Some(IdInput { index, dtype, rows: ids.rows, path: ids.path.clone() })
        };
        ids.iter().filter_map(input).collect()
    }

    /// Fails when an element names no row.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<()> {
        fn beyond<T: Copy>(bytes: &[u8], fits: impl Fn(T) -> bool, read: impl Fn(&[u8]) -> T) -> Option<T> {
            bytes.chunks_exact(size_of::<T>()).map(read).find(|id| !fits(*id))
        }
        macro_rules! find {
            ($ty:ty) => {
                beyond(
                    bytes,
                    |id: $ty| id as f64 > -1.0 && (id as f64) < self.rows as f64,
                    |chunk| <$ty>::from_ne_bytes(chunk.try_into().expect("a whole element")),
                )
                .map(|id| id.to_string())
            };
        }
        let bad = match self.dtype {
            DType::F32 => find!(f32),
            DType::F64 => find!(f64),
            DType::I32 => find!(i32),
            DType::I64 => find!(i64),
            DType::U8 => find!(u8),
            DType::U32 => find!(u32),
            DType::U64 => find!(u64),
            _ => None,
        };
        let Some(id) = bad else { return Ok(()) };
        let layer = self.path.rsplit('/').next().unwrap_or(&self.path);
        let text = format!(
            "`x` holds the number {id}, and layer `{layer}` (Embedding) has rows for 0 to {}",
            self.rows - 1
        );
        Err(Error::new(ErrorKind::Data, text).hint("`input_dim` is the largest number plus 1"))
    }
}
