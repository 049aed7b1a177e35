//! Folders of pictures, one folder for each class, as Keras' `image_dataset_from_directory` takes them.

use std::path::{Path, PathBuf};

use ceras_graph::{DType, Tensor};

use super::{RandomState, to_categorical};
use crate::error::{Error, ErrorKind, Result};

mod decode;
mod resize;
mod stream;

pub use stream::StreamedImages;

/// The endings of files that are taken for pictures; what they really are is found from their bytes.
const ENDINGS: [&str; 5] = ["bmp", "gif", "jpeg", "jpg", "png"];

/// The form of the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LabelMode {
    /// Numbers, `int32` `[pictures]`.
    #[default]
    Int,
    /// One-hot rows, `float32` `[pictures, classes]`.
    Categorical,
    /// Zeros and ones, `float32` `[pictures, 1]`, for two classes.
    Binary,
    /// No classes: all pictures of the folder and of those inside.
    None,
}

/// The channels of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// One channel.
    Grayscale,
    /// Three.
    #[default]
    Rgb,
    /// Three and opacity.
    Rgba,
}

impl ColorMode {
    /// How many numbers a pixel has.
    pub fn channels(self) -> usize {
        match self {
            ColorMode::Grayscale => 1,
            ColorMode::Rgb => 3,
            ColorMode::Rgba => 4,
        }
    }
}

/// How pictures of another size are brought to the one that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Between the four nearest pixels.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

/// A folder with a folder of pictures for each class, with Keras' names and defaults.
///
/// # Examples
/// ```
/// use ceras::data::images::ImageFolder;
/// # let folder = tempfile::tempdir().unwrap();
/// # for class in ["cat", "dog"] {
/// #     std::fs::create_dir(folder.path().join(class)).unwrap();
/// #     // A white pixel as a bitmap.
/// #     let mut bmp = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0".to_vec();
/// #     bmp.extend([0; 24]);
/// #     bmp.extend([255, 255, 255, 0]);
/// #     std::fs::write(folder.path().join(class).join("1.bmp"), bmp).unwrap();
/// # }
/// let found = ImageFolder::new(folder.path()).image_size(2, 3).find()?;
/// assert_eq!(found.classes(), ["cat", "dog"]);
/// let loaded = found.load()?;
/// assert_eq!(loaded.x.dims(), [2, 2, 3, 3]);
/// assert_eq!(loaded.y.unwrap().slice::<i32>(), [0, 1]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Pictures stay `uint8`: a picture of another size is rounded after resizing, where Keras gives `float32` between whole
/// numbers. With a seed the order is Keras'; without one it is that of the names, where Keras draws a seed.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    directory: PathBuf,
    label_mode: LabelMode,
    class_names: Option<Vec<String>>,
    color_mode: ColorMode,
    image_size: (usize, usize),
    interpolation: Interpolation,
    crop_to_aspect_ratio: bool,
    seed: Option<u32>,
    refuse: bool,
}

impl ImageFolder {
    /// The pictures below a folder: numbers for classes, three channels, 256 × 256, in the order of their names.
    #[must_use]
    pub fn new(directory: impl AsRef<Path>) -> ImageFolder {
        ImageFolder {
            directory: directory.as_ref().to_owned(),
            label_mode: LabelMode::Int,
            class_names: None,
            color_mode: ColorMode::Rgb,
            image_size: (256, 256),
            interpolation: Interpolation::Bilinear,
            crop_to_aspect_ratio: false,
            seed: None,
            refuse: false,
        }
    }

    /// The form of the classes.
    #[must_use]
    pub fn label_mode(mut self, label_mode: LabelMode) -> ImageFolder {
        self.label_mode = label_mode;
        self
    }

