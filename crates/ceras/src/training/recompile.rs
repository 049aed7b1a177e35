//! Changes to what a model was compiled with.

use serde_json::json;

use super::compile::Compile;
use super::outputs::PerOutput;
use crate::error::{Error, ErrorKind, Result};
use crate::losses::LossRef;
use crate::metrics::MetricRef;
use crate::models::Model;
use crate::optimizers::OptimizerRef;
use crate::registry::Named;

/// What to compile a model with in place of what it was compiled with; what is not named stays, and so does the state of
/// an optimizer that stays.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// use ceras::training::Recompile;
/// let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build()?;
/// model.compile(Compile::new("mse").optimizer(Adam::new()))?;
/// model.recompile(Recompile::new().learning_rate(0.25).metrics(["mae"]))?;
/// assert_eq!(model.learning_rate()?, 0.25);
/// assert_eq!(model.compiled()?.losses[0].as_ref().unwrap().name(), "mean_squared_error");
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recompile {
    optimizer: Option<Named<OptimizerRef>>,
    losses: Option<Vec<Named<LossRef>>>,
    metrics: Option<Vec<Named<MetricRef>>>,
    learning_rate: Option<f64>,
}

impl Recompile {
    /// No change.
    #[must_use]
    pub fn new() -> Recompile {
        Recompile::default()
    }

    /// Another optimizer, which starts afresh.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Into<Named<OptimizerRef>>) -> Recompile {
        self.optimizer = Some(optimizer.into());
        self
    }

    /// Other losses: one for each output, or one for all.
    #[must_use]
    pub fn losses<T: Into<Named<LossRef>>>(mut self, losses: impl IntoIterator<Item = T>) -> Recompile {
        self.losses = Some(losses.into_iter().map(Into::into).collect());
        self
    }

    /// Other metrics, on every output.
    #[must_use]
    pub fn metrics<T: Into<Named<MetricRef>>>(mut self, metrics: impl IntoIterator<Item = T>) -> Recompile {
        self.metrics = Some(metrics.into_iter().map(Into::into).collect());
        self
    }

    /// Another learning rate.
    #[must_use]
    pub fn learning_rate(mut self, learning_rate: f64) -> Recompile {
        self.learning_rate = Some(learning_rate);
        self
    }

    fn is_nothing(&self) -> bool {
        self.optimizer.is_none()
            && self.losses.is_none()
            && self.metrics.is_none()
            && self.learning_rate.is_none()
    }

    /// What the model is compiled with from now on.
    fn over(self, model: &Model) -> Result<Compile> {
        let before = model.compiled();
        let mut compile = Compile::new("mse");
        compile.losses = match (&self.losses, &before) {
            (Some(losses), _) if losses.len() == 1 => PerOutput::Same(Some(losses[0].clone())),
            (Some(losses), _) => PerOutput::List(losses.iter().cloned().map(Some).collect()),
            (None, Ok(before)) => before.given_losses.clone(),
            (None, Err(error)) => return Err(error.clone()),
        };
        let mut optimizer = match (self.optimizer, &before) {
            (Some(optimizer), _) => optimizer.resolve()?,
            (None, Ok(before)) => before.optimizer.clone(),
            (None, Err(_)) => compile.optimizer.resolve()?,
        };
        if let Some(rate) = self.learning_rate {
            optimizer = optimizer.with_learning_rate(rate)?;
        }
        compile.optimizer = Named::Object(optimizer);
        if let Ok(before) = before {
            compile.metrics = before.given_metrics.clone();
            compile.weighted_metrics = before.given_weighted_metrics.clone();
            compile.run_eagerly = before.run_eagerly;
            compile.loss_weights = self.losses.is_none().then(|| before.given_loss_weights.clone()).flatten();
        }
        if let Some(metrics) = self.metrics {
            compile.weighted_metrics = PerOutput::Same(Vec::new());
            compile.metrics = PerOutput::Same(metrics);
        }
        Ok(compile)
    }
}

impl Model {
    /// Compiles the model anew with some of what it was compiled with.
    ///
    /// # Errors
    /// As [`Model::compile`]; the model was not compiled and no loss is named.
    pub fn recompile(&mut self, changes: Recompile) -> Result<()> {
        if changes.is_nothing() {
            return self.compiled().map(|_| ());
        }
        if let Some(rate) = changes.learning_rate.filter(|rate| !rate.is_finite() || *rate < 0.0) {
            let text = format!("the learning rate must be a number of 0 or more; it is {rate}");
            return Err(Error::new(ErrorKind::Usage, text));
        }
        let stays = changes.optimizer.is_none() && self.is_built() && self.compiled().is_ok();
        let kept = if stays { Some((self.optimizer_values()?, self.learning_rate()?)) } else { None };
        let rate = changes.learning_rate;
        let compile = changes.over(self)?;
        self.compile(compile)?;
        if let Some(((iterations, slots), before)) = kept {
            self.set_optimizer_values(iterations, Some(rate.unwrap_or(before)), Some(&slots))?;
        }
        Ok(())
    }
}

impl OptimizerRef {
    /// The same optimizer with another learning rate, which takes the place of a schedule too.
    ///
    /// # Errors
    /// The optimizer cannot be made from its config, as one of a user's own.
    pub fn with_learning_rate(&self, learning_rate: f64) -> Result<OptimizerRef> {
        let mut config = self.config();
        config.insert("learning_rate".into(), json!(learning_rate));
        OptimizerRef::from_json(&json!({"class_name": self.class_name(), "config": config}))
    }
}

#[cfg(test)]
mod tests {
    use ceras_graph::Tensor;

    use crate::prelude::*;
    use crate::training::Recompile;

    fn trained() -> (Model, Tensor, Tensor) {
        let mut model = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build().unwrap();
        model.compile(Compile::new("mse").optimizer(Adam::new())).unwrap();
        let x = Tensor::new(&[4, 1], [0.0f32, 1.0, 2.0, 3.0]).unwrap();
        model.fit(&x, &x, Fit::new().verbose(Verbose::Silent)).unwrap();
        (model, x.clone(), x)
    }

    #[test]
    fn an_optimizer_that_stays_keeps_its_state() {
        let (mut model, x, y) = trained();
        let before = model.optimizer_values().unwrap();
        model.recompile(Recompile::new().metrics(["mae"])).unwrap();
        assert_eq!(model.optimizer_values().unwrap(), before);
        model.recompile(Recompile::new().learning_rate(0.5)).unwrap();
        assert_eq!(model.optimizer_values().unwrap(), before);
        assert_eq!(model.learning_rate().unwrap(), 0.5);
        assert!(model.evaluate(&x, &y, Evaluate::new()).unwrap().get("mae").is_some());
        model.recompile(Recompile::new().optimizer("sgd")).unwrap();
        assert_eq!(model.optimizer_values().unwrap().0, 0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut model = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build().unwrap();
        assert!(model.recompile(Recompile::new().metrics(["mae"])).is_err());
        model.recompile(Recompile::new().losses(["mse"])).unwrap();
        assert!(model.recompile(Recompile::new().learning_rate(-1.0)).is_err());
        assert!(model.recompile(Recompile::new().optimizer("adm")).is_err());
        assert!(model.compiled().is_ok());
    }
}
