//! A layer as an activation function.

use std::sync::Arc;

use ceras_graph::{Graph, GraphError, Value};
use serde_json::Value as Json;

use super::{Activation, ActivationRef, rules};
use crate::error::Result;
use crate::layers::context::Trace;
use crate::layers::{BuildCx, CallCx, LayerRef};
use crate::registry::{Config, Configurable};
use crate::saving::layer_inside;

/// What a layer without weights computes, such as `LeakyReLU` with a slope of its own.
///
/// # Keras
/// There a layer with weights may stand here too, such as `PReLU`; here it stands behind the layer.
#[derive(Clone, Debug)]
struct OfLayer(LayerRef);

impl Configurable for OfLayer {
    fn class_name(&self) -> &'static str {
        self.0.class_name()
    }

    fn config(&self) -> Config {
        self.0.config()
    }

    fn registered_name(&self) -> Option<&str> {
        self.0.registered_name()
    }
}

impl Activation for OfLayer {
    fn name(&self) -> &'static str {
        self.0.class_name()
    }

    fn layer(&self) -> Option<&LayerRef> {
        Some(&self.0)
    }

    fn apply(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        let class_name = self.0.class_name();
        let mut specs = Vec::new();
        let built = self.0.build(&mut BuildCx::new("", &mut specs), &[g.ty(x).clone()]);
        let weights = !specs.is_empty();
        let mut trace = Trace { graph: std::mem::take(g), ..Trace::default() };
        let outputs = built.and_then(|()| match weights {
            true => Ok(Vec::new()),
            false => self.0.call(&mut CallCx::new(&mut trace, false), &[x.into()]),
        });
        *g = trace.graph;
        let operands = [("inputs", x)];
        match outputs.as_deref() {
            Ok([output]) => Ok(output.value),
            Ok(_) if weights => {
                let rule = format!("{class_name} has weights of its own: add it as a layer behind this one");
                Err(rules::broken(g, class_name, rule, &operands))
            }
            Ok(_) => Err(rules::broken(g, class_name, "an activation has one output", &operands)),
            Err(error) => Err(rules::broken(g, class_name, error.message(), &operands)),
        }
    }
}

impl ActivationRef {
    /// What a layer without weights computes, as Keras' `Dense(4, activation=LeakyReLU(0.1))` has it.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras::layers::LeakyReLU;
    /// use ceras_graph::Tensor;
    /// let leaky = ActivationRef::of_layer(LeakyReLU::new().negative_slope(0.5));
    /// assert_eq!(leaky.eval(&Tensor::from_slice(&[-2.0f32, 3.0]))?.slice::<f32>(), [-1.0, 3.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn of_layer(layer: impl Into<LayerRef>) -> ActivationRef {
        ActivationRef(Arc::new(OfLayer(layer.into())))
    }

    /// The activation that a layer's envelope stands for, if it is one.
    pub(crate) fn of_envelope(value: &Json) -> Option<Result<ActivationRef>> {
        let module = value.get("module").and_then(Json::as_str)?;
        if !module.starts_with("keras.layers") && !module.starts_with("keras.src.layers") {
            return None;
        }
        Some(layer_inside(value, "an activation").map(ActivationRef::of_layer))
    }
}