    /// The folders to take, in the order of their numbers; all by name where none are given.
    #[must_use]
    pub fn class_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> ImageFolder {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The channels.
    #[must_use]
    pub fn color_mode(mut self, color_mode: ColorMode) -> ImageFolder {
        self.color_mode = color_mode;
        self
    }

    /// Height and width in pixels.
    #[must_use]
    pub fn image_size(mut self, height: usize, width: usize) -> ImageFolder {
        self.image_size = (height, width);
        self
    }

    /// How pictures of another size are resized.
    #[must_use]
    pub fn interpolation(mut self, interpolation: Interpolation) -> ImageFolder {
        self.interpolation = interpolation;
        self
    }

    /// Whether a picture of other proportions is cut to the largest part in its middle that has the right ones, instead of being
    /// stretched.
    #[must_use]
    pub fn crop_to_aspect_ratio(mut self, crop: bool) -> ImageFolder {
        self.crop_to_aspect_ratio = crop;
        self
    }

    /// Shuffles the pictures, in the order that Keras has with this seed.
    #[must_use]
    pub fn seed(mut self, seed: u32) -> ImageFolder {
        self.seed = Some(seed);
        self
    }

    /// Makes a picture that cannot be read an error; it is left out and named otherwise.
    #[must_use]
    pub fn refuse_bad(mut self, refuse: bool) -> ImageFolder {
        self.refuse = refuse;
        self
    }

    /// Finds the pictures and their classes; none is read yet.
    ///
    /// # Errors
    /// There is no such folder, no class, a class without pictures, or for `Binary` another number of classes than two.
    pub fn find(self) -> Result<Images> {
        if self.image_size.0 == 0 || self.image_size.1 == 0 {
            return Err(Error::new(ErrorKind::Usage, "`image_size` must be 1 or more both ways"));
        }
        if self.label_mode == LabelMode::None {
            return self.find_unlabelled();
        }
        let (classes, loose) = self.classes()?;
        let mut pictures = Vec::new();
        for (number, class) in classes.iter().enumerate() {
            let before = pictures.len();
            collect(&self.directory.join(class), number, &mut pictures)?;
            if pictures.len() == before {
                let text = format!("class `{class}` has no pictures");
                return Err(Error::new(ErrorKind::Data, text)
                    .detail(format!("in `{}`", self.directory.join(class).display()))
                    .hint(format!("pictures end in .{}", ENDINGS.join(", ."))));
            }
        }
        if self.label_mode == LabelMode::Binary && classes.len() != 2 {
            let text = format!("`binary` is for two classes; there are {}", classes.len());
            return Err(Error::new(ErrorKind::Usage, text));
        }
        let mut notes = Vec::new();
        if let [only] = &classes[..] {
            notes.push(format!("there is one class only, `{only}`: nothing to tell apart"));
        }
        if loose > 0 {
            notes.push(format!("{loose} files beside the classes' folders were left out"));
        }
        Ok(self.found(classes, pictures, notes))
    }

    /// All pictures, whatever folder they are in.
    fn find_unlabelled(self) -> Result<Images> {
        if self.class_names.is_some() {
            return Err(Error::new(ErrorKind::Usage, "`class_names` is for pictures with classes")
                .hint("leave it out, or choose another `label_mode`"));
        }
        let mut pictures = Vec::new();
        collect(&self.directory, 0, &mut pictures)?;
        if pictures.is_empty() {
            let text = format!("`{}` has no pictures", self.directory.display());
            let endings = format!("pictures end in .{}", ENDINGS.join(", ."));
            return Err(Error::new(ErrorKind::Data, text).hint(endings));
        }
        Ok(self.found(Vec::new(), pictures, Vec::new()))
    }

    fn found(self, classes: Vec<String>, mut pictures: Vec<(PathBuf, usize)>, notes: Vec<String>) -> Images {
        if let Some(seed) = self.seed {
            RandomState::new(seed).shuffle(&mut pictures);
        }
        Images { options: self, classes, pictures, notes }
    }

    /// The classes, and how many files lie beside their folders.
    fn classes(&self) -> Result<(Vec<String>, usize)> {
        let (mut found, mut loose) = (Vec::new(), 0);
        for entry in entries(&self.directory)? {
            let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match entry.is_dir() {
                true if !name.starts_with('.') => found.push(name),
                true => {}
                false => loose += usize::from(is_picture(&entry)),
            }
        }
        let Some(wanted) = &self.class_names else {
            if found.is_empty() {
                let text = format!("`{}` has no folders of pictures", self.directory.display());
                return Err(Error::new(ErrorKind::Data, text).hint("make one folder for each class"));
            }
            return Ok((found, loose));
        };
        match wanted.iter().find(|name| !found.contains(name)) {
            None => Ok((wanted.clone(), loose)),
            Some(name) => {
                let text = format!("`{}` has no folder `{name}`", self.directory.display());
                let error = Error::new(ErrorKind::Data, text).detail(format!("it has: {}", found.join(", ")));
                Err(match crate::error::did_you_mean(name, found.iter().map(String::as_str)) {
                    Some(close) => error.hint(format!("did you mean `{close}`?")),
                    None => error,
                })
            }
        }
    }
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: &std::io::Error| crate::files::io_error("read", folder, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(&error))? {
        paths.push(entry.map_err(|error| failed(&error))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The pictures of a class, those in folders inside too: a folder's own files first, as Keras walks. Links to folders are
/// not followed, so there is no circle.
fn collect(folder: &Path, class: usize, pictures: &mut Vec<(PathBuf, usize)>) -> Result<()> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                if !path.is_symlink() {
                    folders.push(path);
                }
            } else if is_picture(&path) {
                found.push(path);
            }
        }
    }
    // As text, as Python compares paths.
    let text = |path: Option<&std::ffi::OsStr>| path.map(|path| path.to_string_lossy().into_owned());
    found.sort_by_cached_key(|path| (text(path.parent().map(Path::as_os_str)), text(path.file_name())));
    pictures.extend(found.into_iter().map(|path| (path, class)));
    Ok(())
}

