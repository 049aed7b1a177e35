use std::collections::BTreeSet;
use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb, Rgba};

use super::*;

fn bytes(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn rgb(height: u32, width: u32, color: [u8; 3]) -> DynamicImage {
    ImageBuffer::from_pixel(width, height, Rgb(color)).into()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Three classes of 3, 5 and 4 pictures of one colour each.
fn animals() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, count) in [("cat", 5), ("dog", 4), ("bird", 3)] {
        for number in 0..count {
            let picture = bytes(&rgb(2, 2, [number, class.len() as u8, 9]), ImageFormat::Png);
            write(folder.path(), &format!("{class}/{class}{number}.png"), &picture);
        }
    }
    folder
}

fn names(images: &Images) -> Vec<String> {
    let name = |(path, _): &(PathBuf, usize)| path.file_stem().unwrap().to_string_lossy().into_owned();
    images.files().iter().map(name).collect()
}

/// The order is that of Keras 3.15.1 for the same folder: `image_dataset_from_directory(…, validation_split=0.25, seed=3)`.
#[test]
fn classes_order_and_split_are_those_of_keras() {
    let folder = animals();
    let images = ImageFolder::new(folder.path()).image_size(2, 2).find().unwrap();
    assert_eq!(images.classes(), ["bird", "cat", "dog"]);
    let by_name =
        ["bird0", "bird1", "bird2", "cat0", "cat1", "cat2", "cat3", "cat4", "dog0", "dog1", "dog2", "dog3"];
    assert_eq!(names(&images), by_name);
    let error = images.split(0.25).unwrap_err().to_string();
    assert!(error.contains("shuffle them with `seed`"), "{error}");
    let (train, validation) =
        ImageFolder::new(folder.path()).image_size(2, 2).seed(3).find().unwrap().split(0.25).unwrap();
    let order = ["cat2", "cat1", "bird1", "bird2", "dog3", "cat3", "cat4", "bird0", "cat0"];
    assert_eq!(
        (names(&train), names(&validation)),
        (order.map(str::to_owned).to_vec(), vec!["dog1".to_owned(), "dog0".to_owned(), "dog2".to_owned()])
    );
    assert!(validation.notes()[0].contains("no picture of `bird`, `cat` is in the validation part"));
    for bad in [0.0, 1.0, 0.01] {
        assert!(train.split(bad).is_err());
    }
}

#[test]
fn labels_have_the_form_that_is_asked_for() {
    let folder = animals();
    let load = |mode: LabelMode| ImageFolder::new(folder.path()).image_size(2, 2).label_mode(mode).find();
    let loaded = load(LabelMode::Int).unwrap().load().unwrap();
    assert_eq!(loaded.y.as_ref().unwrap().slice::<i32>(), [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
    assert_eq!((loaded.x.dtype(), loaded.x.dims()), (DType::U8, &[12, 2, 2, 3][..]));
    assert_eq!(loaded.x.slice::<u8>()[12..15], [1, 4, 9]);
    let loaded = load(LabelMode::Categorical).unwrap().load().unwrap();
    assert_eq!(
        (loaded.y.as_ref().unwrap().dims(), &loaded.y.as_ref().unwrap().to_f32()[33..]),
        (&[12, 3][..], &[0.0, 0.0, 1.0][..])
    );
    assert!(load(LabelMode::Binary).unwrap_err().to_string().contains("there are 3"));
    let two = ImageFolder::new(folder.path()).class_names(["dog", "cat"]).label_mode(LabelMode::Binary);
    let loaded = two.image_size(1, 1).find().unwrap().load().unwrap();
    assert_eq!(
        (
            loaded.y.as_ref().unwrap().dims(),
            loaded.y.as_ref().unwrap().to_f32()[0],
            loaded.y.as_ref().unwrap().to_f32()[8]
        ),
        (&[9, 1][..], 0.0, 1.0)
    );
}

#[test]
fn folders_that_cannot_be_are_refused() {
    let folder = animals();
    let error = |options: ImageFolder| options.find().unwrap_err().to_string();
    assert!(error(ImageFolder::new(folder.path().join("none"))).contains("cannot read"));
    assert!(error(ImageFolder::new(folder.path().join("cat"))).contains("no folders of pictures"));
    assert!(error(ImageFolder::new(folder.path()).class_names(["cot"])).contains("did you mean `cat`?"));
    assert!(error(ImageFolder::new(folder.path()).image_size(0, 2)).contains("image_size"));
    std::fs::create_dir(folder.path().join("fish")).unwrap();
    assert!(error(ImageFolder::new(folder.path())).contains("class `fish` has no pictures"));
    let one = ImageFolder::new(folder.path()).class_names(["cat"]).find().unwrap();
    assert!(one.notes()[0].contains("one class only, `cat`"));
}

#[test]
fn bad_pictures_are_named_and_left_out_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = bytes(&rgb(3, 4, [200, 100, 50]), ImageFormat::Png);
    write(folder.path(), "a/good.png", &good);
    write(folder.path(), "b/inside/good.bmp", &bytes(&rgb(3, 4, [1, 2, 3]), ImageFormat::Bmp));
    write(folder.path(), "a/cut.png", &good[..good.len() / 2]);
    write(folder.path(), "a/empty.jpg", b"");
    write(folder.path(), "b/text.png", b"this is no picture");
    write(folder.path(), "b/notes.txt", b"not even called one");
    write(folder.path(), "stray.png", &good);
    let images = ImageFolder::new(folder.path()).image_size(3, 4).find().unwrap();
    assert!(images.notes()[0].contains("1 files beside"), "{:?}", images.notes());
    let loaded = images.load().unwrap();
    assert_eq!(
        (loaded.x.dims(), loaded.y.as_ref().unwrap().slice::<i32>()),
        (&[2, 3, 4, 3][..], &[0, 1][..])
    );
    let skipped: BTreeSet<String> = loaded
        .skipped
        .iter()
        .map(|(path, why)| {
            format!("{}: {}", path.file_name().unwrap().to_string_lossy(), why.split(':').next().unwrap())
        })
        .collect();
    let expected = [
        "cut.png: the picture is damaged or of a kind that is not read",
        "empty.jpg: the file is empty",
        "text.png: the file is no PNG, JPEG, GIF or BMP picture, whatever its name says",
    ];
    assert_eq!(skipped, expected.map(str::to_owned).into());
    let error = ImageFolder::new(folder.path()).image_size(3, 4).refuse_bad(true).find().unwrap().load();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("cut.png"), "{error}");
    std::fs::remove_file(folder.path().join("a/good.png")).unwrap();
    std::fs::remove_dir_all(folder.path().join("b/inside")).unwrap();
    let error = ImageFolder::new(folder.path()).find().unwrap().load().unwrap_err().to_string();
    assert!(error.contains("none of 3 pictures can be read"), "{error}");
}

