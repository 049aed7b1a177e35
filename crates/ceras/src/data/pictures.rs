//! The data sets of small pictures that everybody starts with, from files that are on this machine.

use std::path::{Path, PathBuf};

use ceras_graph::{DType, Tensor};

use super::{idx, npz};
use crate::error::{Error, ErrorKind, Result};

/// Pictures and their classes, in the parts that their makers gave.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The pictures to train on, `uint8` `[pictures, height, width]` or `[pictures, height, width, 3]`.
    pub x_train: Tensor,
    /// Their classes, `uint8` `[pictures]`.
    pub y_train: Tensor,
    /// The pictures to test on.
    pub x_test: Tensor,
    /// Their classes.
    pub y_test: Tensor,
    /// The names of the classes.
    pub classes: Vec<String>,
}

/// A file, and how it is known to be the right one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remote<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: u64,
    /// In hexadecimal digits.
    pub(super) sha256: &'a str,
}

/// A data set: what it is called, where its files come from and what is in them.
struct Known {
    name: &'static str,
    folder: &'static str,
    /// What stands before the names of the files.
    base: &'static str,
    files: &'static [Remote<'static>],
    classes: [&'static str; 10],
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Keras' own copy.
const MNIST: Known = Known {
    name: "MNIST",
    folder: "mnist",
    base: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    files: &[Remote {
        name: "mnist.npz",
        bytes: 11_490_434,
        sha256: "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    }],
    classes: DIGITS,
};

const FASHION: Known = Known {
    name: "Fashion-MNIST",
    folder: "fashion-mnist",
    base: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    files: &[
        Remote {
            name: "train-images-idx3-ubyte.gz",
            bytes: 26_421_880,
            sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        },
        Remote {
            name: "train-labels-idx1-ubyte.gz",
            bytes: 29_515,
            sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        },
        Remote {
            name: "t10k-images-idx3-ubyte.gz",
            bytes: 4_422_102,
            sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        },
        Remote {
            name: "t10k-labels-idx1-ubyte.gz",
            bytes: 5_148,
            sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
    ],
    classes: [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
};

/// The binary version, which holds nothing that would have to be carried out; Keras takes the pickled one.
const CIFAR: Known = Known {
    name: "CIFAR-10",
    folder: "cifar-10-batches-bin",
    base: "https://www.cs.toronto.edu/~kriz/",
    files: &[Remote {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    }],
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
};

/// The four files of MNIST and Fashion-MNIST.
const IDX: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Handwritten digits: 60,000 pictures of 28 × 28 to train on, 10,000 to test on.
///
/// The files are looked for in `folder`, or where none is given in the data folders of ceras, of Keras and of Debian's packages: the four IDX files,
/// gzipped or not, or Keras' `mnist.npz`.
///
/// With the feature `download`, files that are in none of those folders are downloaded from Keras' own place into that of ceras, and
/// checked.
///
/// # Errors
/// They are not there (the error says where to put them), damaged, or do not fit each other; they cannot be downloaded.
///
/// # References
/// LeCun, Bottou, Bengio and Haffner (1998), *Gradient-based learning applied to document recognition*.
///
/// # Keras
/// Keras always downloads what is not there; here it takes the feature `download`.
pub fn mnist(folder: Option<&Path>) -> Result<Pictures> {
    from_idx(&MNIST, folder)
}

/// Clothes in place of digits, of the same shapes as [`mnist`].
///
/// # Errors
/// As [`mnist`].
///
/// # References
/// Xiao, Rasul and Vollgraf (2017), *Fashion-MNIST*, <https://arxiv.org/abs/1708.07747>.
pub fn fashion_mnist(folder: Option<&Path>) -> Result<Pictures> {
    from_idx(&FASHION, folder)
}

/// Colour pictures of ten kinds of things: 50,000 of 32 × 32 × 3 to train on, 10,000 to test on, channels last; from the
/// binary version's `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
///
/// # Errors
/// As [`mnist`].
///
/// # References
/// Krizhevsky (2009), *Learning multiple layers of features from tiny images*.
pub fn cifar10(folder: Option<&Path>) -> Result<Pictures> {
    let names: Vec<String> =
        (1..=5).map(|part| format!("data_batch_{part}.bin")).chain(["test_batch.bin".to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let paths = or_fetched(&CIFAR, folder, &names, || Ok(find(&CIFAR, folder, &names)))?;
    let mut bytes = Vec::new();
    for path in &paths[..5] {
        bytes.extend(cifar_records(path)?);
    }
    let (x_train, y_train) = cifar_tensors(&bytes)?;
    let (x_test, y_test) = cifar_tensors(&cifar_records(&paths[5])?)?;
    checked(&CIFAR, Pictures { x_train, y_train, x_test, y_test, classes: Vec::new() })
}

/// A class and three planes of 32 × 32.
const CIFAR_RECORD: usize = 1 + 3 * 32 * 32;

fn cifar_records(path: &Path) -> Result<Vec<u8>> {
    let bytes = crate::files::read(path)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(CIFAR_RECORD) {
        let text = format!("`{}` is damaged or cut off", path.display());
        let detail = format!("records of {CIFAR_RECORD} bytes do not fill its {} bytes", bytes.len());
        return Err(Error::new(ErrorKind::File, text).detail(detail));
    }
    Ok(bytes)
}

/// Pictures with their channels last, and classes.
fn cifar_tensors(records: &[u8]) -> Result<(Tensor, Tensor)> {
    let count = records.len() / CIFAR_RECORD;
    let mut pixels = Vec::with_capacity(count * (CIFAR_RECORD - 1));
    let mut labels = Vec::with_capacity(count);
    for record in records.chunks_exact(CIFAR_RECORD) {
        labels.push(record[0]);
        let plane = |channel: usize| &record[1 + channel * 1024..1 + (channel + 1) * 1024];
        let (red, green, blue) = (plane(0), plane(1), plane(2));
        for place in 0..1024 {
            pixels.extend([red[place], green[place], blue[place]]);
        }
    }
    Ok((Tensor::new(&[count, 32, 32, 3], pixels)?, Tensor::from_slice(&labels)))
}

fn from_idx(known: &Known, folder: Option<&Path>) -> Result<Pictures> {
    let pictures = or_fetched(known, folder, &IDX, || {
        if let Some(pictures) = from_npz(known, folder)? {
            return Ok(Some(pictures));
        }
        let Some(paths) = find(known, folder, &IDX) else { return Ok(None) };
        let read = |index: usize| idx::read(&paths[index]);
        Ok(Some(Pictures {
            x_train: read(0)?,
            y_train: read(1)?,
            x_test: read(2)?,
            y_test: read(3)?,
            classes: Vec::new(),
        }))
    })?;
    checked(known, pictures)
}

/// What `look` finds; if it is nothing, and no folder was named, what it finds once the files have been downloaded.
fn or_fetched<T>(
    known: &Known,
    folder: Option<&Path>,
    names: &[&str],
    look: impl Fn() -> Result<Option<T>>,
) -> Result<T> {
    if let Some(found) = look()? {
        return Ok(found);
    }
    #[cfg(feature = "download")]
    if folder.is_none() {
        let target = &folders(known, folder)[0];
        known.files.iter().try_for_each(|file| super::download::fetch(known.base, file, names, target))?;
        if let Some(found) = look()? {
            return Ok(found);
        }
    }
    Err(missing(known, folder, names))
}

/// Keras' own copy, an archive of four arrays.
fn from_npz(known: &Known, folder: Option<&Path>) -> Result<Option<Pictures>> {
    let name = format!("{}.npz", known.folder);
    let Some(path) =
        folders(known, folder).into_iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
    else {
        return Ok(None);
    };
    let mut arrays = npz::read(&path)?;
    let mut take = |name: &str| {
        let place = arrays.iter().position(|(key, _)| key == name);
        place
            .map(|place| arrays.swap_remove(place).1)
            .ok_or_else(|| Error::new(ErrorKind::Data, format!("`{}` has no array `{name}`", path.display())))
    };
    let (x_train, y_train) = (take("x_train")?, take("y_train")?);
    Ok(Some(Pictures {
        x_train,
        y_train,
        x_test: take("x_test")?,
        y_test: take("y_test")?,
        classes: Vec::new(),
    }))
}

/// The folders to look in, the first being where the files belong.
fn folders(known: &Known, folder: Option<&Path>) -> Vec<PathBuf> {
    if let Some(folder) = folder {
        return vec![folder.to_owned()];
    }
    let mut folders = vec![crate::files::cache_folder().join("datasets").join(known.folder)];
    let home = std::env::var_os("KERAS_HOME").map(PathBuf::from).or_else(|| {
        std::env::var_os("HOME")
            .or_else(|| std::env::var_os("USERPROFILE"))
            .map(|home| PathBuf::from(home).join(".keras"))
    });
    if let Some(home) = home {
        folders.extend([home.join("datasets").join(known.folder), home.join("datasets")]);
    }
    // Where Debian's packages put theirs, such as `dataset-fashion-mnist`.
    folders.push(PathBuf::from("/usr/share/datasets").join(known.folder));
    folders
}

/// The files of these names, with `.gz` or without, all in one folder.
fn find(known: &Known, folder: Option<&Path>, names: &[&str]) -> Option<Vec<PathBuf>> {
    folders(known, folder).into_iter().find_map(|folder| {
        let found = |name: &&str| {
            let (plain, zipped) = (folder.join(name), folder.join(format!("{name}.gz")));
            if plain.is_file() { Some(plain) } else { Some(zipped).filter(|path| path.is_file()) }
        };
        names.iter().map(found).collect()
    })
}

/// The error for files that are nowhere.
fn missing(known: &Known, folder: Option<&Path>, names: &[&str]) -> Error {
    let folders = folders(known, folder);
    let error = Error::new(ErrorKind::File, format!("the files of {} are not here", known.name))
        .detail(format!("they are: {}", names.join(", ")));
    let places = folders.iter().map(|folder| format!("looked in {}", folder.display()));
    let sources = known.files.iter().map(|file| {
        let size = crate::models::readable(file.bytes as usize);
        format!("to be had: {}{} ({size}, SHA-256 {})", known.base, file.name, file.sha256)
    });
    let archive = known.files.iter().any(|file| file.name.ends_with(".tar.gz"));
    let what = if archive { "its files" } else { "them" };
    let download = if cfg!(feature = "download") || folder.is_some() {
        ""
    } else {
        "; a ceras built with `--features download` fetches them by itself"
    };
    let error = places.chain(sources).fold(error, Error::detail);
    error.hint(format!("put {what} into {}{download}", folders[0].display()))
}

/// Whether pictures and classes fit each other.
fn checked(known: &Known, mut pictures: Pictures) -> Result<Pictures> {
    for (part, x, y) in [
        ("to train on", &pictures.x_train, &pictures.y_train),
        ("to test on", &pictures.x_test, &pictures.y_test),
    ] {
        let wrong = |detail: String| {
            Err(Error::new(ErrorKind::Data, format!("the files of {} do not fit each other", known.name))
                .detail(detail))
        };
        if x.rank() < 3 || x.dtype() != DType::U8 || y.len() != x.dims()[0] || x.is_empty() {
            return wrong(format!("the pictures {part} are {}, the classes {}", x.ty(), y.ty()));
        }
        if let Some(class) =
            y.to_f64().into_iter().find(|class| *class < 0.0 || *class >= known.classes.len() as f64)
        {
            return wrong(format!("a class {part} is {class}; there are {}", known.classes.len()));
        }
    }
    if pictures.x_train.dims()[1..] != pictures.x_test.dims()[1..] {
        let text = format!("the files of {} do not fit each other", known.name);
        let detail = format!("the pictures are {} and {}", pictures.x_train.ty(), pictures.x_test.ty());
        return Err(Error::new(ErrorKind::Data, text).detail(detail));
    }
    pictures.classes = known.classes.iter().map(|class| (*class).to_owned()).collect();
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idx(dims: &[u32], elements: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(elements);
        bytes
    }

    fn write_idx(folder: &Path, labels: &[u8]) {
        let pixels: Vec<u8> = (0..labels.len() as u8 * 4).collect();
        for part in ["train", "t10k"] {
            let count = labels.len() as u32;
            std::fs::write(folder.join(format!("{part}-images-idx3-ubyte")), idx(&[count, 2, 2], &pixels))
                .unwrap();
            std::fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), idx(&[count], labels)).unwrap();
        }
    }

    #[test]
    fn idx_files_are_found_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let error = fashion_mnist(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("the files of Fashion-MNIST are not here"), "{error}");
        assert!(error.contains("put them into") && error.contains("train-images-idx3-ubyte"), "{error}");
        write_idx(folder.path(), &[3, 0, 9]);
        let pictures = fashion_mnist(Some(folder.path())).unwrap();
        assert_eq!(
            (pictures.x_train.dims(), pictures.y_test.slice::<u8>()),
            (&[3, 2, 2][..], &[3, 0, 9][..])
        );
        assert_eq!(pictures.classes[9], "Ankle boot");
        write_idx(folder.path(), &[3, 10, 9]);
        assert!(mnist(Some(folder.path())).unwrap_err().to_string().contains("a class to train on is 10"));
        std::fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(&[2], &[1, 1])).unwrap();
        write_idx(folder.path(), &[3, 1, 9]);
        std::fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(&[2], &[1, 1])).unwrap();
        let error = mnist(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("pictures to test on are uint8 [3, 2, 2], the classes uint8 [2]"), "{error}");
    }

    #[test]
    fn keras_own_copy_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (x, y) = (Tensor::zeros(DType::U8, &[2, 28, 28]).unwrap(), Tensor::from_slice(&[4u8, 5]));
        let arrays = [("x_test", &x), ("x_train", &x), ("y_train", &y), ("y_test", &y)];
        npz::write(folder.path().join("mnist.npz"), &arrays).unwrap();
        assert_eq!(mnist(Some(folder.path())).unwrap().y_train, y);
        npz::write(folder.path().join("mnist.npz"), &arrays[1..]).unwrap();
        assert!(mnist(Some(folder.path())).unwrap_err().to_string().contains("has no array `x_test`"));
    }

    #[test]
    fn planes_become_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = vec![7u8];
        record.extend(
            (0..3u8).flat_map(|channel| (0..1024).map(move |place| (place % 50) as u8 + channel * 100)),
        );
        for name in
            ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
        {
            std::fs::write(folder.path().join(format!("{name}.bin")), &record).unwrap();
        }
        let pictures = cifar10(Some(folder.path())).unwrap();
        assert_eq!(pictures.x_train.dims(), [5, 32, 32, 3]);
        assert_eq!(pictures.x_test.slice::<u8>()[3..6], [1, 101, 201]);
        assert_eq!(pictures.classes[usize::from(pictures.y_test.slice::<u8>()[0])], "horse");
        std::fs::write(folder.path().join("test_batch.bin"), &record[1..]).unwrap();
        assert!(cifar10(Some(folder.path())).unwrap_err().to_string().contains("damaged or cut off"));
    }
}
