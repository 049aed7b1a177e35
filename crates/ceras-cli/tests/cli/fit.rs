//! `ceras fit`.

use ceras::data::npy;
use ceras::prelude::*;
use ceras::saving::load_model;
use ceras_testkit::oracle::{Group, assert_close};

use crate::support::*;

const FIT: [&str; 6] = ["--x", "x.npy", "--y", "y.npy", "-o", "out.keras"];

/// Prepares a case of the museum; gives its path.
fn case(folder: &std::path::Path, name: &str) -> (String, Group) {
    let group = newest();
    write_case(folder, &group.case(name));
    (fixture(&format!("museum/3.15.1/{name}.keras")), group)
}

#[test]
fn training_goes_on_as_in_keras() {
    let folder = folder();
    for name in ["sequential", "without_input", "functional", "frozen", "normalized"] {
        let (file, group) = case(folder.path(), name);
        let more = ["--epochs", "10", "--batch-size", "8", "--no-shuffle", "--history", "h.csv"];
        let text = done(folder.path(), &[&["fit", &file], &FIT[..], &more[..]].concat());
        // No terminal: one line an epoch.
        assert_eq!(text.lines().filter(|line| line.starts_with("Epoch ")).count(), 10, "{text}");
        let history = std::fs::read_to_string(folder.path().join("h.csv")).unwrap();
        let header: Vec<&str> = history.lines().next().unwrap().split(',').collect();
        let column = header.iter().position(|name| *name == "loss").unwrap();
        let losses: Vec<f64> = history
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(column).unwrap().parse().unwrap())
            .collect();
        let expected: Vec<f64> = group.case(name).meta["continued"]
            .as_array()
            .unwrap()
            .iter()
            .map(|loss| loss.as_f64().unwrap())
            .collect();
        assert_close(name, &losses, &expected, 3e-5);
    }
}

#[test]
fn two_runs_of_five_epochs_are_one_of_ten() {
    let folder = folder();
    let (file, _) = case(folder.path(), "sequential");
    let epochs = |from: &str, count: &str, to: &str| {
        let arguments = [
            "fit",
            from,
            "--x",
            "x.npy",
            "--y",
            "y.npy",
            "--epochs",
            count,
            "--batch-size",
            "3",
            "-o",
            to,
            "--quiet",
        ];
        assert_eq!(done(folder.path(), &arguments), "");
    };
    epochs(&file, "10", "ten.keras");
    epochs(&file, "5", "five.keras");
    epochs("five.keras", "5", "more.keras");
    assert_eq!(done(folder.path(), &["diff", "ten.keras", "more.keras"]), "");
}

#[test]
fn the_compile_state_can_be_replaced() {
    let folder = folder();
    let (file, _) = case(folder.path(), "sequential");
    let run = |more: &[&str]| {
        let text = done(folder.path(), &[&["fit", file.as_str()], &FIT[..], more].concat());
        (text, load_model(folder.path().join("out.keras")).unwrap())
    };
    let (text, model) =
        run(&["--optimizer", "sgd", "--loss", "mse", "--metrics", "mae", "--learning-rate", "0.25"]);
    says(&text, &["loss: ", "mae: "]);
    let compiled = model.compiled().unwrap();
    assert_eq!(
        (compiled.optimizer.class_name(), compiled.losses[0].as_ref().unwrap().name()),
        ("SGD", "mean_squared_error")
    );
    assert_eq!(model.learning_rate().unwrap(), 0.25);
    let (_, model) = run(&["--learning-rate", "0.125"]);
    assert_eq!(model.compiled().unwrap().optimizer.class_name(), "Adam");
    assert_eq!(model.learning_rate().unwrap(), 0.125);
    let (text, _) = run(&["--validation-data", "x.npy,y.npy"]);
    says(&text, &["val_loss: ", "val_accuracy: "]);
}