/// Pictures that were found: their files, classes and how they are to be read.
#[derive(Clone, Debug)]
pub struct Images {
    options: ImageFolder,
    classes: Vec<String>,
    pictures: Vec<(PathBuf, usize)>,
    notes: Vec<String>,
}

/// Pictures in memory.
#[derive(Clone, Debug)]
pub struct LoadedImages {
    /// `uint8` `[pictures, height, width, channels]`.
    pub x: Tensor,
    /// The classes, as [`LabelMode`] says; `None` for [`LabelMode::None`].
    pub y: Option<Tensor>,
    /// The files that were left out, each with why.
    pub skipped: Vec<(PathBuf, String)>,
}

/// What was made of each picture with its file and class, and the files that are left out, each with why.
type SortedOut<'a, T> = (Vec<(T, &'a (PathBuf, usize))>, Vec<(PathBuf, String)>);

impl Images {
    /// The names of the classes in the order of their numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The files with the numbers of their classes, in order.
    pub fn files(&self) -> &[(PathBuf, usize)] {
        &self.pictures
    }

    /// What looks odd, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The pictures to train on, and the last ones, so large a share of all, to measure on: Keras' `training` and
    /// `validation`.
    ///
    /// # Errors
    /// The share is not between 0 and 1, or leaves a part empty; the pictures are not shuffled, so that the last ones would be
    /// all of one class.
    pub fn split(&self, validation_split: f64) -> Result<(Images, Images)> {
        if !(validation_split > 0.0 && validation_split < 1.0) {
            let text = format!("`validation_split` must be above 0 and below 1; it is {validation_split}");
            return Err(Error::new(ErrorKind::Usage, text));
        }
        if self.options.seed.is_none() && self.options.label_mode != LabelMode::None {
            return Err(Error::new(ErrorKind::Usage, "the last pictures are all of the last class")
                .hint("shuffle them with `seed`"));
        }
        let last = (validation_split * self.len() as f64) as usize;
        let at = self.len() - last;
        if last == 0 || at == 0 {
            let text = format!(
                "`validation_split` {validation_split} of {} pictures leaves one part empty",
                self.len()
            );
            return Err(Error::new(ErrorKind::Usage, text));
        }
        Ok((self.part(&self.pictures[..at], "training"), self.part(&self.pictures[at..], "validation")))
    }

    fn part(&self, pictures: &[(PathBuf, usize)], name: &str) -> Images {
        let mut notes = self.notes.clone();
        let missing = |number: &usize| !pictures.iter().any(|(_, class)| class == number);
        let absent: Vec<String> = (0..self.classes.len())
            .filter(missing)
            .map(|number| format!("`{}`", self.classes[number]))
            .collect();
        if !absent.is_empty() {
            notes.push(format!("no picture of {} is in the {name} part", absent.join(", ")));
        }
        Images { pictures: pictures.to_vec(), notes, ..self.clone() }
    }

