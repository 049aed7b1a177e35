//! Muon.

use ceras_graph::{Graph, GraphError, TensorType, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, adam::AdamStep, common::within, optimizer};
use crate::error::Result;
use crate::error::{Error, ErrorKind};
use crate::losses::total;

optimizer! {
    /// Muon: the step of a matrix is made nearly orthogonal, so that it moves all directions alike; vectors and other ranks are
    /// moved by Adam.
    ///
    /// Of a matrix: `m ← momentum · m + g`, `u = g + momentum · m` (or `m` without Nesterov), `u` made orthogonal by `ns_steps`
    /// steps of Newton and Schulz, `w ← w − lr u √(max(rows, columns)) rms_rate`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses `exclude_layers`: variables have no names here.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::{Inputs, Optimizer, Muon, apply};
    /// use ceras_graph::{DType, Function, Tensor, TensorType, eval};
    /// let optimizer = Muon::new().learning_rate(0.01);
    /// let scalar = TensorType::scalar(DType::F32);
    /// let mut inputs = vec![("w", scalar.clone()), ("g", scalar.clone()), ("lr", scalar.clone())];
    /// inputs.push(("iterations", TensorType::scalar(DType::I64)));
    /// let slots = optimizer.slots(&[scalar]);
    /// inputs.extend(slots.iter().map(|slot| ("slot", slot.ty.clone())));
    /// let step = Function::trace(&inputs, |g, x| {
    ///     let inputs = Inputs {
    ///         values: vec![x[0]],
    ///         gradients: vec![x[1]],
    ///         learning_rate: x[2],
    ///         iterations: x[3],
    ///         slots: x[4..].to_vec(),
    ///     };
    ///     Ok(apply(g, &optimizer, inputs)?.values)
    /// })?;
    /// let mut values = vec![Tensor::scalar(1.0f32), Tensor::scalar(2.0f32), Tensor::scalar(0.01f32), Tensor::scalar(0i64)];
    /// values.extend(slots.iter().map(|slot| Tensor::scalar(slot.initial).cast(slot.ty.dtype)));
    /// let after = eval::interpret(step.graph(), &values).unwrap()[0].item()?;
    /// assert!((after - 0.98996).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Jordan (2024), *Muon: an optimizer for hidden layers in neural networks*, <https://kellerjordan.github.io/posts/muon/>
    ///
    /// # Keras
    /// Keras moves matrices of embeddings by Adam, since it knows the variable's path; here every matrix is moved by Muon.
    Muon, "Muon", "muon", "muon", 0.001, Some(0.004), {
        adam_beta_1: f64 = 0.9, "The same with another decay of Adam's mean of gradients, from 0 to 1.";
        adam_beta_2: f64 = 0.999, "The same with another decay of Adam's mean of squares, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps Adam's denominator from 0.";
        exclude_layers: Vec<String> = Vec::new(), "Layers to be moved by Adam, which is not supported.";
        muon_a: f64 = 3.4445, "The same with another first coefficient of Newton and Schulz's step.";
        muon_b: f64 = -4.775, "The same with another second coefficient of Newton and Schulz's step.";
        muon_c: f64 = 2.0315, "The same with another third coefficient of Newton and Schulz's step.";
        adam_lr_ratio: f64 = 1.0, "The same with another learning rate of Adam, in parts of Muon's.";
        momentum: f64 = 0.95, "The same with another momentum, from 0 to 1.";
        ns_steps: u32 = 5, "The same with another number of steps of Newton and Schulz.";
        nesterov: bool = true, "The same with or without Nesterov's look ahead.";
        exclude_embeddings: bool = true, "Whether embeddings are moved by Adam; see below.";
        adam_weight_decay: Option<f64> = Some(0.004), "The same with another decay of the weights that Adam moves.";
        rms_rate: Option<f64> = Some(0.2), "The same with another size of a step, or none.";
    }
}

impl Optimizer for Muon {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[TensorType]) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (variable, ty) in variables.iter().enumerate() {
            slots.push(Slot::of("momentum", variable, ty));
            if ty.shape.rank() != 2 {
                slots.push(Slot::of("velocity", variable, ty));
            }
        }
        slots
    }

    fn check(&self) -> Result<()> {
        if !self.exclude_layers.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "`exclude_layers` of Muon is not supported"));
        }
        within("momentum", self.momentum, 0.0, 1.0)
    }

    fn weight_decay(&self, variable: &TensorType) -> Option<f64> {
        if variable.shape.rank() == 2 { self.common.weight_decay } else { self.adam_weight_decay }
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let rate = cx.rate(cx.dtype(value))?;
        if cx.graph.ty(value).shape.rank() != 2 {
            let rate = cx.memo("muon_adam", cx.dtype(value), |cx| {
                compose::multiply_scalar(cx.graph, rate, self.adam_lr_ratio)
            })?;
            let adam = AdamStep {
                beta_1: self.adam_beta_1,
                beta_2: self.adam_beta_2,
                epsilon: self.epsilon,
                amsgrad: false,
            };
            return adam.update(cx, rate, variable, value, gradient);
        }
        let before = cx.slot("momentum", variable)?;
        let kept = compose::multiply_scalar(cx.graph, before, self.momentum - 1.0)?;
        let change = ops::add(cx.graph, gradient, kept)?;
        let momentum = ops::add(cx.graph, before, change)?;
        cx.set_slot("momentum", variable, momentum)?;
        let g = &mut *cx.graph;
        let mut direction = momentum;
        if self.nesterov {
            let ahead = compose::multiply_scalar(g, momentum, self.momentum)?;
            direction = ops::add(g, gradient, ahead)?;
        }
        let update = self.orthogonal(g, direction)?;
        let mut change = compose::multiply(g, update, rate)?;
        if let Some(rms_rate) = self.rms_rate {
            let sides = g.ty(value).shape.dims().iter().copied().flatten();
            let side = sides.max().unwrap_or(1) as f64;
            change = compose::multiply_scalar(g, change, side.sqrt())?;
            change = compose::multiply_scalar(g, change, rms_rate)?;
        }
        ops::subtract(g, value, change)
    }
}

impl Muon {
    /// A matrix brought near to the orthogonal one that is closest to it.
    fn orthogonal(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        let dims = g.ty(x).shape.dims().to_vec();
        let tall = dims[0] > dims[1];
        let mut x = if tall { ops::transpose(g, x, &[1, 0])? } else { x };
        let square = compose::square(g, x)?;
        let sum = total(g, square)?;
        let norm = ops::sqrt(g, sum)?;
        let norm = compose::add_scalar(g, norm, 1e-7)?;
        x = compose::divide(g, x, norm)?;
        for _ in 0..self.ns_steps {
            let turned = ops::transpose(g, x, &[1, 0])?;
            let gram = compose::matmul(g, x, turned)?;
            let scaled = compose::multiply_scalar(g, gram, self.muon_c)?;
            let squared = compose::matmul(g, scaled, gram)?;
            let linear = compose::multiply_scalar(g, gram, self.muon_b)?;
            let polynomial = ops::add(g, linear, squared)?;
            let product = compose::matmul(g, polynomial, x)?;
            let kept = compose::multiply_scalar(g, x, self.muon_a)?;
            x = ops::add(g, kept, product)?;
        }
        if tall { ops::transpose(g, x, &[1, 0]) } else { Ok(x) }
    }
}
