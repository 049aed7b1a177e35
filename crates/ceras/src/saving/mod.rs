//! Keras' files, both ways.
//!
//! ```
//! use ceras::prelude::*;
//! use ceras::saving::load_model;
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("model.keras");
//! let model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
//! model.save(&path)?;
//! let mut again = load_model(&path)?;
//! assert_eq!(again.get_weights(), model.get_weights());
//! # Ok::<(), ceras::Error>(())
//! ```
//!
//! What kind of file it is, is found from its bytes and never from its name. Loading runs no code of a file, believes no
//! size that it claims, and returns an error for anything that is damaged.

mod archive;
mod build;
mod compile_config;
pub mod config;
mod contract;
mod custom;
mod diff;
mod formats;
mod hdf5;
mod inspect;
mod lambda;
mod layout;
mod legacy;
mod load;
mod load_weights;
mod migrate;
mod nodes;
mod old_words;
mod python_json;
mod safetensors;
mod save;
mod state;
#[cfg(test)]
mod tests;
mod tf_ops;
mod weights;

pub(crate) use build::Built;
pub use contract::{Contract, Extras, Feature, Task};
pub use custom::CustomObjects;
pub(crate) use custom::own;
pub use diff::{Difference, diff};
pub use inspect::{InspectedLayer, Inspection, inspect};
pub use load::{FileKind, Loaded, load, load_bytes, load_model, load_model_with, model_from_config};
pub use load_weights::{LoadWeights, TakenWeights};
#[cfg(test)]
pub(crate) use python_json::to_string as python_text;
pub(crate) use state::Saved;

/// The layer inside another one's config. `place` says where it stands.
///
/// # Errors
/// It is not a layer's description, its config does not fit, or the class is a user's own that is not at hand.
pub(crate) fn layer_inside(
    envelope: &serde_json::Value,
    place: &str,
) -> crate::error::Result<crate::layers::LayerRef> {
    if let Some(layer) = own(envelope) {
        return layer;
    }
    let words = migrate::layer(envelope, place)?;
    if build::is_model(&words) {
        return build::model_inside(&words);
    }
    let words = serde_json::json!({
        "class_name": words.class_name,
        "config": words.config,
        "registered_name": words.registered,
    });
    crate::layers::LAYERS.from_json(&words).map(crate::layers::LayerRef)
}
