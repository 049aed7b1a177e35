//! `ceras train`, and what is learned put to use.

use serde_json::Value as Json;

use crate::support::*;

/// Forty rows of two classes that a line divides.
fn two_classes() -> String {
    let row = |index: usize| {
        let (x, y) = (index % 7, index % 5);
        let class = if x > y { "yes" } else { "no" };
        format!("{}.5,{y},{class}\n", x)
    };
    std::iter::once("a,b,label\n".to_owned()).chain((0..40).map(row)).collect()
}

#[test]
fn the_main_job() {
    let folder = folder();
    let output = ceras(folder.path(), &["train"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    let order = [
        "344 rows × 7 columns",
        "2 rows dropped for missing values in these columns, 342 remain",
        "Adelie 151, Chinstrap 68, Gentoo 123",
        "273 rows to train on, 69 held back",
        "Model: \"penguins\"",
        "Epoch 1/15 - ",
        "Epoch 15/15 - ",
        "accuracy",
        "majority class (Adelie)",
        "Confusion matrix",
        "runs/penguins-1/",
    ];
    let mut rest = text.as_str();
    for part in order {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing, or too early, in:\n{text}"));
        rest = &rest[at..];
    }
    let run = folder.path().join("runs/penguins-1");
    assert_eq!(entries(&run), ["config.json", "history.csv", "metrics.json", "model.keras"]);
    let history = std::fs::read_to_string(run.join("history.csv")).unwrap();
    assert_eq!(history.lines().next(), Some("epoch,accuracy,loss"));
    assert_eq!(history.lines().count(), 16);
    let metrics: Json =
        serde_json::from_str(&std::fs::read_to_string(run.join("metrics.json")).unwrap()).unwrap();
    assert!(metrics["test"]["accuracy"].as_f64().unwrap() >= 0.95, "{metrics}");
    assert!(
        metrics["train"]["loss"].is_f64()
            && metrics["validation"].as_object().is_some_and(|part| part.is_empty())
    );
    assert!((metrics["baseline"]["accuracy"].as_f64().unwrap() - 30.0 / 69.0).abs() < 1e-9);
}

#[test]
fn a_second_run_takes_the_next_number_and_gives_the_same_files() {
    let folder = folder();
    for _ in 0..2 {
        let output = ceras(folder.path(), &["train", "--quiet", "--epochs", "2"]);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
    }
    for file in ["model.keras", "history.csv", "metrics.json", "config.json"] {
        let read = |run: &str| std::fs::read(folder.path().join("runs").join(run).join(file)).unwrap();
        assert!(read("penguins-1") == read("penguins-2"), "{file} differs");
    }
}

#[test]
fn penguins_are_told_apart_with_any_seed() {
    let folder = folder();
    for seed in 0..20 {
        let seed = seed.to_string();
        let output = ceras(folder.path(), &["train", "--quiet", "--seed", &seed, "--out", &seed]);
        assert!(output.status.success(), "{}", stderr(&output));
        let path = folder.path().join(&seed).join("penguins-1/metrics.json");
        let metrics: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let accuracy = metrics["test"]["accuracy"].as_f64().unwrap();
        assert!(accuracy >= 0.95, "seed {seed}: {accuracy}");
    }
}

#[test]
fn a_table_of_ones_own_and_its_predictions() {
    let folder = folder();
    write(folder.path(), "points.csv", &two_classes());
    let arguments =
        ["train", "points.csv", "--target", "label", "--epochs", "30", "--validation-split", "0.2"];
    let output = ceras(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("Task: classification (column `label` holds text"),
        "{}",
        stdout(&output)
    );
    let run = folder.path().join("runs/points-1");
    let history = std::fs::read_to_string(run.join("history.csv")).unwrap();
    assert_eq!(history.lines().next(), Some("epoch,accuracy,loss,val_accuracy,val_loss"));
    // Columns in another order are found by name.
    write(folder.path(), "new.csv", "b,extra,a\n0,x,6.5\n4,y,0.5\n");
    let model = "runs/points-1/model.keras";
    let output = ceras(folder.path(), &["predict", model, "--x", "new.csv"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "label,no,yes"));
    assert!(lines[1].starts_with("yes,") && lines[2].starts_with("no,"), "{text}");
    let output = ceras(folder.path(), &["predict", model, "--x", "new.csv", "-o", "y.npy"]);
    assert!(output.status.success() && folder.path().join("y.npy").exists(), "{}", stderr(&output));
    write(folder.path(), "less.csv", "b\n1\n");
    let text = refused(folder.path(), &["predict", model, "--x", "less.csv"]);
    assert!(text.contains("lacks `a`"), "{text}");
}

#[test]
fn a_number_is_predicted_in_its_own_unit() {
    let folder = folder();
    let rows: String = (0..200).map(|x| format!("{x},{}\n", 1000 + 3 * x)).collect();
    write(folder.path(), "line.csv", &format!("x,y\n{rows}"));
    let output = ceras(folder.path(), &["train", "line.csv", "--target", "y", "--epochs", "60"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("Task: regression (column `y` holds whole numbers, 200 distinct ones"),
        "{}",
        stdout(&output)
    );
    let path = folder.path().join("runs/line-1/metrics.json");
    let metrics: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let error = |part: &str| metrics[part]["root_mean_squared_error"].as_f64().unwrap();
    assert!(error("test") < 0.1 * error("baseline"), "{metrics}");
}

#[test]
fn bad_tables_are_refused() {
    let folder = folder();
    let path = folder.path();
    write(path, "empty.csv", "");
    write(path, "ragged.csv", "a,b\n1,2\n3\n");
    write(path, "one.csv", "a,b\n1,x\n2,x\n3,x\n");
    write(path, "text.csv", "a,b,label\n1,red,x\n2,blue,y\n3,red,x\n4,red,y\n5,red,x\n");
    write(path, "infinite.csv", "a,label\n1,x\n2,y\ninf,x\n4,y\n5,x\n6,y\n7,x\n8,y\n");
    write(path, "points.csv", &two_classes());
    let says = |arguments: &[&str], parts: &[&str]| {
        let text = refused(path, arguments);
        for part in parts {
            assert!(text.contains(part), "{arguments:?} does not say `{part}`:\n{text}");
        }
    };
    says(&["train", "nowhere.csv", "--target", "y"], &["nowhere.csv"]);
    says(&["train", "empty.csv", "--target", "y"], &["empty"]);
    says(&["train", "ragged.csv", "--target", "b"], &["line 3"]);
    says(&["train", "points.csv", "--target", "lable"], &["no column `lable`", "did you mean `label`?"]);
    says(&["train", "points.csv"], &["--target"]);
    says(&["train", "one.csv", "--target", "b"], &["one class only, `x`"]);
    says(&["train", "text.csv", "--target", "label", "--features", "a,b"], &["`b`", "red"]);
    says(&["train", "infinite.csv", "--target", "label"], &["`a`", "inf"]);
}

#[test]
fn bad_options_are_refused() {
    let folder = folder();
    let path = folder.path();
    let says = |arguments: &[&str], parts: &[&str]| {
        let text = refused(path, arguments);
        for part in parts {
            assert!(text.contains(part), "{arguments:?} does not say `{part}`:\n{text}");
        }
    };
    says(&["train", "--batch-size", "0"], &["`--batch-size` must be 1 or more; it is 0"]);
    says(&["train", "--epochs", "-3"], &["`--epochs` must be 1 or more; it is -3"]);
    says(&["train", "--optimizer", "adm"], &["no optimizer `adm`", "did you mean `adam`?"]);
    says(&["train", "--loss", "mean_squard_error"], &["no loss", "did you mean `mean_squared_error`?"]);
    says(&["train", "--metrics", "acuracy"], &["no metric `acuracy`", "did you mean"]);
    says(&["train", "--activation", "rellu"], &["no activation `rellu`", "did you mean `relu`?"]);
    says(&["train", "--features", "bill_lenght_mm"], &["did you mean `bill_length_mm`?"]);
    says(&["train", "--loss", "binary_crossentropy"], &["for two classes"]);
    says(&["train", "--test-size", "2"], &["`--test-size`"]);
    says(&["train", "--no-such-option"], &["--no-such-option"]);
}

#[test]
fn a_wrong_width_is_refused_in_the_designs_words() {
    let folder = folder();
    let output = ceras(folder.path(), &["train", "--quiet", "--epochs", "1", "--no-standardize"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // A 2 × 3 array of float32 zeros.
    let mut npy =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".to_vec();
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend([0u8; 24]);
    std::fs::write(folder.path().join("x.npy"), npy).unwrap();
    let text = refused(folder.path(), &["predict", "runs/penguins-1/model.keras", "--x", "x.npy"]);
    let expected = "error: layer `dense` (Dense) cannot take this input\n  \
        the last axis of `features` must be 4, the first axis of `kernel`; it is 3\n    \
        features   float32 [2, 3]\n    \
        kernel     float32 [4, 10]   loaded from `";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("in model `penguins`, layer 2 of 3"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_work() {
    let folder = folder();
    // A file where the folder should be refuses everyone, also those whom permissions do not stop.
    write(folder.path(), "occupied", "");
    let text = refused(folder.path(), &["train", "--out", "occupied/runs"]);
    assert!(text.contains("cannot write to `occupied/runs`"), "{text}");
}

#[test]
fn the_doctor_and_the_help_speak() {
    let folder = folder();
    says(&done(folder.path(), &["doctor"]), &["ceras", "level in use", "threads", "cache folder"]);
    let options =
        ["--target", "--features", "--task", "--hidden", "--activation", "--optimizer", "--learning-rate"];
    says(&done(folder.path(), &["train", "--help"]), &options);
    says(&done(folder.path(), &["--help"]), &["predict", "Exit codes"]);
    for verb in ["predict", "evaluate", "fit", "summary", "inspect", "convert", "diff"] {
        says(&done(folder.path(), &[verb, "--help"]), &["Example", &format!("\n  ceras {verb} ")]);
    }
}

#[test]
fn a_profile_names_layers_and_limits_and_leaves_the_file() {
    let folder = folder();
    assert!(ceras(folder.path(), &["train", "--quiet", "--epochs", "1"]).status.success());
    let model = folder.path().join("runs/penguins-1/model.keras");
    let before = std::fs::read(&model).unwrap();
    let output = ceras(folder.path(), &["profile", model.to_str().unwrap(), "--runs", "3"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(text.starts_with("level ") && text.contains("at the most"), "{text}");
    let training = text.find("training step").unwrap_or_else(|| panic!("no training step in:\n{text}"));
    for part in ["dense ", "dense_1 ", "dot_general"] {
        assert!(text[..training].contains(part) && text[training..].contains(part), "`{part}`:\n{text}");
    }
    assert!(text[training..].contains("optimizer") && text.contains("100.0%"), "{text}");
    assert_eq!(std::fs::read(&model).unwrap(), before);
    refused(folder.path(), &["profile", model.to_str().unwrap(), "--runs", "0"]);
    refused(folder.path(), &["profile", "missing.keras"]);
}
