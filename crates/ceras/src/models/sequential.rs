//! The sequential way: one layer after another.

use std::panic::Location;

use ceras_graph::{DType, TensorType};

use super::architecture::{Architecture, Call, Kind, NamedLayer, TensorRef, describe};
use super::functional::name_layers;
use super::model::Model;
use super::structure::Structure;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{BuildCx, InputLayer, LayerRef};

/// Layers in a row; [`Sequential::build`] makes a [`Model`] of them.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let model = Sequential::new()
///     .add(Input::new([4]))
///     .add(Dense::new(10).activation("relu"))
///     .add(Dense::new(3).activation("softmax"))
///     .build()?;
/// assert_eq!(model.count_params(), 83);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Without an `Input` the model is built by the first data that it sees, as in Keras.
#[derive(Clone, Debug)]
pub struct Sequential {
    name: Option<String>,
    layers: Vec<LayerRef>,
    seed: u64,
    location: &'static Location<'static>,
}

impl Sequential {
    /// No layers yet.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the model was made")]
    pub fn new() -> Sequential {
        Sequential { name: None, layers: Vec::new(), seed: 0, location: Location::caller() }
    }

    /// Adds a layer at the end.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "Keras' word")]
    pub fn add(mut self, layer: impl Into<LayerRef>) -> Sequential {
        self.layers.push(layer.into());
        self
    }

    /// Names the model; `sequential` by default.
    #[must_use]
    pub fn name(mut self, name: &str) -> Sequential {
        self.name = Some(name.to_owned());
        self
    }

    /// The seed of everything random in the model: first weights, dropout, shuffling. 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Sequential {
        self.seed = seed;
        self
    }

    /// The model.
    ///
    /// # Errors
    /// No layers, two layers of one name, or a layer that cannot take what the one before it gives.
    pub fn build(self) -> Result<Model> {
        let first = self.layers.first().and_then(|layer| layer.input_type());
        match first {
            Some(_) => Model::from_architecture(self.architecture(None)?, self.seed),
            None => {
                // Names and words are checked now; shapes when there are any.
                self.check_words()?;
                Ok(Model::unbuilt(self.clone(), self.seed))
            }
        }
    }

    /// Finds wrong words, such as an unknown activation, while the shapes are still unknown.
    fn check_words(&self) -> Result<()> {
        let names = name_layers(&self.layers.iter().collect::<Vec<_>>())?;
        let unknown = [TensorType::new(DType::F32, vec![None, None])];
        for (number, (name, layer)) in names.iter().zip(&self.layers).enumerate() {
            if layer.input_type().is_some() {
                return Err(late_input());
            }
            if layer.as_architecture().is_some() {
                continue;
            }
            let built = BuildCx::new("", &mut Vec::new()).child(name, &**layer, &unknown);
            // What a shape that is not known yet leads to says nothing.
            if let Err(error) = built
                && error.kind() == ErrorKind::Usage
            {
                return Err(error.context(self.place(number, self.layers.len())));
            }
        }
        Ok(())
    }

    /// The model for data of this type, the batch size unknown.
    pub(crate) fn architecture(&self, input: Option<&TensorType>) -> Result<Architecture> {
        let mut layers = self.layers.clone();
        if let Some(input) = input {
            let shape = input.shape.with(0, None);
            layers.insert(0, InputLayer::with_batch_shape(shape).dtype(input.dtype).into());
        }
        if layers.len() < 2 && input.is_some() || layers.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "a Sequential model needs at least one layer"));
        }
        let names = name_layers(&layers.iter().collect::<Vec<_>>())?;
        let mut calls: Vec<Call> = Vec::with_capacity(layers.len());
        for (number, (layer, name)) in layers.iter().zip(&names).enumerate() {
            let call = match (calls.last(), layer.input_type()) {
                (None, Some(ty)) => Call { layer: 0, node: 0, inputs: Vec::new(), outputs: vec![ty] },
                (Some(before), None) => {
                    let outputs = describe(name, &**layer, &before.outputs[..1]);
                    let outputs = outputs.map_err(|error| error.context(self.place(number, layers.len())))?.1;
                    let inputs = vec![TensorRef { call: number - 1, output: 0 }];
                    Call { layer: number, node: 0, inputs, outputs }
                }
                _ => return Err(late_input()),
            };
            calls.push(call);
        }
        let output = TensorRef { call: calls.len() - 1, output: 0 };
        let named = |(name, layer)| NamedLayer { name, layer };
        Ok(Architecture {
            kind: Kind::Sequential,
            name: self.name.clone().unwrap_or_else(|| "sequential".to_owned()),
            layers: names.into_iter().zip(layers).map(named).collect(),
            calls,
            inputs: vec![0],
            outputs: vec![output],
            input_structure: Structure::One,
            output_structure: Structure::One,
            values: None,
            trainable: true,
            location: Some(self.location),
        })
    }

    /// The model's name.
    pub(crate) fn model_name(&self) -> &str {
        self.name.as_deref().unwrap_or("sequential")
    }

    /// The layers under the names that they have in the model.
    pub(crate) fn named_layers(&self) -> Result<Vec<(String, LayerRef)>> {
        let names = name_layers(&self.layers.iter().collect::<Vec<_>>())?;
        Ok(names.into_iter().zip(self.layers.iter().cloned()).collect())
    }

    fn place(&self, number: usize, layers: usize) -> String {
        let name = self.name.as_deref().unwrap_or("sequential");
        format!("in model `{name}`, layer {} of {layers}", number + 1)
    }
}

fn late_input() -> Error {
    Error::new(ErrorKind::Usage, "an `Input` can only be the first layer of a Sequential model")
}
