//! Rows that are read while training: the same bits as in memory, and what happens when they cannot be read.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ceras::data::images::ImageFolder;
use ceras::data::{Rows, Source, npy};
use ceras::layers::{Conv2D, Rescaling};
use ceras::prelude::*;
use ceras::{DType, Error, ErrorKind, TensorType};

/// Pictures of two classes: PNM-like noise written as bitmaps of 6 × 5 pixels.
fn pictures(folder: &Path, count: usize) {
    let mut state = 7u32;
    for class in ["dark", "light"] {
        std::fs::create_dir(folder.join(class)).unwrap();
        for number in 0..count {
            let mut bmp = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x06\0\0\0\x05\0\0\0\x01\0\x18\0".to_vec();
            bmp.resize(54, 0);
            for _ in 0..5 * 20 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 25) as u8;
                bmp.push(if class == "dark" { noise } else { 128 + noise });
            }
            std::fs::write(folder.join(class).join(format!("{number:03}.bmp")), bmp).unwrap();
        }
    }
}

fn network(dims: [usize; 3]) -> Model {
    let mut model = Sequential::new()
        .add(Input::new(dims))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2D::new(4, [3, 3]).activation("relu"))
        .add(Flatten::new())
        .add(Dropout::new(0.2))
        .add(Dense::new(2).activation("softmax"))
        .seed(3)
        .build()
        .unwrap();
    let compile = Compile::new("sparse_categorical_crossentropy").metrics(["accuracy"]);
    model.compile(compile.optimizer(Adam::new().learning_rate(0.01))).unwrap();
    model
}

fn quiet(epochs: usize) -> Fit {
    Fit::new().epochs(epochs).batch_size(8).verbose(Verbose::Silent)
}

#[test]
fn a_folder_of_pictures_trains_the_same_bits_as_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 21);
    std::fs::write(folder.path().join("dark").join("zz.png"), "no picture").unwrap();
    let images = ImageFolder::new(folder.path()).image_size(8, 9).seed(1).find().unwrap();
    let (held, streamed) = (images.load().unwrap(), images.stream().unwrap());
    assert_eq!(streamed.skipped.len(), 1);
    assert_eq!(held.skipped, streamed.skipped);
    assert!(streamed.x.is_streamed());
    assert_eq!((held.x.dims(), held.y.clone()), (streamed.x.dims(), streamed.y.clone()));
    let y = held.y.unwrap();
    let (mut a, mut b) = (network([8, 9, 3]), network([8, 9, 3]));
    // Seven steps an epoch of six: passes over the data begin in the middle of epochs.
    let fit = || quiet(3).validation_split(0.2).class_weight([(0, 2.0)]).steps_per_epoch(7);
    let in_memory = a.fit(&held.x, &y, fit()).unwrap();
    let read = b.fit(&streamed.x, &y, fit()).unwrap();
    assert_eq!(in_memory, read);
    assert_eq!(a.predict(&held.x).unwrap(), b.predict(&streamed.x).unwrap());
    let evaluate = || Evaluate::new().batch_size(5);
    assert_eq!(
        a.evaluate(&held.x, &y, evaluate()).unwrap(),
        b.evaluate(&streamed.x, &y, evaluate()).unwrap()
    );
}

#[test]
fn arrays_in_files_train_the_same_bits_as_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let numbers: Vec<f64> = (0..60).map(|number| f64::from(number * 37 % 23) / 10.0).collect();
    let x = Tensor::new(&[20, 3], numbers).unwrap();
    let y = Tensor::new(&[20], (0..20).map(|row| row as f32 / 5.0).collect::<Vec<_>>()).unwrap();
    let (x_path, y_path) = (folder.path().join("x.npy"), folder.path().join("y.npy"));
    npy::write(&x_path, &x).unwrap();
    npy::write(&y_path, &y).unwrap();
    let line = || {
        let mut model = Sequential::new().add(Input::new([3])).add(Dense::new(1)).seed(5).build().unwrap();
        model.compile(Compile::new("mse")).unwrap();
        model
    };
    let (mut a, mut b) = (line(), line());
    let (xs, ys) = (npy::open(&x_path).unwrap(), npy::open(&y_path).unwrap());
    let validated = |fit: Fit, x: &Source, y: &Source| fit.validation_data(x, y);
    let in_memory = a.fit(&x, &y, validated(quiet(2), &Source::from(&x), &Source::from(&y))).unwrap();
    let read = b.fit(&xs, &ys, validated(quiet(2), &xs, &ys)).unwrap();
    assert_eq!(in_memory, read);
    assert_eq!(a.predict(&x).unwrap(), b.predict(&xs).unwrap());
    let error = b.fit(&xs, &ys, quiet(1).class_weight([(0, 2.0)])).unwrap_err().to_string();
    assert!(error.contains("`class_weight` needs the targets in memory"), "{error}");
    let error = b.fit(&xs, &y, quiet(1).sample_weight(&ys)).unwrap_err().to_string();
    assert!(error.contains("`sample_weight` must be in memory"), "{error}");
}