#[test]
fn the_seed_changes_the_order_and_nothing_else() {
    let folder = folder();
    let (file, _) = case(folder.path(), "sequential");
    for (seed, to) in [("1", "a.keras"), ("1", "b.keras"), ("2", "c.keras")] {
        let arguments = [
            "fit",
            &file,
            "--x",
            "x.npy",
            "--y",
            "y.npy",
            "--batch-size",
            "2",
            "--seed",
            seed,
            "-o",
            to,
            "--quiet",
        ];
        done(folder.path(), &arguments);
    }
    let same = |a: &str, b: &str| ceras(folder.path(), &["diff", "--quiet", a, b]).status.code();
    assert_eq!((same("a.keras", "b.keras"), same("a.keras", "c.keras")), (Some(0), Some(1)));
}

#[test]
fn a_table_trains_a_model_that_knows_its_columns_and_widens_its_ranges() {
    let folder = folder();
    let path = folder.path();
    let rows = |scale: usize| -> String {
        (0..40)
            .map(|i| format!("{},{},{}\n", scale * (i % 7), i % 5, if i % 7 > i % 5 { "yes" } else { "no" }))
            .collect()
    };
    write(path, "t.csv", &format!("a,b,kind\n{}", rows(1)));
    write(path, "u.csv", &format!("a,b,kind\n{}", rows(2)));
    done(path, &["train", "t.csv", "--target", "kind", "--quiet", "--epochs", "3"]);
    let model = "runs/t-1/model.keras";
    done(path, &["fit", model, "--x", "u.csv", "--y", "u.csv", "--epochs", "2", "-o", "o.keras", "--quiet"]);
    let model = load_model(path.join("o.keras")).unwrap();
    let contract = model.extras().contract.as_ref().unwrap();
    assert_eq!((contract.features[0].maximum, contract.features[1].maximum), (12.0, 4.0));
    assert_eq!(model.extras().history.as_ref().unwrap().epochs(), [0, 1, 2, 3, 4]);
}

#[test]
fn what_cannot_be_is_refused_before_the_work() {
    let folder = folder();
    let path = folder.path();
    let (file, _) = case(path, "sequential");
    let refuse = |more: &[&str], parts: &[&str]| {
        says(
            &refused(path, &[&["fit", file.as_str(), "--x", "x.npy", "--y", "y.npy"], more].concat()),
            parts,
        );
    };
    refuse(&[], &["--output"]);
    refuse(&["-o", "none/out.keras"], &["there is no folder `none`"]);
    refuse(&["-o", "out.json"], &["could not hold what was learned"]);
    refuse(&["-o", "out.txt"], &["what kind of file"]);
    refuse(&["-o", "out.keras", "--history", "none/h.csv"], &["there is no folder `none`"]);
    refuse(&["-o", "out.keras", "--epochs", "0"], &["`--epochs` must be 1 or more"]);
    refuse(&["-o", "out.keras", "--batch-size", "0"], &["`--batch-size` must be 1 or more"]);
    refuse(&["-o", "out.keras", "--optimizer", "adm"], &["did you mean `adam`?"]);
    refuse(&["-o", "out.keras", "--loss", "msee"], &["no loss `msee`"]);
    refuse(&["-o", "out.keras", "--metrics", "acuracy"], &["no metric `acuracy`"]);
    refuse(&["-o", "out.keras", "--learning-rate", "-1"], &["learning rate", "-1"]);
    refuse(&["-o", "out.keras", "--validation-data", "x.npy"], &["two files with a comma between"]);
    let bare = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build().unwrap();
    bare.save(path.join("bare.keras")).unwrap();
    let text = refused(path, &[&["fit", "bare.keras"], &FIT[..]].concat());
    says(&text, &["does not say what to minimise", "`--loss`"]);
    done(path, &[&["fit", "bare.keras", "--loss", "mse", "--quiet"], &FIT[..]].concat());
    let bad = Tensor::new(&[1, 4], [0.0f32, f32::INFINITY, 0.0, 0.0]).unwrap();
    npy::write(path.join("x.npy"), &bad).unwrap();
    npy::write(path.join("y.npy"), &Tensor::zeros(DType::F32, &[1, 3]).unwrap()).unwrap();
    refuse(&["-o", "out.keras"], &["`x` holds inf at row 0, column 1"]);
}
