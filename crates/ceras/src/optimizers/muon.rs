//! Muon.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use super::{
    Optimizer, Slot, UpdateCx, Variable, adam::AdamStep, common::plain_words, common::within, optimizer,
};
use crate::error::Result;
use crate::losses::total;

optimizer! {
    /// Muon: the step of a matrix is made nearly orthogonal, so that it moves all directions alike; vectors and other ranks are
    /// moved by Adam, and so are embeddings.
    ///
    /// Of a matrix: `m ← momentum · m + g`, `u = g + momentum · m` (or `m` without Nesterov), `u` made orthogonal by `ns_steps`
    /// steps of Newton and Schulz, `w ← w − lr u √(max(rows, columns)) rms_rate`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a momentum outside of 0 to 1 and patterns in `exclude_layers`.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Muon;
    /// use ceras_graph::Tensor;
    /// let optimizer = Muon::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.98996).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Jordan (2024), *Muon: an optimizer for hidden layers in neural networks*, <https://kellerjordan.github.io/posts/muon/>
    ///
    /// # Keras
    /// Keras takes the words of `exclude_layers` for regular expressions; here they stand for themselves.
    Muon, "Muon", "muon", "muon", 0.001, Some(0.004), {
        adam_beta_1: f64 = 0.9, "The same with another decay of Adam's mean of gradients, from 0 to 1.";
        adam_beta_2: f64 = 0.999, "The same with another decay of Adam's mean of squares, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps Adam's denominator from 0.";
        exclude_layers: Vec<String> = Vec::new(), "The same with layers to be moved by Adam: those whose path holds one of these words.";
        muon_a: f64 = 3.4445, "The same with another first coefficient of Newton and Schulz's step.";
        muon_b: f64 = -4.775, "The same with another second coefficient of Newton and Schulz's step.";
        muon_c: f64 = 2.0315, "The same with another third coefficient of Newton and Schulz's step.";
        adam_lr_ratio: f64 = 1.0, "The same with another learning rate of Adam, in parts of Muon's.";
        momentum: f64 = 0.95, "The same with another momentum, from 0 to 1.";
        ns_steps: u32 = 5, "The same with another number of steps of Newton and Schulz.";
        nesterov: bool = true, "The same with or without Nesterov's look ahead.";
        exclude_embeddings: bool = true, "The same with or without Adam for matrices whose path holds `embedding`.";
        adam_weight_decay: Option<f64> = Some(0.004), "The same with another decay of the weights that Adam moves.";
        rms_rate: Option<f64> = Some(0.2), "The same with another size of a step, or none.";
    }
}

impl Optimizer for Muon {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (number, variable) in variables.iter().enumerate() {
            slots.push(Slot::of("momentum", number, &variable.ty));
            if self.is_for_adam(variable) {
                slots.push(Slot::of("velocity", number, &variable.ty));
            }
        }
        slots
    }

    fn check(&self) -> Result<()> {
        plain_words("exclude_layers", &self.exclude_layers)?;
        within("momentum", self.momentum, 0.0, 1.0)
    }

    fn weight_decay(&self, variable: &Variable) -> Option<f64> {
        if self.is_for_adam(variable) { self.adam_weight_decay } else { self.common.weight_decay }
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let rate = cx.rate(cx.dtype(value))?;
        // The second moment tells that Adam moves this one.
        if cx.slot("velocity", variable).is_ok() {
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
    /// Whether a variable is moved by Adam.
    fn is_for_adam(&self, variable: &Variable) -> bool {
        variable.ty.shape.rank() != 2
            || (self.exclude_embeddings && variable.path.to_lowercase().contains("embedding"))
            || variable.is_named_by(&self.exclude_layers)
    }

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
