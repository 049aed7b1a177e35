//! Pictures that are read while training.

use std::path::PathBuf;

use ceras_graph::{DType, Tensor, TensorType};

use super::{ImageFolder, Images, decode};
use crate::data::{Rows, Source};
use crate::error::{Error, ErrorKind, Result};

/// Pictures that are read, decoded and resized while training, and their classes.
#[derive(Clone, Debug)]
pub struct StreamedImages {
    /// `uint8` `[pictures, height, width, channels]`.
    pub x: Source,
    /// The classes, as [`LabelMode`](super::LabelMode) says; `None` for [`LabelMode::None`](super::LabelMode::None).
    pub y: Option<Tensor>,
    /// The files that were left out, each with why.
    pub skipped: Vec<(PathBuf, String)>,
}

impl Images {
    /// The pictures as rows that are read when they are needed: for folders larger than memory. The bytes are those of
    /// [`Images::load`].
    ///
    /// Each picture is decoded once beforehand, on every core, and thrown away again: bad ones are found before the training and
    /// not in its middle.
    ///
    /// # Errors
    /// As [`Images::load`]. A file that goes away or changes later is an error while training.
    ///
    /// # Keras
    /// `image_dataset_from_directory` always reads while training, and ends at a bad picture in the middle of an epoch.
    pub fn stream(&self) -> Result<StreamedImages> {
        self.picture_bytes()?;
        let outcomes = self.decoded(&|_| ());
        let (kept, skipped) = self.sort_out(outcomes)?;
        let (paths, labels): (Vec<PathBuf>, Vec<i32>) =
            kept.into_iter().map(|((), (path, class))| (path.clone(), *class as i32)).unzip();
        let x = Source::new(Decoded { options: self.options.clone(), paths })?;
        Ok(StreamedImages { x, y: self.labels(&labels)?, skipped })
    }
}

/// Files of pictures, and how they are read.
#[derive(Debug)]
struct Decoded {
    options: ImageFolder,
    paths: Vec<PathBuf>,
}

impl Rows for Decoded {
    fn ty(&self) -> TensorType {
        let (height, width) = self.options.image_size;
        TensorType::new(DType::U8, [self.paths.len(), height, width, self.options.color_mode.channels()])
    }

    fn read(&self, rows: &[usize], target: &mut [u8]) -> Result<()> {
        let size = target.len() / rows.len().max(1);
        for (row, target) in rows.iter().zip(target.chunks_exact_mut(size.max(1))) {
            let path = &self.paths[*row];
            let pixels = decode::unpanicked(path, &self.options).map_err(|why| {
                let text = format!("cannot read the picture `{}`", path.display());
                Error::new(ErrorKind::Data, text).detail(why)
            })?;
            target.copy_from_slice(&pixels);
        }
        Ok(())
    }
}