#[test]
fn every_kind_of_picture_becomes_eight_bits_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let deep: DynamicImage = ImageBuffer::from_pixel(2, 2, Rgb([0xffffu16, 0x8000, 0])).into();
    let clear: DynamicImage = ImageBuffer::from_pixel(2, 2, Rgba([10u8, 20, 30, 0])).into();
    let grey: DynamicImage = ImageBuffer::from_pixel(2, 2, Luma([77u8])).into();
    write(folder.path(), "a/1.png", &bytes(&deep, ImageFormat::Png));
    write(folder.path(), "a/2.png", &bytes(&clear, ImageFormat::Png));
    write(folder.path(), "a/3.gif", &bytes(&clear, ImageFormat::Gif));
    write(folder.path(), "a/4.jpeg", &bytes(&grey, ImageFormat::Jpeg));
    // The name is wrong, the bytes are right.
    write(folder.path(), "a/5.png", &bytes(&grey, ImageFormat::Bmp));
    let load = |mode: ColorMode| {
        let loaded =
            ImageFolder::new(folder.path()).image_size(1, 1).color_mode(mode).find().unwrap().load().unwrap();
        assert!(loaded.skipped.is_empty(), "{:?}", loaded.skipped);
        loaded.x
    };
    let x = load(ColorMode::Rgb);
    let pixel = |index: usize| &x.slice::<u8>()[3 * index..3 * index + 3];
    assert_eq!((pixel(0), pixel(1), pixel(4)), (&[255, 128, 0][..], &[10, 20, 30][..], &[77; 3][..]));
    assert_eq!(load(ColorMode::Rgba).slice::<u8>()[4..8], [10, 20, 30, 0]);
    let grey = load(ColorMode::Grayscale);
    assert_eq!((grey.dims(), grey.slice::<u8>()[4]), (&[5, 1, 1, 1][..], 77));
}

#[test]
fn without_classes_all_pictures_come_in_keras_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, shade) in [("z.bmp", 1), ("b/x.bmp", 2), ("b-c/y.bmp", 3), ("b/a/w.bmp", 4), ("a.bmp", 0)] {
        write(folder.path(), name, &bytes(&rgb(1, 1, [shade; 3]), ImageFormat::Bmp));
    }
    let all = || ImageFolder::new(folder.path()).image_size(1, 1).label_mode(LabelMode::None);
    let loaded = all().find().unwrap().load().unwrap();
    // A folder's own files first, then the folders inside as text: `b` is before `b-c`, and that before `b/a`.
    let shades: Vec<u8> = loaded.x.slice::<u8>().iter().step_by(3).copied().collect();
    assert_eq!((shades, loaded.y.is_none()), (vec![0, 1, 2, 3, 4], true));
    assert!(all().class_names(["b"]).find().is_err());
    assert_eq!(all().find().unwrap().split(0.4).unwrap().1.len(), 2);
}

/// `keras.utils.image_dataset_from_directory(…, crop_to_aspect_ratio=True)` of a picture of 3 × 7 pixels.
#[test]
fn the_middle_is_cut_out() {
    let folder = tempfile::tempdir().unwrap();
    let picture = ImageBuffer::from_fn(7, 3, |x, y| Luma([(x * 10 + y * 80) as u8]));
    write(folder.path(), "a/1.png", &bytes(&DynamicImage::ImageLuma8(picture), ImageFormat::Png));
    let load = |height, width| {
        let folder = ImageFolder::new(folder.path()).color_mode(ColorMode::Grayscale);
        let folder = folder.image_size(height, width).crop_to_aspect_ratio(true);
        folder.find().unwrap().load().unwrap().x.slice::<u8>().to_vec()
    };
    assert_eq!(load(3, 3), [20, 30, 40, 100, 110, 120, 180, 190, 200]);
    assert_eq!(load(1, 7), [80, 90, 100, 110, 120, 130, 140]);
    assert_eq!(load(3, 1), [30, 110, 190]);
}
