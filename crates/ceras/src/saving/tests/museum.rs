//! Files of every Keras from 2.15 on.

use super::*;

/// The cases of every Keras in the museum.
fn museum() -> Vec<(String, Group)> {
    let folders = std::fs::read_dir(fixtures().join("museum")).unwrap();
    let mut versions: Vec<String> =
        folders.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    versions.sort();
    let group = |version: String| (version.clone(), Group::load(&format!("museum/{version}/{version}")));
    versions.into_iter().map(group).collect()
}

fn check_predictions(what: &str, case: &Case<'_>, model: &mut Model) {
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
