//! Files of every Keras from 2.15 on.

use super::*;

/// The cases of every Keras in the museum.
fn museum() -> Vec<(String, Group)> {
    let group = |version: String| (version.clone(), Group::load(&format!("museum/{version}/{version}")));
    let first = versions().into_iter().map(group);
    // What scripts beside the museum's first one made, models of the same form.
    first.chain(museum_of("layers")).chain(museum_of("images")).collect()
}

/// The cases of those Kerases in the museum that have a group of this name.
pub(super) fn museum_of(name: &str) -> Vec<(String, Group)> {
    let has = |version: &String| fixtures().join(format!("museum/{version}/{name}.json")).exists();
    let group = |version: String| (version.clone(), Group::load(&format!("museum/{version}/{name}")));
    versions().into_iter().filter(has).map(group).collect()
}

/// The files of a case.
pub(super) fn files<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a str> {
    case.meta["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap())
}

fn versions() -> Vec<String> {
    let folders = std::fs::read_dir(fixtures().join("museum")).unwrap();
    let mut versions: Vec<String> =
        folders.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    versions.sort();
    versions
}

pub(super) fn check_predictions(what: &str, case: &Case<'_>, model: &mut Model) {
    let outputs = model.predict_all(tensor(case.array("x")), 32).unwrap();
    let expected =
        if outputs.len() == 1 { vec![case.array("predictions")] } else { case.list("predictions") };
    assert_eq!(outputs.len(), expected.len(), "{what}");
    for (output, expected) in outputs.iter().zip(expected) {
        assert_close(what, &output.to_f64(), &expected.f64s(), TOLERANCE);
    }
}

#[test]
fn the_museum_loads_predicts_and_trains_on() {
    for (version, group) in museum() {
        for case in group.cases() {
            let files = case.meta["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
            for file in files.filter(|file| !file.ends_with(".weights.h5")) {
                let what = format!("{file} of Keras {version}");
                let loaded = load(fixtures().join(file), &CustomObjects::new());
                let mut loaded = loaded.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(loaded.warnings, Vec::<String>::new(), "{what}");
                check_predictions(&what, &case, &mut loaded.model);
                let Some(expected) = case.meta.get("continued").and_then(Value::as_array) else { continue };
                let expected: Vec<f64> = expected.iter().map(|loss| loss.as_f64().unwrap()).collect();
                let fit = Fit::new().batch_size(8).epochs(10).shuffle(false).verbose(Verbose::Silent);
                let history =
                    loaded.model.fit(tensor(case.array("x")), tensor(case.array("y")), fit).unwrap();
                assert_close(&what, &history.get("loss"), &expected, 3.0 * TOLERANCE);
            }
        }
    }
}

#[test]
fn the_museums_weights_alone_load() {
    for (version, group) in museum() {
        for case in group.cases() {
            let files: Vec<&str> =
                case.meta["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
            let of =
                |end: &str| files.iter().find(|file| file.ends_with(end)).map(|file| fixtures().join(file));
            let (Some(whole), Some(alone)) = (of(".keras"), of(".weights.h5")) else { continue };
            let mut model = load_model(&whole).unwrap();
            for from in [alone, of(".h5").unwrap(), whole] {
                let other: Vec<Tensor> = model
                    .get_weights()
                    .iter()
                    .map(|weight| Tensor::zeros(weight.dtype(), weight.dims()).unwrap())
                    .collect();
                model.set_weights(&other).unwrap();
                model.load_weights(&from).unwrap();
                check_predictions(&format!("{} of Keras {version}", from.display()), &case, &mut model);
            }
        }
    }
}

/// What each file of half-trained models goes on with; several optimizers, each from `.keras` and `.h5`.
#[test]
fn training_goes_on_where_keras_stopped_with_every_optimizer() {
    let mut failed = Vec::new();
    for (version, group) in museum_of("training") {
        for case in group.cases() {
            // Keras 2's files lack the product of Nadam's momenta, so that Keras itself does not go on where it stopped.
            if case.name == "nadam" && version.starts_with("2.") {
                continue;
            }
            for file in files(&case) {
                if let Err(why) = goes_on(&case, file) {
                    failed.push(format!("{file} of Keras {version}: {why}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn goes_on(case: &Case<'_>, file: &str) -> std::result::Result<(), String> {
    let mut loaded = load(fixtures().join(file), &CustomObjects::new()).map_err(|error| error.to_string())?;
    let legacy = case.name.starts_with("legacy_");
    if legacy && file.ends_with(".keras") {
        // Keras 2.15 leaves the state of these optimizers out of `.keras` files.
        return match &loaded.warnings[..] {
            [warning] if warning.contains("no optimizer state") => Ok(()),
            warnings => Err(format!("other warnings: {warnings:?}")),
        };
    }
    if !loaded.warnings.is_empty() {
        return Err(loaded.warnings.join("; "));
    }
    let expected: Vec<f64> =
        case.meta["continued"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
    let fit = Fit::new().batch_size(8).epochs(10).shuffle(false).verbose(Verbose::Silent);
    let history = loaded.model.fit(tensor(case.array("x")), tensor(case.array("y")), fit);
    let losses = history.map_err(|error| error.to_string())?.get("loss");
    let largest = expected.iter().fold(1e-3f64, |largest, loss| largest.max(loss.abs()));
    let worst = losses.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // Keras 2's older RMSprop adds epsilon after the square root, today's before it.
    let times = if case.name == "legacy_rmsprop" { 10.0 } else { 3.0 };
    if worst > times * TOLERANCE * largest {
        return Err(format!("the losses differ by {:.1} times the tolerance", worst / (TOLERANCE * largest)));
    }
    Ok(())
}
