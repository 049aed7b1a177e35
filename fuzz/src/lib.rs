//! What is fuzzed: each target is a function of bytes that must return, soon, whatever the bytes are.

pub mod replay;

use ceras::prelude::*;
use ceras::saving::{CustomObjects, LoadWeights, load, load_bytes};

/// A whole file of any kind: a zip archive, HDF5, safetensors, JSON.
pub fn archive(data: &[u8]) {
    let custom = CustomObjects::new().replace_lambdas();
    if let Ok(loaded) = load_bytes(data.to_vec(), &custom) {
        loaded.model.to_json().expect("a loaded model can be written");
    }
}

/// Keras' `config.json`, beside weights that fit as long as the layers are those of the corpus.
pub fn config(data: &[u8]) {
    const WEIGHTS: &[u8] = include_bytes!("../corpus/weights/functional.weights.h5");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in [("config.json", data), ("model.weights.h5", WEIGHTS)] {
        std::fs::write(folder.path().join(name), bytes).expect("a temporary file");
    }
    if let Ok(loaded) = load(folder.path(), &CustomObjects::new().replace_lambdas()) {
        loaded.model.to_json().expect("a loaded model can be written");
    }
}

/// Weights for a model that is there.
pub fn weights(data: &[u8]) {
    let layers = Sequential::new().add(Input::new([4])).add(Dense::new(5)).add(BatchNormalization::new());
    let mut model = layers.add(Dense::new(3)).build().expect("a plain model");
    model.compile(Compile::new("mse").optimizer("adam")).expect("a plain model");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights");
    std::fs::write(&path, data).expect("a temporary file");
    let _ = model.load_weights_with(&path, LoadWeights::new().skip_mismatch(true));
    let _ = model.load_weights_with(&path, LoadWeights::new().by_name(true));
}
