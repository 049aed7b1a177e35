//! The same model in other forms: folders, parts, wrong names, weights alone.

use super::damage::{load_bytes, with_config};
use super::museum::check_predictions;
use super::*;

fn sharded() -> Group {
    Group::load("files")
}

#[test]
fn weights_in_several_files_are_one() {
    let group = sharded();
    let case = group.case("sharded");
    let mut model = load_model(fixtures().join(case.meta["model"].as_str().unwrap())).unwrap();
    let weights = model.get_weights();
    let slots = compile_config::optimizer_variables(&model).unwrap().unwrap();
    let zeros: Vec<Tensor> =
        weights.iter().map(|weight| Tensor::zeros(weight.dtype(), weight.dims()).unwrap()).collect();
    model.set_weights(&zeros).unwrap();
    model.load_weights(fixtures().join(case.meta["weights"].as_str().unwrap())).unwrap();
    assert_eq!(model.get_weights(), weights);
    assert_eq!(compile_config::optimizer_variables(&model).unwrap().unwrap(), slots);
    check_predictions("sharded", &case, &mut model);
}

#[test]
fn parts_that_lead_elsewhere_are_refused() {
    let folder = temporary();
    let path = folder.path().join("m.weights.json");
    for name in ["../m.weights.h5", "/etc/passwd", "a\\b", "C:m", "", ".."] {
        std::fs::write(&path, json!({"weight_map": {"/layers/dense/vars": [name]}}).to_string()).unwrap();
        let error = noisy().load_weights(&path).unwrap_err().to_string();
        assert!(error.contains("which is no file beside it"), "{error}");
    }
    let error = load_model(&path).unwrap_err();
    assert!(error.hint_text().unwrap().contains("load_weights"), "{error}");
}

#[test]
fn a_folder_is_a_file_too() {
    for case in models().cases() {
        let folder = temporary();
        let mut archive = Archive::open(std::fs::read(path_of(&case)).unwrap()).unwrap();
        for name in archive.names() {
            std::fs::write(folder.path().join(&name), archive.member(&name).unwrap().unwrap()).unwrap();
        }
        let mut loaded = load(folder.path(), &CustomObjects::new()).unwrap();
        assert_eq!(loaded.kind, FileKind::KerasFolder);
        check_predictions(case.name, &case, &mut loaded.model);
        loaded.model.load_weights(folder.path()).unwrap();
    }
}

#[test]
fn the_name_says_nothing_about_the_kind() {
    let (folder, model) = (temporary(), noisy());
    for kind in [FileKind::Keras, FileKind::Hdf5, FileKind::Safetensors, FileKind::Config] {
        for name in ["model.keras", "model.h5", "model.json", "model"] {
            let path = folder.path().join(name);
            model.save_as(&path, kind).unwrap();
            assert_eq!(load(&path, &CustomObjects::new()).unwrap().kind, kind, "{name}");
        }
    }
    // Weights alone are said to be so.
    let path = folder.path().join("model.keras");
    model.save_as(&path, FileKind::Weights).unwrap();
    let error = load_model(&path).unwrap_err();
    assert!(error.to_string().contains("holds no architecture"), "{error}");
    assert!(error.hint_text().unwrap().contains("load_weights"), "{error}");
}

#[test]
fn assets_of_layers_travel_with_the_model() {
    let folder = temporary();
    let (from, to) = (folder.path().join("a.keras"), folder.path().join("b.keras"));
    noisy().save(&from).unwrap();
    let mut archive = Archive::open(std::fs::read(&from).unwrap()).unwrap();
    let mut members: Vec<(String, Vec<u8>)> = archive
        .names()
        .into_iter()
        .map(|name| (name.clone(), archive.member(&name).unwrap().unwrap()))
        .collect();
    members.push(("assets/layers/string_lookup/vocabulary.txt".into(), b"[UNK]\na\n".to_vec()));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let listed: Vec<(&str, &[u8])> =
        members.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    archive::write_members(&mut bytes, &listed).unwrap();
    std::fs::write(&from, bytes.into_inner()).unwrap();
    load_model(&from).unwrap().save(&to).unwrap();
    let mut again = Archive::open(std::fs::read(&to).unwrap()).unwrap();
    assert_eq!(again.member(&members.last().unwrap().0).unwrap().unwrap(), b"[UNK]\na\n");
}