    /// Reads, decodes and resizes all pictures, on every core.
    ///
    /// # Errors
    /// They do not fit into memory's address space; no picture can be read; or one cannot, and that is to be an error.
    pub fn load(&self) -> Result<LoadedImages> {
        let size = self.picture_bytes()?;
        let outcomes = self.decoded(&|pixels| pixels);
        let (kept, skipped) = self.sort_out(outcomes)?;
        let mut pixels = Vec::with_capacity(size * kept.len());
        let mut labels = Vec::with_capacity(kept.len());
        for (picture, (_, class)) in kept {
            pixels.extend(picture);
            labels.push(*class as i32);
        }
        let (height, width) = self.options.image_size;
        let x = Tensor::new(&[labels.len(), height, width, self.options.color_mode.channels()], pixels)?;
        Ok(LoadedImages { x, y: self.labels(&labels)?, skipped })
    }

    /// The bytes of a picture.
    fn picture_bytes(&self) -> Result<usize> {
        let (height, width) = self.options.image_size;
        let size = [height, width, self.options.color_mode.channels()]
            .iter()
            .try_fold(1usize, |product, dim| product.checked_mul(*dim))
            .filter(|size| size.checked_mul(self.len()).is_some_and(|bytes| bytes < isize::MAX as usize));
        size.ok_or_else(|| {
            let text = format!("{} pictures of {height} × {width} are too large", self.len());
            Error::new(ErrorKind::Usage, text)
        })
    }

    /// What was made of the pictures with their files and classes, and the files that are left out.
    fn sort_out<T>(&self, outcomes: Vec<std::result::Result<T, String>>) -> Result<SortedOut<'_, T>> {
        let (mut kept, mut skipped) = (Vec::with_capacity(self.len()), Vec::new());
        for (outcome, file) in outcomes.into_iter().zip(&self.pictures) {
            match outcome {
                Ok(picture) => kept.push((picture, file)),
                Err(why) if self.options.refuse => {
                    let text = format!("cannot read the picture `{}`", file.0.display());
                    return Err(Error::new(ErrorKind::Data, text).detail(why));
                }
                Err(why) => skipped.push((file.0.clone(), why)),
            }
        }
        if kept.is_empty() {
            let first = skipped.first().map(|(path, why)| format!("`{}`: {why}", path.display()));
            let error = Error::new(ErrorKind::Data, format!("none of {} pictures can be read", self.len()));
            return Err(first.into_iter().fold(error, Error::detail));
        }
        Ok((kept, skipped))
    }

    fn labels(&self, labels: &[i32]) -> Result<Option<Tensor>> {
        let numbers = Tensor::from_slice(labels);
        Ok(Some(match self.options.label_mode {
            LabelMode::Int => numbers,
            LabelMode::Categorical => to_categorical(&numbers, Some(self.classes.len()))?,
            LabelMode::Binary => numbers.cast(DType::F32).reshape(&[labels.len(), 1])?,
            LabelMode::None => return Ok(None),
        }))
    }

    /// What `keep` leaves of the pixels of each picture, or why there are none, in order.
    fn decoded<T: Send>(&self, keep: &(dyn Fn(Vec<u8>) -> T + Sync)) -> Vec<std::result::Result<T, String>> {
        let threads = ceras_kernels::Pool::default_threads().clamp(1, self.len().max(1));
        let part = self.len().div_ceil(threads).max(1);
        let read = |(path, _): &(PathBuf, usize)| decode::unpanicked(path, &self.options).map(keep);
        std::thread::scope(|scope| {
            let workers: Vec<_> = self
                .pictures
                .chunks(part)
                .map(|part| (part.len(), scope.spawn(move || part.iter().map(read).collect::<Vec<_>>())))
                .collect();
            let result = |(count, worker): (usize, std::thread::ScopedJoinHandle<'_, Vec<_>>)| {
                let failed = || (0..count).map(|_| Err("its reader failed".to_owned())).collect();
                worker.join().unwrap_or_else(|_| failed())
            };
            workers.into_iter().flat_map(result).collect()
        })
    }
}

#[cfg(test)]
mod tests;
