//! From pictures to the tensors that a network is trained on, and the network.

use std::path::Path;

use ceras::data::images::{ImageFolder, LoadedImages, StreamedImages};
use ceras::data::{Size, Source, SplitOptions, class_counts, datasets, one_hot_strata, train_test_split};
use ceras::layers::{Conv2D, MaxPooling2D, Padding, Rescaling};
use ceras::models::Sequential;
use ceras::prelude::*;
use ceras::training::available_memory;

use crate::commands::train::{DataSet, Network, Train};
use crate::report::count;
use crate::table::{Prepared, Target, safe};
use crate::train::indices;

/// So many files that were left out are named one by one.
const NAMED: usize = 10;
/// Kernels of the convolutions, block after block.
const KERNELS: [usize; 3] = [16, 32, 64];
/// A block is added while the picture has so many pixels both ways: pooling halves them.
const SMALLEST: usize = 4;

impl Prepared {
    /// Reads a folder with a folder of pictures for each class, and splits.
    pub(crate) fn from_folder(folder: &Path, options: &Train) -> Result<Prepared> {
        let size = options.image_size();
        let images = ImageFolder::new(folder).image_size(size, size).find()?;
        let classes = images.classes().to_vec();
        let bytes = images.len().saturating_mul(size * size * 3);
        let streamed = options.stream || available_memory().is_some_and(|free| bytes > free / 2);
        let (x, y, skipped) = if streamed {
            let StreamedImages { x, y, skipped, .. } = images.stream()?;
            (x, y, skipped)
        } else {
            let LoadedImages { x, y, skipped, .. } = images.load()?;
            (x.into(), y, skipped)
        };
        let mut lines = vec![format!("Data: {}, a folder of pictures", folder.display())];
        lines.push(format!(
            "  {} of {}, read as {size} × {size} pixels in red, green and blue",
            count(x.dims()[0], "picture"),
            count(classes.len(), "class").replace("classs", "classes"),
        ));
        if streamed {
            let why = if options.stream {
                ""
            } else {
                ": together they would take more than half of the free memory"
            };
            lines.push(format!("  read from their files in each epoch{why}"));
        }
        lines.extend(images.notes().iter().map(|note| format!("  {note}")));
        for (path, why) in skipped.iter().take(NAMED) {
            lines.push(format!("  left out: {}: {why}", path.display()));
        }
        if skipped.len() > NAMED {
            lines.push(format!("  … and {} more files", skipped.len() - NAMED));
        }
        let y = y.ok_or_else(|| Error::new(ceras::ErrorKind::Data, "the pictures have no classes"))?;
        let codes = indices(&y);
        let strata = one_hot_strata(&codes);
        let split = train_test_split(
            codes.len(),
            &SplitOptions {
                test_size: Some(Size::Share(options.test_size)),
                random_state: Some(options.seed),
                stratify: Some(&strata),
                ..SplitOptions::default()
            },
        )?;
        let (train_y, test_y) = split.tensor(&y)?;
        let (train_x, test_x) = (x.take(&split.train)?, x.take(&split.test)?);
        let name = folder.file_name().map_or("pictures".into(), |name| name.to_string_lossy().into_owned());
        Prepared::of_pictures(&safe(&name), classes, (train_x, train_y), (test_x, test_y), lines)
    }

    /// One of the well-known sets, in the parts that its makers gave.
    pub(crate) fn from_known(data: DataSet, folder: Option<&Path>) -> Result<Prepared> {
        let (name, pictures) = match data {
            DataSet::Mnist => ("mnist", datasets::mnist(folder)?),
            DataSet::FashionMnist => ("fashion-mnist", datasets::fashion_mnist(folder)?),
            DataSet::Cifar10 => ("cifar10", datasets::cifar10(folder)?),
        };
        let with_channels = |x: Tensor| -> Result<Tensor> {
            if x.rank() == 4 { Ok(x) } else { Ok(x.reshape(&[x.dims(), &[1]].concat())?) }
        };
        let (train_x, test_x) = (with_channels(pictures.x_train)?, with_channels(pictures.x_test)?);
        let (train_y, test_y) = (pictures.y_train.cast(DType::I32), pictures.y_test.cast(DType::I32));
        let shape: Vec<String> = train_x.dims()[1..].iter().map(usize::to_string).collect();
        let lines = vec![
            format!("Data: {name}"),
            format!("  {} of {}", count(train_x.dims()[0] + test_x.dims()[0], "picture"), shape.join(" × ")),
        ];
        let (train, test) = ((train_x.into(), train_y), (test_x.into(), test_y));
        Prepared::of_pictures(name, pictures.classes, train, test, lines)
    }

    fn of_pictures(
        name: &str,
        classes: Vec<String>,
        (train_x, train_y): (Source, Tensor),
        (test_x, test_y): (Source, Tensor),
        mut lines: Vec<String>,
    ) -> Result<Prepared> {
        if let [only] = &classes[..] {
            let text = format!("there is one class only, `{only}`: nothing to tell apart");
            return Err(Error::new(ceras::ErrorKind::Data, text).hint("make one folder for each class"));
        }
        let counts = class_counts(&indices(&train_y), classes.len());
        let counts: Vec<String> =
            classes.iter().zip(counts).map(|(class, count)| format!("{class} {count}")).collect();
        let (train, test) = (count(train_x.dims()[0], "picture"), test_x.dims()[0]);
        lines.push(format!("Split: {train} to train on, {test} held back for the test"));
        lines.push(format!("  to train on: {}", counts.join(", ")));
        Ok(Prepared {
            name: name.to_owned(),
            target_name: "class".to_owned(),
            target: Target::Classes(classes),
            features: Vec::new(),
            train_x,
            test_x,
            train_y,
            test_y,
            lines,
        })
    }

    /// Whether the rows are pictures.
    pub(crate) fn is_pictures(&self) -> bool {
        self.train_x.dims().len() == 4
    }
}

/// The layers before the head: pixels from 0 to 1, convolutions and poolings, or none of them, and the hidden layers.
pub(crate) fn body(layers: Sequential, options: &Train, dims: &[usize]) -> Sequential {
    let mut layers = layers.add(Input::new([dims[0], dims[1], dims[2]]).name("pictures"));
    layers = layers.add(Rescaling::new(1.0 / 255.0));
    if options.network() == Network::Cnn {
        let mut size = dims[0].min(dims[1]);
        for kernels in KERNELS {
            layers = layers.add(Conv2D::new(kernels, [3, 3]).padding(Padding::Same).activation("relu"));
            if size < SMALLEST {
                break;
            }
            layers = layers.add(MaxPooling2D::new([2, 2]));
            size /= 2;
        }
    }
    layers.add(Flatten::new())
}
