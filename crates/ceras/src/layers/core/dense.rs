//! The densely connected layer.

use std::panic::Location;

use ceras_graph::{TensorType, compose};
use serde::{Deserialize, Serialize};

use crate::activations::ActivationRef;
use crate::constraints::ConstraintRef;
use crate::dtype_policy::DTypePolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitializerRef;
use crate::layers::declare::{activity_setter, layer_methods};
use crate::layers::{BuildCx, CallCx, Layer, Problem, Traced};
use crate::layers::{known_last, layer_builders, layer_entry, set_named, single};
use crate::registry::Named;
use crate::regularizers::RegularizerRef;

/// A densely connected layer.
///
/// `output = activation(dot(input, kernel) + bias)`
///
/// # Shapes
/// `[batch, …, features]` → `[batch, …, units]`. Weights: `kernel` `[features, units]`, then `bias` `[units]`.
///
/// # Errors
/// The last dimension of the input is unknown, or is not what the kernel was made for; the activation is unknown.
///
/// # Examples
/// The single neuron of the lesson: inputs 0, 0.5 and 1, weights −1, −0.5 and 0.5, bias 1, ReLU: 1.25.
/// ```
/// use ceras::prelude::*;
///
/// let mut neuron = Sequential::new().add(Input::new([3])).add(Dense::new(1).activation("relu")).build()?;
/// neuron.set_weights(&[
///     Tensor::new(&[3, 1], [-1.0f32, -0.5, 0.5])?,
///     Tensor::new(&[1], [1.0f32])?,
/// ])?;
/// let y = neuron.predict(&Tensor::new(&[1, 3], [0.0f32, 0.5, 1.0])?)?;
/// assert_eq!(y.slice::<f32>(), [1.25]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # References
/// Rosenblatt (1958), *The perceptron*, <https://doi.org/10.1037/h0042519>
///
/// # Keras
/// `lora_rank` and `quantization_config` are refused: they are passes over the graph here, not modes of a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activity_regularizer: Option<RegularizerRef>,
    units: usize,
    #[serde(default = "ActivationRef::linear", deserialize_with = "crate::activations::or_linear")]
    activation: ActivationRef,
    #[serde(default = "crate::layers::yes")]
    use_bias: bool,
    #[serde(default = "InitializerRef::glorot_uniform")]
    kernel_initializer: InitializerRef,
    #[serde(default = "InitializerRef::zeros")]
    bias_initializer: InitializerRef,
    #[serde(default)]
    kernel_regularizer: Option<RegularizerRef>,
    #[serde(default)]
    bias_regularizer: Option<RegularizerRef>,
    #[serde(default)]
    kernel_constraint: Option<ConstraintRef>,
    #[serde(default)]
    bias_constraint: Option<ConstraintRef>,
    #[serde(default)]
    quantization_config: (),
    #[serde(skip)]
    problem: Problem,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

layer_entry!(Dense);

impl Dense {
    /// A layer with so many units, linear unless [`Dense::activation`] says otherwise.
    #[must_use]
    #[track_caller]
    pub fn new(units: usize) -> Dense {
        Dense {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            units,
            activation: ActivationRef::linear(),
            use_bias: true,
            kernel_initializer: InitializerRef::glorot_uniform(),
            bias_initializer: InitializerRef::zeros(),
            kernel_regularizer: None,
            bias_regularizer: None,
            activity_regularizer: None,
            kernel_constraint: None,
            bias_constraint: None,
            quantization_config: (),
            problem: None,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();
    activity_setter!();

    /// What is applied to the result, by Keras' name or as an object; an unknown name is an error when the layer is built.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Named<ActivationRef>>) -> Dense {
        set_named!(self.activation, activation);
        self
    }

    /// Whether a bias is added.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Dense {
        self.use_bias = use_bias;
        self
    }

    /// How the kernel is first filled: `glorot_uniform` by default.
    #[must_use]
    pub fn kernel_initializer(mut self, initializer: impl Into<Named<InitializerRef>>) -> Dense {
        set_named!(self.kernel_initializer, initializer);
        self
    }

    /// How the bias is first filled: zeros by default.
    #[must_use]
    pub fn bias_initializer(mut self, initializer: impl Into<Named<InitializerRef>>) -> Dense {
        set_named!(self.bias_initializer, initializer);
        self
    }

    /// What the kernel's size adds to the loss.
    #[must_use]
    pub fn kernel_regularizer(mut self, regularizer: impl Into<Named<RegularizerRef>>) -> Dense {
        set_named!(self.kernel_regularizer, regularizer);
        self
    }

    /// What the bias' size adds to the loss.
    #[must_use]
    pub fn bias_regularizer(mut self, regularizer: impl Into<Named<RegularizerRef>>) -> Dense {
        set_named!(self.bias_regularizer, regularizer);
        self
    }

    /// What is done to the kernel after each step.
    #[must_use]
    pub fn kernel_constraint(mut self, constraint: impl Into<Named<ConstraintRef>>) -> Dense {
        set_named!(self.kernel_constraint, constraint);
        self
    }

    /// What is done to the bias after each step.
    #[must_use]
    pub fn bias_constraint(mut self, constraint: impl Into<Named<ConstraintRef>>) -> Dense {
        set_named!(self.bias_constraint, constraint);
        self
    }
}

impl Layer for Dense {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        if self.units == 0 {
            return Err(Error::new(ErrorKind::Usage, "`units` must be 1 or more; it is 0"));
        }
        let features = known_last("Dense", &single("Dense", inputs)?.shape, 2)?;
        let dtype = self.dtype.dtype();
        cx.weight("kernel", dtype, &[features, self.units], &self.kernel_initializer)
            .regularizer(&self.kernel_regularizer)
            .constraint(&self.kernel_constraint);
        if self.use_bias {
            cx.weight("bias", dtype, &[self.units], &self.bias_initializer)
                .regularizer(&self.bias_regularizer)
                .constraint(&self.bias_constraint);
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Dense", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let kernel = cx.weight("kernel")?;
        let mut y = compose::dense(cx.graph(), x, kernel)?;
        if self.use_bias {
            let bias = cx.weight("bias")?;
            y = compose::add(cx.graph(), y, bias)?;
        }
        Ok(vec![Traced { value: self.activation.apply(cx.graph(), y)?, mask: input.mask }])
    }
}
