//! Writing `.keras` files.

use std::path::Path;

use ceras_graph::Tensor;
use serde_json::{Value, json};

use super::archive::{self, CONFIG, EXTRAS, METADATA, WEIGHTS};
use super::contract::{self, Extras};
use super::hdf5::Tree;
use super::{compile_config, config, python_json, weights};
use crate::error::Result;
use crate::files::write_atomically;
use crate::models::Model;

/// The Keras whose files are written.
pub(crate) const KERAS_VERSION: &str = "3.15.1";

/// The date of a file whose run has none: files must not depend on when they are written.
pub(crate) const NO_DATE: &str = "1980-01-01@00:00:00";

impl Model {
    /// Writes the model as a `.keras` file that Keras 3.15.1 loads: architecture, weights, compile state and optimizer
    /// state; besides, what makes training go on here as if it had not been interrupted.
    ///
    /// The file is written whole or not at all, and the same model gives the same bytes.
    ///
    /// # Errors
    /// The path cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path, self.extras())
    }

    /// Writes the model with these extras in place of its own.
    ///
    /// # Errors
    /// The path cannot be written.
    pub fn save_with(&self, path: impl AsRef<Path>, extras: &Extras) -> Result<()> {
        let date = extras.run_started.as_deref().unwrap_or(NO_DATE);
        let metadata = python_json::to_string(&json!({"keras_version": KERAS_VERSION, "date_saved": date}));
        let config = python_json::to_string(&self.keras_config()?.0);
        let weights = self.weight_tree()?.to_bytes()?;
        let extras = self.extras_json(extras);
        let mut members: Vec<(&str, &[u8])> =
            vec![(METADATA, metadata.as_bytes()), (CONFIG, config.as_bytes()), (WEIGHTS, &weights)];
        members.extend(self.saved.assets.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])));
        members.push((EXTRAS, extras.as_bytes()));
        write_atomically(path, |writer| archive::write_members(writer, &members))
    }

    /// Keras' `config.json` in words that Keras knows, and whether it then computes something else.
    pub(crate) fn keras_config(&self) -> Result<(Value, bool)> {
        let mut config = self.config_json()?;
        let differs = super::old_words::give_up_hard_sigmoid(&mut config);
        Ok((config, differs))
    }

    /// What Keras 3 will compute otherwise with the file that this model is saved to, in words.
    pub fn differs_in_keras(&self) -> Vec<String> {
        let differs = self.keras_config().is_ok_and(|(_, differs)| differs);
        let text = "`hard_sigmoid` is another function in Keras 3 than in this model of an older Keras, so that its predictions there differ; here they stay";
        differs.then(|| text.to_owned()).into_iter().collect()
    }

    /// The text of `ceras.json`.
    pub(crate) fn extras_json(&self, extras: &Extras) -> String {
        python_json::to_string(&contract::to_json(extras, &self.state_to_save()))
    }

    /// Keras' `config.json`: the architecture and what the model was compiled with.
    ///
    /// # Errors
    /// The names of the layers collide.
    pub(crate) fn config_json(&self) -> Result<Value> {
        let mut envelope = match self.architecture() {
            Ok(architecture) => config::model_envelope(architecture, &|path| Some(self.is_trainable(path))),
            Err(error) => match self.pending() {
                Some(pending) => config::unbuilt_envelope(pending.model_name(), &pending.named_layers()?),
                None => return Err(error),
            },
        };
        envelope["compile_config"] = compile_config::to_json(self)?;
        Ok(envelope)
    }

    /// The groups and data sets of `model.weights.h5`.
    pub(crate) fn weight_tree(&self) -> Result<Tree> {
        let mut tree = Tree::default();
        if let Ok(architecture) = self.architecture() {
            weights::write(&mut tree, architecture, &self.weights_with_values());
        } else {
            weights::name_group(&mut tree, "", self.name());
        }
        if let Some(variables) = compile_config::optimizer_variables(self)? {
            let name = super::state::optimizer_name(self)?;
            let leading = self.compiled()?.optimizer.leading_slots();
            if leading > 0 {
                // Keras writes the optimizer inside of another a second time, by itself.
                let inner = &variables[leading..];
                write_optimizer(
                    &mut tree,
                    "optimizer/inner_optimizer",
                    &super::state::inner_name(self)?,
                    inner,
                );
            }
            write_optimizer(&mut tree, "optimizer", &name, &variables);
        }
        Ok(tree)
    }
}

fn write_optimizer(tree: &mut Tree, path: &str, name: &str, variables: &[Tensor]) {
    weights::name_group(tree, path, name);
    let vars = tree.group(&format!("{path}/vars"));
    for (index, value) in variables.iter().enumerate() {
        vars.tensor(&index.to_string(), value.clone());
    }
}
