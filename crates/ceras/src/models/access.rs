//! The layers of a model and their weights, by name and by number.

use ceras_graph::Tensor;

use super::model::Model;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::Layer;
use crate::layers::context::join;

/// A layer by its name or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKey<'a> {
    /// The name.
    Name(&'a str),
    /// The number, from 0.
    Index(usize),
}

impl<'a> From<&'a str> for LayerKey<'a> {
    fn from(name: &'a str) -> LayerKey<'a> {
        LayerKey::Name(name)
    }
}

impl<'a> From<&'a String> for LayerKey<'a> {
    fn from(name: &'a String) -> LayerKey<'a> {
        LayerKey::Name(name)
    }
}

impl From<usize> for LayerKey<'_> {
    fn from(index: usize) -> Self {
        LayerKey::Index(index)
    }
}

impl Model {
    /// The layer of that name, or of that number among Keras' `layers`: operations are not counted, nor is the input of
    /// a Sequential model.
    ///
    /// # Errors
    /// There is none.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([2])).add(Dense::new(3).name("hidden")).build()?;
    /// assert_eq!(model.get_layer(0)?.class_name(), model.get_layer("hidden")?.class_name());
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn get_layer<'a>(&self, layer: impl Into<LayerKey<'a>>) -> Result<&dyn Layer> {
        match layer.into() {
            LayerKey::Name(name) => {
                let found = self.layers().iter().find(|layer| layer.name == name);
                found.map(|layer| &*layer.layer).ok_or_else(|| self.unknown_layer(name))
            }
            LayerKey::Index(index) => {
                let architecture = self.architecture()?;
                let count = architecture.counted_layers().count();
                let found = architecture.counted_layers().nth(index);
                found.map(|layer| &*layer.layer).ok_or_else(|| {
                    let text = format!("model `{}` has no layer {index}; it has {count}", self.name());
                    Error::new(ErrorKind::Usage, text)
                })
            }
        }
    }

    /// The weights of a layer, those of layers inside it included. A layer inside a nested model has the path
    /// `model/layer`.
    ///
    /// # Errors
    /// There is no such layer.
    pub fn layer_weights(&self, layer: &str) -> Result<Vec<Tensor>> {
        Ok(self.numbers_of(layer)?.into_iter().map(|number| self.store.get(number)).collect())
    }

    /// Gives the weights of a layer other values.
    ///
    /// # Errors
    /// There is no such layer; another number of values, or one of another shape; then no weight is changed.
    pub fn set_layer_weights(&mut self, layer: &str, values: &[Tensor]) -> Result<()> {
        let numbers = self.numbers_of(layer)?;
        if numbers.len() != values.len() {
            let text =
                format!("layer `{layer}` has {} weights; {} values are given", numbers.len(), values.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let mut all = self.get_weights();
        for (number, value) in numbers.into_iter().zip(values) {
            all[number] = value.clone();
        }
        self.set_weights(&all)
    }

    /// The weights of a layer, those of layers inside it included, counted by element.
    ///
    /// # Errors
    /// There is no such layer.
    pub fn count_layer_params(&self, layer: &str) -> Result<usize> {
        Ok(self.numbers_of(layer)?.into_iter().map(|number| self.elements(number)).sum())
    }

    /// The numbers of the weights at or below a path.
    fn numbers_of(&self, layer: &str) -> Result<Vec<usize>> {
        self.check_path(layer)?;
        let inside = join(layer, "");
        let variables = self.variables().iter().enumerate();
        let of_layer = variables.filter(|(_, v)| v.path == layer || v.path.starts_with(&inside));
        Ok(of_layer.map(|(number, _)| number).collect())
    }

    pub(super) fn check_path(&self, layer: &str) -> Result<()> {
        let mut known = false;
        self.architecture()?.visit("", &mut |path, _| known |= path == layer);
        if known { Ok(()) } else { Err(self.unknown_layer(layer)) }
    }

    pub(super) fn unknown_layer(&self, name: &str) -> Error {
        let names: Vec<&str> = self.layers().iter().map(|layer| layer.name.as_str()).collect();
        Error::new(ErrorKind::Usage, format!("model `{}` has no layer `{name}`", self.name()))
            .detail(format!("there are: {}", names.join(", ")))
            .suggest(name, names)
    }
}
