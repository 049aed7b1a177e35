//! A dense layer along any axes.

use ceras_graph::{Dim, Shape, TensorType, compose, ops};
use serde_json::json;

use super::equation::Equation;
use crate::activations::ActivationRef;
use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{
    ListOf, layer_methods, layer_struct, misfit, named_setters, with_open_activity_regularizer,
};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};
use crate::regularizers::RegularizerRef;

layer_struct! {
    /// A dense layer whose axes an equation of Einstein's summation names.
    ///
    /// `output = activation(einsum(equation, input, kernel) + bias)`
    ///
    /// # Shapes
    /// As the equation says, which is one of `ab,bc->ac`, `...ab,bc->...ac` and `ab...,bc->ac...` with any letters; `output_shape` has the dimensions
    /// of the result without the batch and without what `...` stands for, `None` where the input says it. Weights: `kernel`, an axis for each
    /// letter of the second operand, then `bias` where `bias_axes` has letters of the result.
    ///
    /// # Errors
    /// The equation is none of these, the input does not fit it, or a dimension of the kernel is unknown.
    ///
    /// # Examples
    /// The same as `Dense(1)` on each step of a sequence:
    /// ```
    /// use ceras::layers::EinsumDense;
    /// use ceras::prelude::*;
    /// let layer = EinsumDense::new("abc,cd->abd", &[None, Some(1)]).bias_axes("d").kernel_initializer("ones");
    /// let mut model = Sequential::new().add(Input::new([2, 3])).add(layer).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 3], [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [6.0, 15.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// `lora_rank` and `quantization_config` are refused, as in [`Dense`](crate::layers::Dense).
    EinsumDense requires ["equation", "output_shape"] written with_open_activity_regularizer {
        output_shape: ListOf<Dim> = ListOf(Vec::new()),
        equation: String = String::new(),
        #[serde(deserialize_with = "crate::activations::or_linear")]
        activation: ActivationRef = ActivationRef::linear(),
        bias_axes: Option<String> = None,
        kernel_initializer: InitializerRef = InitializerRef::glorot_uniform(),
        bias_initializer: InitializerRef = InitializerRef::zeros(),
        kernel_regularizer: Option<RegularizerRef> = None,
        bias_regularizer: Option<RegularizerRef> = None,
        kernel_constraint: Option<ConstraintRef> = None,
        bias_constraint: Option<ConstraintRef> = None,
        quantization_config: () = (),
    }
}

/// What an equation and an input's shape say of the weights.
struct Weights {
    kernel: Vec<usize>,
    bias: Option<Vec<usize>>,
    /// The axes of the kernel that the input has, and those that the result has.
    input_axes: Vec<usize>,
    output_axes: Vec<usize>,
}

impl EinsumDense {
    /// A layer of an equation and the dimensions of its result, without the batch and what `...` stands for.
    #[must_use]
    #[track_caller]
    pub fn new(equation: &str, output_shape: &[Dim]) -> EinsumDense {
        EinsumDense { equation: equation.to_owned(), output_shape: ListOf(output_shape.to_vec()), ..made() }
    }

    /// The letters of the result along which a bias is added; no bias without.
    #[must_use]
    pub fn bias_axes(mut self, letters: &str) -> EinsumDense {
        self.bias_axes = Some(letters.to_owned());
        self
    }

    named_setters! {
        /// What is applied to the result: linear by default.
        activation: ActivationRef;
        /// How the kernel is first filled: `glorot_uniform` by default, of the axes that the equation names.
        kernel_initializer: InitializerRef;
        /// How the bias is first filled: zeros by default.
        bias_initializer: InitializerRef;
        /// What the kernel's size adds to the loss.
        kernel_regularizer: RegularizerRef;
        /// What the bias' size adds to the loss.
        bias_regularizer: RegularizerRef;
        /// What is done to the kernel after each step.
        kernel_constraint: ConstraintRef;
        /// What is done to the bias after each step.
        bias_constraint: ConstraintRef;
    }

