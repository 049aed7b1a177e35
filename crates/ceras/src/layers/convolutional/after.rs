//! What comes after a convolution: bias, activation, and the channels where the format has them.

use ceras_graph::{DType, Graph, TensorType, Value, compose};

use crate::activations::ActivationRef;
use crate::error::Result;
use crate::layers::{CallCx, DataFormat};
use crate::regularizers::RegularizerRef;

/// What comes after a convolution.
pub(super) struct After<'a> {
    pub(super) use_bias: bool,
    pub(super) activation: &'a ActivationRef,
    pub(super) activity_regularizer: &'a Option<RegularizerRef>,
    pub(super) data_format: DataFormat,
}

impl After<'_> {
    /// Bias, activation, and the channels where the format has them.
    pub(super) fn apply(&self, cx: &mut CallCx<'_>, mut y: Value) -> Result<Value> {
        if self.use_bias {
            let bias = cx.weight("bias")?;
            y = compose::add(cx.graph(), y, bias)?;
        }
        // Activations that look along the last axis see there what Keras has there; the others leave the channels where they
        // are, so that the next layer takes them as they are.
        let early = self.data_format == DataFormat::ChannelsLast || is_elementwise(self.activation);
        if early {
            y = self.activation.apply(cx.graph(), y)?;
        }
        let mut y = self.data_format.restore(cx.graph(), y)?;
        if !early {
            y = self.activation.apply(cx.graph(), y)?;
        }
        if let Some(regularizer) = self.activity_regularizer {
            cx.add_activity_loss(regularizer, y)?;
        }
        Ok(y)
    }
}

/// Whether an activation looks at each number by itself.
fn is_elementwise(activation: &ActivationRef) -> bool {
    let mut g = Graph::default();
    let x = g.input(TensorType::new(DType::F32, [2, 2, 2]), "x");
    let applied = activation.apply(&mut g, x).is_ok();
    let scalar = |value: &Value| g.ty(*value).shape.rank() == 0;
    applied && g.nodes().iter().all(|node| node.op.elementwise().is_some() || node.inputs.iter().all(scalar))
}
