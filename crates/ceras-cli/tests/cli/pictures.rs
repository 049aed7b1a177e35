//! `ceras train` on pictures.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::*;

/// A bitmap of one colour, blue, green and red.
fn bitmap(size: usize, color: [u8; 3]) -> Vec<u8> {
    let row: Vec<u8> = color.repeat(size).into_iter().chain(vec![0; (4 - size * 3 % 4) % 4]).collect();
    let mut bytes = b"BM".to_vec();
    let word = |bytes: &mut Vec<u8>, number: usize| bytes.extend((number as u32).to_le_bytes());
    word(&mut bytes, 54 + row.len() * size);
    [0, 54, 40, size, size].into_iter().for_each(|number| word(&mut bytes, number));
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    bytes.extend(row.repeat(size));
    bytes
}

/// Two classes, light and dark, twenty pictures each.
fn light_and_dark(folder: &Path) {
    for (class, base) in [("dark", 10u8), ("light", 200)] {
        std::fs::create_dir_all(folder.join("photos").join(class)).expect("a folder");
        for number in 0..20u8 {
            let file = folder.join("photos").join(class).join(format!("{number:02}.bmp"));
            std::fs::write(file, bitmap(8, [base + number, base, base + 2 * number])).expect("a file");
        }
    }
}

#[test]
fn a_folder_of_pictures_becomes_a_network() {
    let folder = folder();
    light_and_dark(folder.path());
    write(folder.path(), "photos/light/text.png", "this is no picture");
    let text = done(folder.path(), &["train", "photos", "--image-size", "8", "--epochs", "40"]);
    says(
        &text,
        &[
            "40 pictures of 2 classes, read as 8 × 8 pixels",
            "left out: photos/light/text.png: the file is no PNG",
            "32 pictures to train on, 8 held back",
            "dark 16, light 16",
            "conv2d (Conv2D)",
            "On the 8 pictures held back for the test:",
            "Confusion matrix",
            "runs/photos-1/",
            "--x PICTURES.npy",
        ],
    );
    let run = folder.path().join("runs/photos-1");
    assert_eq!(entries(&run), ["config.json", "history.csv", "metrics.json", "model.keras"]);
    let json = |name: &str| -> Json {
        serde_json::from_str(&std::fs::read_to_string(run.join(name)).expect("a file")).expect("JSON")
    };
    assert!(json("metrics.json")["test"]["accuracy"].as_f64().is_some_and(|share| share >= 0.9));
    assert_eq!(json("config.json")["classes"], serde_json::json!(["dark", "light"]));
    let streamed =
        done(folder.path(), &["train", "photos", "--image-size", "8", "--epochs", "40", "--stream"]);
    says(
        &streamed,
        &["left out: photos/light/text.png", "read from their files in each epoch", "runs/photos-2/"],
    );
    let history =
        |run: &str| std::fs::read(folder.path().join("runs").join(run).join("history.csv")).expect("a file");
    assert_eq!(history("photos-1"), history("photos-2"));
    let command = std::fs::read_to_string(folder.path().join("runs/photos-2/config.json")).expect("a file");
    assert!(command.contains("--stream"));
}

#[test]
fn a_known_set_is_read_from_its_files() {
    let folder = folder();
    let idx = |dims: &[u32], elements: &[u8]| {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(elements);
        bytes
    };
    let labels: Vec<u8> = (0..40).map(|number| number % 10).collect();
    let pixels: Vec<u8> = labels.iter().flat_map(|label| [label * 25; 64]).collect();
    for part in ["train", "t10k"] {
        let file = |kind: &str| folder.path().join(format!("{part}-{kind}"));
        std::fs::write(file("images-idx3-ubyte"), idx(&[40, 8, 8], &pixels)).expect("a file");
        std::fs::write(file("labels-idx1-ubyte"), idx(&[40], &labels)).expect("a file");
    }
    let text = done(
        folder.path(),
        &["train", ".", "--data", "fashion-mnist", "--model", "cnn", "--epochs", "1", "--out", "runs"],
    );
    says(&text, &["Data: fashion-mnist", "80 pictures of 8 × 8 × 1", "Ankle boot", "runs/fashion-mnist-1/"]);
    let dense = ["train", ".", "--data", "fashion-mnist", "--model", "dense", "--epochs", "1"];
    assert!(!done(folder.path(), &dense).contains("Conv2D"));
}

#[test]
fn what_does_not_fit_pictures_is_refused() {
    let folder = folder();
    light_and_dark(folder.path());
    let error = |arguments: &[&str]| refused(folder.path(), &[&["train"], arguments].concat());
    says(&error(&["photos", "--target", "class"]), &["`--target` is for tables"]);
    says(&error(&["photos", "--no-standardize"]), &["`--no-standardize` is for tables"]);
    says(&error(&["photos", "--image-size", "0"]), &["`--image-size` must be 1 or more"]);
    says(&error(&["--image-size", "8"]), &["`--image-size` is for folders of pictures"]);
    says(&error(&["--model", "cnn"]), &["`--model cnn` is for pictures"]);
    says(&error(&["--stream"]), &["`--stream` is for folders of pictures"]);
    says(&error(&["photos", "--data", "mnist", "--stream"]), &["`--stream` is for folders of pictures"]);
    says(&error(&["photos/dark"]), &["no folders of pictures", "one folder for each class"]);
    says(&error(&["photos", "--data", "mnist"]), &["the files of MNIST are not here", "put them into"]);
    std::fs::remove_dir_all(folder.path().join("photos/dark")).expect("a folder");
    says(&error(&["photos"]), &["one class only, `light`"]);
}
