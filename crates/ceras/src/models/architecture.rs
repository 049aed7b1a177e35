//! What a model is made of, without its weights: layers and the calls that connect them.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use ceras_graph::{Tensor, TensorType};

use super::structure::Structure;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::{Trace, join};
use crate::layers::{BuildCx, CallCx, Layer, LayerInfo, LayerRef, Traced, WeightSpec};
use crate::registry::{Config, Configurable};

/// Keras' two ways of writing a model down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One layer after another.
    Sequential,
    /// Layers connected by symbolic tensors.
    Functional,
}

/// A layer under the name that it has in a model.
#[derive(Clone, Debug)]
pub struct NamedLayer {
    /// The name, unique in the model.
    pub name: String,
    /// The layer.
    pub layer: LayerRef,
}

/// An output of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TensorRef {
    /// The number of the call.
    pub call: usize,
    /// The number of the output.
    pub output: usize,
}

/// A layer applied to outputs of earlier calls.
#[derive(Clone, Debug)]
pub struct Call {
    /// The number of the layer.
    pub layer: usize,
    /// Which call of that layer this is, from 0: Keras' node index.
    pub node: usize,
    /// What it is applied to.
    pub inputs: Vec<TensorRef>,
    /// The types of its outputs, the batch size unknown.
    pub outputs: Vec<TensorType>,
}

/// A model without its weights. It is itself a layer, so models nest.
#[derive(Clone, Debug)]
pub struct Architecture {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) layers: Vec<NamedLayer>,
    pub(crate) calls: Vec<Call>,
    /// The calls of the input layers, in the order of the model's inputs.
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<TensorRef>,
    pub(crate) input_structure: Structure,
    pub(crate) output_structure: Structure,
    /// What the weights start from, by path and name inside, when the model brings its own.
    pub(crate) values: Option<Arc<HashMap<String, Tensor>>>,
    pub(crate) trainable: bool,
    pub(crate) location: Option<&'static Location<'static>>,
}

impl Architecture {
    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was written as a sequence or as a graph.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The layers in Keras' order.
    pub fn layers(&self) -> &[NamedLayer] {
        &self.layers
    }

    /// Keras' `layers`: without operations, and without the input of a Sequential model.
    pub(crate) fn counted_layers(&self) -> impl Iterator<Item = &NamedLayer> {
        self.layers.iter().filter(|named| {
            let input = self.kind == Kind::Sequential && named.layer.input_type().is_some();
            !input && named.layer.as_operation().is_none()
        })
    }

    /// The calls, in an order in which they can be carried out.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The type of each input, the batch size unknown.
    pub fn input_types(&self) -> Vec<TensorType> {
        self.inputs.iter().map(|&call| self.calls[call].outputs[0].clone()).collect()
    }

    /// The name of each input: its key where the inputs are a dictionary, that of its layer otherwise.
    pub fn input_names(&self) -> Vec<&str> {
        if let Some(keys) = self.input_structure.keys() {
            return keys;
        }
        self.inputs.iter().map(|&call| self.layers[self.calls[call].layer].name.as_str()).collect()
    }

    /// The type of each output, the batch size unknown.
    pub fn output_types(&self) -> Vec<TensorType> {
        self.outputs.iter().map(|output| self.calls[output.call].outputs[output.output].clone()).collect()
    }

    /// The name of each output: its key where the outputs are a dictionary, that of the layer that it comes from otherwise.
    pub fn output_names(&self) -> Vec<&str> {
        if let Some(keys) = self.output_structure.keys() {
            return keys;
        }
        self.outputs.iter().map(|output| self.layers[self.calls[output.call].layer].name.as_str()).collect()
    }

    /// How the inputs are arranged.
    pub fn input_structure(&self) -> &Structure {
        &self.input_structure
    }

    /// How the outputs are arranged.
    pub fn output_structure(&self) -> &Structure {
        &self.output_structure
    }

    /// Calls `visit` with the path of every layer, those inside nested models included.
    pub fn visit(&self, path: &str, visit: &mut dyn FnMut(&str, &dyn Layer)) {
        for NamedLayer { name, layer } in &self.layers {
            let path = join(path, name);
            visit(&path, &**layer);
            if let Some(inner) = layer.as_architecture() {
                inner.visit(&path, visit);
            } else if let Some((attribute, wrapped)) = layer.inside()
                && let Some(inner) = wrapped.as_architecture()
            {
                let path = join(&path, attribute);
                visit(&path, inner);
                inner.visit(&path, visit);
            }
        }
    }

    /// Where each output of each call is, while the calls are carried out one after another.
    fn run<T: Clone>(
        &self,
        inputs: &[T],
        mut each: impl FnMut(&NamedLayer, &Call, &[T]) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let given: HashMap<usize, &T> = self.inputs.iter().copied().zip(inputs).collect();
        let mut results: Vec<Vec<T>> = Vec::with_capacity(self.calls.len());
        for (index, call) in self.calls.iter().enumerate() {
            let outputs = match given.get(&index) {
                Some(&input) => vec![input.clone()],
                None => {
                    let operands: Vec<T> =
                        call.inputs.iter().map(|input| results[input.call][input.output].clone()).collect();
                    each(&self.layers[call.layer], call, &operands)?
                }
            };
            results.push(outputs);
        }
        Ok(self.outputs.iter().map(|output| results[output.call][output.output].clone()).collect())
    }

