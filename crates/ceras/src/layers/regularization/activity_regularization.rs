//! The layer that adds the size of what passes through to the loss.

use ceras_graph::TensorType;

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced, single};
use crate::regularizers::{L1L2, RegularizerRef};

layer_struct! {
    /// Passes its input on and adds its size to the loss, per row of the batch.
    ///
    /// `loss += (l1 · Σ |input| + l2 · Σ input²) / rows`
    ///
    /// # Shapes
    /// Any; the output is the input.
    ///
    /// # Errors
    /// It is given another activity regularizer.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::ActivityRegularization;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(ActivityRegularization::new(0.0, 0.5)).build()?;
    /// model.compile(Compile::new("mse").optimizer("sgd"))?;
    /// let x = Tensor::new(&[1, 2], [1.0f32, 2.0])?;
    /// assert_eq!(model.evaluate(&x, &x, Evaluate::new())?.get("loss"), Some(2.5));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    ActivityRegularization requires [] {
        l1: f64 = 0.0,
        l2: f64 = 0.0,
    }
}

impl ActivityRegularization {
    /// A layer with these factors; Keras' defaults are 0.
    #[must_use]
    #[track_caller]
    pub fn new(l1: f64, l2: f64) -> ActivityRegularization {
        ActivityRegularization { l1, l2, ..made() }
    }
}

impl Layer for ActivityRegularization {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("ActivityRegularization", inputs)?;
        if self.activity_regularizer.is_some() {
            return Err(unusable(
                "ActivityRegularization takes `l1` and `l2`, not an `activity_regularizer`",
            ));
        }
        Ok(())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let part =
            |factor: f64, what: &str| (factor != 0.0).then(|| format!("{factor} times the sum of {what}"));
        let parts = [part(self.l1, "their sizes"), part(self.l2, "their squares")];
        let sum = parts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let fit = format!("passes its inputs on and adds {sum}, per row, to the loss, in `evaluate` too");
        (!sum.is_empty()).then(|| Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("ActivityRegularization", inputs)?;
        let regularizer = RegularizerRef::from(L1L2::new(self.l1, self.l2));
        cx.add_activity_loss(&regularizer, input.value)?;
        Ok(vec![input])
    }
}