/// Rows of which one is odd.
#[derive(Debug)]
struct Odd {
    what: &'static str,
    asked: AtomicUsize,
}

impl Odd {
    fn source(what: &'static str) -> Source {
        Source::new(Odd { what, asked: AtomicUsize::new(0) }).unwrap()
    }
}

impl Rows for Odd {
    fn ty(&self) -> TensorType {
        TensorType::new(DType::F32, [40, 2])
    }

    fn read(&self, rows: &[usize], target: &mut [u8]) -> ceras::Result<()> {
        let again = self.asked.fetch_add(1, Ordering::Relaxed) > 12;
        for (row, target) in rows.iter().zip(target.chunks_exact_mut(8)) {
            let odd = *row == 17 && again;
            let value = match self.what {
                "nan" if odd => f32::NAN,
                "gone" if odd => return Err(Error::new(ErrorKind::File, "row 17 went away")),
                "panic" if odd => panic!("a user's own mistake"),
                _ => *row as f32 / 40.0,
            };
            target[..4].copy_from_slice(&value.to_ne_bytes());
            target[4..].copy_from_slice(&1f32.to_ne_bytes());
        }
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_ends_the_training_in_words() {
    for (what, words) in [
        ("gone", &["row 17 went away", "while reading `x`", "in epoch "][..]),
        ("nan", &["`x` holds NaN at row 17, column 0", "in epoch ", "batch "]),
        ("panic", &["what reads the rows has panicked"]),
    ] {
        let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build().unwrap();
        model.compile(Compile::new("mse")).unwrap();
        let y = Tensor::zeros(DType::F32, &[40, 1]).unwrap();
        let error = model.fit(Odd::source(what), &y, quiet(5)).unwrap_err().to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "{what}: {error}"));
        // The weights are those of the step before, and training can go on.
        let x = Tensor::new(&[1, 2], [0.5f32, 1.0]).unwrap();
        assert!(model.predict(&x).unwrap().slice::<f32>()[0].is_finite());
        model.fit(&x, Tensor::zeros(DType::F32, &[1, 1]).unwrap(), quiet(1)).unwrap();
    }
}

/// Targets of which a late one is no class.
#[derive(Debug)]
struct Classes;

impl Rows for Classes {
    fn ty(&self) -> TensorType {
        TensorType::new(DType::I32, [40])
    }

    fn read(&self, rows: &[usize], target: &mut [u8]) -> ceras::Result<()> {
        for (row, target) in rows.iter().zip(target.chunks_exact_mut(4)) {
            target.copy_from_slice(&(if *row == 39 { 7i32 } else { 1 }).to_ne_bytes());
        }
        Ok(())
    }
}

#[test]
fn targets_that_are_read_are_checked_as_they_come() {
    let mut model =
        Sequential::new().add(Input::new([2])).add(Dense::new(2).activation("softmax")).build().unwrap();
    model.compile(Compile::new("sparse_categorical_crossentropy")).unwrap();
    let x = Tensor::zeros(DType::F32, &[40, 2]).unwrap();
    let y = Source::new(Classes).unwrap();
    let error = model.fit(&x, &y, quiet(1).shuffle(false)).unwrap_err().to_string();
    assert!(error.contains("at the output of `dense`") && error.contains('7'), "{error}");
    model.fit(x.rows(0, 39).unwrap(), y.range(0, 39).unwrap(), quiet(1)).unwrap();
}

#[test]
fn files_that_cannot_be_streamed_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }";
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend([0; 16]);
    std::fs::write(&path, &bytes).unwrap();
    let error = npy::open(&path).unwrap_err().to_string();
    assert!(error.contains("Fortran's order") && error.contains("ascontiguousarray"), "{error}");
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(npy::open(&path).unwrap_err().to_string().contains("cut off"));
    npy::write(&path, &Tensor::scalar(1.0f32)).unwrap();
    assert!(npy::open(&path).unwrap_err().to_string().contains("has no rows"));
}
