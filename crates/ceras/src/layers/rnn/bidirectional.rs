//! A recurrent layer in both directions.

use ceras_graph::{TensorType, Value, compose, ops};
use serde_json::Value as Json;

use super::called_with_states;
use super::wrapped::Wrapped;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::declare::{layer_methods, layer_struct, misfit, unusable};
use crate::layers::{BuildCx, CallCx, Called, Identity, Layer, LayerRef, Modes, Traced};
use crate::registry::Config;

/// The names that Keras' files have for the layers inside.
const FORWARD: &str = "forward_layer";
const BACKWARD: &str = "backward_layer";

layer_struct! {
    /// Applies a recurrent layer to a sequence from its start and another like it from its end, and puts the two outputs together.
    ///
    /// `merge_mode` is "concat" (along the last axis, the default), "sum", "mul", "ave", or none, which returns both.
    ///
    /// # Shapes
    /// Those of the layer inside, the last axis twice as long with "concat". With `return_state` the states of both follow. Where the layer
    /// returns sequences, each step has both directions' outputs for that step.
    ///
    /// # Errors
    /// The layer inside is not recurrent, the merge mode is unknown, or what the layer inside refuses.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{Bidirectional, LSTM};
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 8])).add(Bidirectional::new(LSTM::new(4))).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 8]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Schuster and Paliwal (1997), *Bidirectional recurrent neural networks*, <https://doi.org/10.1109/78.650093>
    ///
    /// # Keras
    /// Initial states come after the sequence, those of the first direction first.
    Bidirectional requires ["layer"] written written {
        merge_mode: Option<String> = Some("concat".to_owned()),
        layer: Wrapped = Wrapped(Identity::new().into()),
        backward_layer: Option<Wrapped> = None,
    }
}

/// Keras writes the layer for the other direction always.
fn written(mut config: Config) -> Config {
    if config.get("backward_layer").is_none_or(Json::is_null)
        && let Some(layer) = config.get("layer")
    {
        let backward = turned(layer.clone());
        config.insert("backward_layer".to_owned(), backward);
    }
    config
}

/// The envelope of a recurrent layer that goes the other way.
fn turned(mut envelope: Json) -> Json {
    let name = envelope["config"]["name"].as_str().unwrap_or_default();
    let name = format!("backward_{}", name.strip_prefix("forward_").unwrap_or(name));
    let backwards = envelope["config"]["go_backwards"].as_bool().unwrap_or(false);
    envelope["config"]["name"] = name.into();
    envelope["config"]["go_backwards"] = (!backwards).into();
    envelope
}

impl Bidirectional {
    /// A layer of this recurrent one and its like in the other direction.
    #[must_use]
    #[track_caller]
    pub fn new(layer: impl Into<LayerRef>) -> Bidirectional {
        Bidirectional { layer: Wrapped(layer.into()), ..made() }
    }

    /// How the two outputs are put together: "concat", "sum", "mul", "ave", or not at all.
    #[must_use]
    pub fn merge_mode(mut self, merge_mode: Option<&str>) -> Bidirectional {
        self.merge_mode = merge_mode.map(str::to_owned);
        self
    }

    /// The layer for the other direction, when it is not like the first; it must go backwards.
    #[must_use]
    pub fn backward_layer(mut self, layer: impl Into<LayerRef>) -> Bidirectional {
        self.backward_layer = Some(Wrapped(layer.into()));
        self
    }

    /// The layer for the other direction.
    fn backward(&self) -> Result<Wrapped> {
        match &self.backward_layer {
            Some(layer) => Ok(layer.clone()),
            None if self.layer.0.registered_name().is_some() => {
                let class_name = self.layer.0.class_name();
                let text = format!("{class_name} is no class of Keras', so its like cannot be made");
                Err(Error::new(ErrorKind::Usage, text).hint("give a `backward_layer` too"))
            }
            None => Wrapped::from_json(&turned(self.layer.to_json("forward"))),
        }
    }

    fn check(&self) -> Result<()> {
        for layer in std::iter::once(&self.layer).chain(&self.backward_layer) {
            if !layer.0.config().contains_key("go_backwards") {
                let class_name = layer.0.class_name();
                return Err(unusable(format!(
                    "Bidirectional needs a recurrent layer; it is given {class_name}"
                )));
            }
        }
        let backward = self.backward()?;
        if self.layer.flag("go_backwards") == backward.flag("go_backwards") {
            return Err(unusable("the two layers of Bidirectional must go in different directions"));
        }
        for key in ["return_sequences", "return_state"] {
            if self.layer.flag(key) != backward.flag(key) {
                return Err(unusable(format!("the two layers of Bidirectional must have the same `{key}`")));
            }
        }
        match self.merge_mode.as_deref() {
            None | Some("concat" | "sum" | "mul" | "ave") => Ok(()),
            Some(other) => {
                let error = Error::new(ErrorKind::Usage, format!("there is no merge mode `{other}`"));
                Err(error.detail("there are: concat, sum, mul, ave, or none"))
            }
        }
    }

    /// The outputs of the two directions put together.
    fn merged(&self, cx: &mut CallCx<'_>, a: Value, b: Value) -> Result<Vec<Value>> {
        let g = cx.graph();
        let last = g.ty(a).shape.rank() - 1;
        Ok(vec![match self.merge_mode.as_deref() {
            None => return Ok(vec![a, b]),
            Some("sum") => compose::add(g, a, b)?,
            Some("mul") => compose::multiply(g, a, b)?,
            Some("ave") => {
                let sum = compose::add(g, a, b)?;
                compose::divide_scalar(g, sum, 2.0)?
            }
            Some(_) => ops::concatenate(g, &[a, b], last)?,
        }])
    }
}

/// The sequence and the initial states of each direction: the first half of the states is for the first.
fn directions<T: Clone>(inputs: &[T]) -> Result<[Vec<T>; 2]> {
    let Some((sequence, states)) = inputs.split_first().filter(|(_, states)| states.len() % 2 == 0) else {
        return Err(misfit(format!(
            "Bidirectional takes a sequence, and with it as many initial states for each direction or none; it is given {} inputs",
            inputs.len()
        )));
    };
    let (forward, backward) = states.split_at(states.len() / 2);
    Ok([forward, backward].map(|states| [std::slice::from_ref(sequence), states].concat()))
}

called_with_states!(Bidirectional);

impl Layer for Bidirectional {
    layer_methods!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.check()?;
        let [forward, backward] = directions(inputs)?;
        cx.child(FORWARD, &*self.layer.0, &forward)?;
        cx.child(BACKWARD, &*self.backward()?.0, &backward)
    }

    fn modes(&self, frozen: bool) -> Option<Modes> {
        self.layer.0.modes(frozen)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let [forward, backward] = directions(inputs)?;
        let input = forward[0];
        let forward = cx.child(FORWARD, &*self.layer.0, &forward)?;
        let backward = cx.child(BACKWARD, &*self.backward()?.0, &backward)?;
        let sequences = self.layer.flag("return_sequences");
        let mut other = backward[0].value;
        if sequences {
            other = ops::reverse(cx.graph(), other, &[1])?;
        }
        let mask = input.mask.filter(|_| sequences);
        let outputs = self.merged(cx, forward[0].value, other)?;
        let outputs = outputs.into_iter().map(|value| Traced { value, mask });
        Ok(outputs.chain(forward[1..].iter().copied()).chain(backward[1..].iter().copied()).collect())
    }
}