    /// The regularizers and constraints of all weights at once.
    pub(crate) fn like(
        mut self,
        regularizers: [&Option<RegularizerRef>; 3],
        constraints: [&Option<ConstraintRef>; 2],
    ) -> EinsumDense {
        [&mut self.kernel_regularizer, &mut self.bias_regularizer, &mut self.activity_regularizer]
            .into_iter()
            .zip(regularizers)
            .for_each(|(own, given)| own.clone_from(given));
        [&mut self.kernel_constraint, &mut self.bias_constraint]
            .into_iter()
            .zip(constraints)
            .for_each(|(own, given)| own.clone_from(given));
        self
    }

    /// The letters of the three tensors, and the dimensions of the result.
    fn parsed(&self, input: &Shape) -> Result<(Equation, Vec<Dim>)> {
        let equation = Equation::parse(&self.equation, input)?;
        let dims = equation.result_dims(input, &self.output_shape.0)?;
        Ok((equation, dims))
    }

    fn weights(&self, input: &Shape) -> Result<Weights> {
        let (equation, result) = self.parsed(input)?;
        let mut weights =
            Weights { kernel: Vec::new(), bias: None, input_axes: Vec::new(), output_axes: Vec::new() };
        for (axis, letter) in equation.kernel.iter().enumerate() {
            let place = |letters: &[char]| letters.iter().position(|other| other == letter);
            let dim = if let Some(place) = place(&equation.result) {
                weights.output_axes.push(axis);
                result[place]
            } else if let Some(place) = place(&equation.input) {
                weights.input_axes.push(axis);
                input.dim(place)
            } else {
                let text = format!("`{letter}` of `{}` is an axis of the kernel alone", self.equation);
                return Err(misfit(text));
            };
            weights.kernel.push(dim.ok_or_else(|| {
                misfit(format!(
                    "EinsumDense needs to know the axis `{letter}` of `{}`; its input has shape {input}",
                    self.equation
                ))
            })?);
        }
        if let Some(letters) = &self.bias_axes {
            weights.bias = Some(equation.bias_dims(letters, &result)?);
        }
        Ok(weights)
    }

    /// The kernel's initializer, which is told which axes are inputs and which are outputs.
    fn kernel_initializer_for(&self, weights: &Weights) -> Result<InitializerRef> {
        let mut json = self.kernel_initializer.to_json();
        let Some(config) = json.get_mut("config").and_then(serde_json::Value::as_object_mut) else {
            return Ok(self.kernel_initializer.clone());
        };
        let open = |key: &str| config.get(key).is_some_and(serde_json::Value::is_null);
        if !open("input_axes") || !open("output_axes") {
            return Ok(self.kernel_initializer.clone());
        }
        config.insert("input_axes".to_owned(), json!(weights.input_axes));
        config.insert("output_axes".to_owned(), json!(weights.output_axes));
        InitializerRef::from_json(&json)
    }
}

impl Layer for EinsumDense {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let weights = self.weights(&single("EinsumDense", inputs)?.shape)?;
        let dtype = self.dtype.dtype();
        let initializer = self.kernel_initializer_for(&weights)?;
        cx.weight("kernel", dtype, &weights.kernel, &initializer)
            .regularizer(&self.kernel_regularizer)
            .constraint(&self.kernel_constraint);
        if let Some(bias) = &weights.bias {
            cx.weight("bias", dtype, bias, &self.bias_initializer)
                .regularizer(&self.bias_regularizer)
                .constraint(&self.bias_constraint);
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("EinsumDense", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = cx.shape(x);
        let (equation, _) = self.parsed(&shape)?;
        let kernel = cx.weight("kernel")?;
        let mut y =
            compose::einsum(cx.graph(), (x, &equation.input), (kernel, &equation.kernel), &equation.result)?;
        if self.bias_axes.is_some() {
            let bias = cx.weight("bias")?;
            let g = cx.graph();
            let rank = g.ty(y).shape.rank();
            let own = g.ty(bias).shape.clone();
            // The bias starts at its first letter, and what `...` stands for at the end is no axis of it.
            let ones = rank.saturating_sub(own.rank());
            let dims: Vec<Dim> =
                std::iter::repeat_n(Some(1), ones).chain(own.dims().iter().copied()).collect();
            let bias = ops::reshape(g, bias, Shape::from(dims))?;
            y = compose::add(g, y, bias)?;
        }
        Ok(vec![Traced { value: self.activation.apply(cx.graph(), y)?, mask: input.mask }])
    }
}
