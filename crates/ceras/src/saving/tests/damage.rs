//! Files that are not what they should be.

use super::*;

/// A `.keras` file with this config and the weights of another file.
pub(super) fn with_config(case: &str, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let models = models();
    let mut archive = Archive::open(std::fs::read(path_of(&models.case(case))).unwrap()).unwrap();
    let mut config: Value = serde_json::from_slice(&archive.member(CONFIG).unwrap().unwrap()).unwrap();
    edit(&mut config);
    let weights = archive.member(WEIGHTS).unwrap().unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let config = config.to_string();
    archive::write_members(&mut bytes, &[(CONFIG, config.as_bytes()), (WEIGHTS, &weights)]).unwrap();
    bytes.into_inner()
}

pub(super) fn load_bytes(bytes: &[u8]) -> Result<Loaded> {
    load_bytes_with(bytes, &CustomObjects::new())
}

pub(super) fn load_bytes_with(bytes: &[u8], custom: &CustomObjects) -> Result<Loaded> {
    let folder = temporary();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    load(path, custom)
}

#[test]
fn every_unsupported_layer_is_named_with_its_place() {
    let bytes = with_config("sequential_normalization", |config| {
        config["config"]["layers"][2]["class_name"] = json!("Conv9D");
        config["config"]["layers"][4]["module"] = json!("keras.src.ops.numpy");
        config["config"]["layers"][5]["registered_name"] = json!("mine>Dense");
    });
    let error = load_bytes(&bytes).unwrap_err().to_string();
    assert!(error.starts_with("the model has 3 layers that ceras does not support yet"), "{error}");
    assert!(error.contains("(Conv9D), layer 3 of 6 in `penguins`"), "{error}");
    assert!(error.contains("operation BatchNormalization"), "{error}");
    assert!(error.contains("(mine>Dense), layer 6 of 6"), "{error}");
}

#[test]
fn a_users_own_layer_is_handed_in() {
    let edit = |config: &mut Value| config["config"]["layers"][1]["registered_name"] = json!("mine>Twice");
    let bytes = with_config("sequential_dense", edit);
    assert!(load_bytes(&bytes).is_err());
    let dense =
        |config: &crate::registry::Config| crate::registry::parse_config::<Dense>(config).map(LayerRef::from);
    let custom = CustomObjects::new().layer("mine>Twice", dense);
    assert!(load_bytes_with(&bytes, &custom).is_ok());
}

#[test]
fn unknown_compile_words_wait_for_fit() {
    for (pointer, word) in
        [("/compile_config/loss", "lossy"), ("/compile_config/optimizer/class_name", "Adamant")]
    {
        let edit = |config: &mut Value| *config.pointer_mut(pointer).unwrap() = json!(word);
        let mut loaded = load_bytes(&with_config("sequential_dense", edit)).unwrap();
        assert_eq!(loaded.warnings.len(), 1);
        let (x, y) = data();
        assert_eq!(loaded.model.predict(&x).unwrap().dims(), [40, 3]);
        let error = loaded.model.fit(&x, &y, Fit::new()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        // The words are written back as they were.
        assert_eq!(loaded.model.config_json().unwrap().pointer(pointer), Some(&json!(word)));
    }
}

#[test]
fn an_unknown_key_is_an_error_unless_it_is_null() {
    let with = |value: Value| {
        with_config("sequential_dense", |config| config["config"]["layers"][1]["config"]["new_key"] = value)
    };
    assert!(load_bytes(&with(Value::Null)).is_ok());
    let error = load_bytes(&with(json!(1))).unwrap_err().to_string();
    assert!(error.contains("new_key") && error.contains("`dense`"), "{error}");
}

#[test]
fn a_weight_of_the_wrong_shape_is_named() {
    let bytes = with_config("sequential_dense", |config| {
        config["config"]["layers"][1]["config"]["units"] = json!(11)
    });
    let error = load_bytes(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("dense/kernel") && error.contains("[4, 11]") && error.contains("[4, 10]"),
        "{error}"
    );
}

#[test]
fn sizes_that_no_file_holds_are_refused_before_anything_is_allocated() {
    for units in [json!(1u64 << 40), json!(1u64 << 62)] {
        let edit = |config: &mut Value| config["config"]["layers"][1]["config"]["units"] = units.clone();
        assert!(load_bytes(&with_config("sequential_dense", edit)).is_err());
    }
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"PK\x03\x04 and then nothing", "damaged or cut off"),
        (b"just text", "this is not a model"),
    ] {
        let error = load_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut bytes = std::io::Cursor::new(Vec::new());
    archive::write_members(&mut bytes, &[(CONFIG, nested.as_bytes())]).unwrap();
    let error = load_bytes(&bytes.into_inner()).unwrap_err().to_string();
    assert!(error.contains("not readable as JSON"), "{error}");
}

#[test]
fn hdf5_files_that_are_cut_off_say_so() {
    for version in ["2.15.0", "3.15.1"] {
        let bytes = std::fs::read(fixtures().join(format!("museum/{version}/sequential.h5"))).unwrap();
        super::load_bytes(&bytes[..], &CustomObjects::new()).unwrap();
        for end in [200, bytes.len() / 2, bytes.len() - 1] {
            let error = super::load_bytes(&bytes[..end], &CustomObjects::new()).unwrap_err().to_string();
            assert!(error.contains(&format!("it has {end} of {} bytes", bytes.len())), "{error}");
        }
    }
}