#[test]
fn layers_that_do_not_fit_are_passed_over_when_asked_for() {
    let folder = temporary();
    let build = |units: usize| {
        Sequential::new()
            .add(Input::new([4]))
            .add(Dense::new(6).name("body"))
            .add(Dense::new(units).name("head"))
            .seed(units as u64)
            .build()
            .unwrap()
    };
    let saved = build(3);
    for kind in [FileKind::Keras, FileKind::Weights, FileKind::Hdf5, FileKind::Safetensors] {
        let path = folder.path().join("weights");
        saved.save_as(&path, kind).unwrap();
        let mut other = build(5);
        let before = other.get_weights();
        let error = other.load_weights(&path).unwrap_err().to_string();
        assert!(error.contains("head/kernel") || error.contains("head"), "{error}");
        assert_eq!(other.get_weights(), before, "{kind:?}: nothing changes when it fails");
        let taken = other.load_weights_with(&path, LoadWeights::new().skip_mismatch(true)).unwrap();
        assert_eq!(taken.layers, ["body"], "{kind:?}");
        assert_eq!(taken.skipped.len(), 1);
        assert_eq!(taken.skipped[0].0, "head");
        assert_eq!(other.get_weights()[..2], saved.get_weights()[..2]);
        assert_eq!(other.get_weights()[2..], before[2..]);
    }
}

#[test]
fn numbers_that_are_not_finite_are_read_as_python_writes_them() {
    let bytes = with_config("sequential_dense", |config| {
        config["config"]["layers"][1]["config"]["bias_initializer"] = json!({"module": "keras.initializers", "class_name": "Constant", "config": {"value": "Infinity"}});
        config["config"]["layers"][1]["config"]["kernel_constraint"] = json!({
            "module": "keras.constraints", "class_name": "MinMaxNorm",
            "config": {"min_value": 0.0, "max_value": "Infinity", "rate": 1.0, "axis": 0}});
    });
    let mut archive = Archive::open(bytes).unwrap();
    let config = String::from_utf8(archive.member(CONFIG).unwrap().unwrap()).unwrap();
    let config = config.replace("\"Infinity\"", "Infinity");
    let weights = archive.member(WEIGHTS).unwrap().unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    archive::write_members(&mut bytes, &[(CONFIG, config.as_bytes()), (WEIGHTS, &weights)]).unwrap();
    load_bytes(&bytes.into_inner()).unwrap();
}

/// What stands where a file is to be written is untouched unless all of the new file is there.
#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = temporary();
    let model = noisy();
    for kind in [FileKind::Keras, FileKind::Hdf5, FileKind::Weights, FileKind::Safetensors, FileKind::Config]
    {
        let path = folder.path().join("model");
        std::fs::write(&path, "what was there").unwrap();
        let mut permissions = std::fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions.clone()).unwrap();
        assert!(model.save_as(&path, kind).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
        #[allow(clippy::permissions_set_readonly_false)]
        permissions.set_readonly(false);
        std::fs::set_permissions(&path, permissions).unwrap();
        model.save_as(&path, kind).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{kind:?}: nothing else is left");
    }
}

/// A device that is full, where the system has one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_said_to_be_full() {
    let full = std::path::Path::new("/dev/full");
    if full.exists() {
        let error = noisy().save(full).unwrap_err().to_string();
        assert!(error.contains("no space is left"), "{error}");
    }
}

/// A model that is saved in the middle of a fit, at an epoch's end, goes on as the fit did.
#[test]
fn in_the_middle_of_a_fit_too() {
    let folder = temporary();
    let (x, y) = data();
    let mut whole = noisy();
    let history = whole.fit(&x, &y, epochs(0, 6)).unwrap();
    for stop in 1..6 {
        let path = folder.path().join(format!("{stop}.keras"));
        let mut first = noisy();
        first.fit(&x, &y, epochs(0, stop)).unwrap();
        for kind in [FileKind::Keras, FileKind::Hdf5] {
            first.save_as(&path, kind).unwrap();
            let mut rest = load_model(&path).unwrap();
            let later = rest.fit(&x, &y, epochs(stop, 6)).unwrap();
            assert_eq!(later.get("loss"), history.get("loss")[stop..], "{kind:?} after {stop}");
            assert_eq!(rest.get_weights(), whole.get_weights(), "{kind:?} after {stop}");
        }
    }
}