    /// Where a layer stands, for errors.
    fn place(&self, layer: usize) -> String {
        format!("in model `{}`, layer {} of {}", self.name, layer + 1, self.layers.len())
    }

    fn check_inputs(&self, given: usize) -> Result<()> {
        if given == self.inputs.len() {
            return Ok(());
        }
        let names = self.input_names().join(", ");
        let text = format!(
            "model `{}` takes {} inputs ({names}); it is given {given}",
            self.name,
            self.inputs.len()
        );
        Err(Error::new(ErrorKind::Shape, text))
    }
}

impl Configurable for Architecture {
    fn class_name(&self) -> &'static str {
        match self.kind {
            Kind::Sequential => "Sequential",
            Kind::Functional => "Functional",
        }
    }

    fn config(&self) -> Config {
        crate::saving::config::architecture_config(self)
    }
}

impl Layer for Architecture {
    fn sees_batch(&self) -> bool {
        self.layers.iter().any(|named| named.layer.sees_batch())
    }

    fn info(&self) -> LayerInfo<'_> {
        LayerInfo { name: Some(&self.name), trainable: self.trainable, location: self.location }
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.check_inputs(inputs.len())?;
        let first = cx.declared();
        let mut built = vec![false; self.layers.len()];
        self.run(inputs, |layer, call, operands| {
            if !std::mem::replace(&mut built[call.layer], true) {
                cx.child(&layer.name, &*layer.layer, operands)?;
            }
            Ok(call.outputs.clone())
        })?;
        if let Some(values) = &self.values {
            cx.start_from(first, values);
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        self.check_inputs(inputs.len())?;
        self.run(inputs, |layer, call, operands| {
            let outputs = cx.child(&layer.name, &*layer.layer, operands);
            outputs.map_err(|error| error.context(self.place(call.layer)))
        })
    }

    fn as_architecture(&self) -> Option<&Architecture> {
        Some(self)
    }
}

/// What a layer would declare and return for these inputs: its weights and the types of its outputs.
///
/// # Errors
/// The layer cannot take the inputs.
pub(crate) fn describe(
    name: &str,
    layer: &dyn Layer,
    inputs: &[TensorType],
) -> Result<(Vec<WeightSpec>, Vec<TensorType>)> {
    let mut specs = Vec::new();
    BuildCx::new("", &mut specs).child(name, layer, inputs)?;
    let mut trace = Trace::default();
    trace.declare(&specs, None);
    let values: Vec<Traced> = inputs.iter().map(|ty| trace.graph.input(ty.clone(), "").into()).collect();
    let outputs = CallCx::new(&mut trace, false).child(name, layer, &values)?;
    let types = outputs.iter().map(|output| trace.graph.ty(output.value).clone()).collect();
    Ok((specs, types))
}

/// Keras' snake case of a class name: `BatchNormalization` is `batch_normalization`, `PReLU` is `p_re_lu`.
///
/// An underscore goes before a capital that starts a word (lower case follows) and between a small letter and a capital.
pub(crate) fn snake_case(class_name: &str) -> String {
    let letters: Vec<char> =
        class_name.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or(' ');
    let mut words = String::with_capacity(letters.len() + 4);
    let mut index = 0;
    while index < letters.len() {
        words.push(letters[index]);
        index += 1;
        if at(index).is_ascii_uppercase() && at(index + 1).is_ascii_lowercase() {
            words.extend(['_', at(index)]);
            index += 1;
            while at(index).is_ascii_lowercase() {
                words.push(at(index));
                index += 1;
            }
        }
    }
    let mut name = String::with_capacity(words.len() + 4);
    let mut before = ' ';
    for letter in words.chars() {
        if before.is_ascii_lowercase() && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
        before = letter;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn class_names_become_keras_names() {
        // As Keras 3.15.1's `to_snake_case` gives them.
        for (class_name, name) in [
            ("Dense", "dense"),
            ("BatchNormalization", "batch_normalization"),
            ("InputLayer", "input_layer"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("MaxPooling2D", "max_pooling2d"),
            ("GlobalAveragePooling1D", "global_average_pooling1d"),
            ("LSTM", "lstm"),
            ("LSTMCell", "lstm_cell"),
            ("GRU", "gru"),
            ("ELU", "elu"),
            ("PReLU", "p_re_lu"),
            ("ReLU", "re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("SpatialDropout1D", "spatial_dropout1d"),
            ("SimpleRNN", "simple_rnn"),
            ("ConvLSTM2D", "conv_lstm2d"),
            ("RMSNormalization", "rms_normalization"),
            ("SeparableConv2D", "separable_conv2d"),
            ("STFTSpectrogram", "stft_spectrogram"),
        ] {
            assert_eq!(snake_case(class_name), name);
        }
    }
}
