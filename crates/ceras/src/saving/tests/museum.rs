//! Files of every Keras from 2.15 on.

use super::*;

/// The cases of every Keras in the museum, of those groups whose models are trained and predict.
fn museum() -> Vec<(String, Group)> {
    let of = |version: &String| -> Vec<(String, Group)> {
        let names =
            [version.as_str(), "layers", "recurrent", "convolutional", "images", "attention", "kinds"];
        names.iter().filter_map(|name| group_of(version, name)).collect()
    };
    versions().iter().flat_map(of).collect()
}

/// A group of a Keras, if it has it.
fn group_of(version: &str, name: &str) -> Option<(String, Group)> {
    let has = fixtures().join(format!("museum/{version}/{name}.json")).exists();
    has.then(|| (version.to_owned(), Group::load(&format!("museum/{version}/{name}"))))
}

/// Where a file of a case lies: itself, or unpacked from the archive that its name goes through.
fn on_disk(file: &str, folder: &std::path::Path) -> PathBuf {
    let Some((archive, member)) = file.split_once(".zip/") else { return fixtures().join(file) };
    let bytes = std::fs::read(fixtures().join(format!("{archive}.zip"))).unwrap();
    let path = folder.join(member);
    std::fs::write(&path, Archive::open(bytes).unwrap().member(member).unwrap().unwrap()).unwrap();
    path
}

/// The cases of those Kerases in the museum that have a group of this name.
pub(super) fn museum_of(name: &str) -> Vec<(String, Group)> {
    versions().iter().filter_map(|version| group_of(version, name)).collect()
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
    let (mut failed, folder) = (Vec::new(), temporary());
    for (version, group) in museum() {
        for case in group.cases() {
            for file in files(&case).filter(|file| !file.ends_with(".weights.h5")) {
                // Keras 2 had a BatchNormalization inside TimeDistributed see all steps at once.
                let trains = !(case.name == "each_step" && version.starts_with("2."));
                if let Err(why) = is_as_keras_left_it(&case, &on_disk(file, folder.path()), trains) {
                    failed.push(format!("{file} of Keras {version}: {why}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn is_as_keras_left_it(
    case: &Case<'_>,
    path: &std::path::Path,
    trains: bool,
) -> std::result::Result<(), String> {
    let mut loaded = load(path, &CustomObjects::new()).map_err(|error| error.to_string())?;
    if !loaded.warnings.is_empty() {
        return Err(loaded.warnings.join("; "));
    }
    check_predictions(&path.display().to_string(), case, &mut loaded.model);
    if case.meta.get("continued").is_none() || !trains {
        Ok(())
    } else {
        losses_agree(&mut loaded.model, case, 3.0)
    }
}

/// Whether the next ten losses are those of Keras, to so many times the tolerance.
fn losses_agree(model: &mut Model, case: &Case<'_>, times: f64) -> std::result::Result<(), String> {
    let expected: Vec<f64> =
        case.meta["continued"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
    let fit = Fit::new().batch_size(8).epochs(10).shuffle(false).verbose(Verbose::Silent);
    let history = model.fit(tensor(case.array("x")), tensor(case.array("y")), fit);
    let losses = history.map_err(|error| error.to_string())?.get("loss");
    let largest = expected.iter().fold(1e-3f64, |largest, loss| largest.max(loss.abs()));
    let worst = losses.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if worst > times * TOLERANCE * largest {
        return Err(format!("the losses differ by {:.1} times the tolerance", worst / (TOLERANCE * largest)));
    }
    Ok(())
}

#[test]
fn the_museums_weights_alone_load() {
    let folder = temporary();
    for (version, group) in museum() {
        for case in group.cases() {
            let of = |end: &str| {
                let file = files(&case).find(|file| file.ends_with(end));
                file.map(|file| on_disk(file, folder.path()))
            };
            let Some(whole) = of(".keras") else { continue };
            let mut model = load_model(&whole).unwrap();
            for from in [of(".weights.h5"), of(".h5"), Some(whole)].into_iter().flatten() {
                let zeros = |weight: &Tensor| Tensor::zeros(weight.dtype(), weight.dims()).unwrap();
                let other: Vec<Tensor> = model.get_weights().iter().map(zeros).collect();
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
    // Keras 2's older RMSprop adds epsilon after the square root, today's before it.
    losses_agree(&mut loaded.model, case, if case.name == "legacy_rmsprop" { 10.0 } else { 3.0 })
}
